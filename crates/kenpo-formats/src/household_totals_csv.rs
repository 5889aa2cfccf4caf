//! The totals that an older portal showed each household in each month, as a CSV: our own documented format.
//!
//! One row per household and month, a header row, columns in any order, UTF-8 or Shift_JIS. [`COLUMNS`] says what the cells hold.

use crate::csv_table::{Column, CsvTable, Row};
use crate::fault::{Fault, quote};
use crate::insurer_number::InsurerNumber;
use crate::month::TreatmentMonth;
use crate::text::fold;
use crate::written::{code, insurer_number, month};
use crate::yen;
use std::io::Read;

/// The columns of the file.
pub const COLUMNS: &[Column] = &[
    Column::required("保険者番号").holding("保険者番号の8桁の数字。先頭の0も書きます。"),
    Column::required("記号").holding("加入者台帳のとおり。記号がない組合は空欄にします。"),
    Column::required("番号").holding("加入者台帳のとおり。"),
    Column::required("診療年月").holding("「2025-01」のような年月。"),
    Column::required("件数").holding("その世帯のその月の明細の件数。"),
    Column::required("医療費総額").holding("円。その世帯のその月の合計。"),
    Column::required("自己負担額").holding("円。その世帯のその月の合計。"),
];

/// The totals of one household in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseholdTotals {
    /// Line of the file, from 1.
    pub line: u64,
    /// 保険者番号
    pub insurer_number: InsurerNumber,
    /// 記号, may be empty.
    pub symbol: String,
    /// 番号
    pub number: String,
    /// 診療年月
    pub month: TreatmentMonth,
    /// 件数
    pub claims: i64,
    /// 医療費総額, yen.
    pub total: i64,
    /// 自己負担額, yen.
    pub self_pay: i64,
}

/// A file of totals, row by row.
///
/// ```
/// use kenpo_formats::household_totals_csv::{HouseholdTotalsCsv, template};
///
/// let rows = HouseholdTotalsCsv::open(template().as_bytes()).map_err(|faults| faults[0].to_string())?;
/// assert_eq!(rows.filter_map(Result::ok).map(|row| row.claims).sum::<i64>(), 3);
/// # Ok::<(), String>(())
/// ```
pub struct HouseholdTotalsCsv<R>(CsvTable<R>);

impl<R: Read> HouseholdTotalsCsv<R> {
    /// Reads the header row.
    ///
    /// # Errors
    ///
    /// Unknown, missing and repeated columns; an empty or unreadable file.
    pub fn open(source: R) -> Result<Self, Vec<Fault>> {
        CsvTable::open(source, COLUMNS).map(Self)
    }
}

impl<R: Read> Iterator for HouseholdTotalsCsv<R> {
    /// A row, or all its mistakes.
    type Item = Result<HouseholdTotals, Vec<Fault>>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.and_then(household_totals))
    }
}

/// Returns a file to fill in: the header and two invented rows.
pub fn template() -> &'static str {
    "保険者番号,記号,番号,診療年月,件数,医療費総額,自己負担額\r\n\
     06139018,101,1,2025-01,2,25300,4002\r\n\
     06139018,101,1,2025-02,1,8000,2400\r\n"
}

fn household_totals(mut row: Row) -> Result<HouseholdTotals, Vec<Fault>> {
    let insurer_number = row.required_written("保険者番号", insurer_number);
    let symbol = row.optional("記号", code).unwrap_or_default();
    let number = row.required("番号", code);
    let month = row.required_written("診療年月", month);
    let claims = row.required("件数", claims);
    let total = row.required("医療費総額", yen::parse);
    let self_pay = row.required("自己負担額", yen::parse);
    let line = row.line();
    let read = || {
        Some(HouseholdTotals {
            line,
            insurer_number: insurer_number?,
            symbol,
            number: number?,
            month: month?,
            claims: claims?,
            total: total?,
            self_pay: self_pay?,
        })
    };
    let read = read();
    row.finish(read)
}

fn claims(text: &str) -> Result<i64, String> {
    let folded = fold(text);
    let bare = folded.strip_suffix('件').unwrap_or(&folded).trim();
    let digits: String = bare.chars().filter(|character| *character != ',').collect();
    let known = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    known
        .then(|| digits.parse().ok())
        .flatten()
        .ok_or_else(|| format!("{}は件数ではありません。0以上の数字で入力してください。", quote(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_reads() {
        let rows: Vec<_> = HouseholdTotalsCsv::open(template().as_bytes()).ok().unwrap().map(Result::unwrap).collect();
        assert_eq!(
            (rows[0].month.number(), rows[0].claims, rows[0].total, rows[0].self_pay),
            (202_501, 2, 25_300, 4_002)
        );
        assert!(COLUMNS.iter().all(|column| column.required && !column.value.is_empty()));
    }

    #[test]
    fn every_mistake_of_a_row_is_told() {
        let text = format!("{}\n06139019,1,,2025-13,-1,abc,\n", template().lines().next().unwrap());
        let faults = HouseholdTotalsCsv::open(text.as_bytes()).ok().unwrap().next().unwrap().unwrap_err();
        let columns: Vec<_> = faults.iter().map(|fault| fault.column.as_str()).collect();
        assert_eq!(columns, ["保険者番号", "番号", "診療年月", "件数", "医療費総額", "自己負担額"]);
    }

    #[test]
    fn counts_as_spreadsheets_write_them() {
        for (text, count) in [("3", Some(3)), ("１２", Some(12)), ("1,200件", Some(1_200)), ("1.5", None), ("", None)]
        {
            assert_eq!(claims(text).ok(), count, "{text}");
        }
    }
}
