//! The expenses that a household sees and downloads.

use kenpo_formats::{portal_csv, tax_xml};
use portal_test::portal_test;
use yui::features::imports::{self, Options};
use yui_db::Engine;

use crate::support::{EXPENSE_HEADER, Portal, text_of};

/// The reference rows of the specification, as the table writes them.
const ROWS: [[&str; 7]; 3] = [
    ["2025/01", "テスト タロウ", "サンプルクリニック 通院／1日", "12,960", "9,072", "3,588", "300"],
    ["2025/01", "テスト タロウ", "サンプルクリニック薬局 薬局／1日", "2,760", "1,932", "828", "0"],
    ["2025/01", "テスト ハナコ", "サンプルクリニック 歯科／1日", "11,400", "7,980", "0", "3,420"],
];

#[portal_test]
async fn the_reference_household_sees_the_reference_rows_at_every_society(engine: Engine) {
    let portal = Portal::demo(engine).await;
    for society in ["fumitsuki", "soyokaze", "midori", "nanohana", "minato"] {
        let mut member = portal.signed_in(society, "testtaro01").await;
        let page = member.get("/expenses/statement?month=2025-01").await;
        assert_eq!(page.first("h1"), "2025年1月の医療費明細");
        assert_eq!(page.first(".amount"), "3,720 円");
        let cells = page.all("tbody td");
        for (row, expected) in cells.chunks(8).zip(ROWS) {
            assert_eq!(row[..7], expected, "{society}");
        }
        assert_eq!(cells.len(), 24);
        assert_eq!(page.all("tfoot td")[..4], ["27,120", "18,984", "4,416", "3,720"]);
        assert_eq!(page.all(".cards li").len(), 3, "the same rows as cards");
    }
}

#[portal_test]
async fn five_years_or_two_as_the_society_wants(engine: Engine) {
    let portal = Portal::demo(engine).await;
    for (society, sees) in
        [("fumitsuki", true), ("soyokaze", false), ("midori", false), ("nanohana", true), ("minato", true)]
    {
        let mut member = portal.signed_in(society, "mihon00002").await;
        let page = member.get("/expenses/statement?year=2022").await;
        assert_eq!(page.all("tbody tr").is_empty(), !sees, "{society}");
        let refused = page.first(".error-summary li");
        let words = if sees {
            ""
        } else {
            "ご覧いただけるのは、2024年1月から2026年11月までの診療分です。"
        };
        assert_eq!(refused, words, "{society}");
        let years = member.get("/deduction").await.all("option");
        let six = ["2026年", "2025年", "2024年", "2023年", "2022年", "2021年"];
        assert_eq!(years, six, "{society}: whatever the pages show");
        assert_eq!(member.get("/deduction/2021").await.status, 200, "{society}: a refund can be claimed");
        assert_eq!(member.get("/deduction/2020").await.status, 404, "{society}: more than five years back");
        let overview = member.get("/expenses").await;
        assert_eq!(overview.text().contains("2022年"), sees, "{society}");
    }
}

#[portal_test]
async fn the_overview_adds_up_to_the_statements(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "mihon00002").await;
    let overview = member.get("/expenses").await;
    let this_year = overview.all(".amount")[1].clone();
    let statement = member.get("/expenses/statement?year=2026").await;
    assert_eq!(statement.first(".amount"), this_year);
    let total: i64 = number_in(&this_year);
    let months: i64 = overview
        .all(".years details:first-child .months li")
        .iter()
        .filter(|line| line.contains("月 ") && line.ends_with("円"))
        .map(|line| number_in(line.split_whitespace().nth(1).unwrap()))
        .sum();
    assert_eq!(months, total);
    assert!(
        overview.first(".notice").contains(
            "2026年10月・11月診療分は、まだ届いていません。2026年10月分は、2027年1月ごろに掲載する見込みです。"
        )
    );
}

fn number_in(text: &str) -> i64 {
    text.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[portal_test]
async fn a_filter_narrows_by_month_and_person_and_names_mistakes(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let form = member.get("/expenses/statement?from=2025-01&to=2025-01").await;
    assert_eq!(form.all("select option"), ["家族全員", "テスト タロウ", "テスト ハナコ"]);
    let id = form.attribute("select option:nth-child(3)", "value");
    let hanako = member.get(&format!("/expenses/statement?from=2025-01&to=2025-01&member={id}")).await;
    assert_eq!(hanako.first(".amount"), "3,420 円");
    let wrong = member.get("/expenses/statement?from=2025-13&to=").await;
    assert_eq!(wrong.all(".error-summary li"), ["年月は 2025-01 のように入力してください。"]);
    assert!(wrong.text().contains("value=\"2025-13\""), "what was typed stays");
    for nobody in ["0", "x", "99999999999999999999"] {
        let page = member.get(&format!("/expenses/statement?month=2025-01&member={nobody}")).await;
        assert!(page.text().contains("該当するデータはありません。"), "member={nobody}");
    }
}

#[portal_test]
async fn a_long_statement_has_pages_and_whole_totals(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "mihon00002").await;
    let first = member.get("/expenses/statement?from=2021-12&to=2026-11").await;
    let pages = first.all(".pagination li").len();
    if pages > 0 {
        let second = member.get("/expenses/statement?from=2021-12&to=2026-11&page=2").await;
        assert_eq!(first.all("tbody tr").len().min(100), 100);
        assert_eq!(first.all("tfoot td"), second.all("tfoot td"));
        assert_ne!(first.first("tbody tr"), second.first("tbody tr"));
    }
}

#[portal_test]
async fn the_files_of_a_year_hold_the_reference_rows(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let page = member.get("/deduction/2025").await;
    assert!(page.text().contains("国税庁の様式との照合がまだ済んでいません"), "the label says what is not checked");

    let xml = member.get("/deduction/2025/notice.xml").await;
    assert_eq!(xml.headers.get("content-type").unwrap(), "application/xml");
    let text = xml.text();
    assert!(text.contains("<gen:yyyy>2025</gen:yyyy><gen:mm>1</gen:mm>") && text.contains("<PAID>3420</PAID>"));
    let certificate = text.split("X509Certificate>").nth(1).unwrap().trim_end_matches("</dsig:");
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", certificate.trim());
    tax_xml::verify(&text, &pem).unwrap();
    assert!(tax_xml::verify(&text.replacen("3420", "3421", 1), &pem).is_err(), "a changed byte");
    assert!(!text.contains("06139034") && !text.contains("800"), "no insurer number, no symbol");

    let form = member.get("/expenses/statement?from=2025-01&to=2025-01").await;
    let id = form.attribute("select option:nth-child(3)", "value");
    let csv = member.get(&format!("/deduction/2025/portal.csv?member={id}")).await;
    let file = portal_csv::read(csv.bytes.as_slice()).unwrap();
    let line = file.lines.first().unwrap();
    assert_eq!((line.total, line.insurer, line.public, line.self_pay), (11_400, 7_980, 0, 3_420));
    assert_eq!(line.care, "歯科外来");
    assert_eq!(member.get("/deduction/2025/portal.csv").await.status, 404);

    let xlsx = member.get("/deduction/2025/worksheet.xlsx").await;
    assert!(xlsx.bytes.starts_with(b"PK"));

    let pdf = member.get("/expenses/statement.pdf?month=2025-01").await;
    assert_eq!(pdf.headers.get("content-type").unwrap(), "application/pdf");
    assert!(pdf.bytes.starts_with(b"%PDF-"));
    for nothing in ["/deduction/1999", "/deduction/x", "/deduction/1999/notice.xml", "/deduction/x/worksheet.xlsx"] {
        assert_eq!(member.get(nothing).await.status, 404, "{nothing}");
    }
}

#[portal_test]
async fn every_page_exists_in_english_and_back(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let back = member.get("/language?to=en&back=/expenses").await;
    assert_eq!(back.location(), "/expenses");
    let page = member.get("/expenses/statement?month=2025-01").await;
    assert_eq!(page.first("h1"), "Medical expenses of January 2025");
    assert!(page.text().contains("<html lang=\"en\">"));
    assert_eq!(page.first(".amount"), "3,720 yen");
    member.get("/language?to=ja&back=/").await;
    assert_eq!(member.get("/expenses").await.first("h1"), "医療費情報");
}

#[portal_test]
async fn an_address_that_cannot_be_read_gets_a_page_too(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    for address in ["/expenses/statement?page=abc", "/deduction?year=abc", "/deduction/2025/portal.csv?member=x"] {
        let answer = member.get(address).await;
        assert_eq!((answer.status, answer.first("h1").as_str()), (400, "ページが見つかりません"), "{address}");
    }
}

yui_db::statements! {
    fn holder_of(user_id: &str, society_id: i64) -> Holder = "
        SELECT c.insurer_number, c.symbol, c.number FROM coverages c
        JOIN accounts a ON a.society_id = c.society_id AND a.member_id = c.member_id
        WHERE a.user_id = $1 AND c.society_id = $2 AND c.to_date IS NULL";
}

#[derive(yui_db::Row)]
struct Holder {
    insurer_number: String,
    symbol: String,
    number: String,
}

/// One name that the tax file cannot hold does not keep the year's file from the household: it is told what stands there instead,
/// and staff were told when the file came in.
#[portal_test]
async fn a_name_that_no_xml_can_hold_keeps_no_file_back(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let society = yui::core::society::InSociety::society_id(&scope);
    let Holder { insurer_number, symbol, number } =
        portal.db.db.one(Sql::holder_of("testtaro01", society)).await.unwrap();
    let row = |key: &str, provider: &str| {
        format!("{key},,{insurer_number},{symbol},{number},00,2025-02,{provider},通院,1,1000,700,0,300,\r\n")
    };
    let long = "長".repeat(61);
    let rows = [row("G1", "みほん\u{e123}医院"), row("G2", "みほん\u{7}薬局"), row("G3", &long)].concat();
    let file = portal.file("gaiji.csv", format!("{EXPENSE_HEADER}{rows}"));
    let report = portal.expenses(&scope, &file, Options::default(), &mut vec![]).await.unwrap();
    assert_eq!(report.accepted, 3);
    imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let xml = member.get("/deduction/2025/notice.xml").await;
    assert_eq!(xml.status, 200, "{}", xml.text());
    let text = xml.text();
    assert!(text.contains("みほん〓医院") && text.contains("みほん薬局") && text.contains(&"長".repeat(60)));
    assert!(!text.contains(&long));
    let page = member.get("/deduction/2025").await.text();
    assert!(page.contains("→ みほん〓医院"), "the household is told");
    assert!(!page.contains("→ みほん薬局"), "what nobody sees was taken out when the file came in");
}

/// An adjustment is a line of its own wherever lines are shown, and is taken off the lines it belongs to where a tax return wants no
/// negative amount.
#[portal_test]
async fn adjustments_are_lines_of_their_own_and_are_netted_for_the_tax_return(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let society = yui::core::society::InSociety::society_id(&scope);
    let Holder { insurer_number, symbol, number } =
        portal.db.db.one(Sql::holder_of("testtaro01", society)).await.unwrap();
    let row = |provider: &str, amounts: &str| {
        format!(",,{insurer_number},{symbol},{number},00,2025-03,{provider},通院,1,{amounts},\r\n")
    };
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let before = member.get("/expenses/statement?month=2025-03").await;
    let before: Vec<_> = before.all("tfoot td")[..4].iter().map(|total| number_in(total)).collect();
    let rows = [
        row("みほん医院", "100000,70000,0,30000"),
        row("みほん医院", "△1000,△700,0,△300"),
        row("みほん医院", "0,10000,0,-10000"),
        row("", "0,500,0,-500"),
    ];
    let file = portal.file("adjustments.csv", format!("{EXPENSE_HEADER}{}", rows.concat()));
    let report = portal.expenses(&scope, &file, Options::default(), &mut vec![]).await.unwrap();
    assert_eq!((report.accepted, report.rejected), (4, 0));
    imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();

    let page = member.get("/expenses/statement?month=2025-03").await;
    let cells = page.all("tbody td");
    let lines: Vec<_> = cells.chunks(8).map(|row| (row[2].as_str(), row[3].as_str(), row[6].as_str())).collect();
    assert!(lines.contains(&("みほん医院 通院／1日", "100,000", "30,000")), "{lines:?}");
    assert!(lines.contains(&("みほん医院 調整（通院）", "−1,000", "−300")), "{lines:?}");
    assert!(lines.contains(&("みほん医院 調整（通院）", "0", "−10,000")), "{lines:?}");
    assert!(lines.contains(&("調整（通院）", "0", "−500")), "{lines:?}");
    let totals = page.all("tfoot td")[..4].iter().map(|total| number_in(total)).collect::<Vec<_>>();
    let more: Vec<_> = totals.iter().zip(&before).map(|(now, before)| now - before).collect();
    assert_eq!(more, [99_000, 79_800, 0, 19_200]);
    assert_eq!(number_in(&page.first(".amount")), totals[3]);
    assert!(page.text().contains("マイナスの金額で示しています"));
    let pdf = text_of(&member.get("/expenses/statement.pdf?month=2025-03").await.bytes);
    assert!(pdf.contains("−10,000") && pdf.contains("調整（通院）"), "{pdf}");

    let xml = member.get("/deduction/2025/notice.xml").await;
    assert_eq!(xml.status, 200, "{}", xml.text());
    assert!(xml.text().contains("<PAID>19700</PAID>") && !xml.text().contains("<PAID>-"), "{}", xml.text());
    let year = member.get("/deduction/2025").await.text();
    assert!(year.contains("差し引く行が見つからない調整が500円あり"), "{year}");
    assert_eq!(member.get("/deduction/2025/worksheet.xlsx").await.status, 200);
    let form = member.get("/expenses/statement?from=2025-03&to=2025-03").await;
    let id = form.attribute("select option:nth-child(2)", "value");
    let csv = member.get(&format!("/deduction/2025/portal.csv?member={id}")).await;
    let file = portal_csv::read(csv.bytes.as_slice()).unwrap();
    assert_eq!(file.lines.iter().filter(|line| line.self_pay < 0).count(), 3);
    let ours = file.lines.iter().filter(|line| ["みほん医院", ""].contains(&line.provider_name.as_str()));
    assert_eq!(ours.map(|line| line.self_pay).sum::<i64>(), 19_200);
}
