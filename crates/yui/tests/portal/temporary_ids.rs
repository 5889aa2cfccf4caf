//! Temporary IDs that staff have issued: made by a worker, taken once by somebody with a name, forgotten afterwards.

use portal_test::portal_test;
use yui::features::temporary_ids::{self, forget_old, make_due};
use yui_db::Engine;

use crate::support::{Answer, Browser, Portal};

/// Orders pairs for these; returns the run's page.
async fn ordered(staff: &mut Browser, whom: &str) -> String {
    let answer = staff.post("/console/temporary-ids", &format!("whom={whom}")).await;
    assert_eq!(answer.status, 303, "{}", answer.first(".error-summary"));
    answer.location().to_owned()
}

/// Returns the cells of the printing house's list.
fn rows(answer: &Answer) -> Vec<Vec<String>> {
    let text = answer.text();
    let lines = text.trim_start_matches('\u{feff}').lines().skip(1);
    lines.map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[portal_test]
async fn who_has_no_account_gets_a_pair_on_paper_that_opens_enrolment(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let page = staff.get("/console/temporary-ids").await;
    assert!(page.text().contains("アカウントのない被保険者（26人）"), "{}", page.first("form"));
    let run = ordered(&mut staff, "without").await;
    assert!(staff.get(&run).await.text().contains("26件のうち0件を作成しました。"));
    let early = staff.post(&format!("{run}/postcards"), "").await;
    assert!(early.first(".error-summary").contains("受け取れる仮IDがありません。"));
    let again = staff.post("/console/temporary-ids", "whom=expired").await;
    assert!(again.first(".error-summary").contains("発行する人がいません。"));
    let again = staff.post("/console/temporary-ids", "whom=without").await;
    assert!(again.first(".error-summary").contains("前の発行がまだ作成中です。"));

    assert_eq!(make_due(&portal.app).await.unwrap(), 1);
    assert_eq!(make_due(&portal.app).await.unwrap(), 0);
    assert!(staff.get(&run).await.text().contains("26件"));
    assert!(staff.get("/console/temporary-ids").await.text().contains("アカウントのない被保険者（0人）"));

    // A list without passwords, as often as wanted.
    let addresses = staff.get(&format!("{run}/addresses.csv")).await;
    assert_eq!(addresses.text().lines().count(), 27);

    let list = staff.post(&format!("{run}/list"), "").await;
    assert!(list.headers["content-disposition"].to_str().unwrap().contains("temporary-ids-"));
    let rows = rows(&list);
    assert_eq!(rows.len(), 26);
    for row in &rows {
        assert!(!addresses.text().contains(&row[5]), "no password in the list of addresses");
    }
    let twice = staff.post(&format!("{run}/list"), "").await;
    assert!(twice.first(".error-summary").contains("このファイルはすでにダウンロードされています。"));

    let cards = staff.post(&format!("{run}/postcards"), "").await;
    assert_eq!(cards.headers["content-type"], "application/pdf");
    assert!(cards.bytes.starts_with(b"%PDF-"));
    let twice = staff.post(&format!("{run}/postcards"), "").await;
    assert!(twice.first(".error-summary").contains("このファイルはすでにダウンロードされています。"));
    assert!(staff.get(&run).await.text().contains("給付 次郎 2026/11/20"), "who took it");

    let mut member = portal.browser("minato");
    assert_eq!(member.log_in(&rows[3][4], &rows[3][5]).await.location(), "/enrolment/birth-date");
}

#[portal_test]
async fn passwords_are_forgotten_on_wish_or_after_two_weeks_and_the_paper_goes_on_working(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let run = ordered(&mut staff, "without").await;
    make_due(&portal.app).await.unwrap();
    let row = rows(&staff.post(&format!("{run}/list"), "").await).remove(0);
    assert_eq!(staff.post(&format!("{run}/forget"), "").await.location(), run);
    let page = staff.get(&run).await;
    assert!(page.text().contains("仮パスワードの控えを消去しました。"));
    assert!(!page.text().contains("postcards\""));
    let none = staff.post(&format!("{run}/postcards"), "").await;
    assert!(none.first(".error-summary").contains("受け取れる仮IDがありません。"));
    assert_eq!(portal.browser("minato").log_in(&row[4], &row[5]).await.location(), "/enrolment/birth-date");

    let mut other = portal.staff("fumitsuki", "kyufu").await;
    let run = ordered(&mut other, "without").await;
    make_due(&portal.app).await.unwrap();
    // What nobody took is kept.
    assert!(portal.app.clock.advance(14 * 24 * 60 * 60 + 1));
    assert_eq!(forget_old(&portal.app).await.unwrap(), 0);
    let mut other = portal.staff("fumitsuki", "kyufu").await;
    other.post(&format!("{run}/list"), "").await;
    assert!(portal.app.clock.advance(14 * 24 * 60 * 60 + 1));
    assert_eq!(forget_old(&portal.app).await.unwrap(), 1);
    let mut other = portal.staff("fumitsuki", "kyufu").await;
    assert!(other.get(&run).await.text().contains("仮パスワードの控えを消去しました。"));
}

#[portal_test]
async fn an_expired_pair_is_issued_anew_and_the_old_one_is_dead(engine: Engine) {
    let portal = Portal::demo(engine).await;
    assert!(portal.app.clock.advance(91 * 24 * 60 * 60));
    let mut staff = portal.staff("minato", "kyufu").await;
    let old = portal.browser("minato").log_in("kari000003", crate::support::PASSWORD).await;
    assert!(old.text().contains("有効期限が切れています。"));
    let run = ordered(&mut staff, "expired").await;
    make_due(&portal.app).await.unwrap();
    let rows = rows(&staff.post(&format!("{run}/list"), "").await);
    assert_eq!(rows.len(), 1);
    let mut member = portal.browser("minato");
    assert_eq!(member.log_in("kari000003", crate::support::PASSWORD).await.status, 200);
    assert_eq!(member.log_in(&rows[0][4], &rows[0][5]).await.location(), "/enrolment/birth-date");
}

#[portal_test]
async fn a_run_whose_worker_died_goes_on_and_doubles_nothing(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let run = ordered(&mut staff, "without").await;
    // The worker that took it is gone: its accounts are half made.
    let scope = yui::core::scope::SystemScope::of_society(&portal.app, "minato").await.unwrap();
    temporary_ids::make(&portal.app, &scope, temporary_ids::Recipients::WithoutPair).await.unwrap();
    assert_eq!(make_due(&portal.app).await.unwrap(), 1);
    let rows = rows(&staff.post(&format!("{run}/list"), "").await);
    let ids: std::collections::BTreeSet<_> = rows.iter().map(|row| &row[4]).collect();
    assert_eq!((rows.len(), ids.len()), (26, 26));
}

#[portal_test]
async fn a_run_that_is_given_up_leaves_what_was_made_to_the_next(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let run = ordered(&mut staff, "without").await;
    // Its worker has made them all, and not yet said so.
    let scope = yui::core::scope::SystemScope::of_society(&portal.app, "minato").await.unwrap();
    temporary_ids::make(&portal.app, &scope, temporary_ids::Recipients::WithoutPair).await.unwrap();
    assert!(staff.get(&run).await.text().contains("26件のうち26件を作成しました。"));
    assert_eq!(staff.post(&format!("{run}/stop"), "").await.location(), run);
    assert_eq!(make_due(&portal.app).await.unwrap(), 0);
    let page = staff.get(&run).await;
    assert_eq!(page.first(".state"), "取りやめ");
    assert!(page.text().contains("給付 次郎 2026/11/20") && !page.text().contains("/postcards"), "{}", page.text());
    let twice = staff.post(&format!("{run}/stop"), "").await;
    assert!(twice.first(".error-summary").contains("すでに取りやめられています"), "{}", twice.text());
    assert!(
        staff.post(&format!("{run}/list"), "").await.first(".error-summary").contains("受け取れる仮IDがありません")
    );

    let next = ordered(&mut staff, "waiting").await;
    assert_eq!(make_due(&portal.app).await.unwrap(), 1);
    assert_eq!(rows(&staff.post(&format!("{next}/list"), "").await).len(), 26);
    let ready = staff.post(&format!("{next}/stop"), "").await;
    assert!(ready.first(".error-summary").contains("作成が終わったか"), "{}", ready.text());
}

#[portal_test]
async fn a_run_whose_file_was_lost_is_repeated_for_people_who_have_not_enrolled(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let run = ordered(&mut staff, "without").await;
    make_due(&portal.app).await.unwrap();
    let first = rows(&staff.post(&format!("{run}/list"), "").await);
    staff.post(&format!("{run}/forget"), "").await;
    let again = format!("again&run={}", run.rsplit('/').next().unwrap());
    let second_run = ordered(&mut staff, &again).await;
    make_due(&portal.app).await.unwrap();
    let second = rows(&staff.post(&format!("{second_run}/list"), "").await);
    assert_eq!((first.len(), second.len()), (26, 26));
    let mut member = portal.browser("minato");
    assert_eq!(member.log_in(&first[3][4], &first[3][5]).await.status, 200, "the lost paper is dead");
    assert_eq!(member.log_in(&second[3][4], &second[3][5]).await.location(), "/enrolment/birth-date");
}
