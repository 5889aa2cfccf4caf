//! Figures that are right on every day of the year: which year leads, which months have arrived, how far back files go, one line each.

use portal_test::portal_test;
use yui::{
    core::{
        scope::SystemScope,
        society::{Guarded, InSociety, Preset},
    },
    features::imports::{self, Options, Through},
};
use yui_db::Engine;

use crate::support::{Browser, EXPENSE_HEADER, Portal, register_csv};

const INSURER: &str = "06139018";

fn row(key: &str, month: &str, provider: &str, yen: i64) -> String {
    let self_pay = yen * 3 / 10;
    format!("{key},,{INSURER},800,1234,00,{month},{provider},通院,1,{yen},{},0,{self_pay},\r\n", yen - self_pay)
}

/// Imports these rows as a file of their own; returns its batch.
async fn batch_of(portal: &Portal, scope: &SystemScope, name: &str, rows: &[String]) -> i64 {
    let file = portal.file(name, format!("{EXPENSE_HEADER}{}", rows.concat()));
    portal.expenses(scope, &file, Options::default(), &mut vec![]).await.unwrap().batch_id.unwrap()
}

async fn society(portal: &Portal) -> SystemScope {
    let scope = portal.society(Preset::Minato, INSURER).await;
    portal.register(&scope, &portal.file("r.csv", register_csv(INSURER)), Options::default()).await.unwrap();
    scope
}

/// Moves the clock to noon of this day in Japan.
fn set_day(portal: &Portal, day: &str) {
    let then: jiff::Timestamp = format!("{day}T12:00:00+09:00").parse().unwrap();
    assert!(portal.app.clock.advance(then.as_second() - portal.app.clock.now().as_second()));
}

#[portal_test]
async fn from_january_to_march_the_year_to_be_filed_leads_and_nothing_unknown_is_zero(engine: Engine) {
    let portal = Portal::demo(engine).await;
    for (society, oldest, hidden) in [("minato", 2022, 2021), ("soyokaze", 2025, 2024)] {
        set_day(&portal, "2026-11-20");
        let mut member = portal.signed_in(society, "testtaro01").await;
        let filed = member.get("/expenses/statement?year=2025").await.first(".amount");
        let this_year = member.get("/expenses/statement?year=2026").await.first(".amount");
        assert_eq!(member.get("/").await.first("#leading"), "今年の自己負担総額");

        for day in ["2027-01-10", "2027-02-25", "2027-03-31"] {
            set_day(&portal, day);
            let mut member = portal.signed_in(society, "testtaro01").await;
            for (page, amount) in [("/", 0), ("/expenses", 1)] {
                let page = member.get(page).await;
                assert_eq!(page.first("#leading"), "2026年の自己負担総額", "{day}");
                assert!(page.text().contains("2026年1月〜9月診療分"), "{day}");
                assert_eq!(page.all(".amount")[amount], this_year, "{day}");
                assert!(page.all(".amount").iter().all(|amount| amount != "0 円"), "{day}");
                assert!(page.text().contains("2026年10月〜12月診療分は、まだ届いていません。"), "{day}");
                assert!(page.text().contains("2027年1月"), "{day}");
            }
            let choose = member.get("/deduction").await;
            assert_eq!(choose.attribute("option[selected]", "value"), "2026", "{day}");
            assert_eq!(choose.all("option").len(), 6);
            let files = member.get("/deduction/2026").await;
            assert!(files.first(".notice").starts_with("2026年10月〜12月診療分は、まだ届いていません。"));
            assert_eq!(member.get("/deduction/2022").await.status, 200, "{society}: whatever the pages show");
            assert_eq!(member.get("/deduction/2022/worksheet.xlsx").await.status, 200);
            assert_eq!(member.get("/deduction/2021").await.status, 404);
            // A year is whole or not there.
            let year = member.get("/expenses/statement?year=2025").await;
            assert_eq!(year.first(".amount"), filed, "{society} {day}");
            assert!(!member.get(&format!("/expenses/statement?year={oldest}")).await.all("tbody tr").is_empty());
            let before = member.get(&format!("/expenses/statement?year={hidden}")).await;
            assert!(before.first(".error-summary li").starts_with("ご覧いただけるのは、"), "{society} {day}");
            // A month that has not arrived says so, and the year that has just begun.
            let october = member.get("/expenses/statement?month=2026-10").await;
            assert!(october.first(".notice").starts_with("2026年10月診療分は、まだ届いていません。"));
            assert!(!october.text().contains("該当するデータはありません"));
            let begun = member.get("/expenses/statement?year=2027").await;
            assert!(
                begun.first(".notice").contains("診療分は、まだ届いていません。") && begun.all(".amount").is_empty()
            );
            let unfiled = member.get("/deduction/2027").await;
            assert!(unfiled.text().contains("掲載できる医療費は、まだありません。"));
        }
        set_day(&portal, "2027-04-02");
        let mut member = portal.signed_in(society, "testtaro01").await;
        let page = member.get("/").await;
        assert_eq!(page.first("#leading"), "今年の自己負担総額");
        assert!(page.all(".amount").is_empty() && page.text().contains("まだ届いていません。"), "not zero");
        // The current year is offered, with a sentence that it is not over.
        assert_eq!(member.get("/deduction").await.attribute("option[selected]", "value"), "2026");
        assert!(member.get("/deduction/2027").await.text().contains("まだ終わっていません"));
    }
}

#[portal_test]
async fn a_month_arrives_when_the_society_says_so_and_not_with_an_early_row(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = society(&portal).await;
    let whole =
        |month: &str| (0..4).map(|at| row(&format!("{month}-{at}"), month, "みほん医院", 1_000)).collect::<Vec<_>>();
    let first = batch_of(&portal, &scope, "1.csv", &[whole("2026-07"), whole("2026-08")].concat()).await;
    let publish = async |batch, through| {
        imports::publish_through(&portal.app, &scope, batch, through).await.unwrap().map(|month| month.to_string())
    };
    assert_eq!(publish(first, Through::Suggested).await.as_deref(), Some("2026-08"));
    let mut member = portal.member_of(&scope, "800", "1234").await;
    let told = async |member: &mut Browser| member.get("/expenses").await.first(".notice");
    assert!(
        told(&mut member)
            .await
            .starts_with("2026年9月〜11月診療分は、まだ届いていません。2026年9月分は、2026年12月ごろに")
    );

    // One row of October: September and October have not arrived; the row is shown, and said to be a part.
    let early = batch_of(&portal, &scope, "2.csv", &[row("early", "2026-10", "れいじ医院", 2_000)]).await;
    assert_eq!(publish(early, Through::Suggested).await, None);
    assert!(
        told(&mut member)
            .await
            .starts_with("2026年9月〜11月診療分は、まだそろっていません。届いた請求だけを掲載しています。")
    );
    let october = member.get("/expenses/statement?month=2026-10").await;
    assert!(october.text().contains("れいじ医院") && october.first(".notice").contains("まだそろっていません"));
    let september = member.get("/expenses/statement?month=2026-09").await;
    assert!(september.first(".notice").starts_with("2026年9月診療分は、まだ届いていません。"));

    // September comes; a withdrawal takes back what was said with it.
    let second = batch_of(&portal, &scope, "3.csv", &whole("2026-09")).await;
    assert_eq!(publish(second, Through::Suggested).await.as_deref(), Some("2026-09"));
    assert!(told(&mut member).await.starts_with("2026年10月・11月診療分は、まだそろっていません。"));
    imports::withdraw(&portal.app, &scope, second, "誤り").await.unwrap();
    assert!(told(&mut member).await.starts_with("2026年9月〜11月診療分は"));
    // A batch that members see says it anew, and never of a month that is not over.
    let month = |number| Through::Is(kenpo_formats::TreatmentMonth::from_number(number));
    assert_eq!(publish(early, month(202_610)).await.as_deref(), Some("2026-10"));
    assert!(told(&mut member).await.starts_with("2026年11月診療分は、まだ届いていません。"));
    let november = imports::publish_through(&portal.app, &scope, early, month(202_611)).await.unwrap_err();
    assert!(november.to_string().contains("2026-11 is not over"), "{november}");
    assert_eq!(publish(early, Through::Is(None)).await, None);
    assert!(told(&mut member).await.starts_with("2026年9月〜11月診療分は"));
    // A month without care that has arrived is known.
    let neighbour = portal.member_of(&scope, "800", "5678").await.get("/expenses/statement?month=2026-08").await;
    assert!(neighbour.text().contains("この月に受診の記録はありません。") && neighbour.all(".notice").is_empty());
}

#[portal_test]
async fn claims_of_one_provider_are_one_line_everywhere_and_no_total_changes(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = society(&portal).await;
    let rows = [
        row("A1", "2026-01", "みほん接骨院", 1_000),
        row("A2", "2026-01", "みほん接骨院", 2_000),
        row("A3", "2026-01", "", 4_000),
        row("A4", "2026-01", "", 5_000),
    ];
    let batch = batch_of(&portal, &scope, "1.csv", &rows).await;
    imports::publish_through(&portal.app, &scope, batch, Through::Suggested).await.unwrap();
    let mut member = portal.member_of(&scope, "800", "1234").await;
    let page = member.get("/expenses/statement?month=2026-01").await;
    assert_eq!((page.all(".table-wide tbody tr").len(), page.all(".cards > li").len()), (3, 3));
    assert_eq!(page.first("tfoot tr"), "合計 12,000 8,400 0 3,600");
    assert_eq!(page.all(".table-wide details summary"), ["2件の請求の内訳"]);
    let parts = page.all(".table-wide details li");
    assert_eq!(
        parts,
        ["通院／1日 医療費総額 1,000円 自己負担額 300円", "通院／1日 医療費総額 2,000円 自己負担額 600円"]
    );
    let line = page.all(".table-wide tbody tr").into_iter().find(|line| line.contains("みほん接骨院")).unwrap();
    assert!(line.contains("通院／2日") && line.ends_with("3,000 2,100 0 900"), "{line}");
    let pdf = crate::support::text_of(&member.get("/expenses/statement.pdf?month=2026-01").await.bytes);
    assert_eq!(pdf.matches("みほん接骨院").count(), 1, "{pdf}");
    assert!(pdf.contains("3,000 2,100 0 900") && pdf.contains("12,000 8,400 0 3,600"), "{pdf}");
    let deduction = member.get("/deduction/2026").await;
    assert_eq!(deduction.all(".table-wide tbody tr").len(), 3);
    assert_eq!(deduction.first("tfoot td"), "3,600");
    let link = deduction.attribute("a[href*='portal.csv']", "href");
    let csv = member.get(&link).await.text();
    assert_eq!(csv.matches("みほん接骨院").count(), 1, "{csv}");
    assert!(csv.contains("900"), "{csv}");
}

#[portal_test]
async fn staff_say_which_months_have_arrived_and_two_decide_where_they_should(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let october: String = row("X1", "2026-10", "あたらし医院", 1_000).replace(INSURER, "06139034");
    let batch = batch_of(&portal, &scope, "x.csv", &[october]).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let page = format!("/console/imports/{batch}/publish");
    let form = staff.get(&page).await;
    assert_eq!(form.attribute("#through option[selected]", "value"), "", "an early row completes no month");
    assert!(form.text().contains("2026年9月診療分まで") && form.text().contains("2026年10月 1件"));
    assert_eq!(form.all("#through option")[..2], ["まだそろっていない（今のまま）", "2026年10月"]);
    let wrong = staff.post(&page, "when=now&through=2026-11").await;
    assert!(wrong.first(".error-summary li").contains("まだ終わっていない"), "{}", wrong.first(".error-summary"));

    let mut policy = Preset::Minato.policy().unwrap();
    policy.two_person = vec![Guarded::Publication];
    portal.set_policy("minato", &policy).await;
    let told = async || {
        let mut member = portal.signed_in("minato", "testtaro01").await;
        member.get("/expenses").await.first(".notice")
    };
    let approved = async |first: &str| {
        let mut admin = portal.staff("minato", "kanri").await;
        let list = admin.get("/console/approvals").await;
        assert!(list.first("tbody tr").starts_with(first), "{}", list.first("tbody tr"));
        let act = list.attribute("form[action$='/approve']", "action");
        assert_eq!(admin.post(&act, "").await.location(), "/console/approvals?done=approved");
        imports::work_due(&portal.app).await.unwrap();
        list.first("tbody tr")
    };
    let asked = staff.post(&page, "when=now&through=2026-10").await;
    assert_eq!(asked.location(), format!("/console/imports/{batch}?done=asked"));
    let line = approved("取込データの公開").await;
    assert!(line.contains("2026年10月診療分までそろった"), "{line}");
    assert!(told().await.starts_with("2026年11月診療分は、まだ届いていません。"));

    // Said anew, by two as well.
    let mut staff = portal.staff("minato", "kyufu").await;
    let form = staff.get(&page).await;
    assert_eq!((form.first("h1").as_str(), form.all("[name=when]").len()), ("そろった月の変更", 0));
    assert_eq!(form.attribute("#through option[selected]", "value"), "2026-10");
    assert!(staff.post(&page, "through=none").await.location().ends_with("?done=asked"));
    approved("取込データの公開").await;
    assert!(told().await.starts_with("2026年10月・11月診療分は、まだそろっていません。"));

    // What two showed, one does not take away; and nobody without a reason.
    let withdraw = format!("/console/imports/{batch}/withdraw");
    let mut staff = portal.staff("minato", "kyufu").await;
    assert!(staff.get(&withdraw).await.text().contains("もう一人の職員の承認が必要です"));
    assert_eq!(staff.post(&withdraw, "reason=+").await.all(".error-summary li"), ["理由を入力してください。"]);
    let asked = staff.post(&withdraw, "reason=%E4%BA%8C%E9%87%8D").await;
    assert_eq!(asked.location(), format!("/console/imports/{batch}?done=withdraw-asked"));
    let shown = staff.get(&format!("/console/imports/{batch}")).await;
    assert!(shown.text().contains("承認待ち") && !shown.text().contains("取り下げる</a>"));
    assert!(staff.post(&withdraw, "reason=x").await.first(".error-summary li").contains("すでに承認を依頼しています"));
    imports::work_due(&portal.app).await.unwrap();
    assert!(told().await.contains("まだそろっていません"), "it is still there");
    let line = approved("公開した取込データの取下げ").await;
    assert!(line.contains("二重"), "{line}");
    assert!(told().await.starts_with("2026年10月・11月診療分は、まだ届いていません。"));
    let mut staff = portal.staff("minato", "kyufu").await;
    let gone = staff.get(&format!("/console/imports/{batch}")).await;
    assert_eq!(gone.first(".state"), "取下げ");
    assert!(gone.first(".facts").contains("取下げの理由 二重"), "{}", gone.first(".facts"));
    // What nobody has seen yet, one withdraws.
    let staged =
        batch_of(&portal, &scope, "y.csv", &[row("Y1", "2026-09", "医院", 1_000).replace(INSURER, "06139034")]).await;
    let gone = staff.post(&format!("/console/imports/{staged}/withdraw"), "reason=x").await;
    assert_eq!(gone.location(), format!("/console/imports/{staged}?done=withdraw"));
    assert!(scope.society_id() > 0);
}
