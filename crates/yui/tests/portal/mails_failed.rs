//! 届かなかったメール: what staff see of mail that was given up, and what is worth another try.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use portal_test::portal_test;
use yui::{
    core::{
        mail::{Letter, MailFrame, MailKind, Recipient, Sender, enqueue},
        scope::SystemScope,
        society::InSociety,
    },
    features::mails,
    ui::Lang,
};
use yui_db::{Engine, statements};

use crate::{
    enrolment::{agree, birth_date},
    support::{Answer, PASSWORD, Portal},
};

const PAGE: &str = "/console/mails-failed";

statements! {
    fn given_up(society_id: i64, mail_id: i64, now: jiff::Timestamp, why: &str) =
        "UPDATE mails SET failed_at = $3, last_error = $4, tries = 1 WHERE society_id = $1 AND mail_id = $2";
    fn announced_by(society_id: i64, announcement_mail_id: i64, ends: jiff::Timestamp) = "
        UPDATE accounts SET announcement_mail_id = $2, first_way = 'numbers', origin = 'was_active', password_ends_at = $3
        WHERE society_id = $1 AND user_id = 'kari000003'";
    fn account(society_id: i64, user_id: &str) -> Id =
        "SELECT account_id AS id FROM accounts WHERE society_id = $1 AND user_id = $2";
    fn mail_of_kind(society_id: i64, kind: &str) -> Written = "
        SELECT mail_id, created_at, ends_at FROM mails WHERE society_id = $1 AND kind = $2 ORDER BY mail_id DESC LIMIT 1";
    fn failed_there(society_id: i64) -> Id =
        "SELECT COUNT(*) AS id FROM mails WHERE society_id = $1 AND failed_at IS NOT NULL";
}

#[derive(yui_db::Row)]
struct Id {
    id: i64,
}

#[derive(yui_db::Row)]
struct Written {
    mail_id: i64,
    created_at: jiff::Timestamp,
    ends_at: Option<jiff::Timestamp>,
}

async fn account(portal: &Portal, scope: &SystemScope, user_id: &str) -> i64 {
    portal.db.db.one(Sql::account(scope.society_id(), user_id)).await.unwrap().id
}

/// Writes a mail of this kind that was given up for this reason just now, of use for ten minutes where it has a code or link; returns its number.
async fn given_up(portal: &Portal, scope: &SystemScope, (kind, to): (&'static str, Recipient<'_>), why: &str) -> i64 {
    let frame = MailFrame::of(&portal.app, scope.society(), Lang::Ja);
    let now = portal.app.clock.now();
    let letter = Letter::new(&frame, Sender::NoReply, MailKind::parse(kind).unwrap(), "件名").p("本文");
    let letter = match kind {
        "mail_code" | "email_verify" => letter.until(now.checked_add(SignedDuration::from_mins(10)).unwrap()),
        _ => letter,
    };
    let mut tx = portal.app.db.begin().await.unwrap();
    let id = enqueue(&mut tx, &portal.app, scope, to, &letter, now).await.unwrap();
    tx.commit().await.unwrap();
    give_up(portal, scope, id, why).await;
    id
}

/// Gives the mail of this number up.
async fn give_up(portal: &Portal, scope: &SystemScope, id: i64, why: &str) {
    portal.db.db.execute(Sql::given_up(scope.society_id(), id, portal.app.clock.now(), why)).await.unwrap();
}

/// Returns the newest mail of this kind.
async fn written(portal: &Portal, scope: &SystemScope, kind: &str) -> Written {
    portal.db.db.one(Sql::mail_of_kind(scope.society_id(), kind)).await.unwrap()
}

/// Returns where the mails of the page that are worth it are tried again.
fn retries(page: &Answer) -> Vec<String> {
    let text = page.text();
    let acts = text.split('"').filter(|part| part.starts_with(PAGE) && part.ends_with("/retry"));
    acts.map(str::to_owned).collect()
}

fn nobody(address: &str) -> Recipient<'_> {
    Recipient { account_id: None, address }
}

#[portal_test]
async fn what_failed_is_told_in_words_and_tried_again_where_that_helps(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let taro = account(&portal, &scope, "testtaro01").await;
    let of_taro = Recipient { account_id: Some(taro), address: "testtaro01@minato.example" };
    let notice = given_up(&portal, &scope, ("notice", of_taro), "the mail server answered 550").await;
    let code = given_up(&portal, &scope, ("mail_code", of_taro), "the mail server took too long").await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let home = staff.get("/console").await;
    assert_eq!(home.attribute(".notice a[href^='/console/mails']", "href"), PAGE);
    assert!(home.text().contains("この30日に届けられなかったメールが2通あります"));

    let page = staff.get(PAGE).await;
    assert_eq!(page.first("main h2"), "2通");
    let rows = page.all("tbody tr");
    assert_eq!(
        rows[1],
        "2026/11/20 12:00 アカウントのお知らせ テスト タロウ t***@minato.example \
         宛先のメールアドレスがないか、受け取ってもらえませんでした。 550 \
         もう一度送る : アカウントのお知らせ t***@minato.example 2026/11/20 12:00"
    );
    assert!(rows[0].contains("メールサーバーとやり取りできませんでした。運営者にお知らせください。"), "{}", rows[0]);
    assert!(!page.text().contains("testtaro01@minato.example"), "no address in full");
    let member = page.attribute("tbody a", "href");
    assert!(staff.get(&member).await.first("h1").starts_with("テスト タロウ"));

    // A code that is dead is of no use to anybody.
    assert!(portal.app.clock.advance(10 * 60));
    let page = staff.get(PAGE).await;
    assert!(page.all("tbody tr")[0].ends_with("ご本人に、画面からもう一度操作してもらってください。"));
    assert!(page.text().contains("もう一度送れる1通を、すべて送る"));
    let useless = staff.post(&format!("{PAGE}/{code}/retry"), "").await;
    assert_eq!(useless.location(), format!("{PAGE}?done=useless"));
    let error = mails::retry(&portal.app, &scope, code).await.unwrap_err();
    assert_eq!(error.to_string(), format!("mail {code} is of no use any more: Over"));

    let again = staff.post(&format!("{PAGE}/{notice}/retry"), "").await;
    assert_eq!(again.location(), format!("{PAGE}?done=retried"));
    assert!(staff.get(again.location()).await.text().contains("もう一度送る指示を受け付けました。"));
    let twice = staff.post(&format!("{PAGE}/{notice}/retry"), "").await;
    assert_eq!(twice.location(), format!("{PAGE}?done=changed"));
    assert_eq!(portal.mail_to("testtaro01@minato.example").await["kind"], "notice");

    let mut admin = portal.staff("minato", "kanri").await;
    let log = admin.look_for("/console/audit", "act=mails.retried").await.all("tbody td");
    assert_eq!(log[2], "窓口 三枝");
    assert!(log.contains(&"アカウントのお知らせ t***@minato.example".to_owned()), "{log:?}");
    let seen = admin.look_for("/console/audit", "act=mails.failed_viewed").await.all("tbody tr");
    assert_eq!(seen.len(), 3);
}

#[portal_test]
async fn all_that_are_worth_it_go_out_together_and_what_is_old_is_not_shown(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    given_up(&portal, &scope, ("notice", nobody("long-ago@mail.example")), "the mail server answered 550").await;
    assert!(portal.app.clock.advance(31 * 24 * 3600));
    for at in 0..60 {
        let to = format!("someone{at}@mail.example");
        given_up(&portal, &scope, ("expenses_published", nobody(&to)), "the mail server answered 452").await;
        // Seven at a time: a page ends in the middle of them.
        assert!(portal.app.clock.advance(i64::from(at % 7 == 6)));
    }
    given_up(&portal, &scope, ("email_verify", nobody("dead@mail.example")), "its address is none").await;
    assert!(portal.app.clock.advance(30 * 60));
    let mut viewer = portal.staff("minato", "etsuran").await;
    let page = viewer.get(PAGE).await;
    assert_eq!((page.first("main h2").as_str(), page.all("tbody tr").len()), ("61通", 50));
    assert!(page.all("main form").is_empty(), "a viewer is offered no act");
    assert!(page.first("tbody tr").contains("d***@mail.example"), "the newest first");
    let next = page.attribute("main .acts a", "href");
    let mut desk = portal.staff("minato", "madoguchi").await;
    let rest = viewer.get(&next).await;
    assert_eq!((rest.all("tbody tr").len(), rest.all("main .acts a").len()), (11, 0));
    let on_both: BTreeSet<_> =
        [retries(&desk.get(PAGE).await), retries(&desk.get(&next).await)].concat().into_iter().collect();
    assert_eq!(on_both.len(), 60, "each once");
    assert_eq!(viewer.post(&format!("{PAGE}/retry-all"), "").await.status, 403);

    assert!(desk.get(PAGE).await.text().contains("もう一度送れる60通を、すべて送る"));
    let last = retries(&desk.get(PAGE).await).pop().unwrap();
    assert_eq!(desk.post(&last, "").await.location(), format!("{PAGE}?done=retried"));
    assert_eq!(
        viewer.get(&next).await.all("tbody tr").len(),
        11,
        "a page begins after a mail that is not there any more"
    );
    for nonsense in ["failed=9223372036854775807&mail=1", "mail=7", "after=7"] {
        assert_eq!(viewer.get(&format!("{PAGE}?{nonsense}")).await.all("tbody tr").len(), 50, "{nonsense}");
    }
    // Another society's staff sees and does nothing here.
    let mut elsewhere = portal.staff("fumitsuki", "madoguchi").await;
    assert_eq!(elsewhere.get(PAGE).await.first("main h2"), "0通");
    assert_eq!(elsewhere.post(&format!("{PAGE}/retry-all"), "").await.location(), format!("{PAGE}?done=changed"));
    assert_eq!(elsewhere.post(&format!("{PAGE}/1/retry"), "").await.location(), format!("{PAGE}?done=changed"));

    assert_eq!(desk.post(&format!("{PAGE}/retry-all"), "").await.location(), format!("{PAGE}?done=retried"));
    let left = portal.db.db.one(Sql::failed_there(scope.society_id())).await.unwrap().id;
    assert_eq!(left, 2, "the dead one, and the one of long ago");
    let mails = portal.mails().await;
    assert_eq!(mails.iter().filter(|mail| mail["kind"] == "expenses_published").count(), 60);
    let mut admin = portal.staff("minato", "kanri").await;
    assert!(admin.look_for("/console/audit", "act=mails.all_retried").await.first("tbody tr").contains("59通"));
}

#[portal_test]
async fn a_mail_is_worth_sending_as_long_as_the_link_or_code_in_it_works(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let (nanohana, minato, soyokaze) =
        (portal.scope("nanohana").await, portal.scope("minato").await, portal.scope("soyokaze").await);
    let mut admin = portal.staff("minato", "kanri").await;
    admin.post("/console/staff/3/invite-again", "reason=x").await;
    portal.browser("minato").post("/forgotten/password", "user_id=testtaro01").await;
    let ask = "user_id=testtaro01&birth_date=19790822&email=testtaro01%40soyokaze.example";
    portal.browser("soyokaze").post("/forgotten/password", ask).await;
    let mut owner = portal.browser("nanohana");
    owner.log_in("testtaro01", PASSWORD).await;
    owner.get("/login/factor").await;
    let mut new = portal.browser("nanohana");
    let born = birth_date(&portal, "nanohana").await;
    new.log_in("kari000003", PASSWORD).await;
    new.post("/enrolment/birth-date", &format!("birth_date={born}")).await;
    agree(&mut new).await;
    new.post("/enrolment/email", "email=kari.new%40mail.example").await;
    for (scope, kind, minutes) in [
        (&nanohana, "email_verify", Some(30)),
        (&nanohana, "mail_code", Some(10)),
        (&minato, "password_reset", Some(5)),
        (&minato, "staff_invitation", Some(7 * 24 * 60)),
        (&minato, "staff_notice", None),
        (&soyokaze, "temporary_password", Some(60)),
    ] {
        let Written { created_at, ends_at, .. } = written(&portal, scope, kind).await;
        let life = ends_at.map(|at| at.duration_since(created_at).as_mins());
        assert_eq!(life, minutes, "{kind}");
    }

    let invitation = written(&portal, &minato, "staff_invitation").await.mail_id;
    give_up(&portal, &minato, invitation, "the mail server answered 550").await;
    let line = admin.get(PAGE).await.first("tbody tr");
    assert!(line.contains("職員の招待") && line.contains("もう一度送る"), "{line}");
    assert!(portal.app.clock.advance(7 * 24 * 3600));
    let mut admin = portal.staff("minato", "kanri").await;
    let line = admin.get(PAGE).await.first("tbody tr");
    assert!(line.ends_with("招待の期限が過ぎています。「職員」の画面から、もう一度招待してください。"), "{line}");
    let useless = admin.post(&format!("{PAGE}/{invitation}/retry"), "").await;
    assert_eq!(useless.location(), format!("{PAGE}?done=useless"));
}

#[portal_test]
async fn an_announcement_is_worth_another_try_as_long_as_the_way_in_is_open(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = portal.scope("minato").await;
    let waits = account(&portal, &scope, "kari000003").await;
    let to = Recipient { account_id: Some(waits), address: "kari@mail.example" };
    let id = given_up(&portal, &scope, ("announcement", to), "the mail server answered 550").await;
    let mut staff = portal.staff("minato", "madoguchi").await;
    let words = "登録がまだの人には、仮IDを発行してください。";
    assert!(staff.get(PAGE).await.first("tbody tr").ends_with(words), "it is not what the account waits for");
    let ends = portal.app.clock.now().checked_add(SignedDuration::from_hours(5)).unwrap();
    portal.db.db.execute(Sql::announced_by(scope.society_id(), id, ends)).await.unwrap();
    assert!(staff.get(PAGE).await.text().contains(&format!("{PAGE}/{id}/retry")));
    assert!(portal.app.clock.advance(5 * 3600));
    let mut staff = portal.staff("minato", "madoguchi").await;
    assert!(staff.get(PAGE).await.first("tbody tr").ends_with(words));
    assert_eq!(staff.post(&format!("{PAGE}/{id}/retry"), "").await.location(), format!("{PAGE}?done=useless"));
}
