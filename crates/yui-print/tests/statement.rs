//! Statements as a reader gets them: through Poppler and qpdf.

mod support;

use std::collections::BTreeSet;

use support::{checked, fonts, info, row, statement, text};
use yui_print::statement::{Lang, render};

#[test]
fn every_line_and_total_can_be_read_back() {
    let mut sheet = statement(30);
    sheet.rows[3].note = "柔道整復".into();
    sheet.rows[4].self_pay = -1_234_567;
    let pdf = checked(&render(&fonts(), &sheet).expect("a statement"));
    let text = text(&pdf);
    for row in &sheet.rows {
        for part in [&row.treatment_month, &row.patient, &row.provider, &row.care] {
            assert!(text.contains(part.as_str()), "{part} is missing in {text}");
        }
        for amount in [row.total, row.insurer, row.public, row.self_pay] {
            assert!(text.contains(&amount_text(amount)), "{amount} is missing");
        }
    }
    for part in ["2025年の医療費明細", "みほん健康保険組合", "テスト 太郎", "2026年2月9日", "合計", "柔道整復"]
    {
        assert!(text.contains(part), "{part} is missing");
    }
    for amount in [sheet.totals.total, sheet.totals.insurer, sheet.totals.public, sheet.totals.self_pay] {
        assert!(text.contains(&amount_text(amount)), "total {amount} is missing");
    }
}

#[test]
fn it_is_tagged_dated_and_titled() {
    let pdf = checked(&render(&fonts(), &statement(1)).expect("a statement"));
    let info = info(&pdf);
    for line in [
        "Tagged: yes",
        "Title: 2025年の医療費明細",
        "Author: みほん健康保険組合",
        "Pages: 1",
        "Page size: 595.276 x 841.89 pts (A4)",
    ] {
        assert!(info.contains(line), "{line} is missing in {info}");
    }
    assert!(info.contains("CreationDate: Sun Feb 8 15:00:00 2026 UTC"), "midnight in Japan, in {info}");
    let standards = String::from_utf8_lossy(&support::bytes(&pdf)).into_owned();
    for mark in [
        "/Lang (ja",
        "<pdfuaid:part>1</pdfuaid:part>",
        "<pdfaid:part>2</pdfaid:part>",
        "<pdfaid:conformance>A</pdfaid:conformance>",
    ] {
        assert!(standards.contains(mark), "{mark} is missing");
    }
    let tree = support::structure(&pdf);
    for tag in ["H1", "Table", "THead", "TH ", "TBody", "TD", "TFoot"] {
        assert!(tree.contains(tag), "{tag} is missing in {tree}");
    }
}

#[test]
fn four_hundred_lines_fill_numbered_pages_each_with_the_header() {
    let sheet = statement(400);
    let pdf = checked(&render(&fonts(), &sheet).expect("a statement"));
    let text = text(&pdf);
    let pages: Vec<&str> = text.trim_end_matches('\u{c}').split('\u{c}').collect();
    assert!(pages.len() > 10, "{} pages", pages.len());
    for (page, number) in pages.iter().zip(1..) {
        assert!(page.contains(&format!("{number} / {}", pages.len())), "page {number}: {page}");
        assert!(page.contains("テスト 太郎 様"), "whose page {number} is");
    }
    let headed = pages.iter().filter(|page| page.contains("診療年月")).count();
    assert!(headed >= pages.len() - 1, "{headed} of {} pages have the header", pages.len());
    assert_eq!(text.matches("合計").count(), 2, "the sum on top and the last line");
    for row in &sheet.rows {
        assert!(text.contains(&row.provider), "{}", row.provider);
    }
}

#[test]
fn rare_characters_survive_and_absent_ones_are_reported() {
    let mut sheet = statement(3);
    sheet.rows[0].patient = "𠮷田 髙志".into();
    sheet.rows[1].patient = "山﨑 葛󠄀".into();
    sheet.rows[2].patient = "外\u{e000}字 \u{13000}\u{e000}".into();
    let printed = render(&fonts(), &sheet).expect("a statement");
    assert_eq!(printed.missing, ['\u{e000}', '\u{13000}']);
    let text = text(&checked(&printed));
    for name in ["𠮷田 髙志", "山﨑 葛", "外〓字 〓〓"] {
        assert!(text.contains(name), "{name} is missing in {text}");
    }
}

#[test]
fn a_line_without_a_provider_says_that_it_cannot_be_used() {
    let mut sheet = statement(2);
    sheet.notes.clear();
    let with_names = text(&checked(&render(&fonts(), &sheet).expect("a statement")));
    assert!(!with_names.contains('—') && !with_names.contains("ご注意"));
    sheet.rows[1].provider = " ".into();
    let without = text(&checked(&render(&fonts(), &sheet).expect("a statement")));
    assert_eq!(without.matches('—').count(), 2, "in the line and in the note");
    assert!(without.contains("このままでは医療費控除に使えません"));
}

#[test]
fn the_fixed_words_come_in_english() {
    let mut sheet = statement(2);
    sheet.lang = Lang::En;
    let pdf = checked(&render(&fonts(), &sheet).expect("a statement"));
    let text = text(&pdf);
    for word in ["Insured person", "9 February 2026", "Provider", "You paid", "Total", "テスト 太郎", "2 entries"]
    {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
    assert!(String::from_utf8_lossy(&support::bytes(&pdf)).contains("/Lang (en"));
}

#[test]
fn long_names_stay_on_the_page_and_markup_is_text() {
    let mut sheet = statement(2);
    sheet.rows[0].provider = "医療法人社団みほん会みほん総合".repeat(8);
    sheet.rows[0].patient = "長い名前".repeat(10);
    sheet.rows[0].care = "ABCDEFGHIJKLM".repeat(6);
    sheet.rows[1].provider = "#panic() *太字* $x$ \\ @ref <label> \"引用\" // 注".into();
    let pdf = checked(&render(&fonts(), &sheet).expect("a statement"));
    let text = text(&pdf);
    let joined: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\u{200b}').collect();
    assert!(joined.contains(&"ABCDEFGHIJKLM".repeat(6)));
    assert!(text.lines().all(|line| !line.contains(&"ABCDEFGHIJKLM".repeat(3))), "a long word is broken: {text}");
    assert!(joined.contains("#panic()*太字*$x$\\@ref<label>\"引用\"//注"), "{text}");
}

#[test]
fn no_two_statements_are_the_same_and_equal_ones_are() {
    let fonts = fonts();
    let mut seen = BTreeSet::new();
    for rows in 1..6 {
        let sheet = statement(rows);
        let first = render(&fonts, &sheet).expect("a statement").pdf;
        fonts.release();
        assert_eq!(first, render(&fonts, &sheet).expect("a statement").pdf, "the same data give the same bytes");
        assert!(seen.insert(first));
    }
}

#[test]
fn a_statement_without_lines_is_a_statement() {
    let text = text(&checked(&render(&fonts(), &statement(0)).expect("a statement")));
    assert!(text.contains("0円") && text.contains("0件"), "{text}");
    assert_eq!(row(0).total, row(0).insurer + row(0).public + row(0).self_pay);
}

fn amount_text(amount: i64) -> String {
    let digits = amount.unsigned_abs().to_string();
    let mut groups: Vec<&str> =
        digits.as_bytes().rchunks(3).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.reverse();
    format!("{}{}", if amount < 0 { "−" } else { "" }, groups.join(","))
}
