//! Claims of nobody in the register: they wait, are matched when the register has their person, or staff decide.

use portal_test::portal_test;
use yui::{
    core::{scope::SystemScope, society::Preset},
    features::imports::{self, Options},
};
use yui_db::Engine;

use crate::{
    console_imports::checked,
    several_files::payer_claim,
    support::{Browser, EXPENSE_HEADER, Portal, encode, register_csv, state_of},
};

const INSURER: &str = "06139018";
const PLAIN: Options = Options { dry_run: false, all_or_nothing: false, confirmed: true };

/// A row for number 9999, which the register does not have.
fn unknown(key: &str, branch: &str, total: i64) -> String {
    let own = total * 3 / 10;
    let rest = total - own;
    format!("{key},,{INSURER},800,9999,{branch},2025-01,みほん医院,通院,1,{total},{rest},0,{own},\r\n")
}

fn known(key: &str, total: i64) -> String {
    unknown(key, "00", total).replace("9999", "1234")
}

/// The register with a household of number 9999.
fn later_register() -> String {
    format!("{}{INSURER},800,9999,00,後日 次郎,ゴジツ ジロウ,男,1990-02-03,本人,2020-04-01,\r\n", register_csv(INSURER))
}

async fn import(portal: &Portal, scope: &SystemScope, name: &str, rows: &[String]) -> i64 {
    let file = portal.file(name, format!("{EXPENSE_HEADER}{}", rows.concat()));
    portal.expenses(scope, &file, PLAIN, &mut Vec::new()).await.unwrap().batch_id.unwrap()
}

async fn register(portal: &Portal, scope: &SystemScope, name: &str, csv: String) {
    portal.register(scope, &portal.file(name, csv), PLAIN).await.unwrap();
    imports::work_due(&portal.app).await.unwrap();
}

async fn counts(portal: &Portal, scope: &SystemScope, batch_id: i64) -> (i64, i64, usize) {
    let batch = imports::batch_of(&portal.app, scope, batch_id).await.unwrap().unwrap();
    let faults = imports::faults(&portal.app, scope, batch_id).await.unwrap();
    (batch.accepted, batch.unmatched, faults.len())
}

async fn totals(browser: &mut Browser, month: &str) -> Vec<String> {
    let page = browser.get(&format!("/expenses/statement?month={month}")).await;
    page.all("tbody tr td:nth-of-type(4)")
}

#[portal_test]
async fn a_claim_is_matched_by_itself_when_the_register_comes(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    register(&portal, &scope, "r.csv", register_csv(INSURER)).await;
    let staged = import(&portal, &scope, "1.csv", &[known("A1", 10_000), unknown("A2", "00", 20_000)]).await;
    let shown = import(&portal, &scope, "2.csv", &[unknown("B1", "00", 3_000), unknown("B2", "05", 4_000)]).await;
    imports::publish(&portal.app, &scope, shown).await.unwrap();
    assert_eq!(counts(&portal, &scope, staged).await, (1, 1, 1));
    assert_eq!(counts(&portal, &scope, shown).await, (0, 2, 2));

    register(&portal, &scope, "later.csv", later_register()).await;
    assert_eq!(counts(&portal, &scope, staged).await, (2, 0, 0));
    assert_eq!(counts(&portal, &scope, shown).await, (1, 1, 1), "nobody has the branch number 05");
    let mut member = portal.member_of(&scope, "800", "9999").await;
    assert_eq!(totals(&mut member, "2025-01").await, ["3,000"], "what is not published is not shown");
    imports::publish(&portal.app, &scope, staged).await.unwrap();
    assert_eq!(totals(&mut member, "2025-01").await.len(), 1, "one provider, joined");
    assert!(member.get("/expenses/statement?month=2025-01").await.text().contains("23,000"));

    // The withdrawal of the file takes the late row as well, and what still waits.
    imports::withdraw(&portal.app, &scope, shown, "誤り").await.unwrap();
    assert_eq!(totals(&mut member, "2025-01").await, ["20,000"]);
    register(&portal, &scope, "last.csv", later_register().replace(",00,後日", ",05,後日")).await;
    assert_eq!(totals(&mut member, "2025-01").await, ["20,000"]);
}

/// The same claim, corrected while it waits: the newest version stands.
#[portal_test]
async fn versions_that_wait_together_keep_their_order(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    register(&portal, &scope, "r.csv", register_csv(INSURER)).await;
    for (name, total) in [("1.csv", 10_000), ("2.csv", 12_000)] {
        let batch = import(&portal, &scope, name, &[unknown("A1", "00", total)]).await;
        imports::publish(&portal.app, &scope, batch).await.unwrap();
    }
    let taken_back = import(&portal, &scope, "3.csv", &[unknown("Z9", "00", 1_000).replace("Z9,,", "Z9,1,")]).await;
    register(&portal, &scope, "later.csv", later_register()).await;
    let mut member = portal.member_of(&scope, "800", "9999").await;
    assert_eq!(totals(&mut member, "2025-01").await, ["12,000"]);
    assert_eq!(counts(&portal, &scope, taken_back).await, (0, 1, 1), "there is no such claim to take back");
}

const DEMO_INSURER: &str = "06139034";

/// A published file with a claim of nobody, in the demo; returns its batch.
async fn waits_in_demo(portal: &Portal, scope: &SystemScope) -> i64 {
    let rows = [unknown("Q1", "00", 70_000), unknown("Q2", "00", 80_000)].map(|row| row.replace(INSURER, DEMO_INSURER));
    let batch = import(portal, scope, "q.csv", &rows).await;
    imports::publish(&portal.app, scope, batch).await.unwrap();
    batch
}

#[portal_test]
async fn staff_say_whose_a_claim_is_and_it_is_seen_when_it_is_published(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let origin = waits_in_demo(&portal, &scope).await;
    let before = state_of(&portal).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let list = staff.get("/console/imports").await;
    assert!(list.text().contains("照合を待っています"), "{}", list.text());
    let page = staff.get("/console/imports/unmatched").await;
    assert!(page.text().contains("この保険者番号・記号・番号の世帯は台帳にありません。"));
    let assign = page.attribute("form[action$=\"/assign\"]", "action");

    let why = encode("電話で確認");
    let wrong = staff.post(&assign, &format!("member=other&other=&reason={why}")).await;
    assert!(wrong.text().contains("加入者番号を入力してください"), "{}", wrong.text());
    let nobody = staff.post(&assign, &format!("member=other&other=999999&reason={why}")).await;
    assert!(nobody.text().contains("診療年月に資格がありません"), "{}", nobody.text());
    let silent = staff.post(&assign, "member=1&reason=").await;
    assert!(silent.text().contains("理由を入力してください"));
    assert_eq!(state_of(&portal).await, before);

    // By hand: what members see changes only with the publication.
    let done = staff.post(&assign, &format!("member=other&other=%EF%BC%91&reason={why}")).await;
    let batch_page = done.location().to_owned();
    assert_eq!(done.status, 303, "{}", done.text());
    let page = staff.get(&batch_page).await;
    let text = page.text();
    assert!(text.contains("手作業の変更") && text.contains("割当て") && text.contains("電話で確認"), "{text}");
    let by_hand: i64 = batch_page.trim_start_matches("/console/imports/").split('?').next().unwrap().parse().unwrap();
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let statement = "/expenses/statement?month=2025-01";
    assert!(!member.get(statement).await.text().contains("70,000"));
    imports::publish(&portal.app, &scope, by_hand).await.unwrap();
    assert!(member.get(statement).await.text().contains("70,000"));
    assert_eq!(counts(&portal, &scope, origin).await, (0, 1, 1));

    // Withdrawn, the claim waits again; assigned again, it goes with the file that brought it.
    imports::withdraw(&portal.app, &scope, by_hand, "誤り").await.unwrap();
    assert!(!member.get(statement).await.text().contains("70,000"));
    assert_eq!(counts(&portal, &scope, origin).await.1, 2);
    let again = staff.post(&assign, &format!("member=1&reason={why}")).await;
    let by_hand: i64 =
        again.location().trim_start_matches("/console/imports/").split('?').next().unwrap().parse().unwrap();
    imports::publish(&portal.app, &scope, by_hand).await.unwrap();
    assert!(member.get(statement).await.text().contains("70,000"));
    imports::withdraw(&portal.app, &scope, origin, "誤り").await.unwrap();
    assert!(!member.get(statement).await.text().contains("70,000"));
    assert!(staff.get("/console/imports/unmatched").await.text().contains("ありません。"));
}

#[portal_test]
async fn claims_that_are_not_wanted_can_wait_again(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let batch = waits_in_demo(&portal, &scope).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let page = staff.get("/console/imports/unmatched").await;
    assert_eq!(page.all("section[aria-labelledby=claims] h3").len(), 2);
    let refuse = page.attribute("button[formaction]", "formaction");
    let silent = staff.post(&refuse, "reason=").await;
    assert!(silent.text().contains("理由を入力してください"));
    let done = staff.post(&refuse, &format!("reason={}", encode("別の組合"))).await;
    assert_eq!(done.location(), "/console/imports/unmatched?done=refused");
    let all = format!("batch={batch}&reason={}", encode("重複"));
    assert_eq!(staff.post("/console/imports/unmatched/refuse", &all).await.status, 303);
    assert_eq!(staff.post("/console/imports/unmatched/refuse", &all).await.status, 404, "there is none left");
    let refused = staff.get("/console/imports/unmatched?state=refused").await;
    assert!(refused.text().contains("別の組合") && refused.text().contains("重複"), "{}", refused.text());
    let again = refused.attribute("form[action$=\"/again\"]", "action");
    assert_eq!(staff.post(&again, "").await.status, 303);
    let page = staff.get("/console/imports/unmatched").await;
    assert_eq!(page.all("section[aria-labelledby=claims] h3").len(), 1);

    // Another society's staff find nothing there.
    let mut others = portal.staff("nanohana", "kyufu").await;
    assert_eq!(others.post(&refuse, "reason=x").await.status, 404);
    assert!(others.get("/console/imports/unmatched").await.text().contains("ありません。"));
}

/// A claim that another member has already is not moved to somebody else by an assignment, published or not.
#[portal_test]
async fn a_claim_of_another_member_is_not_assigned(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let theirs = known("Q1", 50_000).replace(INSURER, DEMO_INSURER);
    let batch = import(&portal, &scope, "known.csv", &[theirs]).await;
    imports::publish(&portal.app, &scope, batch).await.unwrap();
    waits_in_demo(&portal, &scope).await;
    let before = state_of(&portal).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let page = staff.get("/console/imports/unmatched").await;
    let assign = page.attribute("form[action$=\"/assign\"]", "action");
    let answer = staff.post(&assign, &format!("member=2&reason={}", encode("確認"))).await;
    assert!(answer.text().contains("別の人または別の月の請求で使われています"), "{}", answer.text());
    assert_eq!(state_of(&portal).await, before);
}

/// Care that is published in an electronic claim is not shown once more by an assignment.
#[portal_test]
async fn care_that_has_come_in_another_form_is_not_assigned(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let claim = portal.file("1.UKE", payer_claim(1, 1_000));
    let report = portal.expenses(&scope, &claim, PLAIN, &mut Vec::new()).await.unwrap();
    imports::publish(&portal.app, &scope, report.batch_id.unwrap()).await.unwrap();
    let same = unknown("VISIT1", "00", 10_000).replace(INSURER, DEMO_INSURER);
    let same = same.replace("2025-01,みほん医院", "2026-08,みほんクリニック");
    let batch = import(&portal, &scope, "same.csv", &[same]).await;
    imports::publish(&portal.app, &scope, batch).await.unwrap();
    let before = state_of(&portal).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let page = staff.get("/console/imports/unmatched").await;
    let assign = page.attribute("form[action$=\"/assign\"]", "action");
    let answer = staff.post(&assign, &format!("member=1&reason={}", encode("確認"))).await;
    assert!(answer.text().contains("別の形式"), "{}", answer.text());
    assert_eq!(state_of(&portal).await, before);
}

/// A file whose claims all wait for the register can be imported in the console.
#[portal_test]
async fn a_file_of_waiting_claims_alone_is_imported(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let file = format!("{EXPENSE_HEADER}{}", unknown("W1", "00", 5_000).replace(INSURER, DEMO_INSURER));
    let path = checked(&portal, &mut staff, "expenses", "waits.csv", file.as_bytes()).await;
    let page = staff.get(&path).await;
    assert!(page.text().contains("照合待ちになる請求"), "{}", page.first("main"));
    assert_eq!(staff.post(&format!("{path}/apply"), "").await.status, 303);
    imports::work_due(&portal.app).await.unwrap();
    let batch = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
    assert_eq!((batch.accepted, batch.unmatched), (0, 1));
    assert!(staff.get("/console/imports/unmatched").await.text().contains("5,000"));
}
