//! 異議申出 and 情報非開示: nothing of the person is left anywhere on the household's side, and all is back afterwards.

use portal_test::portal_test;
use yui::{
    core::society::{InSociety, Preset},
    features::{
        imports::{self, Options, Through},
        members,
    },
};
use yui_db::Engine;

use crate::{
    members::found,
    support::{Browser, EXPENSE_HEADER, Portal, encode, register_csv, text_of},
};

const INSURER: &str = "06139026";

/// Everything the household can look at or take away that tells of expenses.
const PAGES: [&str; 8] = [
    "/",
    "/expenses",
    "/expenses/statement?month=2025-01",
    "/expenses/statement?year=2025",
    "/expenses/statement?from=2025-01&to=2025-12&member=HANAKO",
    "/expenses/statement?from=2025-13&to=",
    "/deduction/2025",
    "/deduction/2025/notice.xml",
];

/// Words by which a page could tell that something is kept back.
const TRACES: [&str; 5] = ["一部のご家族", "表示していません", "非開示", "異議", "取扱い"];

async fn taken(member: &mut Browser, hanako: i64) -> Vec<String> {
    let mut all = Vec::new();
    for path in PAGES {
        all.push(member.get(&path.replace("HANAKO", &hanako.to_string())).await.text());
    }
    let pdf = member.get("/expenses/statement.pdf?month=2025-01").await;
    all.push(text_of(&pdf.bytes));
    all
}

#[portal_test]
async fn nothing_of_a_flagged_person_is_left_anywhere_and_all_comes_back(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let (taro, hanako) = (found(&mut staff, "testtaro01").await, found(&mut staff, "800-1234-01").await);
    let person = format!("/console/members/{hanako}");
    let before = taken(&mut member, hanako).await;
    assert!(before[2].contains("テスト ハナコ") && before[8].contains("テスト ハナコ"));
    let sheet = member.get("/deduction/2025/worksheet.xlsx").await.bytes;
    for (kind, label) in [("objection", "異議申出"), ("non-disclosure", "情報非開示")] {
        let path = format!("{person}/{kind}");
        assert_eq!(staff.post(&path, "").await.all(".error-summary li").len(), 2, "a reason and who was made sure of");
        let typed = format!("reason={}&identity={}", encode("本人の申出"), encode("来所、身分証"));
        assert_eq!(staff.post(&path, &typed).await.location(), format!("{person}?done=flag-set"));
        let page = staff.get(&person).await;
        assert!(page.first("h1").contains(label) && page.text().contains("本人の申出（本人確認: 来所、身分証）"));

        let now = taken(&mut member, hanako).await;
        for (path, text) in PAGES.iter().chain(&["pdf"]).zip(&now) {
            for of_hanako in ["ハナコ", "3,420", "<PAID>3420", "11,400"] {
                assert!(!text.contains(of_hanako), "{kind} {path}: {of_hanako}");
            }
            for trace in TRACES {
                assert!(!text.replace('\n', "").contains(trace), "{kind} {path}: {trace}");
            }
        }
        let statement = member.get("/expenses/statement?month=2025-01").await;
        assert_eq!(statement.first(".amount"), "300 円");
        assert_eq!(statement.all("select option"), ["家族全員", "テスト タロウ"]);
        assert_eq!(member.get(&format!("/deduction/2025/portal.csv?member={hanako}")).await.status, 404);
        assert_eq!(member.get(&format!("/deduction/2025/portal.csv?member={taro}")).await.status, 200);
        let short = member.get("/deduction/2025/worksheet.xlsx").await.bytes;
        assert!(short.len() < sheet.len(), "{} {}", short.len(), sheet.len());

        // Whom it concerns is told nothing, and nobody who may not do it can.
        assert_eq!(staff.post(&path, &typed).await.location(), format!("{person}?done=changed"));
        let end = format!("{person}/{kind}-end");
        assert_eq!(portal.staff("minato", "kyufu").await.post(&end, &typed).await.status, 403);
        assert_eq!(staff.post(&end, &typed).await.location(), format!("{person}?done=flag-ended"));
        assert_eq!(taken(&mut member, hanako).await, before, "{kind}: all is back");
    }
    // Both at once: one alone still hides.
    let typed = "reason=x&identity=y";
    for act in ["objection", "non-disclosure", "objection-end"] {
        assert_eq!(staff.post(&format!("{person}/{act}"), typed).await.status, 303);
    }
    assert!(!member.get("/expenses/statement?month=2025-01").await.text().contains("ハナコ"));
    // Staff see it beside the name everywhere.
    let relative = staff.get(&format!("/console/members/{taro}")).await.all("#household ~ .scroll tbody tr");
    assert!(relative.iter().any(|row| row.contains("ハナコ") && row.contains("情報非開示")), "{relative:?}");
    let found = staff.look_for("/console/members", &format!("q={}", encode("テストハナコ"))).await.all("tbody th");
    assert!(found[0].contains("情報非開示"), "{found:?}");
    let history = staff.get(&person).await.all("#flags ~ .scroll tbody tr");
    assert_eq!(history.len(), 4, "{history:?}");
    assert!(portal.mails().await.iter().all(|mail| !mail.to_string().contains("ハナコ")));
    let mut admin = portal.staff("minato", "kanri").await;
    assert_eq!(admin.look_for("/console/audit", "act=member.flag_set").await.all("tbody tr").len(), 4);
    assert_eq!(admin.look_for("/console/audit", "act=member.flag_ended").await.all("tbody tr").len(), 3);
    // Another society's person of the same number is another person.
    let mut elsewhere = portal.signed_in("fumitsuki", "testtaro01").await;
    assert!(elsewhere.get("/expenses/statement?month=2025-01").await.text().contains("テスト ハナコ"));
}

/// Returns what stands on the page, but for the tables.
fn sentences(page: &crate::support::Answer) -> Vec<String> {
    page.all("main h1, main h2, main .notice, main .muted, main .hint, main li, main dd, main summary")
}

#[portal_test]
async fn a_household_with_somebody_hidden_reads_as_one_where_nobody_else_had_care(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Soyokaze, INSURER).await;
    // Two households of two that differ in nothing but their numbers; only in the first the wife had care.
    let people = |number: &str| {
        format!(
            "{INSURER},800,{number},00,テスト タロウ,テスト タロウ,男,1979-08-22,本人,2010-04-01,\r\n\
             {INSURER},800,{number},01,テスト ハナコ,テスト ハナコ,女,1981-03-03,家族,2012-06-01,\r\n"
        )
    };
    let header = register_csv(INSURER).lines().next().unwrap().to_owned();
    let register = portal.file("r.csv", format!("{header}\r\n{}{}", people("1"), people("2")));
    portal.register(&scope, &register, Options::default()).await.unwrap();
    let row = |key: &str, number: &str, branch: &str| {
        format!("{key},,{INSURER},800,{number},{branch},2025-01,みほん医院,通院,1,1000,700,0,300,\r\n")
    };
    let rows = [row("A", "1", "00"), row("B", "1", "01"), row("C", "2", "00")].concat();
    let file = portal.file("e.csv", format!("{EXPENSE_HEADER}{rows}"));
    let report = portal.expenses(&scope, &file, Options::default(), &mut vec![]).await.unwrap();
    imports::publish_through(&portal.app, &scope, report.batch_id.unwrap(), Through::Suggested).await.unwrap();
    portal.app.db.execute(Sql::hide(scope.society_id(), portal.app.clock.now())).await.unwrap();

    let mut with_hidden = portal.member_of(&scope, "800", "1").await;
    let mut without = portal.member_of(&scope, "800", "2").await;
    for path in PAGES.iter().filter(|path| !path.contains("HANAKO") && !path.ends_with(".xml")) {
        let (one, other) = (with_hidden.get(path).await, without.get(path).await);
        assert_eq!(sentences(&one), sentences(&other), "{path}");
        assert_eq!(one.all("select option"), other.all("select option"), "{path}");
    }
    let pdf = "/expenses/statement.pdf?year=2025";
    let (one, other) = (with_hidden.get(pdf).await, without.get(pdf).await);
    assert_eq!(text_of(&one.bytes), text_of(&other.bytes));
}

yui_db::statements! {
    fn hide(society_id: i64, now: jiff::Timestamp) = "
        INSERT INTO member_flags (society_id, member_id, kind, flag_number, set_at, set_by, reason)
        SELECT c.society_id, c.member_id, 'non_disclosure', 1, $2, '職員', '申出' FROM coverages c
        WHERE c.society_id = $1 AND c.number = '1' AND c.branch = '01'";
}

#[portal_test]
async fn a_flag_ends_by_itself_after_its_last_day(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let hanako = found(&mut staff, "800-1234-01").await;
    let person = format!("/console/members/{hanako}");
    let typed = |until: &str| format!("reason=x&identity=y&until={until}");
    let set = format!("{person}/non-disclosure");
    for (until, words) in [("2026-11-19", "期限が過ぎています"), ("2026-11-31", "2027-03-31 のように")] {
        let refused = staff.post(&set, &typed(until)).await;
        assert!(refused.first(".error-summary li").contains(words), "{until}");
    }
    assert_eq!(staff.post(&set, &typed("2026-11-21")).await.location(), format!("{person}?done=flag-set"));
    assert!(staff.get(&person).await.first("#flags ~ .scroll tbody tr").ends_with("2026/11/21まで"));
    let sees = async || {
        let mut member = portal.signed_in("minato", "testtaro01").await;
        member.get("/expenses/statement?month=2025-01").await.text().contains("テスト ハナコ")
    };
    // Until the end of that day in Japan, which is not the end of the day elsewhere.
    assert!(!sees().await);
    portal.app.clock.advance(35 * 3600);
    assert_eq!(portal.app.clock.today().to_string(), "2026-11-21");
    assert!(!sees().await);
    portal.app.clock.advance(2 * 3600);
    assert!(sees().await, "at once, whether or not the housekeeping has come by");
    let mut staff = portal.staff("minato", "madoguchi").await;
    assert!(!staff.get(&person).await.first("h1").contains("情報非開示"));
    assert_eq!(members::end_over(&portal.app).await.unwrap(), 1);
    assert_eq!(members::end_over(&portal.app).await.unwrap(), 0);
    assert!(staff.get(&person).await.first("#flags ~ .scroll tbody tr").contains("決めた日が過ぎたため"));
    // It can be set again.
    assert_eq!(staff.post(&set, &typed("")).await.location(), format!("{person}?done=flag-set"));
    assert!(!sees().await);
    let mut admin = portal.staff("minato", "kanri").await;
    assert_eq!(admin.look_for("/console/audit", "act=member.flag_ended").await.all("tbody tr").len(), 1);
}

#[portal_test]
async fn the_person_concerned_gets_the_whole_statement_from_the_desk(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let hanako = found(&mut staff, "800-1234-01").await;
    let certificate = format!("/console/members/{hanako}/certificate");
    let changed = format!("/console/members/{hanako}?done=changed");
    let typed = format!("year=2025&reason={}&identity={}", encode("確定申告のため"), encode("来所、身分証"));
    assert_eq!(staff.get(&certificate).await.location(), changed, "of whom nothing is hidden");
    assert_eq!(staff.post(&certificate, &typed).await.location(), changed);
    staff.post(&format!("/console/members/{hanako}/non-disclosure"), "reason=x&identity=y").await;
    assert!(staff.get(&format!("/console/members/{hanako}")).await.text().contains("本人用の医療費明細"));
    assert_eq!(staff.get(&certificate).await.first("h1"), "本人用の医療費明細");
    assert_eq!(staff.post(&certificate, "year=2025").await.all(".error-summary li").len(), 2);
    let pdf = staff.post(&certificate, &typed).await;
    assert_eq!(pdf.headers["content-type"], "application/pdf");
    let text = text_of(&pdf.bytes);
    assert!(text.contains("2025年の医療費明細") && text.contains("テスト タロウ 様"), "{text}");
    assert!(text.contains("テスト ハナコ") && text.contains("11,400 7,980 0 3,420"), "{text}");
    assert!(!text.contains("サンプルクリニック薬局"), "nobody else's: {text}");
    let all = staff.post(&certificate, &typed.replace("year=2025", "year=")).await;
    assert!(text_of(&all.bytes).contains("2021/"), "all there is");
    for user in ["kyufu", "etsuran"] {
        assert_eq!(portal.staff("minato", user).await.get(&certificate).await.status, 403, "{user}");
    }
    let mut admin = portal.staff("minato", "kanri").await;
    let log = admin.look_for("/console/audit", "act=member.certificate").await.all("tbody tr");
    assert_eq!(log.len(), 2);
    assert!(log.iter().all(|line| line.contains("確定申告のため") && line.contains("来所、身分証")), "{log:?}");
}
