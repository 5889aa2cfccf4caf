//! Forms that come after their session, or the proof of who is there, has run out: nothing that was typed is lost, and nobody else sees it.

use portal_test::portal_test;
use yui::features::{account, kept};
use yui_db::{Engine, statements};

use crate::support::{Answer, Browser, PASSWORD, Portal, encode};

statements! {
    fn sealed() -> Sealed = "SELECT sealed_fields FROM kept_forms";
}

#[derive(yui_db::Row)]
struct Sealed {
    sealed_fields: Vec<u8>,
}

const TYPED: &str = "email=typed%40mail.example";
const BACK: &str = "操作はまだ完了していません。";

/// Sends a form from a page.
async fn send_from(browser: &mut Browser, page: &str, path: &str, fields: &str) -> Answer {
    let request = axum::http::Request::post(path)
        .header("sec-fetch-site", "same-origin")
        .header("referer", format!("http://{}{page}", browser.host))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(fields.to_owned()));
    browser.send(request.unwrap()).await
}

/// Logs in on the login page at this address; returns where that leads.
async fn log_in_there(portal: &Portal, browser: &mut Browser, page: &str) -> String {
    let back = browser.get(page).await.attribute("input[name=return_to]", "value");
    let fields = format!("user_id=testtaro01&password={PASSWORD}&return_to={}", encode(&back));
    let answer = browser.post("/login", &fields).await;
    let answer = if answer.location() == "/login/factor" { portal.second_factor(browser).await } else { answer };
    answer.location().to_owned()
}

async fn kept_forms(portal: &Portal) -> Vec<Sealed> {
    portal.app.db.all(Sql::sealed()).await.unwrap()
}

#[portal_test]
async fn what_was_typed_is_there_again_after_the_next_login(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut taro = portal.signed_in("minato", "testtaro01").await;
    let mut copied = taro.clone();
    // A night later.
    assert!(portal.app.clock.advance(9 * 60 * 60));
    assert_eq!(taro.get("/expenses").await.location(), "/login?return_to=%2Fexpenses&ended=session");
    let late = send_from(&mut taro, "/settings/email", "/settings/email", TYPED).await;
    assert_eq!(late.location(), "/login?return_to=%2Fsettings%2Femail&ended=kept");
    let login = taro.get(late.location()).await;
    assert!(login.first("[role=status]").contains("入力した内容は残っています"), "{}", login.first("main"));
    let rows = kept_forms(&portal).await;
    assert_eq!(rows.len(), 1);
    assert!(!String::from_utf8_lossy(&rows[0].sealed_fields).contains("typed"), "sealed");

    // Another account in this browser, and the account in another browser, find nothing.
    let mut other = taro.clone();
    other.log_in("mihon00002", PASSWORD).await;
    portal.second_factor(&mut other).await;
    let mut elsewhere = portal.signed_in("minato", "testtaro01").await;
    for stranger in [&mut other, &mut elsewhere] {
        let page = stranger.get("/settings/email").await;
        assert!(page.first("h1").contains("メールアドレスの変更") && !page.text().contains("typed@mail.example"));
    }

    assert_eq!(log_in_there(&portal, &mut taro, late.location()).await, "/settings/email");
    let page = taro.get("/settings/email").await;
    assert_eq!(page.attribute("input[name=email]", "value"), "typed@mail.example");
    assert!(page.first("form [role=status]").contains(BACK), "{}", page.first("main"));
    // As often as it is looked at, until it is sent.
    assert!(taro.get("/settings/email").await.text().contains(BACK));
    assert_eq!(taro.post("/settings/email", TYPED).await.location(), "/settings?done=mailed");
    assert!(!taro.get("/settings/email").await.text().contains(BACK));
    assert_eq!(kept_forms(&portal).await.len(), 0);

    // A cookie that was copied keeps nothing where its session was ended by its owner.
    elsewhere.post("/settings/sessions/end-others", "").await;
    assert_eq!(copied.post("/settings/email", TYPED).await.location(), "/login?ended=out");
    assert_eq!(kept_forms(&portal).await.len(), 0);
}

#[portal_test]
async fn what_was_typed_waits_for_the_proof_and_for_another_way_in(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut taro = portal.signed_in("minato", "testtaro01").await;
    assert!(portal.app.clock.advance(11 * 60));
    let stale = send_from(&mut taro, "/settings/email", "/settings/email", TYPED).await;
    assert_eq!(stale.location(), "/confirm?return_to=%2Fsettings%2Femail&ended=kept");
    let page = taro.get(stale.location()).await;
    assert!(page.first("[role=status]").contains("入力した内容は残っています"));
    let fields = format!("password={PASSWORD}&return_to=%2Fsettings%2Femail");
    assert_eq!(taro.post("/confirm", &fields).await.location(), "/login/factor");
    assert_eq!(portal.second_factor(&mut taro).await.location(), "/settings/email");
    assert!(taro.get("/settings/email").await.text().contains("typed@mail.example"));

    // A factor's form, too. It is also found after a login without the way back.
    assert!(portal.app.clock.advance(9 * 60 * 60));
    let sent = send_from(&mut taro, "/factors/email", "/factors/email/send", TYPED).await;
    assert_eq!(sent.location(), "/login?return_to=%2Ffactors%2Femail&ended=kept");
    assert_eq!(log_in_there(&portal, &mut taro, "/login").await, "/");
    let page = taro.get("/factors/email").await;
    assert_eq!(page.attribute("form[action='/factors/email/send'] input[name=email]", "value"), "typed@mail.example");
}

#[portal_test]
async fn what_a_newcomer_typed_is_there_again(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut newcomer = portal.browser("minato");
    let begin = async |browser: &mut Browser| {
        browser.log_in("kari000003", PASSWORD).await;
        let born = crate::enrolment::birth_date(&portal, "minato").await;
        browser.post("/enrolment/birth-date", &format!("birth_date={born}")).await;
    };
    begin(&mut newcomer).await;
    crate::enrolment::agree(&mut newcomer).await;
    assert!(portal.app.clock.advance(31 * 60));
    account::tidy(&portal.app).await.unwrap();
    let late = send_from(&mut newcomer, "/enrolment/email", "/enrolment/email", TYPED).await;
    assert_eq!(late.location(), "/login?ended=kept");
    begin(&mut newcomer).await;
    let page = newcomer.get("/enrolment/email").await;
    assert_eq!(page.attribute("input[name=email]", "value"), "typed@mail.example", "{}", page.first("main"));
}

#[portal_test]
async fn passwords_and_files_are_said_to_be_lost_and_buttons_are_pressed_again(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut taro = portal.signed_in("minato", "testtaro01").await;
    assert!(portal.app.clock.advance(9 * 60 * 60));
    for (page, fields, word) in [
        ("/settings/password", format!("current_password={PASSWORD}&new_password=x"), "lost"),
        ("/settings/sessions", String::new(), "session"),
        ("/settings/email", format!("email={}", "a".repeat(70_000)), "lost"),
    ] {
        let path = if fields.is_empty() { "/settings/sessions/end-others" } else { page };
        let location = format!("/login?return_to={}&ended={word}", encode(page));
        assert_eq!(send_from(&mut taro, page, path, &fields).await.location(), location);
    }
    let page = taro.get("/login?ended=lost").await;
    assert!(page.first("[role=status]").contains("入力した内容は残せませんでした。"));
    log_in_there(&portal, &mut taro, "/login").await;
    let button = "form[action='/settings/sessions/end-others'] [role=status]";
    assert!(taro.get("/settings/sessions").await.first(button).contains(BACK));
    assert!(portal.app.clock.advance(9 * 60 * 60));
    let file = axum::http::Request::post("/settings/email")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=x")
        .header("content-length", "5")
        .body(axum::body::Body::from("--x--"));
    assert_eq!(taro.send(file.unwrap()).await.location(), "/login?ended=lost");
    assert_eq!(kept_forms(&portal).await.len(), 1, "the button");
    // What a script asks for is no form.
    let asked = axum::http::Request::post("/factors/passkey/begin")
        .header("sec-fetch-site", "same-origin")
        .header("referer", format!("http://{}/factors/passkey", taro.host))
        .header("content-type", "application/json")
        .body(axum::body::Body::from("{}"));
    let location = taro.send(asked.unwrap()).await.location().to_owned();
    assert_eq!(location, "/login?return_to=%2Ffactors%2Fpasskey&ended=session");
    // A stranger keeps nothing here, whatever they send.
    assert_eq!(portal.browser("minato").post("/settings/email", TYPED).await.location(), "/login?ended=out");
    let out = taro.get("/login?ended=out").await;
    assert!(out.first("[role=status]").contains("受け付けていません"), "{}", out.first("main"));
}

#[portal_test]
async fn each_page_has_its_own_and_all_are_gone_after_a_day(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut taro = portal.signed_in("minato", "testtaro01").await;
    assert!(portal.app.clock.advance(9 * 60 * 60));
    account::tidy(&portal.app).await.unwrap();
    for typed in [TYPED, "email=second%40mail.example"] {
        send_from(&mut taro, "/settings/email", "/settings/email", typed).await;
    }
    send_from(&mut taro, "/settings/user-id", "/settings/user-id", "user_id=another-name").await;
    assert_eq!(kept_forms(&portal).await.len(), 2, "the newest of each");
    log_in_there(&portal, &mut taro, "/login").await;
    let value = async |browser: &mut Browser, page: &str, name: &str| {
        browser.get(page).await.attribute(&format!("main form input[name={name}]"), "value")
    };
    assert_eq!(value(&mut taro, "/settings/user-id", "user_id").await, "another-name");
    assert_eq!(value(&mut taro, "/settings/email", "email").await, "second@mail.example");
    assert!(portal.app.clock.advance(24 * 60 * 60));
    assert_eq!(account::tidy(&portal.app).await.unwrap().forms, 2);
    assert!(portal.app.clock.advance(24 * 60 * 60));
    account::tidy(&portal.app).await.unwrap();
    let late = taro.post("/settings/email", TYPED).await;
    assert_eq!(late.location(), "/login?ended=out", "nor is it known whose session it was");
}

/// A later form that is not kept deletes the kept one: nobody sends an older address by mistake. Passwords are not
/// kept, the other fields are.
#[portal_test]
async fn nothing_older_comes_back_and_secrets_alone_are_lost(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut taro = portal.signed_in("minato", "testtaro01").await;
    assert!(portal.app.clock.advance(9 * 60 * 60));
    send_from(&mut taro, "/settings/email", "/settings/email", TYPED).await;
    let mut out = taro.clone();
    out.cookies.retain(|(name, _)| !name.ends_with("yui_session"));
    let late = send_from(&mut out, "/settings/email", "/settings/email", "email=newer%40mail.example").await;
    assert_eq!(late.location(), "/login?return_to=%2Fsettings%2Femail&ended=out");
    assert!(kept_forms(&portal).await.is_empty());
    // Nor is it kept where it is too long.
    send_from(&mut taro, "/settings/email", "/settings/email", TYPED).await;
    let long = format!("email={}", "a".repeat(70_000));
    let late = send_from(&mut taro, "/settings/email", "/settings/email", &long).await;
    assert_eq!(late.location(), "/login?return_to=%2Fsettings%2Femail&ended=lost");
    assert!(kept_forms(&portal).await.is_empty());
    let both = "user_id=new-name&password=Umi-no-oto-2026";
    let late = send_from(&mut taro, "/settings/user-id", "/settings/user-id", both).await;
    assert_eq!(late.location(), "/login?return_to=%2Fsettings%2Fuser%2Did&ended=kept");
    log_in_there(&portal, &mut taro, "/login").await;
    let page = taro.get("/settings/user-id").await;
    assert_eq!(page.attribute("main form input[name=user_id]", "value"), "new-name");
    assert!(!page.text().contains("Umi-no-oto"));
}

/// A form never acts on anybody but whom its page shows, however many tabs there were.
#[portal_test]
async fn staff_find_what_they_typed_on_the_page_of_the_person(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    assert!(portal.app.clock.advance(31 * 60));
    let reason = |words: &str| format!("reason={}", encode(words));
    for (id, words) in [(3, "三番 <b>\"&"), (4, "四番")] {
        // The page of an act that was refused for a mistake cannot be opened: the one above it can.
        let (page, path) = (format!("/console/staff/{id}/unlock"), format!("/console/staff/{id}/stop"));
        let late = send_from(&mut admin, &page, &path, &reason(words)).await;
        assert_eq!(late.location(), format!("/console/login?return_to=%2Fconsole%2Fstaff%2F{id}&ended=kept"));
    }
    let page = admin.get("/console/login?ended=kept").await;
    assert!(page.first("[role=status]").contains("入力した内容は残っています"));
    let login = format!("email=kanri%40minato.example&password={PASSWORD}&return_to=%2Fconsole%2Fstaff%2F3");
    admin.post("/console/login", &login).await;
    let answer = portal.staff_factor(&mut admin, "/console/login/factor", "/console/login/factor/app").await;
    assert_eq!(answer.location(), "/console/staff/3");
    for (id, words) in [(3, "三番 <b>\"&"), (4, "四番")] {
        let page = admin.get(&format!("/console/staff/{id}")).await;
        let form = format!("form[action='/console/staff/{id}/stop']");
        assert_eq!(page.form(&form), reason(words), "{id}");
        assert!(page.first(&format!("{form} [role=status]")).contains(BACK));
    }
    // Nothing is done before it is sent.
    assert!(admin.get("/console/staff/3").await.text().contains("利用中"));
    assert_eq!(admin.post("/console/staff/3/stop", &reason("三番")).await.location(), "/console/staff/3?done=stopped");
    assert_eq!(kept_forms(&portal).await.len(), 1);

    // A member who logs in here sees nothing of it, and staff nothing of theirs.
    let mut member = portal.signed_in("minato", "testtaro01").await;
    member.cookies.extend(admin.cookies.iter().filter(|(name, _)| name == "yui_kept").cloned());
    assert!(!member.get("/settings").await.text().contains("四番"));
    assert!(portal.app.clock.advance(9 * 60 * 60));
    send_from(&mut member, "/settings/email", "/settings/email", TYPED).await;
    assert_eq!(kept_forms(&portal).await.len(), 2);
}

#[test]
fn every_field_for_a_password_is_known_as_a_secret() {
    for sample in yui::ui::samples() {
        let html = sample.html(yui::ui::Lang::Ja).unwrap();
        let page = scraper::Html::parse_document(&html);
        for field in page.select(&scraper::Selector::parse("input[type=password]").unwrap()) {
            let name = field.value().attr("name").unwrap();
            assert!(kept::is_secret(name), "{name} on {sample:?}");
        }
    }
}
