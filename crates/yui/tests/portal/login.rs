//! Logging in and out.

use jiff::SignedDuration;
use portal_test::portal_test;
use yui::{core::scope::SystemScope, features::account::staff};
use yui_db::Engine;

use crate::support::{PASSWORD, Portal};

const REFUSED: &str = "無効なユーザIDまたはパスワードです。";

#[portal_test]
async fn a_member_logs_in_goes_on_to_the_page_first_asked_for_and_logs_out(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("minato");
    let sent = browser.get("/expenses/statement?month=2025-01").await;
    assert_eq!(sent.location(), "/login?return_to=%2Fexpenses%2Fstatement%3Fmonth%3D2025%2D01");
    let form = browser.get(sent.location()).await;
    assert!(form.text().contains("value=\"/expenses/statement?month=2025-01\""));
    let fields = format!("user_id=TestTaro01&password={PASSWORD}&return_to=%2Fexpenses%2Fstatement%3Fmonth%3D2025-01");
    assert_eq!(browser.post("/login", &fields).await.location(), "/login/factor");
    assert_eq!(browser.get("/expenses").await.status, 303, "the password alone opens nothing");
    let answer = portal.second_factor(&mut browser).await;
    assert_eq!((answer.status, answer.location()), (303, "/expenses/statement?month=2025-01"));
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap()).collect();
    let cookie = cookies.iter().find(|cookie| cookie.starts_with("yui_session=")).unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Lax") && !cookie.contains("Max-Age"), "{cookie}");
    assert_eq!(browser.get("/expenses").await.status, 200);

    assert!(browser.get("/logout").await.text().contains("ログアウトしてもよろしいですか？"));
    let kept = browser.clone();
    assert_eq!(browser.post("/logout", "").await.location(), "/");
    assert_eq!(browser.get("/expenses").await.status, 303);
    assert_eq!(kept.clone().get("/expenses").await.status, 303, "the old cookie is dead at once");
}

#[portal_test]
async fn whatever_is_wrong_the_words_are_the_same(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut pages = Vec::new();
    for (user_id, password) in [
        ("testtaro01", "wrong-password"),
        ("nobody-at-all", PASSWORD),
        ("rokku00004", PASSWORD),
        ("rokku00004", "wrong-password"),
    ] {
        let answer = portal.browser("minato").log_in(user_id, password).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.all(".error-summary li"), [REFUSED], "{user_id}");
        assert_eq!(answer.first("#user_id-error"), format!("エラー: {REFUSED}"), "the same words at the field");
        assert!(answer.first("title").starts_with("エラー: ログイン"));
        pages.push(answer.text().replace(user_id, "…"));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "one page for all");
    // The account of this name at another society is another account.
    assert_eq!(portal.browser("fumitsuki").log_in("testtaro01", PASSWORD).await.status, 303);
}

#[portal_test]
async fn empty_fields_are_named_and_what_was_typed_stays(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let answer = portal.browser("minato").post("/login", "user_id=someone&password=").await;
    assert_eq!(answer.all(".error-summary li"), ["パスワードを入力してください。"]);
    assert!(answer.text().contains("value=\"someone\""));
    let answer = portal.browser("minato").post("/login", "").await;
    assert_eq!(answer.all(".error-summary li").len(), 2);
}

#[portal_test]
async fn eleven_wrong_passwords_lock_until_somebody_unlocks(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("nanohana");
    for _ in 0..10 {
        assert_eq!(browser.log_in("testtaro01", "wrong").await.status, 200);
    }
    assert_eq!(browser.log_in("testtaro01", PASSWORD).await.location(), "/login/factor", "ten are forgiven");
    assert_eq!(portal.second_factor(&mut browser).await.status, 303);
    let mut browser = portal.browser("nanohana");
    for _ in 0..11 {
        browser.log_in("testtaro01", "wrong").await;
    }
    let locked = browser.log_in("testtaro01", PASSWORD).await;
    assert_eq!((locked.status, locked.first(".error-summary li").as_str()), (200, REFUSED));
    let nanohana = SystemScope::of_society(&portal.app, "nanohana").await.unwrap();
    assert!(staff::unlock(&portal.app, &nanohana, "nobody").await.is_err());
    staff::unlock(&portal.app, &nanohana, "testtaro01").await.unwrap();
    assert_eq!(browser.log_in("testtaro01", PASSWORD).await.status, 303);
}

#[portal_test]
async fn a_session_ends_when_idle_and_in_any_case_and_a_remembered_one_stays(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let minutes = |minutes: i64| assert!(portal.app.clock.advance(SignedDuration::from_mins(minutes).as_secs()));
    let mut idle = portal.signed_in("minato", "testtaro01").await;
    minutes(29);
    assert_eq!(idle.get("/expenses").await.status, 200);
    minutes(29);
    assert_eq!(idle.get("/expenses").await.status, 200, "every use starts the half hour anew");
    minutes(31);
    assert_eq!(idle.get("/expenses").await.status, 303);

    let mut busy = portal.signed_in("minato", "testtaro01").await;
    let mut remembered = portal.browser("minato");
    let fields = format!("user_id=testtaro01&password={PASSWORD}&remember=yes");
    remembered.post("/login", &fields).await;
    let answer = portal.second_factor(&mut remembered).await;
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap()).collect();
    assert!(cookies.iter().any(|one| one.starts_with("yui_session=") && one.contains("Max-Age=2592000")));
    for _ in 0..24 {
        minutes(25);
        if busy.get("/expenses").await.status == 303 {
            break;
        }
    }
    assert_eq!(busy.get("/expenses").await.status, 303, "ten hours are the end");
    assert_eq!(remembered.get("/expenses").await.status, 200);
    minutes(24 * 60);
    let again = remembered.get("/expenses").await;
    assert_eq!(again.location(), "/confirm?return_to=%2Fexpenses", "what is a household's own asks again after a day");
    assert!(!remembered.get("/").await.text().contains("今年の自己負担総額"));
    assert_eq!(remembered.get("/settings").await.status, 200);
    minutes(30 * 24 * 60);
    assert_eq!(remembered.get("/settings").await.status, 303, "thirty days are the end");
}

#[portal_test]
async fn a_stranger_cannot_choose_where_the_login_leads(engine: Engine) {
    let portal = Portal::demo(engine).await;
    for evil in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example"] {
        let fields = format!("user_id=testtaro01&password={PASSWORD}&return_to={evil}");
        assert_eq!(portal.browser("soyokaze").post("/login", &fields).await.location(), "/");
        assert_eq!(portal.browser("minato").get(&format!("/language?to=en&back={evil}")).await.location(), "/");
    }
}

#[portal_test]
async fn a_full_line_of_logins_is_answered_with_come_again(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let logins = (0..400).map(|number| {
        let mut browser = portal.browser("minato");
        tokio::spawn(async move { browser.log_in(&format!("nobody{number}"), PASSWORD).await })
    });
    let mut statuses = Vec::new();
    for login in logins.collect::<Vec<_>>() {
        let answer = login.await.unwrap();
        if answer.status == 503 {
            assert_eq!(answer.headers.get("retry-after").unwrap(), "5");
            let words = answer.first("h1");
            assert!(words.contains("混み合っています") || words.contains("ただいまご利用いただけません"), "{words}");
        }
        statuses.push(answer.status);
    }
    assert!(statuses.contains(&200) && statuses.contains(&503), "some are looked at, the others are told");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429 | 503)));
}
