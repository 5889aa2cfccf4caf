//! Each attack that a login has to stand, by name. docs/security.md says which defence each one tests.

use portal_test::portal_test;
use yui::{core::scope::SystemScope, features::account::staff};
use yui_db::Engine;

use crate::{
    enrolment::{NEW_PASSWORD, agree, birth_date, set_password, up_to_password},
    support::{Browser, PASSWORD, Portal, encode},
};

pub(crate) const REFUSED: &str = "無効なユーザIDまたはパスワードです。";

pub(crate) async fn scope(portal: &Portal, society: &str) -> SystemScope {
    SystemScope::of_society(&portal.app, society).await.unwrap()
}

pub(crate) async fn signed_in(browser: &mut Browser) -> bool {
    browser.get("/settings").await.status == 200
}

/// CVE-2026-8830: what the society does not offer is refused by the server, whatever the page sends.
#[portal_test]
async fn a_factor_that_the_society_does_not_offer_is_refused_by_the_server(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("nanohana");
    let born = birth_date(&portal, "nanohana").await;
    browser.log_in("kari000003", PASSWORD).await;
    browser.post("/enrolment/birth-date", &format!("birth_date={born}")).await;
    agree(&mut browser).await;
    browser.post("/enrolment/email", "email=kari.new%40mail.example").await;
    let link = portal.mailed_link("kari.new@mail.example").await;
    browser.post(&link, "").await;
    let page = browser.get("/enrolment/user-id").await;
    assert!(!page.text().contains("value=\"app\"") && page.text().contains("value=\"passkey\""));
    let answer = browser.post("/enrolment/user-id", "user_id=my-own-id&factor=app").await;
    assert_eq!(answer.all(".error-summary li"), ["認証方法を選択してください。"]);
    browser.post("/enrolment/user-id", "user_id=my-own-id&factor=passkey").await;
    assert_eq!(set_password(&mut browser, NEW_PASSWORD).await.location(), "/factors");
    assert_eq!(browser.get("/factors/app").await.location(), "/factors?choose=yes");
    let sent = browser.post("/factors/app", "question=x&code=000000&label=x").await;
    assert_eq!(sent.location(), "/factors?choose=yes");
}

/// CVE-2026-9798 and its kin: lock and stop count at every step and when the session is issued.
#[portal_test]
async fn a_lock_or_stop_in_the_middle_of_a_login_ends_it(engine: Engine) {
    let portal = Portal::demo(engine).await;
    for (act, account) in [("lock", "testtaro01"), ("stop", "mihon00002")] {
        let mut browser = portal.browser("minato");
        assert_eq!(browser.log_in(account, PASSWORD).await.location(), "/login/factor");
        let statement = if act == "lock" { Sql::lock } else { Sql::stop };
        portal.db.db.execute(statement(account, "minato")).await.unwrap();
        assert_eq!(browser.get("/login/factor").await.location(), "/login/refused", "{act}");
        let code = format!("device=1&code={}", portal.app_code(0));
        assert_eq!(browser.post("/login/factor/app", &code).await.location(), "/login/refused", "{act}");
        assert!(browser.get("/login/refused").await.text().contains("ログインできません"));
        assert!(!signed_in(&mut browser).await);
    }
    // A stopped account's live sessions are over at once.
    let mut live = portal.signed_in("fumitsuki", "testtaro01").await;
    portal.db.db.execute(Sql::stop("testtaro01", "fumitsuki")).await.unwrap();
    assert!(!signed_in(&mut live).await);
}

yui_db::statements! {
    fn lock(user_id: &str, key: &str) = "UPDATE accounts SET locked_at = created_at, revision = revision + 1
            WHERE user_id = $1 AND society_id = (SELECT society_id FROM societies WHERE key = $2)";
    fn stop(user_id: &str, key: &str) = "UPDATE accounts SET state = 'stopped', revision = revision + 1
            WHERE user_id = $1 AND society_id = (SELECT society_id FROM societies WHERE key = $2)";
    fn take_user_id(before: &str, user_id: &str) = "UPDATE accounts SET user_id = $2 WHERE user_id = $1";
    fn wrong_codes(user_id: &str) = "UPDATE accounts SET wrong_codes = 100, revision = revision + 1 WHERE user_id = $1";
}

/// RFC 6238 5.2: a code is accepted once, one step of drift either way, and not by two logins at once.
#[portal_test]
async fn an_app_code_is_accepted_once(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut first = portal.browser("minato");
    let mut second = portal.browser("minato");
    for browser in [&mut first, &mut second] {
        browser.log_in("testtaro01", PASSWORD).await;
    }
    let device = first.get("/login/factor").await.attribute("input[name=device]", "value");
    let wrong = "ワンタイムパスワードが正しくありません。";
    let prove = |seconds: i64| format!("device={device}&code={}", portal.app_code(seconds));
    for far in [-90, 90] {
        let answer = second.post("/login/factor/app", &prove(far)).await;
        assert_eq!(answer.all(".error-summary li"), [wrong], "{far} seconds away");
    }
    let code = prove(-30);
    let (one, other) = tokio::join!(first.post("/login/factor/app", &code), second.post("/login/factor/app", &code));
    assert_eq!([one.status, other.status].iter().filter(|status| **status == 303).count(), 1, "one of the two");
    let mut third = portal.browser("minato");
    third.log_in("testtaro01", PASSWORD).await;
    assert_eq!(third.post("/login/factor/app", &code).await.all(".error-summary li"), [wrong], "used");
    assert_eq!(third.post("/login/factor/app", &prove(30)).await.status, 303, "the next one works");
}

/// ASVS 6.6.2, 6.6.3: a mailed code is for the login that asked for it, five tries, ten minutes.
#[portal_test]
async fn a_mailed_code_is_bound_to_its_login_and_soon_dead(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut thief = portal.browser("nanohana");
    thief.log_in("testtaro01", PASSWORD).await;
    thief.get("/login/factor").await;
    let mut owner = portal.browser("nanohana");
    owner.log_in("testtaro01", PASSWORD).await;
    owner.get("/login/factor").await;
    let code = portal.mailed_code().await;
    let prove = |code: &str| format!("code={code}");
    let answer = thief.post("/login/factor/email", &prove(&code)).await;
    assert_eq!(answer.status, 200, "the code of another login");
    assert_eq!(owner.post("/login/factor/email", &prove(&code)).await.status, 303);

    // Five wrong ones end the login; the right one comes too late then.
    let mut guesser = portal.browser("nanohana");
    guesser.log_in("testtaro01", PASSWORD).await;
    guesser.get("/login/factor").await;
    let code = portal.mailed_code().await;
    let other = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        assert_eq!(guesser.post("/login/factor/email", &prove(other)).await.status, 200);
    }
    assert!(guesser.post("/login/factor/email", &prove(other)).await.text().contains("はじめからやり直してください"));
    assert_eq!(guesser.post("/login/factor/email", &prove(&code)).await.location(), "/login");

    let mut late = portal.browser("nanohana");
    late.log_in("testtaro01", PASSWORD).await;
    late.get("/login/factor").await;
    let code = portal.mailed_code().await;
    assert!(portal.app.clock.advance(601));
    let answer = late.post("/login/factor/email", &prove(&code)).await;
    assert!(answer.text().contains("有効時間が過ぎました"));
}

/// A plug-in of 2025 skipped the code where a second tab was opened: nothing is open before everything is proved.
#[portal_test]
async fn a_second_tab_does_not_skip_the_second_factor(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut tab = portal.browser("minato");
    tab.log_in("testtaro01", PASSWORD).await;
    let mut other = tab.clone();
    for path in ["/", "/expenses", "/settings", "/login", "/login/continue", "/factors", "/enrolment/done"] {
        let answer = other.get(path).await;
        assert!(answer.status == 303 || !answer.text().contains("テスト タロウ"), "{path}");
    }
    assert_eq!(other.log_in("testtaro01", PASSWORD).await.location(), "/login/factor");
    assert!(!signed_in(&mut other).await);
}

/// Lockout as denial of service: a stranger's wrong passwords lock strangers out, not the owner's own browser.
#[portal_test]
async fn a_stranger_does_not_lock_the_owner_out_of_their_own_browser(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut owner = portal.signed_in("minato", "testtaro01").await;
    owner.post("/logout", "").await;
    let mut stranger = portal.browser("minato");
    for _ in 0..11 {
        stranger.log_in("testtaro01", "wrong").await;
    }
    assert_eq!(portal.browser("minato").log_in("testtaro01", PASSWORD).await.first(".error-summary li"), REFUSED);
    let mail = portal.mail_to("testtaro01@minato.example").await;
    assert!(mail["subject"].as_str().unwrap().contains("ロック"), "the owner is told");
    for guess in 0..60 {
        stranger.log_in(&format!("nobody{guess}"), "wrong").await;
    }
    assert_eq!(stranger.log_in("nobody", "wrong").await.status, 429, "and from the same network");
    assert_eq!(owner.log_in("testtaro01", PASSWORD).await.location(), "/login/factor", "a known browser");
    assert_eq!(portal.second_factor(&mut owner).await.status, 303);
    // In that browser, too, eleven wrong ones are the end.
    owner.post("/logout", "").await;
    for _ in 0..11 {
        owner.log_in("testtaro01", "wrong").await;
    }
    assert_eq!(owner.log_in("testtaro01", PASSWORD).await.first(".error-summary li"), REFUSED);
    staff::unlock(&portal.app, &scope(&portal, "minato").await, "testtaro01").await.unwrap();
    assert_eq!(owner.log_in("testtaro01", PASSWORD).await.location(), "/login/factor");
}

/// Guessing many accounts from one network: the tries run out, for accounts that do not exist as for others.
#[portal_test]
async fn one_network_cannot_try_many_accounts(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut stranger = portal.browser("minato");
    let mut statuses = Vec::new();
    for guess in 0..64 {
        statuses.push(stranger.log_in(&format!("nobody{guess}"), "wrong").await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 60);
    let waits = stranger.log_in("testtaro01", PASSWORD).await;
    assert_eq!(waits.status, 429);
    assert!(waits.headers.contains_key("retry-after") && waits.text().contains("秒たってから"));
    assert!(portal.app.clock.advance(120));
    assert_eq!(stranger.log_in("testtaro01", PASSWORD).await.location(), "/login/factor", "tries come back");
    assert_eq!(portal.browser("fumitsuki").log_in("testtaro01", PASSWORD).await.status, 303, "each society by itself");
}

/// Guessing one account slowly: the same waits whether or not there is such an account.
#[portal_test]
async fn tries_against_one_user_id_run_out_whether_or_not_it_exists(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut answers = Vec::new();
    for user_id in ["mihon00002", "nobody0002"] {
        let mut stranger = portal.browser("minato");
        let mut last = String::new();
        for _ in 0..16 {
            let answer = stranger.log_in(user_id, "wrong").await;
            last = format!("{} {}", answer.status, answer.text().replace(user_id, "…"));
        }
        assert!(last.starts_with("429"), "{user_id}");
        answers.push(last);
    }
    assert_eq!(answers[0], answers[1]);
}

/// The right password of a locked account is a wrong one: the same words, and the same count.
#[portal_test]
async fn a_locked_account_does_not_tell_its_password(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut stranger = portal.browser("minato");
    for _ in 0..15 {
        assert_eq!(stranger.log_in("rokku00004", PASSWORD).await.first(".error-summary li"), REFUSED);
    }
    assert_eq!(stranger.log_in("rokku00004", PASSWORD).await.status, 429);
}

/// The birth date is no secret: five wrong ones lock the temporary account.
#[portal_test]
async fn the_birth_date_is_not_guessed(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut thief = portal.browser("minato");
    thief.log_in("kari000003", PASSWORD).await;
    for day in 10..14 {
        let answer = thief.post("/enrolment/birth-date", &format!("birth_date=195001{day}")).await;
        assert!(answer.first(".error-summary li").contains("登録と一致しません"));
    }
    assert_eq!(thief.post("/enrolment/birth-date", "birth_date=19500114").await.location(), "/login/continue");
    assert_eq!(thief.get("/login/continue").await.location(), "/login/refused");
    let right = birth_date(&portal, "minato").await;
    assert_eq!(thief.post("/enrolment/birth-date", &format!("birth_date={right}")).await.location(), "/login/refused");
    assert_eq!(portal.browser("minato").log_in("kari000003", PASSWORD).await.first(".error-summary li"), REFUSED);
    let minato = scope(&portal, "minato").await;
    staff::unlock(&portal.app, &minato, "kari000003").await.unwrap();
    assert_eq!(thief.log_in("kari000003", PASSWORD).await.location(), "/enrolment/birth-date");
}

/// Session fixation (ASVS 7.2.4): a new token at login and at re-authentication; the old one is dead.
#[portal_test]
async fn a_session_token_is_new_after_every_proof(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("minato");
    browser.cookies.push(("yui_session".into(), "A".repeat(43)));
    browser.log_in("testtaro01", PASSWORD).await;
    portal.second_factor(&mut browser).await;
    let token = |browser: &Browser| {
        browser.cookies.iter().find(|(name, _)| name == "yui_session").map(|(_, value)| value.clone()).unwrap()
    };
    let before = token(&browser);
    assert_ne!(before, "A".repeat(43));
    let kept = browser.clone();
    assert!(portal.app.clock.advance(400));
    assert_eq!(browser.get("/settings/password").await.location(), "/confirm?return_to=%2Fsettings%2Fpassword");
    let fields = format!("password={PASSWORD}&return_to=%2Fsettings%2Fpassword");
    assert_eq!(browser.post("/confirm", &fields).await.location(), "/login/factor");
    assert_eq!(browser.get("/settings/password").await.status, 303, "the password alone does not suffice");
    assert_eq!(portal.second_factor(&mut browser).await.location(), "/settings/password");
    assert_ne!(token(&browser), before);
    assert_eq!(browser.get("/settings/password").await.status, 200);
    assert!(!signed_in(&mut kept.clone()).await, "the old token is dead");
}

/// A login under way at one society is worth nothing at another, nor is a known browser.
#[portal_test]
async fn a_login_of_one_society_is_worth_nothing_at_another(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut minato = portal.browser("minato");
    minato.log_in("testtaro01", PASSWORD).await;
    let mut fumitsuki = portal.browser("fumitsuki");
    fumitsuki.cookies = minato.cookies.clone();
    assert_eq!(fumitsuki.get("/login/factor").await.location(), "/login?ended=login");
    assert_eq!(fumitsuki.get("/login/continue").await.location(), "/login");
}

/// Enrolment's own end: a user ID that somebody else took meanwhile leads back, and nothing is half done.
#[portal_test]
async fn a_user_id_taken_at_the_last_moment_leads_back(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("minato");
    up_to_password(&portal, "minato", &mut browser, "email").await;
    portal.db.db.execute(Sql::take_user_id("mihon00002", "my-own.id")).await.unwrap();
    assert_eq!(set_password(&mut browser, NEW_PASSWORD).await.location(), "/enrolment/user-id");
    assert_eq!(portal.browser("minato").log_in("kari000003", PASSWORD).await.location(), "/enrolment/user-id");
}

/// A login begun with a password proves nothing once the password is another: not the temporary pair after enrolment …
#[portal_test]
async fn a_login_begun_with_the_temporary_pair_dies_with_it(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut waiting = portal.browser("minato");
    waiting.log_in("kari000003", PASSWORD).await;
    let mut owner = portal.browser("minato");
    up_to_password(&portal, "minato", &mut owner, "passkey").await;
    assert_eq!(set_password(&mut owner, NEW_PASSWORD).await.location(), "/factors");
    assert_eq!(waiting.get("/login/continue").await.location(), "/login");
    assert_eq!(waiting.get("/factors/passkey").await.location(), "/login?ended=login");
    assert!(!signed_in(&mut waiting).await);
}

/// … nor an old password after a new one, however it was set.
#[portal_test]
async fn a_login_begun_with_an_old_password_dies_with_it(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut waiting = portal.browser("minato");
    waiting.log_in("testtaro01", PASSWORD).await;
    let device = waiting.get("/login/factor").await.attribute("input[name=device]", "value");
    let mut owner = portal.signed_in("minato", "testtaro01").await;
    let typed = encode(NEW_PASSWORD);
    let fields = format!("new_password={typed}&new_password_again={typed}");
    assert_eq!(owner.post("/settings/password", &fields).await.location(), "/settings/login?done=password");
    assert!(portal.app.clock.advance(30));
    let proof = format!("device={device}&code={}", portal.app_code(0));
    assert_eq!(waiting.post("/login/factor/app", &proof).await.location(), "/login?ended=login");
    assert!(!signed_in(&mut waiting).await && signed_in(&mut owner).await);
}

/// Tries sent side by side are spent one by one.
#[portal_test]
async fn parallel_requests_do_not_go_round_a_limit(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let asks = (0..24).map(|_| {
        let mut browser = portal.browser("minato");
        tokio::spawn(async move { browser.post("/forgotten/password", "user_id=testtaro01").await.status })
    });
    for ask in asks.collect::<Vec<_>>() {
        assert!(matches!(ask.await.unwrap(), 200 | 429 | 503));
    }
    let mails = portal.mails().await;
    assert!(mails.iter().filter(|mail| mail["kind"] == "password_reset").count() <= 5);
    let guesses = (0..40).map(|_| {
        let mut browser = portal.browser("minato");
        tokio::spawn(async move { browser.log_in("nobody-at-all", "wrong").await.status })
    });
    let mut statuses = Vec::new();
    for guess in guesses.collect::<Vec<_>>() {
        statuses.push(guess.await.unwrap());
    }
    // Those for whom the line of passwords has no place are told so, and cost nothing.
    assert!(statuses.iter().filter(|status| **status == 200).count() <= 15, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429 | 503)), "{statuses:?}");
}

/// A hundred wrong codes end it in the owner's own browser, too.
#[portal_test]
async fn a_known_browser_does_not_guess_codes_without_end(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.signed_in("minato", "testtaro01").await;
    browser.post("/logout", "").await;
    portal.db.db.execute(Sql::wrong_codes("testtaro01")).await.unwrap();
    assert_eq!(browser.log_in("testtaro01", PASSWORD).await.first(".error-summary li"), REFUSED);
}

/// Logins side by side do not wait for each other's database connections.
#[portal_test(postgres)]
async fn one_connection_suffices_for_every_step() {
    let portal = Portal::with_one_connection().await;
    let mut browser = portal.signed_in("minato", "testtaro01").await;
    assert!(signed_in(&mut browser).await);
    browser.post("/logout", "").await;
    assert_eq!(browser.log_in("testtaro01", "wrong").await.status, 200);
    portal.second_login(&mut browser).await;
    browser.post("/settings/email", "email=new%40mail.example").await;
    let link = portal.mailed_link("new@mail.example").await;
    assert_eq!(browser.post(&link, "").await.location(), "/settings?done=email");
    portal.browser("minato").post("/forgotten/password", "user_id=testtaro01").await;
    let mut kari = portal.browser("minato");
    up_to_password(&portal, "minato", &mut kari, "email").await;
    assert_eq!(set_password(&mut kari, NEW_PASSWORD).await.location(), "/");
}

/// A browser left open, or a copied cookie, is no place to guess the password: a few wrong ones end the session, and the
/// account's own limits hold across sessions.
#[portal_test]
async fn re_authentication_is_limited_and_ends_the_session(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut thief = portal.signed_in("midori", "mihon00002").await;
    let guess = |number: usize| format!("return_to=%2Fsettings%2Fpassword&password=Wrong-guess-{number}");
    for number in 0..4 {
        let answer = thief.post("/confirm", &guess(number)).await;
        assert_eq!(answer.all(".error-summary li"), ["パスワードが正しくありません。"]);
    }
    let last = thief.post("/confirm", &guess(4)).await;
    assert_eq!(last.location(), "/login?return_to=%2Fsettings%2Fpassword&password=wrong");
    assert!(thief.get(last.location()).await.text().contains("ログアウトしました"));
    assert!(!signed_in(&mut thief).await);

    // Many at once are no more than many in a row; the right one among them comes too late, or in time.
    let one = portal.signed_in("midori", "mihon00002").await;
    let hashes = portal.app.hasher.hashes();
    let guesses = (0..30).map(|number| {
        let mut browser = one.clone();
        async move { browser.post("/confirm", &guess(number)).await.status }
    });
    futures::future::join_all(guesses).await;
    assert!(portal.app.hasher.hashes() - hashes <= 5, "{}", portal.app.hasher.hashes() - hashes);
    assert!(!signed_in(&mut one.clone()).await);

    // Those before left some tries of the account; a right password costs none.
    assert!(portal.app.clock.advance(3600));
    let mut owner = portal.signed_in("midori", "mihon00002").await;
    for _ in 0..15 {
        let right = format!("return_to=%2Fsettings%2Fpassword&password={PASSWORD}");
        assert_eq!(owner.post("/confirm", &right).await.location(), "/settings/password");
    }
}

/// While an account is locked its password proves nothing, not even who is signed in already.
#[portal_test]
async fn re_authentication_is_refused_while_the_account_is_locked(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.signed_in("midori", "mihon00002").await;
    portal.db.db.execute(Sql::lock("mihon00002", "midori")).await.unwrap();
    let hashes = portal.app.hasher.hashes();
    let answer = browser.post("/confirm", &format!("return_to=%2F&password={PASSWORD}")).await;
    assert!(answer.first(".error-summary li").contains("ロックされている"), "{}", answer.text());
    assert_eq!(portal.app.hasher.hashes(), hashes, "the password was not even looked at");
}
