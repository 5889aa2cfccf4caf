//! 取込ファイルの作り方: following the page alone is enough; the page and docs/imports.md name the columns that
//! the readers know.

use kenpo_formats::{csv_table::Column, expense_csv, register_csv};
use portal_test::portal_test;
use yui::features::imports;
use yui_db::Engine;

use crate::{
    console_imports::send,
    support::{Answer, Browser, Portal},
};

const HELP: &str = "/console/imports/help";

/// Returns an example of the page as a spreadsheet saves it.
fn saved(page: &Answer, kind: &str) -> String {
    let header = page.all(&format!("#example-{kind} thead th"));
    let cells = page.all(&format!("#example-{kind} tbody td"));
    let rows = cells.chunks(header.len()).map(|cells| cells.join(","));
    let lines: Vec<_> = [header.join(",")].into_iter().chain(rows).collect();
    format!("\u{feff}{}\r\n", lines.join("\r\n"))
}

async fn checked(portal: &Portal, staff: &mut Browser, kind: &str, file: &str) -> (String, Answer) {
    let answer = send(staff, kind, &[], "table.csv", file.as_bytes()).await;
    let path = answer.location().to_owned();
    imports::work_due(&portal.app).await.unwrap();
    let page = staff.get(&path).await;
    (path, page)
}

async fn taken(portal: &Portal, staff: &mut Browser, kind: &str, file: &str) -> String {
    let (path, page) = checked(portal, staff, kind, file).await;
    let figures = page.all(".figures li");
    assert_eq!(&figures[1..4], ["取り込める 2", "誤り 0", "台帳にいない・対象外 0"], "{}", page.text());
    assert!(page.all("section[aria-labelledby=faults], details.card").is_empty(), "neither faults nor notices");
    staff.post(&format!("{path}/apply"), "").await;
    imports::work_due(&portal.app).await.unwrap();
    staff.get(&path).await.location().to_owned()
}

#[portal_test]
async fn following_the_page_is_enough(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    for page in ["/console/imports", "/console/imports/new"] {
        assert_eq!(staff.get(page).await.attribute(&format!("main a[href='{HELP}']"), "href"), HELP, "{page}");
    }
    let page = staff.get(HELP).await;
    let (register, expenses) = (saved(&page, "register"), saved(&page, "expenses"));
    for (kind, example) in [("register", &register), ("expenses", &expenses)] {
        let link = page.attribute(&format!("a[download][href$='/{kind}']"), "href");
        assert_eq!(&staff.get(&link).await.text(), example, "the template is the example");
    }

    // The expenses first, as one is tempted to: the page says what the messages mean.
    let (path, early) = checked(&portal, &mut staff, "expenses", &expenses).await;
    let said = early.text();
    staff.post(&format!("{path}/drop"), "").await;
    taken(&portal, &mut staff, "register", &register).await;
    let batch = taken(&portal, &mut staff, "expenses", &expenses).await;
    let published = staff.post(&format!("{batch}/publish"), "when=now&through=none").await;
    assert_eq!(published.location(), format!("{batch}?done=published"));
    imports::work_due(&portal.app).await.unwrap();
    let scope = portal.scope("minato").await;
    let mut member = portal.member_of(&scope, "101", "1").await;
    let statement = member.get("/expenses/statement?month=2025-01").await.text();
    assert!(statement.contains("見本クリニック") && statement.contains("12,340"), "{statement}");

    // Every message that the page explains is one that a check says.
    let mut heard = said;
    let wrong = [
        expenses.replace("請求番号", "受付番号"),
        expenses.replacen("診療年月,", "", 1),
        format!("医療費の一覧\r\n{}", expenses.trim_start_matches('\u{feff}')),
        expenses.replace("見本薬局", "見本,薬局"),
        expenses.replace("12340", "12341").replace("2025-01,1349900025", "2031-01,1349900025"),
        expenses.replacen("06139034", "06149033", 1).replace(",01,テスト 花子", ",05,テスト 花子"),
    ];
    for file in wrong {
        heard += &checked(&portal, &mut staff, "expenses", &file).await.1.text();
    }
    for message in page.all("section[aria-labelledby=messages] tbody th") {
        let words = message.trim_matches(['「', '」']).trim_matches('…');
        assert!(heard.contains(words), "{words}");
    }
    assert_eq!(portal.staff("minato", "etsuran").await.get(HELP).await.status, 200);
}

/// Returns the columns of a table of the document: names, and whether they are required.
fn documented(section: &str) -> Vec<(String, bool)> {
    let text = include_str!("../../../../docs/imports.md");
    let text = text.split_once(section).unwrap().1;
    let rows = text.lines().skip_while(|line| !line.starts_with('|')).skip(2).take_while(|line| line.starts_with('|'));
    let named = rows.flat_map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let required = cells[2].starts_with("yes");
        cells[1].split(", ").map(|name| (name.to_owned(), required)).collect::<Vec<_>>()
    });
    named.collect()
}

#[test]
fn the_document_names_the_columns_that_the_readers_know() {
    let known = |columns: &[Column]| -> Vec<_> {
        columns.iter().map(|column| (column.name.to_owned(), column.required)).collect()
    };
    for (section, columns) in
        [("## Register (加入者台帳)", register_csv::COLUMNS), ("## Expenses (医療費)", expense_csv::COLUMNS)]
    {
        assert_eq!(documented(section), known(columns), "{section}");
    }
}
