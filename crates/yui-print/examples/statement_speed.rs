//! Statements per second on one core: 30 lines each, tagged, and no two with the same data.
//!
//! `cargo run --release -p yui-print --example statement_speed [DOCUMENTS] [ROWS] [FILE]`; the last one goes to FILE.

use std::path::PathBuf;
use std::time::Instant;

use yui_print::statement::{Lang, Row, Statement, Totals, render};
use yui_print::{DEFAULT_FONT_DIRS, Fonts};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let documents: i64 = arguments.next().map_or(Ok(300), |text| text.parse())?;
    let rows: i64 = arguments.next().map_or(Ok(30), |text| text.parse())?;
    let file = arguments.next();

    let start = Instant::now();
    let dirs: Vec<PathBuf> = DEFAULT_FONT_DIRS.iter().map(PathBuf::from).collect();
    let fonts = Fonts::find(&dirs)?;
    println!("fonts found            {:8.1} ms   {} MB resident", ms(start), resident());

    let start = Instant::now();
    let first = render(&fonts, &statement(0, rows))?;
    println!("first document         {:8.1} ms   {} MB resident", ms(start), resident());

    let start = Instant::now();
    let (mut bytes, mut last) = (0, first.pdf);
    for number in 1..=documents {
        last = render(&fonts, &statement(number, rows))?.pdf;
        bytes += last.len();
    }
    let seconds = start.elapsed().as_secs_f64();
    let count = documents as f64;
    println!("documents of {rows} lines {:10.1} /s   {} MB resident", count / seconds, resident());
    println!("one document           {:8.1} ms   {} bytes", seconds * 1e3 / count, bytes as f64 / count);

    fonts.release();
    println!("after release                        {} MB resident", resident());
    if let Some(file) = file {
        std::fs::write(file, last)?;
    }
    Ok(())
}

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

/// Resident memory in MB, from Linux's `/proc`; 0 elsewhere.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn statement(number: i64, rows: i64) -> Statement {
    let rows: Vec<Row> = (0..rows)
        .map(|line| {
            let total = 1_230 + (number * 7_919 + line * 104_729) % 98_000;
            let public = if line % 7 == 0 { 1_000 } else { 0 };
            let self_pay = total * 3 / 10 - public * 3 / 10;
            Row {
                treatment_month: format!("2025/{:02}", 1 + line * 12 / rows),
                patient: format!("テスト {}", ["太郎", "花子", "一郎"][(line % 3) as usize]),
                provider: format!("みほん{}第{}クリニック", number % 9_973, line + 1),
                care: format!("通院／{}日", 1 + (number + line) % 9),
                total,
                insurer: total - public - self_pay,
                public,
                self_pay,
                note: String::new(),
            }
        })
        .collect();
    let sum = |of: fn(&Row) -> i64| rows.iter().map(of).sum();
    Statement {
        society_name: "みほん健康保険組合".into(),
        title: "2025年の医療費明細".into(),
        insured_name: format!("テスト 太郎{number}"),
        issued: jiff::civil::date(2026, 2, 9),
        period: "2025年1月から2025年12月まで".into(),
        totals: Totals {
            total: sum(|row| row.total),
            insurer: sum(|row| row.insurer),
            public: sum(|row| row.public),
            self_pay: sum(|row| row.self_pay),
        },
        rows,
        notes: vec!["窓口で支払った額とは、端数処理や公費、高額療養費の払い戻しのために異なることがあります。".into()],
        lang: Lang::Ja,
    }
}
