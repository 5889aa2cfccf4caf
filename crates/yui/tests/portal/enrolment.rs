//! From the postcard to an account of one's own, by both flows.

use jiff::SignedDuration;
use portal_test::portal_test;
use yui_db::Engine;

use crate::support::{Answer, Browser, PASSWORD, Portal, encode};

pub(crate) const NEW_PASSWORD: &str = "Hakumokuren-9-saku";

/// Returns the birth date of the demo's account that waits for enrolment.
pub(crate) async fn birth_date(portal: &Portal, society: &str) -> String {
    let answer = portal.browser_at("localhost:8080").get("/demo.json").await;
    let all: serde_json::Value = serde_json::from_slice(&answer.bytes).unwrap();
    let of = all["societies"].as_array().unwrap().iter().find(|entry| entry["key"] == society).unwrap();
    let account = of["accounts"].as_array().unwrap().iter().find(|account| account["state"] == "temporary").unwrap();
    account["birth_date"].as_str().unwrap().to_owned()
}

/// Returns the insurer number of a demo society.
async fn insurer_number(portal: &Portal, society: &str) -> String {
    let answer = portal.browser_at("localhost:8080").get("/demo.json").await;
    let all: serde_json::Value = serde_json::from_slice(&answer.bytes).unwrap();
    let of = all["societies"].as_array().unwrap().iter().find(|entry| entry["key"] == society).unwrap();
    of["accounts"][0]["insurer_number"].as_str().unwrap().to_owned()
}

/// Walks renewed enrolment up to the page of the new password.
pub(crate) async fn up_to_password(portal: &Portal, society: &str, browser: &mut Browser, factor: &str) {
    let birth_date = birth_date(portal, society).await;
    assert_eq!(browser.log_in("kari000003", PASSWORD).await.location(), "/enrolment/birth-date");
    let answer = browser.post("/enrolment/birth-date", &format!("birth_date={birth_date}")).await;
    assert_eq!(answer.location(), "/login/terms");
    agree(browser).await;
    let answer = browser.post("/enrolment/email", "email=Kari.New%40Mail.Example").await;
    assert_eq!(answer.location(), "/enrolment/email/sent");
    let link = portal.mailed_link("kari.new@mail.example").await;
    assert_eq!(browser.post(&link, "").await.location(), "/enrolment/user-id");
    let answer = browser.post("/enrolment/user-id", &format!("user_id=My-Own.Id&factor={factor}")).await;
    assert_eq!(answer.location(), "/login/password");
}

pub(crate) async fn agree(browser: &mut Browser) -> Answer {
    let page = browser.get("/login/terms").await;
    let version = page.attribute("input[name=version]", "value");
    browser.post("/login/terms", &format!("version={version}")).await
}

pub(crate) async fn set_password(browser: &mut Browser, password: &str) -> Answer {
    let typed = encode(password);
    browser.post("/login/password", &format!("new_password={typed}&new_password_again={typed}")).await
}

#[portal_test]
async fn the_renewed_flow_leads_from_the_postcard_to_the_portal(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("minato");
    up_to_password(&portal, "minato", &mut browser, "email").await;
    assert_eq!(browser.get("/expenses").await.location(), "/login?return_to=%2Fexpenses", "not yet");
    assert_eq!(set_password(&mut browser, NEW_PASSWORD).await.location(), "/");
    assert_eq!(browser.get("/expenses").await.status, 200);
    // The welcome carries the user ID; the temporary pair is dead.
    let welcome = portal.mail_to("kari.new@mail.example").await;
    assert!(welcome["kind"] == "welcome" && welcome["text"].as_str().unwrap().contains("my-own.id"));
    assert!(welcome["from"].as_str().unwrap().contains("webmaster@"));
    assert_eq!(portal.browser("minato").log_in("kari000003", PASSWORD).await.status, 200);
    assert_eq!(portal.browser("minato").log_in("my-own.id", PASSWORD).await.status, 200);
    // From now on every login asks for the factor that was chosen.
    browser.post("/logout", "").await;
    assert_eq!(browser.log_in("MY-OWN.ID", NEW_PASSWORD).await.location(), "/login/factor");
    assert_eq!(portal.second_factor(&mut browser).await.location(), "/");
}

#[portal_test]
async fn the_classic_flow_checks_who_it_is_and_shows_what_was_typed(engine: Engine) {
    let portal = Portal::demo(engine).await;
    for society in ["soyokaze", "midori"] {
        let mut browser = portal.browser(society);
        let (born, insurer) = (birth_date(&portal, society).await, insurer_number(&portal, society).await);
        assert_eq!(browser.log_in("kari000003", PASSWORD).await.location(), "/enrolment/identity");
        let page = browser.get("/enrolment/identity").await;
        assert_eq!(page.text().contains("name=\"relationship\""), society == "soyokaze");
        let version = page.attribute("input[name=version]", "value");
        let fields = format!("insurer_number={insurer}&birth_date={born}&relationship=insured&version={version}");
        let answer = browser.post("/enrolment/identity", &fields).await;
        assert!(answer.first(".error-summary li").contains("利用規約への同意が必要です"));
        let answer = browser.post("/enrolment/identity", &format!("{fields}&agreed=yes")).await;
        assert_eq!(answer.location(), "/enrolment/details", "{}", answer.text());

        let details = |email: &str, password: &str| {
            format!(
                "user_id=Newuser01&new_password={password}&new_password_again={password}&email={email}&expenses=yes"
            )
        };
        let answer = browser.post("/enrolment/details", &details("", "kirikabu-77")).await;
        if society == "midori" {
            assert_eq!(answer.all(".error-summary li"), ["メールアドレスを入力してください。"], "midori requires one");
        } else {
            assert_eq!(answer.location(), "/enrolment/check", "soyokaze does not");
            assert_eq!(browser.post("/enrolment/check/back", "").await.location(), "/enrolment/details");
        }
        let answer = browser.post("/enrolment/details", &details("shin%40mail.example", "kirikabu")).await;
        assert!(answer.first(".error-summary li").contains("英字と数字をそれぞれ1文字以上"));
        let answer = browser.post("/enrolment/details", &details("shin%40mail.example", "kirikabu-77")).await;
        assert_eq!(answer.location(), "/enrolment/check");
        let check = browser.get("/enrolment/check").await;
        assert!(check.text().contains("newuser01") && check.text().contains("shin@mail.example"));
        assert!(!check.text().contains("kirikabu"), "the password is not shown");
        assert_eq!(browser.get("/expenses").await.status, 303, "not before 実行");
        assert_eq!(browser.post("/enrolment/check", "").await.location(), "/enrolment/done");
        assert!(browser.get("/enrolment/done").await.text().contains("newuser01"));
        assert_eq!(browser.get("/expenses").await.status, 200);
        let welcome = portal.mail_to("shin@mail.example").await;
        assert!(welcome["text"].as_str().unwrap().contains("newuser01"));
        assert_eq!(browser.post("/logout", "").await.status, 303);
        assert_eq!(browser.log_in("newuser01", "kirikabu-77").await.location(), "/", "the password alone");
        assert_eq!(browser.get("/settings/user-id").await.status, 404, "the user ID is fixed for ever");
    }
}

#[portal_test]
async fn enrolment_goes_on_tomorrow_where_it_stopped_today_and_in_whatever_tab(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut today = portal.browser("fumitsuki");
    let born = birth_date(&portal, "fumitsuki").await;
    today.log_in("kari000003", PASSWORD).await;
    let mut other_tab = today.clone();
    assert_eq!(other_tab.get("/enrolment/birth-date").await.status, 200);
    today.post("/enrolment/birth-date", &format!("birth_date={born}")).await;
    // The other tab still shows the birth date: sending it leads on, and does nothing twice.
    let answer = other_tab.post("/enrolment/birth-date", &format!("birth_date={born}")).await;
    assert_eq!(answer.location(), "/login/terms");
    assert_eq!(agree(&mut other_tab).await.location(), "/enrolment/email");
    assert_eq!(agree(&mut today).await.location(), "/enrolment/email", "already agreed");

    assert!(portal.app.clock.advance(SignedDuration::from_hours(24).as_secs()));
    assert_eq!(today.get("/enrolment/email").await.location(), "/login?ended=session", "the login itself is over");
    let mut tomorrow = portal.browser("fumitsuki");
    assert_eq!(tomorrow.log_in("kari000003", PASSWORD).await.location(), "/enrolment/email");
    // The link may be opened elsewhere: there it says so, here the page moves on.
    tomorrow.post("/enrolment/email", "email=kari.new%40mail.example").await;
    assert!(tomorrow.get("/enrolment/email/status").await.text().contains("false"));
    let link = portal.mailed_link("kari.new@mail.example").await;
    let mut phone = portal.browser("fumitsuki");
    assert!(phone.get(&link).await.text().contains("メールアドレスの確認"), "looking does not use it up");
    assert!(phone.post(&link, "").await.text().contains("元の画面に戻ってください"));
    assert!(phone.cookies.is_empty(), "and it proves nothing on the phone");
    assert!(tomorrow.get("/enrolment/email/status").await.text().contains("true"));
    assert_eq!(tomorrow.get("/login/continue").await.location(), "/enrolment/user-id");
}

#[portal_test]
async fn no_step_is_reached_by_its_address(engine: Engine) {
    let steps = [
        "/enrolment/birth-date",
        "/login/terms",
        "/enrolment/email",
        "/enrolment/email/sent",
        "/enrolment/user-id",
        "/login/password",
        "/factors",
        "/login/factor",
        "/enrolment/identity",
        "/enrolment/details",
        "/enrolment/check",
    ];
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("minato");
    browser.log_in("kari000003", PASSWORD).await;
    for step in steps.iter().skip(1) {
        assert_eq!(browser.get(step).await.location(), "/enrolment/birth-date", "{step}");
        let typed = format!(
            "version=1&email=a%40b.example&user_id=other-id&factor=email&code=000000&new_password={NEW_PASSWORD}&new_password_again={NEW_PASSWORD}"
        );
        assert_eq!(
            browser.post(step, &typed).await.status,
            if *step == "/enrolment/email/sent" || *step == "/factors" || *step == "/login/factor" { 405 } else { 303 },
            "{step}"
        );
    }
    assert_eq!(browser.get("/").await.all(".top__user").len(), 0, "nobody is signed in");
}

#[portal_test]
async fn mistakes_are_named_in_the_words_of_the_specification(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("minato");
    let born = birth_date(&portal, "minato").await;
    browser.log_in("kari000003", PASSWORD).await;
    let wrong = browser.post("/enrolment/birth-date", "birth_date=1979").await;
    assert!(wrong.first(".error-summary li").contains("西暦の8桁の数字"));
    browser.post("/enrolment/birth-date", &format!("birth_date={born}")).await;
    agree(&mut browser).await;
    let invalid = "無効なメールアドレスです。入力したメールアドレスに誤りがないかご確認ください。";
    let long = format!("{}%40mail.example", "a".repeat(243));
    for (typed, expected) in [
        ("", vec!["メールアドレスを入力してください。"]),
        ("taro%3F%40mail.example", vec![invalid]),
        ("taro.%40mail.example", vec![invalid]),
        (long.as_str(), vec![invalid, "設定可能なメールアドレスの最大文字数は255文字です。"]),
    ] {
        let answer = browser.post("/enrolment/email", &format!("email={typed}")).await;
        assert_eq!(answer.all(".error-summary li"), expected, "{typed}");
    }
    browser.post("/enrolment/email", "email=kari.new%40mail.example").await;
    let link = portal.mailed_link("kari.new@mail.example").await;
    browser.post(&link, "").await;
    for (typed, expected) in [
        ("user_id=ab&factor=email", "ユーザIDは3文字以上255文字以内で入力してください。"),
        (
            "user_id=a%3Cb%3Ec&factor=email",
            "ユーザIDに使えない文字が含まれています。半角の英字・数字と、- _ . @ が使えます。",
        ),
        ("user_id=TestTaro01&factor=email", "このユーザIDは使われています。別のユーザIDを入力してください。"),
        ("user_id=my-own&factor=", "認証方法を選択してください。"),
    ] {
        let answer = browser.post("/enrolment/user-id", typed).await;
        assert_eq!(answer.all(".error-summary li"), [expected]);
    }
    browser.post("/enrolment/user-id", "user_id=my-own-id1&factor=email").await;
    for (typed, expected) in [
        ("short7!", "パスワードは8文字以上64文字以内で入力してください。"),
        ("MY-own-id1", "パスワードをユーザIDと同じにすることはできません。"),
        (PASSWORD, "現在のパスワードと同じです。別のパスワードを入力してください。"),
        (
            "password1",
            "よく使われているパスワードのため、推測されるおそれがあります。別のパスワードを入力してください。",
        ),
    ] {
        let answer = set_password(&mut browser, typed).await;
        assert_eq!(answer.all(".error-summary li"), [expected]);
    }
    let differs = format!("new_password={NEW_PASSWORD}&new_password_again=other");
    let answer = browser.post("/login/password", &differs).await;
    assert!(answer.first(".error-summary li").contains("一致しません"));
}

#[portal_test]
async fn a_temporary_password_expires_and_its_link_does_too(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("minato");
    let born = birth_date(&portal, "minato").await;
    browser.log_in("kari000003", PASSWORD).await;
    browser.post("/enrolment/birth-date", &format!("birth_date={born}")).await;
    agree(&mut browser).await;
    browser.post("/enrolment/email", "email=kari.new%40mail.example").await;
    let link = portal.mailed_link("kari.new@mail.example").await;
    assert!(portal.app.clock.advance(SignedDuration::from_mins(31).as_secs()));
    assert!(browser.get(&link).await.text().contains("リンクが無効です"));
    assert!(browser.post(&link, "").await.text().contains("リンクが無効です"));

    assert!(portal.app.clock.advance(SignedDuration::from_hours(91 * 24).as_secs()));
    let expired = portal.browser("minato").log_in("kari000003", PASSWORD).await;
    assert!(expired.text().contains("仮パスワードの有効期限が切れています"));
    let wrong = portal.browser("minato").log_in("kari000003", "wrong").await;
    assert!(!wrong.text().contains("有効期限"), "only who knows the password is told");
}
