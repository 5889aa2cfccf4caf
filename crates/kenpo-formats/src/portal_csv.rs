//! The national portal's 医療費通知情報 (マイナポータル), a CSV of keys and values.
//!
//! Two columns, not a table: a row of one column is a heading; each detail block begins with 診療年月 and ends with
//! 窓口相当負担額（円）. Sums before the first 診療年月 have the same keys and are not details. UTF-8 with or without BOM,
//! Windows-31J accepted. Source: four independent public readers agree (data standards 1.5).
//!
//! Values are written as they are: the format is fixed, and no cell is neutralised for spreadsheets.

use crate::care_kind::CareKind;
use crate::csv_table::{Record, Records};
use crate::fault::{Fault, quote};
use crate::month::{TreatmentMonth, TreatmentMonthError};
use crate::text::{fold, harmless_cell, plain_cell};
use crate::yen;
use std::io::{self, Read, Write};

/// The most details of one file.
const MAX_LINES: usize = 10_000;
/// The most rows that are kept of what stands before the details.
const MAX_HEAD: usize = 1_000;

const MONTH: &str = "診療年月";
const CARE: &str = "診療区分";
const DAYS: &str = "日数";
const PROVIDER: &str = "医療機関等名称";
const TOTAL: &str = "医療費の総額（円）";
const INSURER: &str = "保険者の負担額（円）";
const PUBLIC: &str = "その他の公費の負担額（円）";
const SELF_PAY: &str = "窓口相当負担額（円）";

/// A file of the portal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortalFile {
    /// Headings and pairs before the details, in order.
    pub head: Vec<HeadRow>,
    /// The details.
    pub lines: Vec<PortalLine>,
}

/// A row before the details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadRow {
    /// A section heading.
    Heading(String),
    /// A key and its value.
    Pair(String, String),
}

/// One detail: a person's care at one provider in one month. Amounts in yen, facts of the source; those of an adjustment are negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalLine {
    /// 診療年月
    pub treatment_month: TreatmentMonth,
    /// 診療区分 as written; [`PortalLine::care_kind`] is its meaning.
    pub care: String,
    /// 日数
    pub days: Option<u32>,
    /// 医療機関等名称, may be empty.
    pub provider_name: String,
    /// 医療費の総額
    pub total: i64,
    /// 保険者の負担額
    pub insurer: i64,
    /// その他の公費の負担額
    pub public: i64,
    /// 窓口相当負担額
    pub self_pay: i64,
}

impl PortalLine {
    /// Returns the kind of care, if its word is one we know.
    pub fn care_kind(&self) -> Option<CareKind> {
        CareKind::from_written(&self.care)
    }
}

impl PortalFile {
    /// Returns a file for one person, with the headings that the portal writes.
    ///
    /// ```
    /// use kenpo_formats::portal_csv::{PortalFile, read, write};
    ///
    /// let file = PortalFile::of("テスト 太郎", vec![]);
    /// let mut bytes = Vec::new();
    /// write(&mut bytes, &file)?;
    /// assert_eq!(read(&bytes[..]).ok(), Some(file));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn of(name: &str, lines: Vec<PortalLine>) -> Self {
        let heading = |text: &str| HeadRow::Heading(text.to_owned());
        let pair = |key: &str, value: &str| HeadRow::Pair(key.to_owned(), value.to_owned());
        let head = vec![
            heading("わたしの情報"),
            heading("医療費通知情報"),
            pair("項目名", "内容"),
            heading("資格情報"),
            pair("氏名", name),
            heading("医療費情報明細"),
        ];
        Self { head, lines }
    }
}

/// Writes the file: UTF-8 with BOM, CRLF, amounts with separators of thousands.
///
/// # Errors
///
/// Those of `out`.
pub fn write(mut out: impl Write, file: &PortalFile) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut csv = csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(out);
    for row in &file.head {
        match row {
            HeadRow::Heading(heading) => csv.write_record([heading])?,
            HeadRow::Pair(key, value) => csv.write_record([key, &*harmless_cell(value)])?,
        }
    }
    for line in &file.lines {
        let month = format!("{:04}年{}月", line.treatment_month.year(), line.treatment_month.month());
        csv.write_record([MONTH, &month])?;
        csv.write_record([CARE, &*harmless_cell(&line.care)])?;
        csv.write_record([DAYS, &line.days.map(|days| days.to_string()).unwrap_or_default()])?;
        csv.write_record([PROVIDER, &*harmless_cell(&line.provider_name)])?;
        let amounts = [(TOTAL, line.total), (INSURER, line.insurer), (PUBLIC, line.public), (SELF_PAY, line.self_pay)];
        for (key, amount) in amounts {
            csv.write_record([key, &yen::with_separators(amount)])?;
        }
    }
    csv.flush()
}

/// Reads a file, tolerant of what it does not know: other keys and further headings are passed over.
///
/// # Errors
///
/// Each detail without its month's amounts, each value that cannot be read; a file without anything of the format.
pub fn read(source: impl Read) -> Result<PortalFile, Vec<Fault>> {
    let (mut file, mut faults) = (PortalFile::default(), Vec::new());
    let mut block: Option<Block> = None;
    let mut detailed = false;
    for record in Records::open(source).map_err(|fault| vec![fault])? {
        let Record { line, cells } = match record {
            Ok(record) => record,
            Err(fault) => {
                faults.push(fault);
                break;
            }
        };
        // A byte order mark inside the file comes from files that were put together.
        let outer = |character: char| character.is_whitespace() || character == '\u{feff}';
        let mut cells = cells.into_iter().map(|cell| plain_cell(cell.trim_matches(outer)).to_owned());
        let (key, value) = (cells.next().unwrap_or_default(), cells.next());
        match value {
            Some(value) if fold(&key) == MONTH => {
                finish(block.replace(Block::new(line, value)), &mut file, &mut faults);
                detailed = true;
            }
            Some(value) => match &mut block {
                Some(block) => block.set(line, &key, value),
                None if !detailed && file.head.len() < MAX_HEAD => file.head.push(HeadRow::Pair(key, value)),
                None => {}
            },
            None => {
                finish(block.take(), &mut file, &mut faults);
                if !detailed && !key.is_empty() && file.head.len() < MAX_HEAD {
                    file.head.push(HeadRow::Heading(key));
                }
            }
        }
        if file.lines.len().max(faults.len()) > MAX_LINES {
            faults.push(Fault::new(line, "", format!("明細が多すぎます。{MAX_LINES}件までです。")));
            return Err(faults);
        }
    }
    finish(block, &mut file, &mut faults);
    let known = |row: &HeadRow| matches!(row, HeadRow::Heading(heading) if heading.contains("医療費"));
    if file.lines.is_empty() && faults.is_empty() && !file.head.iter().any(known) {
        faults.push(Fault::new(
            0,
            "",
            "医療費通知情報のCSVではありません。マイナポータルから取得したファイルが必要です。",
        ));
    }
    if faults.is_empty() { Ok(file) } else { Err(faults) }
}

/// A detail while its rows come in: the last value of each key, with its line.
struct Block {
    line: u64,
    values: [Option<(u64, String)>; KEYS.len()],
}

const KEYS: [&str; 8] = [MONTH, CARE, DAYS, PROVIDER, TOTAL, INSURER, PUBLIC, SELF_PAY];

impl Block {
    fn new(line: u64, month: String) -> Self {
        let mut block = Self { line, values: [const { None }; KEYS.len()] };
        block.set(line, MONTH, month);
        block
    }

    fn set(&mut self, line: u64, key: &str, value: String) {
        let key = fold(key);
        if let Some(place) = KEYS.iter().position(|known| fold(known) == key).and_then(|at| self.values.get_mut(at)) {
            *place = Some((line, value));
        }
    }

    /// Returns what `parse` makes of a value; missing, the fault is at the block's line.
    fn value<T>(&self, key: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, Fault> {
        let found = KEYS.iter().position(|known| *known == key).and_then(|at| self.values.get(at)?.as_ref());
        let (line, value) = found.ok_or_else(|| Fault::new(self.line, key, "この明細にありません。"))?;
        parse(value).map_err(|reason| Fault::new(*line, key, reason))
    }

    fn text(&self, key: &str) -> String {
        self.value(key, |text| Ok(text.to_owned())).unwrap_or_default()
    }
}

fn finish(block: Option<Block>, file: &mut PortalFile, faults: &mut Vec<Fault>) {
    let Some(block) = block else { return };
    let days = |text: &str| match text {
        "" => Ok(None),
        text => match fold(text).trim_end_matches('日').parse() {
            Ok(days) => Ok(Some(days)),
            Err(_) => Err(format!("{}は日数ではありません。", quote(text))),
        },
    };
    let days = if block.text(DAYS).is_empty() { Ok(None) } else { block.value(DAYS, days) };
    let month = block.value(MONTH, |text| text.parse().map_err(|error: TreatmentMonthError| error.to_string()));
    let amounts = [TOTAL, INSURER, PUBLIC, SELF_PAY].map(|key| block.value(key, yen::parse));
    match (month, days, amounts) {
        (Ok(treatment_month), Ok(days), [Ok(total), Ok(insurer), Ok(public), Ok(self_pay)]) => {
            let (care, provider_name) = (block.text(CARE), block.text(PROVIDER));
            file.lines.push(PortalLine {
                treatment_month,
                care,
                days,
                provider_name,
                total,
                insurer,
                public,
                self_pay,
            });
        }
        (month, days, amounts) => {
            faults.extend(month.err());
            faults.extend(days.err());
            faults.extend(amounts.into_iter().filter_map(Result::err));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "わたしの情報\r\n医療費通知情報\r\n\r\n項目名,内容\r\n医療費の総額（円）,\"78,040\"\r\n窓口相当負担額（円）,\"9,999\"\r\n\
        資格情報\r\n氏名,テスト 太郎\r\n医療費情報明細\r\n\
        診療年月,2025年2月\r\n診療区分,医科外来\r\n日数,1\r\n医療機関等名称,〇〇クリニック\r\n\
        医療費の総額（円）,\"12,340\"\r\n保険者の負担額（円）,\"8,638\"\r\nその他の公費の負担額（円）,0\r\n窓口相当負担額（円）,\"3,702\"\r\n\
        診療年月,2025年12月\r\n診療区分,整体\r\n日数,\r\n備考,x\r\n医療費の総額(円),10\r\n保険者の負担額(円),7\r\nその他の公費の負担額(円),0\r\n窓口相当負担額(円),3\r\n";

    #[test]
    fn details_begin_with_the_month() {
        let file = read(FILE.as_bytes()).unwrap();
        assert_eq!(file.head.len(), 8);
        assert_eq!(file.lines.len(), 2);
        let line = &file.lines[0];
        assert_eq!((line.total, line.insurer, line.public, line.self_pay), (12_340, 8_638, 0, 3_702));
        assert_eq!(
            (line.care_kind(), line.days, line.provider_name.as_str()),
            (Some(CareKind::Outpatient), Some(1), "〇〇クリニック")
        );
        assert_eq!((file.lines[1].care_kind(), file.lines[1].care.as_str()), (None, "整体"));
        assert_eq!(read(&encoding_rs::SHIFT_JIS.encode(FILE).0[..]), Ok(file));
    }

    #[test]
    fn marks_inside_a_file_are_dropped() {
        let file = read("医療費\r\n\u{feff}\u{feff}x\r\n\"\u{feff}\"\r\n".as_bytes()).unwrap();
        assert_eq!(file.head, ["医療費", "x"].map(|heading| HeadRow::Heading(heading.to_owned())));
    }

    #[test]
    fn mistakes_are_told_with_their_lines() {
        let bad = FILE.replace("\"8,638\"", "x").replace("窓口相当負担額(円),3\r\n", "").replace("12月", "13月");
        let faults = read(bad.as_bytes()).unwrap_err();
        let places: Vec<_> = faults.iter().map(|fault| (fault.line, fault.column.as_str())).collect();
        assert_eq!(places, [(15, INSURER), (18, MONTH), (18, SELF_PAY)]);
        assert!(read(&b"a,b\n"[..]).is_err());
        assert!(read(&b""[..]).is_err());
    }

    prop_compose! {
        fn any_line()(
            year in 1900i16..=2999, month in 1u8..=12, care in "[^\\s\\pC]{0,8}", days in proptest::option::of(0u32..400),
            name in "[^\\s\\pC]{0,20}", amounts in [-9_999..9_999_999_999i64, -9_999..9_999i64, 0..999i64, -99_999..99_999i64],
        ) -> PortalLine {
            let [total, insurer, public, self_pay] = amounts;
            let treatment_month = TreatmentMonth::new(year, month).unwrap();
            PortalLine { treatment_month, care, days, provider_name: name, total, insurer, public, self_pay }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(name in "[^\\s\\pC]{0,20}", lines in proptest::collection::vec(any_line(), 0..5)) {
            let file = PortalFile::of(&name, lines);
            let mut bytes = Vec::new();
            write(&mut bytes, &file).unwrap();
            prop_assert_eq!(read(&bytes[..]), Ok(file));
        }

        #[test]
        fn arbitrary_bytes_never_panic(at in any::<prop::sample::Index>(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut file = FILE.as_bytes().to_vec();
            let at = at.index(file.len());
            file.splice(at..at, bytes);
            let _ = read(&file[..]);
        }
    }
}
