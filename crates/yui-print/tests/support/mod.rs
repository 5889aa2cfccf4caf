//! Invented statements, and the programs that read PDF.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at what it did not expect")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::NamedTempFile;
use yui_print::statement::{Lang, Row, Statement, Totals};
use yui_print::{DEFAULT_FONT_DIRS, Fonts, Printed};

pub(crate) fn fonts() -> Fonts {
    let dirs: Vec<PathBuf> = DEFAULT_FONT_DIRS.iter().map(PathBuf::from).collect();
    Fonts::find(&dirs).expect("the fonts that cargo xtask test installs")
}

/// An invented line, another for each number.
pub(crate) fn row(number: i64) -> Row {
    let total = 1_230 + (number * 104_729) % 98_000;
    let public = if number % 7 == 0 { 1_000 } else { 0 };
    let self_pay = (total - public) * 3 / 10;
    Row {
        treatment_month: format!("2025/{:02}", 1 + number % 12),
        patient: format!("テスト {}", ["太郎", "花子", "一郎"][usize::try_from(number % 3).expect("0 to 2")]),
        provider: format!("みほん第{}クリニック", number + 1),
        care: format!("通院／{}日", 1 + number % 9),
        total,
        insurer: total - public - self_pay,
        public,
        self_pay,
        note: String::new(),
    }
}

/// An invented statement of so many lines.
pub(crate) fn statement(rows: i64) -> Statement {
    let rows: Vec<Row> = (0..rows).map(row).collect();
    let sum = |of: fn(&Row) -> i64| rows.iter().map(of).sum();
    Statement {
        society_name: "みほん健康保険組合".into(),
        title: "2025年の医療費明細".into(),
        insured_name: "テスト 太郎".into(),
        issued: jiff::civil::date(2026, 2, 9),
        period: "2025年1月から2025年12月まで".into(),
        totals: Totals {
            total: sum(|row| row.total),
            insurer: sum(|row| row.insurer),
            public: sum(|row| row.public),
            self_pay: sum(|row| row.self_pay),
        },
        rows,
        notes: vec!["窓口で支払った額とは異なることがあります。".into()],
        lang: Lang::Ja,
    }
}

/// Returns the document in a file in which `qpdf --check` finds no mistake.
pub(crate) fn checked(printed: &Printed) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(&printed.pdf).expect("written");
    run("qpdf", &["--check"], file.path());
    file
}

/// The text page by page, pages ended by a form feed, in the order of the tags.
pub(crate) fn text(pdf: &NamedTempFile) -> String {
    run("pdftotext", &["-raw", "-enc", "UTF-8"], pdf.path())
}

/// Returns the output of pdfinfo, runs of spaces made one.
pub(crate) fn info(pdf: &NamedTempFile) -> String {
    let info = run("pdfinfo", &[], pdf.path());
    let lines = info.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

/// The tree of tags.
pub(crate) fn structure(pdf: &NamedTempFile) -> String {
    run("pdfinfo", &["-struct"], pdf.path())
}

/// The file with its streams unpacked.
pub(crate) fn bytes(pdf: &NamedTempFile) -> Vec<u8> {
    run_raw("qpdf", &["--stream-data=uncompress", "--object-streams=disable"], pdf.path())
}

fn run(program: &str, options: &[&str], file: &Path) -> String {
    String::from_utf8_lossy(&run_raw(program, options, file)).into_owned()
}

fn run_raw(program: &str, options: &[&str], file: &Path) -> Vec<u8> {
    let mut command = Command::new(program);
    command.env("TZ", "UTC").env("LC_ALL", "C.UTF-8").args(options).arg(file);
    if !(options.contains(&"--check") || program == "pdfinfo") {
        command.arg("-");
    }
    let output = command.output().unwrap_or_else(|error| panic!("{program} (cargo xtask test installs it): {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
