//! The tax agency's 医療費集計フォーム, as a spreadsheet (xlsx).
//!
//! Data from row 9, columns A to J, A a formula. Source: the agency's `iryouhi_form_v3.xlsx` as two public tools fill it in
//! (data standards 1.6). The agency's own file has more around it (title, sums); ours has the headings and the rows, to be
//! copied into it or read by tools that take the same cells.
//!
//! Names are written as text cells, so none can become a formula.

use crate::care_kind::CareKind;
use crate::month::TreatmentMonth;
use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Formula, Workbook, XlsxError};
use thiserror::Error;

/// Rows of the sheet before the data.
const HEADING_ROW: u32 = 7;
/// The most rows that are written.
const MAX_ROWS: usize = 100_000;
const MARK: &str = "該当する";
const HEADINGS: [&str; 10] = [
    "No",
    "医療を受けた人",
    "病院・薬局などの名称",
    "診療・治療",
    "医薬品購入",
    "介護保険サービス",
    "その他の医療費",
    "支払った医療費の金額",
    "左のうち、補填される金額",
    "支払年月日",
];

/// One row of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorksheetRow {
    /// 医療を受けた人
    pub patient_name: String,
    /// 病院・薬局などの名称
    pub provider_name: String,
    /// Which of the four columns is marked 該当する.
    pub category: WorksheetCategory,
    /// 支払った医療費の金額, yen.
    pub paid: i64,
    /// 左のうち、補填される金額, yen.
    pub refunded: i64,
    /// 支払年月日
    pub paid_on: PaidOn,
}

/// Category of medical expenses, columns D to G.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorksheetCategory {
    /// 診療・治療
    Care,
    /// 医薬品購入
    Medicine,
    /// 介護保険サービス
    LongTermCare,
    /// その他の医療費
    Other,
}

impl From<CareKind> for WorksheetCategory {
    /// Pharmacies are 医薬品購入, all else is 診療・治療.
    fn from(kind: CareKind) -> Self {
        if kind == CareKind::Pharmacy { Self::Medicine } else { Self::Care }
    }
}

/// When it was paid: a claim tells only the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaidOn {
    /// A day, written as a date.
    Day(Date),
    /// A month, written as the text `YYYY/MM`.
    Month(TreatmentMonth),
}

/// Why the sheet cannot be written.
#[derive(Debug, Error)]
pub enum WorksheetError {
    /// More rows than fit.
    #[error("医療費集計フォームの行が多すぎます。{MAX_ROWS}行までです。")]
    TooManyRows,
    /// A value that a cell cannot hold.
    #[error("医療費集計フォームを書けません: {0}")]
    Write(#[from] XlsxError),
}

/// Returns the sheet as the bytes of an xlsx file; the same rows give the same bytes.
///
/// # Errors
///
/// More than 100,000 rows, a text of more than 32,767 characters, a day before 1900.
pub fn write(rows: &[WorksheetRow]) -> Result<Vec<u8>, WorksheetError> {
    if rows.len() > MAX_ROWS {
        return Err(WorksheetError::TooManyRows);
    }
    let mut book = Workbook::new();
    // A time that does not depend on the clock.
    book.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?));
    let sheet = book.add_worksheet();
    sheet.set_name("医療費集計フォーム")?;
    for (column, heading) in (0..).zip(HEADINGS) {
        sheet.write_string(HEADING_ROW, column, heading)?;
    }
    let (day, yen) = (Format::new().set_num_format("yyyy/m/d"), Format::new().set_num_format("0"));
    for ((index, number), row) in (HEADING_ROW + 1..).zip(1_u32..).zip(rows) {
        sheet.write_formula(index, 0, Formula::new("=ROW()-8").set_result(number.to_string()))?;
        sheet.write_string(index, 1, row.patient_name.as_str())?;
        sheet.write_string(index, 2, row.provider_name.as_str())?;
        let category = match row.category {
            WorksheetCategory::Care => 3,
            WorksheetCategory::Medicine => 4,
            WorksheetCategory::LongTermCare => 5,
            WorksheetCategory::Other => 6,
        };
        sheet.write_string(index, category, MARK)?;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a spreadsheet holds numbers as floating point; yen stay below 2^53"
        )]
        for (column, amount) in [(7, row.paid as f64), (8, row.refunded as f64)] {
            sheet.write_number_with_format(index, column, amount, &yen)?;
        }
        match row.paid_on {
            PaidOn::Day(date) => {
                let year = u16::try_from(date.year()).unwrap_or(0);
                let (month, of_month) = (date.month(), date.day());
                let date = ExcelDateTime::from_ymd(year, month.unsigned_abs(), of_month.unsigned_abs())?;
                sheet.write_datetime_with_format(index, 9, &date, &day)?;
            }
            PaidOn::Month(month) => {
                sheet.write_string(index, 9, format!("{:04}/{:02}", month.year(), month.month()))?;
            }
        }
    }
    Ok(book.save_to_buffer()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn row() -> WorksheetRow {
        WorksheetRow {
            patient_name: "テスト 花子".into(),
            provider_name: "=見本薬局".into(),
            category: CareKind::Pharmacy.into(),
            paid: 3_702,
            refunded: 0,
            paid_on: PaidOn::Month(TreatmentMonth::new(2025, 2).unwrap()),
        }
    }

    #[test]
    fn the_same_rows_give_the_same_bytes() {
        let rows = [
            row(),
            WorksheetRow { paid_on: PaidOn::Day(date(2025, 2, 3)), category: WorksheetCategory::Other, ..row() },
        ];
        let bytes = write(&rows).unwrap();
        assert!(bytes.starts_with(b"PK"));
        assert_eq!(write(&rows).unwrap(), bytes);
    }

    #[test]
    fn what_a_sheet_cannot_hold_is_an_error() {
        assert!(write(&[WorksheetRow { paid_on: PaidOn::Day(date(-2000, 1, 1)), ..row() }]).is_err());
        assert!(write(&[WorksheetRow { patient_name: "あ".repeat(40_000), ..row() }]).is_err());
        assert!(write(&vec![row(); MAX_ROWS + 1]).is_err());
        assert!(write(&[]).is_ok());
    }
}
