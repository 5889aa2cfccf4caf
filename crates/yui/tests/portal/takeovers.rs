//! Attacks by way of account recovery: links and codes in mails, changes of what proves an account's owner.

use jiff::SignedDuration;
use portal_test::portal_test;
use yui::features::account::staff;
use yui_db::Engine;

use crate::{
    attacks::{REFUSED, scope, signed_in},
    enrolment::{NEW_PASSWORD, set_password},
    support::{PASSWORD, Portal, encode},
};

/// Returns the path of the link by which testtaro01 sets a new password.
async fn reset_link(portal: &Portal, society: &str) -> String {
    let told = portal.browser(society).post("/forgotten/password", "user_id=testtaro01").await;
    assert!(told.text().contains("詳細な手順を記載したメールをすぐに受信してください。"));
    portal.mailed_link(&format!("testtaro01@{society}.example")).await
}

/// CVE-2026-18963: the page that sets a new password is reached by the mailed link alone, whatever else was begun.
#[portal_test]
async fn a_new_password_is_not_set_without_the_mailed_link(engine: Engine) {
    let portal = Portal::demo(engine).await;
    reset_link(&portal, "minato").await;
    let mut thief = portal.browser("minato");
    thief.post("/forgotten/password", "user_id=testtaro01").await;
    assert_eq!(thief.get("/login/password").await.location(), "/login");
    assert_eq!(set_password(&mut thief, NEW_PASSWORD).await.location(), "/login");
    // Not with a login under way either, nor from its "other way" pages.
    let mut half = portal.browser("minato");
    half.log_in("testtaro01", PASSWORD).await;
    half.get("/login/factor?way=recovery").await;
    assert_eq!(half.get("/login/password").await.location(), "/login/factor");
    assert_eq!(set_password(&mut half, NEW_PASSWORD).await.location(), "/login/factor");
    assert_eq!(portal.browser("minato").log_in("testtaro01", NEW_PASSWORD).await.status, 200);
}

/// CVE-2026-37982: a mailed link works once, for its purpose, its society and its account, for its time.
#[portal_test]
async fn a_mailed_link_is_not_replayed(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let link = reset_link(&portal, "minato").await;
    let token = link.rsplit('/').next().unwrap().to_owned();
    for elsewhere in [format!("/link/email/{token}"), format!("/link/first/{token}")] {
        assert!(portal.browser("minato").post(&elsewhere, "").await.text().contains("リンクが無効です"));
    }
    assert!(portal.browser("fumitsuki").post(&link, "").await.text().contains("リンクが無効です"), "another society");
    assert_eq!(portal.browser("minato").get(&link).await.status, 200, "a scanner of mails looks at it");
    let mut owner = portal.browser("minato");
    assert_eq!(owner.post(&link, "").await.location(), "/login/password");
    assert!(portal.browser("minato").post(&link, "").await.text().contains("リンクが無効です"), "used");

    assert!(portal.app.clock.advance(SignedDuration::from_mins(6).as_secs()));
    let late = reset_link(&portal, "minato").await;
    assert!(portal.app.clock.advance(SignedDuration::from_secs(5 * 60).as_secs()));
    assert!(portal.browser("minato").post(&late, "").await.text().contains("リンクが無効です"), "five minutes");
}

/// ASVS 6.4.3: who has the mailbox sets a new password, and is asked for the factor as ever.
#[portal_test]
async fn a_reset_does_not_go_round_the_second_factor(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut device = portal.signed_in("minato", "testtaro01").await;
    let link = reset_link(&portal, "minato").await;
    let mut browser = portal.browser("minato");
    browser.post(&link, "").await;
    let typed = encode(NEW_PASSWORD);
    let fields = format!("new_password={typed}&new_password_again={typed}&sign_out_everywhere=yes");
    assert_eq!(browser.post("/login/password", &fields).await.location(), "/login/factor");
    assert!(!signed_in(&mut browser).await);
    assert!(!signed_in(&mut device).await, "all other devices are signed out");
    assert_eq!(portal.second_factor(&mut browser).await.status, 303);
    assert!(signed_in(&mut browser).await);
    let mail = portal.mail_to("testtaro01@minato.example").await;
    assert!(mail["subject"].as_str().unwrap().contains("パスワードが変更されました") || mail["kind"] == "notice");
    assert_eq!(portal.browser("minato").log_in("testtaro01", PASSWORD).await.status, 200);
}

/// CVE-2026-4633 and ASVS 6.3.8: forgotten password and user ID say the same whatever was typed.
#[portal_test]
async fn recovery_says_the_same_whether_or_not_somebody_is_there(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut pages = Vec::new();
    for user_id in ["testtaro01", "nobody-here", "kari000003", "rokku00004"] {
        let answer = portal.browser("minato").post("/forgotten/password", &format!("user_id={user_id}")).await;
        pages.push((answer.status, answer.text()));
    }
    assert!(pages.iter().all(|page| *page == pages[0]));
    let mut pages = Vec::new();
    for fields in [
        "birth_date=19790822&email=testtaro01%40minato.example",
        "birth_date=19790823&email=testtaro01%40minato.example",
        "birth_date=19790822&email=nobody%40minato.example",
    ] {
        let answer = portal.browser("minato").post("/forgotten/user-id", fields).await;
        pages.push((answer.status, answer.text()));
    }
    assert!(pages.iter().all(|page| *page == pages[0]));
    let mails = portal.mails().await;
    let kinds: Vec<_> = mails.iter().map(|mail| mail["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "user_id").count(), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "password_reset").count(), 2, "testtaro01, rokku00004");
    assert!(
        mails.iter().find(|mail| mail["kind"] == "user_id").unwrap()["text"].as_str().unwrap().contains("testtaro01")
    );
}

/// Mail flooding: one person's mailbox gets a few, and nobody can tell.
#[portal_test]
async fn nobodys_mailbox_is_flooded(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut stranger = portal.browser("minato");
    for _ in 0..8 {
        let answer = stranger.post("/forgotten/password", "user_id=testtaro01").await;
        assert!(answer.text().contains("詳細な手順を記載したメール"));
    }
    let mails = portal.mails().await;
    assert_eq!(mails.iter().filter(|mail| mail["kind"] == "password_reset").count(), 5);
}

/// Host header injection: links in mails are built from the configured host.
#[portal_test]
async fn a_link_in_a_mail_does_not_lead_where_a_header_says(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let request = axum::http::Request::post("/forgotten/password")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example")
        .body(axum::body::Body::from("user_id=testtaro01"));
    let mut browser = portal.browser_at("minato.localhost:6666");
    assert_eq!(browser.send(request.unwrap()).await.status, 200);
    let mail = portal.mail_to("testtaro01@minato.example").await;
    let link = mail["links"][0].as_str().unwrap();
    assert!(link.starts_with("http://minato.localhost:8080/link/password/"), "{link}");
}

/// Recovery codes: each works once, and their use is told.
#[portal_test]
async fn a_recovery_code_works_once(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.signed_in("fumitsuki", "testtaro01").await;
    let page = browser.post("/settings/recovery-codes", "").await;
    let codes = page.all(".codes code");
    assert_eq!(codes.len(), 10);
    assert!(!browser.get("/settings/recovery-codes").await.text().contains(&codes[0]), "shown once");
    let mut lost = portal.browser("fumitsuki");
    lost.log_in("testtaro01", PASSWORD).await;
    assert!(lost.get("/login/factor").await.text().contains("回復コードを使う"));
    let typed = codes[3].to_lowercase().replace('-', " ");
    let answer = lost.post("/login/factor/recovery", &format!("recovery_code={}", encode(&typed))).await;
    assert_eq!(answer.status, 303);
    assert!(signed_in(&mut lost).await);
    let mut again = portal.browser("fumitsuki");
    again.log_in("testtaro01", PASSWORD).await;
    let answer = again.post("/login/factor/recovery", &format!("recovery_code={}", encode(&typed))).await;
    assert_eq!(answer.all(".error-summary li"), ["回復コードが正しくありません。"]);
    let mails = portal.mails().await;
    assert!(mails.iter().any(|mail| mail["subject"].as_str().unwrap().contains("回復コードが使われました")));
}

/// A change of address: the new one is proved before it counts, and both are told.
#[portal_test]
async fn a_changed_address_is_proved_and_both_are_told(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.signed_in("minato", "testtaro01").await;
    assert_eq!(browser.post("/settings/email", "email=New%40Mail.Example").await.location(), "/settings?done=mailed");
    assert!(browser.get("/settings").await.text().contains("testtaro01@minato.example"), "not yet");
    let link = portal.mailed_link("new@mail.example").await;
    assert_eq!(browser.post(&link, "").await.location(), "/settings?done=email");
    assert!(browser.get("/settings").await.text().contains("new@mail.example"));
    for address in ["testtaro01@minato.example", "new@mail.example"] {
        let mail = portal.mail_to(address).await;
        assert!(mail["subject"].as_str().unwrap().contains("メールアドレスが変更されました"), "{address}");
    }
}

/// The last factor stays; a removed one is told.
#[portal_test]
async fn the_last_factor_cannot_be_removed(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.signed_in("minato", "testtaro01").await;
    let page = browser.get("/settings/login").await;
    let delete = page.attribute("a[href$='/delete']", "href");
    assert!(browser.get(&delete).await.text().contains("最後の認証方法のため削除できません"));
    assert!(browser.post(&delete, "").await.text().contains("最後の認証方法のため削除できません"));
    // With codes by mail in its place it may go.
    let sent = browser.post("/factors/email/send", "email=testtaro01%40minato.example").await;
    let question = sent.attribute("input[name=question]", "value");
    let code = portal.mailed_code().await;
    let wrong = browser.post("/factors/email", &format!("question={question}&code=abc")).await;
    let question = wrong.attribute("input[name=question]", "value");
    let answer = browser.post("/factors/email", &format!("question={question}&code={code}")).await;
    assert_eq!(answer.location(), "/settings/login?done=added");
    assert_eq!(browser.post(&delete, "").await.location(), "/settings/login?done=removed");
    assert!(!browser.get("/settings/login").await.text().contains("/delete\""), "OTPメール is replaced, not removed");
    let mails = portal.mails().await;
    for subject in ["認証方法が登録されました", "認証方法が削除されました"] {
        assert!(mails.iter().any(|mail| mail["subject"].as_str().unwrap().contains(subject)), "{subject}");
    }
}

/// Lost phone: staff initialise the factor, every session ends, and the next login registers anew.
#[portal_test]
async fn a_factor_that_staff_initialised_is_registered_anew(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut before = portal.signed_in("minato", "testtaro01").await;
    staff::reset_factor(&portal.app, &scope(&portal, "minato").await, "testtaro01").await.unwrap();
    assert!(!signed_in(&mut before).await);
    let mut browser = portal.browser("minato");
    assert_eq!(browser.log_in("testtaro01", PASSWORD).await.location(), "/factors");
    assert!(!signed_in(&mut browser).await, "not before it is registered");
    assert_eq!(browser.post("/factors/later", "").await.location(), "/factors", "it cannot wait");
    let page = browser.get("/factors/app").await;
    let key = page.first("#key").replace(' ', "");
    let question = page.attribute("input[name=question]", "value");
    assert_eq!(browser.get(&page.attribute("img.qr", "src")).await.headers["content-type"], "image/png");
    let secret = base32_bytes(&key);
    let now = u64::try_from(portal.app.clock.now().as_second()).unwrap();
    let fields = |code: &str, label: &str| format!("question={question}&code={code}&label={}", encode(label));
    let wrong = browser.post("/factors/app", &fields("123", "")).await;
    assert_eq!(wrong.all(".error-summary li").len(), 2, "code and name");
    let code = crate::support::totp_code(&secret, now);
    assert_eq!(browser.post("/factors/app", &fields(&code, "新しい電話")).await.location(), "/");
    assert!(signed_in(&mut browser).await);
    let mut next = portal.browser("minato");
    next.log_in("testtaro01", PASSWORD).await;
    let device = next.get("/login/factor").await.attribute("input[name=device]", "value");
    let replay = next.post("/login/factor/app", &format!("device={device}&code={code}")).await;
    assert_eq!(replay.status, 200, "the code that registered it is used");
}

fn base32_bytes(text: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = text.chars().map(|c| format!("{:05b}", alphabet.find(c).unwrap())).collect();
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

/// Classic recovery: a temporary password by mail, for an hour, to be changed at the login.
#[portal_test]
async fn a_mailed_temporary_password_must_be_changed_and_dies(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let ask = "user_id=testtaro01&birth_date=19790822&email=testtaro01%40soyokaze.example";
    let mut wrong = portal.browser("soyokaze");
    wrong.post("/forgotten/password", &ask.replace("19790822", "19790823")).await;
    assert!(portal.mails().await.is_empty());
    portal.browser("soyokaze").post("/forgotten/password", ask).await;
    let mail = portal.mail_to("testtaro01@soyokaze.example").await;
    let text = mail["text"].as_str().unwrap();
    let password =
        text.lines().map(str::trim).find(|line| line.len() == 14 && line.bytes().all(|b| b.is_ascii_alphanumeric()));
    let password = password.unwrap().to_owned();
    let mut browser = portal.browser("soyokaze");
    assert_eq!(browser.log_in("testtaro01", &password).await.location(), "/login/password");
    assert!(!signed_in(&mut browser).await);
    assert_eq!(set_password(&mut browser, "kirikabu-77").await.location(), "/");
    assert!(signed_in(&mut browser).await);
    assert_eq!(portal.browser("soyokaze").log_in("testtaro01", &password).await.status, 200, "used");

    assert!(portal.app.clock.advance(400));
    portal.browser("midori").post("/forgotten/password", &ask.replace("soyokaze", "midori")).await;
    let mail = portal.mail_to("testtaro01@midori.example").await;
    let text = mail["text"].as_str().unwrap().to_owned();
    let password =
        text.lines().map(str::trim).find(|line| line.len() == 14 && line.bytes().all(|b| b.is_ascii_alphanumeric()));
    assert!(portal.app.clock.advance(3601));
    let answer = portal.browser("midori").log_in("testtaro01", password.unwrap()).await;
    assert_eq!(answer.first(".error-summary li"), REFUSED, "an hour");
    assert_eq!(portal.browser("midori").log_in("testtaro01", PASSWORD).await.location(), "/", "the own one goes on");
}

/// 3 and 5 years: an old password is replaced at the next login, and by nothing else.
#[portal_test]
async fn an_old_password_is_replaced_at_the_login(engine: Engine) {
    let portal = Portal::demo(engine).await;
    for (society, years) in [("soyokaze", 3), ("midori", 5)] {
        let hours = |days: i64| SignedDuration::from_hours(24 * days).as_secs();
        assert!(portal.app.clock.advance(hours(365 * years - 10)));
        assert_eq!(portal.browser(society).log_in("testtaro01", PASSWORD).await.location(), "/");
        assert!(portal.app.clock.advance(hours(15)));
        let mut browser = portal.browser(society);
        assert_eq!(browser.log_in("testtaro01", PASSWORD).await.location(), "/login/password", "{society}");
        assert!(set_password(&mut browser, PASSWORD).await.text().contains("現在のパスワードと同じです"));
        assert_eq!(set_password(&mut browser, "kirikabu-77").await.location(), "/");
        assert!(portal.app.clock.advance(-hours(365 * years + 5)));
    }
    assert_eq!(portal.browser("fumitsuki").log_in("testtaro01", PASSWORD).await.location(), "/login/factor");
}

/// A change that a thief began does not outlive the owner's answer to it.
#[portal_test]
async fn a_change_of_address_begun_before_a_new_password_is_dead(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut thief = portal.signed_in("minato", "testtaro01").await;
    thief.post("/settings/email", "email=thief%40mail.example").await;
    let told = portal.mail_to("testtaro01@minato.example").await;
    assert!(told["subject"].as_str().unwrap().contains("変更が申し込まれました"), "the owner is told at once");
    let link = portal.mailed_link("thief@mail.example").await;
    let reset = reset_link(&portal, "minato").await;
    let mut begun = portal.browser("minato");
    assert_eq!(begun.post(&reset, "").await.location(), "/login/password");
    staff::reset_factor(&portal.app, &scope(&portal, "minato").await, "testtaro01").await.unwrap();
    assert!(thief.post(&link, "").await.text().contains("リンクが無効です"));
    assert_eq!(
        set_password(&mut begun, NEW_PASSWORD).await.location(),
        "/login?ended=login",
        "nor does a reset begun before"
    );
}

/// The mailbox alone is not both factors.
#[portal_test]
async fn a_reset_does_not_take_a_mailed_code_where_there_is_an_app(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut owner = portal.signed_in("minato", "testtaro01").await;
    let sent = owner.post("/factors/email/send", "email=testtaro01%40minato.example").await;
    let question = sent.attribute("input[name=question]", "value");
    let code = portal.mailed_code().await;
    owner.post("/factors/email", &format!("question={question}&code={code}")).await;
    let link = reset_link(&portal, "minato").await;
    let mut thief = portal.browser("minato");
    thief.post(&link, "").await;
    assert_eq!(set_password(&mut thief, NEW_PASSWORD).await.location(), "/login/factor");
    let page = thief.get("/login/factor?way=email").await;
    assert!(page.text().contains("/login/factor/app\"") && !page.text().contains("way=email"));
    assert_eq!(thief.post("/login/factor/email/again", "").await.location(), "/login/factor");
    // A login with the new password may use it; what it opens then is not sensitive.
    let mut other = portal.browser("minato");
    other.log_in("testtaro01", NEW_PASSWORD).await;
    other.get("/login/factor?way=email").await;
    let code = portal.mailed_code().await;
    assert_eq!(other.post("/login/factor/email", &format!("code={code}")).await.status, 303);
    assert!(other.get("/settings/email").await.location().starts_with("/confirm"), "a mailbox vouches for no change");
}

const TAKEN_ADDRESS: &str = "email=mihon00002%40minato.example";

/// Review L5: whether somebody has an account is not told by typing their address; they are told instead, and it is limited.
#[portal_test]
async fn the_address_of_another_account_looks_like_any_other(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut prober = portal.signed_in("minato", "testtaro01").await;
    let told = async |address: &str| {
        let mails = portal.mails().await;
        let mut kinds: Vec<_> =
            mails.iter().filter(|mail| mail["to"] == address).map(|mail| mail["kind"].clone()).collect();
        kinds.retain(|kind| kind == "email_taken" || kind == "email_verify");
        kinds
    };
    // The settings.
    let free = prober.post("/settings/email", "email=nobody%40mail.example").await;
    let taken = prober.post("/settings/email", TAKEN_ADDRESS).await;
    assert_eq!((taken.status, taken.location()), (free.status, free.location()));
    assert_eq!(told("nobody@mail.example").await, ["email_verify"]);
    assert_eq!(told("mihon00002@minato.example").await, ["email_taken"]);
    // Enrolment, and the wait for the mail there.
    let mut newcomer = portal.browser("minato");
    newcomer.log_in("kari000003", PASSWORD).await;
    let born = crate::enrolment::birth_date(&portal, "minato").await;
    newcomer.post("/enrolment/birth-date", &format!("birth_date={born}")).await;
    crate::enrolment::agree(&mut newcomer).await;
    for (address, kind) in
        [("email=mihon00002%40minato.example", "email_taken"), ("email=free%40mail.example", "email_verify")]
    {
        let sent = newcomer.post("/enrolment/email", address).await;
        assert_eq!((sent.status, sent.location()), (303, "/enrolment/email/sent"));
        let waits = newcomer.get(sent.location()).await;
        assert!(waits.first("main").contains("へ確認のメールを送信しました。"), "{}", waits.first("main"));
        let again = newcomer.post("/enrolment/email/again", "").await;
        assert!(again.text().contains("メールは送信済みです。"), "{kind}");
        assert_eq!(newcomer.post("/enrolment/email/change", "").await.location(), "/enrolment/email");
    }
    assert_eq!(told("free@mail.example").await, ["email_verify"]);
    assert_eq!(told("mihon00002@minato.example").await.len(), 2);
    // Mails are limited before anything is looked up, however many clients ask.
    let mut answers = Vec::new();
    for probe in 0..12 {
        let address = if probe % 2 == 0 { TAKEN_ADDRESS } else { "email=nobody%40mail.example" };
        answers.push(prober.post("/settings/email", address).await.status);
    }
    assert_eq!(answers[..6], [303; 6]);
    assert_eq!(answers[6..], [200; 6], "no more mails, for whatever address");
    assert_eq!(told("mihon00002@minato.example").await.len(), 3, "nobody's mailbox is flooded");
}

/// Review L5: user IDs that are taken must be told, but only so many to one account.
#[portal_test]
async fn only_so_many_user_ids_of_others_are_told(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut prober = portal.signed_in("minato", "testtaro01").await;
    let mut words = Vec::new();
    for _ in 0..12 {
        let answer = prober.post("/settings/user-id", "user_id=mihon00002").await;
        words.push(answer.first(".error-summary li"));
    }
    assert!(words[..10].iter().all(|words| words.contains("使われています")), "{words:?}");
    assert!(words[10..].iter().all(|words| words.contains("お待ちいただいています")), "{words:?}");
    let free = prober.post("/settings/user-id", "user_id=nobody-has-this").await;
    assert!(free.first(".error-summary li").contains("お待ちいただいています"), "nor that one is free");
    assert!(portal.app.clock.advance(5 * 60));
    let free = prober.post("/settings/user-id", "user_id=nobody-has-this").await;
    assert_eq!(free.location(), "/settings?done=user_id");
}
