//! The comparison of an older portal's totals per household and month with the imported expenses, published or not yet.
//! It changes nothing.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Seek, Write},
    path::PathBuf,
    sync::Arc,
};

use kenpo_formats::{
    Fault, TableCsv, TreatmentMonth,
    household_totals_csv::{HouseholdTotals, HouseholdTotalsCsv},
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::queries;
use crate::{
    core::{app::App, society::InSociety},
    features::{
        imports::Newest,
        register::{Coverage, candidates, holder_key},
    },
};

/// The sums of a household in a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Claims.
    pub claims: i64,
    /// 医療費総額, yen.
    pub total: i64,
    /// 自己負担額, yen.
    pub self_pay: i64,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.claims += other.claims;
        self.total += other.total;
        self.self_pay += other.self_pay;
    }
}

/// A household and month whose totals differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconciliationDifference {
    /// 保険者番号
    pub insurer_number: String,
    /// 記号
    pub symbol: String,
    /// 番号
    pub number: String,
    /// 診療年月
    pub month: TreatmentMonth,
    /// The sums in the older portal's file.
    pub theirs: Sums,
    /// The imported sums.
    pub ours: Sums,
    /// Whether the register has the household.
    pub known: bool,
}

impl ReconciliationDifference {
    /// Returns the kind of difference, for staff.
    pub fn reason(&self) -> &'static str {
        match (self.known, self.theirs.claims, self.ours.claims) {
            (false, ..) => "台帳にない世帯",
            (true, _, 0) => "取り込まれていない",
            (true, 0, _) => "以前のシステムにない",
            (true, theirs, ours) if theirs != ours => "件数が違う",
            _ => "金額が違う",
        }
    }
}

/// The heading of the CSV of differences.
const HEADING: [&str; 11] = [
    "保険者番号",
    "記号",
    "番号",
    "診療年月",
    "違い",
    "件数（以前）",
    "件数（取込）",
    "医療費総額（以前）",
    "医療費総額（取込）",
    "自己負担額（以前）",
    "自己負担額（取込）",
];

/// The CSV of differences.
#[derive(Debug)]
pub struct DifferencesCsv<W: Write>(TableCsv<W>);

impl<W: Write> DifferencesCsv<W> {
    /// Returns a CSV with its heading written.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(out: W) -> io::Result<Self> {
        TableCsv::new(out, &HEADING).map(Self)
    }

    /// Writes a difference.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&mut self, difference: &ReconciliationDifference) -> io::Result<()> {
        let ReconciliationDifference { insurer_number, symbol, number, month, theirs, ours, .. } = difference;
        let numbers = [theirs.claims, ours.claims, theirs.total, ours.total, theirs.self_pay, ours.self_pay];
        let (month, numbers) = (month.to_string(), numbers.map(|number| number.to_string()));
        let words = [insurer_number.as_str(), symbol, number, month.as_str(), difference.reason()];
        let cells: Vec<&str> = words.into_iter().chain(numbers.iter().map(String::as_str)).collect();
        self.0.write(&cells)
    }

    /// Returns the writer, with everything written to it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

/// The result of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows of the file.
    pub rows: u64,
    /// The first and the last month of the file: only these are compared.
    pub months: Option<(TreatmentMonth, TreatmentMonth)>,
    /// Households and months with equal totals.
    pub same: u64,
    /// Households and months with different totals.
    pub different: u64,
    /// The sums of the file.
    pub theirs: Sums,
    /// The imported sums of these months.
    pub ours: Sums,
}

/// The file has errors, so that nothing was compared.
#[derive(Debug, thiserror::Error)]
#[error("the file cannot be read:\n{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct UnreadableTotals(pub Vec<Fault>);

/// A row of the file, with the household that it means.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct PlacedRow {
    household_id: i64,
    insurer_number: String,
    symbol: String,
    number: String,
    month: i32,
    sums: Sums,
}

/// The number of parts that the households are split into: one of them is in memory at a time.
const PARTS: i64 = 64;

/// The number of rows that are looked up at once.
const CHUNK: usize = 1_000;

/// The number of mistakes of a file that are reported.
const FAULTS: usize = 100;

const HOUSEHOLDS_KEPT: usize = 20_000;

/// Compares the totals of a file with the imported expenses; `each` gets every difference, by household and month,
/// those of households that are not in the register first. A number that two households had in one month means the one
/// that had it later.
///
/// # Errors
/// [`UnreadableTotals`] if the file has errors; the error of the disk or of the database otherwise.
pub async fn reconcile(
    app: &App,
    scope: &impl InSociety,
    file: PathBuf,
    mut each: impl FnMut(&ReconciliationDifference) -> io::Result<()> + Send,
) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    let last = queries::household_last(&app.db, scope).await?;
    let mut parts = SplitRows::new(last);
    let (sender, mut chunks) = mpsc::channel(2);
    let reader = tokio::task::spawn_blocking(move || read(&file, &sender));
    let mut known: Newest<String, Arc<[Coverage]>> = Newest::new(HOUSEHOLDS_KEPT);
    while let Some(rows) = chunks.recv().await {
        let households = looked_up(app, scope, &rows, &mut known).await?;
        for row in rows {
            summary.rows += 1;
            let (first, last) = summary.months.unwrap_or((row.month, row.month));
            summary.months = Some((first.min(row.month), last.max(row.month)));
            let sums = Sums { claims: row.claims, total: row.total, self_pay: row.self_pay };
            summary.theirs.add(sums);
            match household_of(&households, &row) {
                Some(household_id) => parts.add(&placed(household_id, row, sums))?,
                None => {
                    summary.different += 1;
                    each(&unknown(row, sums))?;
                }
            }
        }
    }
    reader.await??;
    let Some(months) = summary.months else { return Ok(summary) };
    for HouseholdRange { households, rows } in parts.into_list() {
        let ours = queries::household_sums(&app.db, scope, households, months).await?;
        let theirs = tokio::task::spawn_blocking(move || rows_of(rows)).await??;
        compare(app, scope, (theirs, ours), &mut summary, &mut each).await?;
    }
    Ok(summary)
}

/// Reads the file and hands its rows over in chunks; a file with mistakes is read to its end, but its rows are not
/// handed over any more.
fn read(file: &std::path::Path, sender: &mpsc::Sender<Vec<HouseholdTotals>>) -> anyhow::Result<()> {
    let (mut rows, mut faults) = (Vec::with_capacity(CHUNK), Vec::new());
    for row in HouseholdTotalsCsv::open(File::open(file)?).map_err(UnreadableTotals)? {
        match row {
            Ok(row) if faults.is_empty() => rows.push(row),
            Ok(_) => {}
            Err(more) => faults.extend(more),
        }
        if faults.len() >= FAULTS {
            break;
        }
        if rows.len() == CHUNK && sender.blocking_send(std::mem::take(&mut rows)).is_err() {
            return Ok(());
        }
    }
    if !faults.is_empty() {
        return Err(UnreadableTotals(faults).into());
    }
    drop(sender.blocking_send(rows));
    Ok(())
}

fn key_of(row: &HouseholdTotals) -> String {
    holder_key(row.insurer_number.as_str(), &row.symbol, &row.number)
}

/// Returns the persons who are or were covered under the rows' symbols and numbers.
async fn looked_up(
    app: &App,
    scope: &impl InSociety,
    rows: &[HouseholdTotals],
    known: &mut Newest<String, Arc<[Coverage]>>,
) -> anyhow::Result<HashMap<String, Arc<[Coverage]>>> {
    let mut all = HashMap::new();
    let mut wanted = Vec::new();
    for key in rows.iter().map(key_of) {
        match known.get(&key) {
            Some(covered) => drop(all.insert(key, Arc::clone(covered))),
            None => wanted.push(key),
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    let mut tx = app.db.begin_reading().await?;
    let mut found: HashMap<String, Vec<Coverage>> = HashMap::new();
    for coverage in candidates(&mut tx, scope, &wanted).await? {
        found.entry(coverage.holder_key.clone()).or_default().push(coverage);
    }
    for key in wanted {
        let covered: Arc<[_]> = found.remove(&key).unwrap_or_default().into();
        known.insert(key.clone(), Arc::clone(&covered));
        all.insert(key, covered);
    }
    Ok(all)
}

/// Returns the household that had the row's number in its month; the later one of two.
fn household_of(households: &HashMap<String, Arc<[Coverage]>>, row: &HouseholdTotals) -> Option<i64> {
    let covered = households.get(&key_of(row))?.iter().filter(|span| span.is_in(row.month));
    covered.max_by_key(|span| (span.insured, span.from)).map(|span| span.household_id)
}

fn placed(household_id: i64, row: HouseholdTotals, sums: Sums) -> PlacedRow {
    let insurer_number = row.insurer_number.as_str().to_owned();
    PlacedRow { household_id, insurer_number, symbol: row.symbol, number: row.number, month: row.month.number(), sums }
}

fn unknown(row: HouseholdTotals, theirs: Sums) -> ReconciliationDifference {
    ReconciliationDifference {
        insurer_number: row.insurer_number.as_str().to_owned(),
        symbol: row.symbol,
        number: row.number,
        month: row.month,
        theirs,
        ours: Sums::default(),
        known: false,
    }
}

/// The rows of the file, split by household.
struct SplitRows {
    /// The number of households in one part.
    size: i64,
    /// The system removes the files, which have no name, when the process ends.
    files: BTreeMap<i64, BufWriter<File>>,
    last: i64,
}

impl SplitRows {
    fn new(last: i64) -> Self {
        Self { size: last / PARTS + 1, files: BTreeMap::new(), last }
    }

    fn add(&mut self, row: &PlacedRow) -> io::Result<()> {
        let part = row.household_id / self.size;
        let file = match self.files.entry(part) {
            std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => free.insert(BufWriter::new(tempfile::tempfile()?)),
        };
        serde_json::to_writer(&mut *file, row)?;
        file.write_all(b"\n")
    }

    /// Returns the parts by their households; a part may have no rows.
    fn into_list(mut self) -> Vec<HouseholdRange> {
        let parts = 0..=self.last / self.size;
        let part = |number| HouseholdRange {
            households: (number * self.size, number * self.size + self.size - 1),
            rows: self.files.remove(&number),
        };
        parts.map(part).collect()
    }
}

/// A range of households with the rows of the file about them.
struct HouseholdRange {
    /// The first and the last.
    households: (i64, i64),
    rows: Option<BufWriter<File>>,
}

fn rows_of(rows: Option<BufWriter<File>>) -> io::Result<Vec<PlacedRow>> {
    let Some(rows) = rows else { return Ok(Vec::new()) };
    let mut file = rows.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    BufReader::new(file).lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

/// A household in a month.
type HouseholdMonth = (i64, i32);

async fn compare(
    app: &App,
    scope: &impl InSociety,
    (theirs, ours): (Vec<PlacedRow>, Vec<(HouseholdMonth, Sums)>),
    summary: &mut Summary,
    each: &mut impl FnMut(&ReconciliationDifference) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut both: BTreeMap<HouseholdMonth, (Option<PlacedRow>, Sums)> = BTreeMap::new();
    for row in theirs {
        match both.entry((row.household_id, row.month)) {
            std::collections::btree_map::Entry::Occupied(mut there) => {
                if let Some(first) = &mut there.get_mut().0 {
                    first.sums.add(row.sums);
                }
            }
            std::collections::btree_map::Entry::Vacant(free) => drop(free.insert((Some(row), Sums::default()))),
        }
    }
    for (key, sums) in ours {
        summary.ours.add(sums);
        both.entry(key).or_default().1 = sums;
    }
    let before = both.len();
    both.retain(|_, (theirs, ours)| theirs.as_ref().map(|row| row.sums).unwrap_or_default() != *ours);
    summary.same += u64::try_from(before - both.len())?;
    summary.different += u64::try_from(both.len())?;
    let unnamed: Vec<i64> =
        both.iter().filter(|(_, (theirs, _))| theirs.is_none()).map(|((household, _), _)| *household).collect();
    let numbers = queries::numbers_of(&app.db, scope, &unnamed).await?;
    for ((household_id, month), (theirs, ours)) in both {
        let month = TreatmentMonth::from_number(month).ok_or_else(|| anyhow::anyhow!("month {month}"))?;
        let sums = theirs.as_ref().map(|row| row.sums).unwrap_or_default();
        let (insurer_number, symbol, number) = match theirs {
            Some(row) => (row.insurer_number, row.symbol, row.number),
            None => numbers.get(&household_id).cloned().unwrap_or_default(),
        };
        each(&ReconciliationDifference { insurer_number, symbol, number, month, theirs: sums, ours, known: true })?;
    }
    Ok(())
}
