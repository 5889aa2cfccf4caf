//! The worksheet as a spreadsheet program finds it.

use jiff::civil::date;
use kenpo_formats::TreatmentMonth;
use kenpo_formats::worksheet::{PaidOn, WorksheetCategory, WorksheetRow, write};
use std::io::{Cursor, Read};

fn part(book: &[u8], name: &str) -> String {
    let mut text = String::new();
    let mut archive = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn rows_begin_at_nine_with_the_formula() {
    let row = WorksheetRow {
        patient_name: "テスト 太郎".into(),
        provider_name: "=1+1".into(),
        category: WorksheetCategory::Medicine,
        paid: 3_702,
        refunded: 100,
        paid_on: PaidOn::Month(TreatmentMonth::new(2025, 2).unwrap()),
    };
    let dated = WorksheetRow { paid_on: PaidOn::Day(date(2025, 2, 3)), ..row.clone() };
    let book = write(&[row, dated]).unwrap();
    let sheet = part(&book, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("<c r=\"A9\"><f>ROW()-8</f><v>1</v></c>"), "{sheet}");
    assert!(sheet.contains("<c r=\"A10\"><f>ROW()-8</f><v>2</v></c>"));
    assert!(sheet.contains("<c r=\"E9\" t=\"s\">") && !sheet.contains("<c r=\"D9\""));
    assert!(sheet.contains("<c r=\"C9\" t=\"s\">") && !sheet.contains("<f>1+1</f>"));
    assert!(sheet.contains("r=\"H9\"") && sheet.contains("<v>3702</v>") && sheet.contains("<v>45691</v>"));
    let strings = part(&book, "xl/sharedStrings.xml");
    for text in ["No", "左のうち、補填される金額", "該当する", "2025/02", "=1+1"] {
        assert!(strings.contains(&format!(">{text}<")), "{text}");
    }
}
