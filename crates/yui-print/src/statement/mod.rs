//! The statement of medical expenses (医療費通知): the paper that a tax return accepts.
//!
//! It carries the six items of the Health Insurance Act enforcement rule 112-2 and of the Income Tax Act enforcement rule
//! 47-2: the insured's name, the treatment month, the patient, the provider, the amount paid, the insurer's name. It never
//! carries an insurer number nor symbol and number: those would have to be blacked out before it is handed in.

use std::sync::LazyLock;

use jiff::civil::Date;
use serde::Serialize;

use crate::press::Template;
use crate::words::{Words, yen};
use crate::{Fonts, PrintError, Printed};

/// The contents of a statement. All amounts are yen.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The insurer's name (item 6), e.g. `みなと海運健康保険組合`.
    pub society_name: String,
    /// The heading, e.g. `2025年の医療費明細` or `医療費通知`; also the document's title.
    pub title: String,
    /// The insured's name (item 1), without an honorific.
    pub insured_name: String,
    /// The day of issue in Japan; also the document's date.
    pub issued: Date,
    /// The span the statement covers, in words: `2025年1月から12月まで`.
    pub period: String,
    /// One line for each month, patient and provider, in the order they are printed.
    pub rows: Vec<Row>,
    /// The sums of the rows, from the query that gave the rows.
    pub totals: Totals,
    /// Notes under the table, in the statement's language.
    pub notes: Vec<String>,
    /// The language of the fixed words.
    pub lang: Lang,
}

/// One line of a statement.
#[derive(Clone, Debug)]
pub struct Row {
    /// The month of treatment (item 2), e.g. `2025/01`.
    pub treatment_month: String,
    /// The patient's name (item 3).
    pub patient: String,
    /// The provider's name (item 4). Blank if the source has none: printed as a dash, with a note that the line cannot be
    /// used as it is for the deduction.
    pub provider: String,
    /// Kind of care and days or times, e.g. `通院／1日`; may be blank.
    pub care: String,
    /// The whole cost of the treatment.
    pub total: i64,
    /// The insurer's share.
    pub insurer: i64,
    /// The share of public programmes.
    pub public: i64,
    /// The amount paid by the insured (item 5).
    pub self_pay: i64,
    /// A remark on this line; may be blank.
    pub note: String,
}

/// The sums of a statement's rows.
#[derive(Clone, Copy, Debug)]
pub struct Totals {
    /// Of [`Row::total`].
    pub total: i64,
    /// Of [`Row::insurer`].
    pub insurer: i64,
    /// Of [`Row::public`].
    pub public: i64,
    /// Of [`Row::self_pay`].
    pub self_pay: i64,
}

/// The language of a document's fixed words; names stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Japanese.
    Ja,
    /// English.
    En,
}

/// Returns the statement as PDF.
///
/// # Errors
/// [`PrintError::Font`] if a font file has gone since start, [`PrintError::Template`] on a bug. Missing characters are no
/// error: see [`Printed::missing`].
pub fn render(fonts: &Fonts, statement: &Statement) -> Result<Printed, PrintError> {
    static TEMPLATE: LazyLock<Result<Template, PrintError>> =
        LazyLock::new(|| Template::new("statement.typ", include_str!("statement.typ")));
    let template = TEMPLATE
        .as_ref()
        .map_err(|error| PrintError::Template { template: "statement.typ", reason: error.to_string() })?;
    let mut words = Words::new(fonts);
    let sheet = Sheet::new(statement, &mut words);
    let pdf = template.print(fonts, statement.issued, &sheet)?;
    Ok(Printed { pdf, missing: words.into_missing() })
}

/// The data file of `statement.typ`: every text drawable, every amount written out.
#[derive(Serialize)]
struct Sheet {
    lang: Lang,
    society: String,
    title: String,
    insured: String,
    period: String,
    issued: Day,
    lines: Vec<Line>,
    totals: [String; 4],
    notes: Vec<String>,
    nameless: bool,
}

#[derive(Serialize)]
struct Day {
    year: i16,
    month: i8,
    day: i8,
}

#[derive(Serialize)]
struct Line {
    month: String,
    patient: String,
    provider: String,
    care: String,
    note: String,
    amounts: [String; 4],
}

impl Sheet {
    fn new(statement: &Statement, words: &mut Words<'_>) -> Self {
        let Statement { society_name, title, insured_name, issued, period, rows, totals, notes, lang } = statement;
        Self {
            lang: *lang,
            society: words.set(society_name),
            title: words.set(title),
            insured: words.set(insured_name),
            period: words.set(period),
            issued: Day { year: issued.year(), month: issued.month(), day: issued.day() },
            lines: rows.iter().map(|row| Line::new(row, words)).collect(),
            totals: [totals.total, totals.insurer, totals.public, totals.self_pay].map(yen),
            notes: notes.iter().map(|note| words.set(note)).collect(),
            nameless: rows.iter().any(|row| row.provider.trim().is_empty()),
        }
    }
}

impl Line {
    fn new(row: &Row, words: &mut Words<'_>) -> Self {
        Self {
            month: words.set(&row.treatment_month),
            patient: words.set(&row.patient),
            provider: words.set(row.provider.trim()),
            care: words.set(&row.care),
            note: words.set(&row.note),
            amounts: [row.total, row.insurer, row.public, row.self_pay].map(yen),
        }
    }
}
