//! Forms that come after their session, or the proof of who is there, has run out: nothing that was typed is lost, and nobody else sees it.

use yui::features::{account, kept};
use yui_db::{params, statements};

use crate::support::{Answer, Browser, PASSWORD, Portal, encode};

statements! {
    SEALED = "SELECT sealed_fields FROM kept_forms";
}

#[derive(sqlx::FromRow)]
struct Sealed {
    sealed_fields: Vec<u8>,
}

const TYPED: &str = "email=typed%40mail.example";
const TO_LOGIN: &str = "/login?return_to=%2Fkept&ended=session";

/// Sends a form from the page of its own address.
async fn send_from(browser: &mut Browser, path: &str, fields: &str) -> Answer {
    let request = axum::http::Request::post(path)
        .header("sec-fetch-site", "same-origin")
        .header("referer", format!("http://{}{path}", browser.host))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(fields.to_owned()));
    browser.send(request.unwrap()).await
}

/// Logs in on the page that the answer led to; returns where that leads.
async fn log_in_there(portal: &Portal, browser: &mut Browser, page: &str) -> String {
    let back = browser.get(page).await.attribute("input[name=return_to]", "value");
    let fields = format!("user_id=testtaro01&password={PASSWORD}&return_to={}", encode(&back));
    let answer = browser.post("/login", &fields).await;
    let answer = if answer.location() == "/login/factor" { portal.second_factor(browser).await } else { answer };
    answer.location().to_owned()
}

#[tokio::test]
async fn what_was_typed_is_sent_on_after_the_next_login() {
    for portal in Portal::demos().await {
        let mut taro = portal.signed_in("minato", "testtaro01").await;
        let mut copied = taro.clone();
        // A night later.
        assert!(portal.app.clock.advance(9 * 60 * 60));
        assert_eq!(taro.get("/expenses").await.location(), "/login?return_to=%2Fexpenses&ended=session");
        let late = send_from(&mut taro, "/settings/email", TYPED).await;
        assert_eq!(late.location(), TO_LOGIN);
        let login = taro.get(late.location()).await;
        assert!(login.first("[role=status]").contains("入力した内容は残っています。"), "{}", login.first("main"));
        let rows: Vec<Sealed> = portal.app.db.all(&SEALED, params![]).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert!(!String::from_utf8_lossy(&rows[0].sealed_fields).contains("typed"), "sealed");

        // Another account in this browser, and the account in another browser, find nothing.
        let mut other = portal.browser("minato");
        other.cookies = taro.cookies.clone();
        other.log_in("testjiro01", PASSWORD).await;
        assert!(!other.get("/kept").await.text().contains("typed@mail.example"));
        let mut elsewhere = portal.signed_in("minato", "testtaro01").await;
        assert_eq!(elsewhere.get("/kept").await.location(), "/");
        assert_eq!(elsewhere.post("/kept", TYPED).await.location(), "/");

        assert_eq!(log_in_there(&portal, &mut taro, TO_LOGIN).await, "/kept");
        let page = taro.get("/kept").await;
        assert_eq!(page.form("form[action='/kept']"), TYPED.replace('.', "%2E"));
        let onward = taro.post("/kept", TYPED).await;
        assert_eq!((onward.status, onward.location()), (307, "/settings/email"));
        let changed = taro.post(onward.location(), TYPED).await;
        assert_eq!((changed.status, changed.location()), (303, "/settings?done=mailed"), "{}", changed.first("main"));
        assert_eq!(taro.post("/kept", TYPED).await.location(), "/", "once");

        // A cookie that was copied keeps nothing where its session was ended by its owner.
        elsewhere.post("/settings/sessions/end-others", "").await;
        copied.cookies.retain(|(name, _)| name == "yui_session");
        assert_eq!(copied.post("/settings/email", TYPED).await.location(), "/login");
    }
}

#[tokio::test]
async fn what_was_typed_waits_for_the_proof_too() {
    for portal in Portal::demos().await {
        let mut taro = portal.signed_in("minato", "testtaro01").await;
        assert!(portal.app.clock.advance(11 * 60));
        let stale = send_from(&mut taro, "/settings/email", TYPED).await;
        assert_eq!(stale.location(), "/confirm?return_to=%2Fkept");
        let page = taro.get(stale.location()).await;
        assert!(page.first("main").contains("入力した内容は残っています。"));
        let fields = format!("password={PASSWORD}&return_to=%2Fkept");
        assert_eq!(taro.post("/confirm", &fields).await.location(), "/login/factor");
        assert_eq!(portal.second_factor(&mut taro).await.location(), "/kept");
        assert_eq!(taro.get("/kept").await.form("form[action='/kept']"), TYPED.replace('.', "%2E"));
        // Who does not want to goes on without it.
        assert_eq!(taro.post("/kept/discard", "").await.location(), "/");
        assert_eq!(taro.get("/kept").await.location(), "/");
    }
}

#[tokio::test]
async fn passwords_buttons_and_files_lead_back_to_their_page() {
    for portal in Portal::demos().await {
        let mut taro = portal.signed_in("minato", "testtaro01").await;
        assert!(portal.app.clock.advance(9 * 60 * 60));
        for (page, fields) in [
            ("/settings/password", format!("current_password={PASSWORD}&new_password=x")),
            ("/settings/sessions/end", String::new()),
            ("/settings/email", format!("email={}", "a".repeat(70_000))),
        ] {
            let location = format!("/login?return_to={}&ended=session", encode(page));
            assert_eq!(send_from(&mut taro, page, &fields).await.location(), location);
        }
        let file = axum::http::Request::post("/settings/email")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "multipart/form-data; boundary=x")
            .body(axum::body::Body::from("--x--"));
        assert_eq!(taro.send(file.unwrap()).await.location(), "/login?ended=session");
        let rows: Vec<Sealed> = portal.app.db.all(&SEALED, params![]).await.unwrap();
        assert!(rows.is_empty());
        // A stranger keeps nothing here, whatever they send.
        assert_eq!(portal.browser("minato").post("/settings/email", TYPED).await.location(), "/login");
    }
}

#[tokio::test]
async fn a_form_is_kept_for_a_day_and_one_for_each_account() {
    for portal in Portal::demos().await {
        let mut taro = portal.signed_in("minato", "testtaro01").await;
        assert!(portal.app.clock.advance(9 * 60 * 60));
        account::tidy(&portal.app).await.unwrap();
        for typed in [TYPED, "email=second%40mail.example"] {
            assert_eq!(send_from(&mut taro, "/settings/email", typed).await.location(), TO_LOGIN);
        }
        // Late again on the page that leads on: the form stays as it is.
        assert_eq!(send_from(&mut taro, "/kept", TYPED).await.location(), TO_LOGIN);
        let rows: Vec<Sealed> = portal.app.db.all(&SEALED, params![]).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(log_in_there(&portal, &mut taro, TO_LOGIN).await, "/kept");
        assert!(taro.get("/kept").await.text().contains("second@mail.example"));
        assert!(portal.app.clock.advance(24 * 60 * 60));
        assert_eq!(account::tidy(&portal.app).await.unwrap().forms, 1);
        assert!(portal.app.clock.advance(24 * 60 * 60));
        account::tidy(&portal.app).await.unwrap();
        assert_eq!(
            taro.post("/settings/email", TYPED).await.location(),
            "/login",
            "nor is it known whose session it was"
        );
    }
}

#[tokio::test]
async fn staff_go_on_where_they_were_too() {
    for portal in Portal::demos().await {
        let mut admin = portal.staff("minato", "kanri").await;
        assert!(portal.app.clock.advance(31 * 60));
        let typed = format!("reason={}", encode("退職 <b>\"&"));
        let late = send_from(&mut admin, "/console/staff/4/stop", &typed).await;
        assert_eq!(late.location(), "/console/login?return_to=%2Fconsole%2Fkept&ended=session");
        assert!(admin.get(late.location()).await.first("[role=status]").contains("入力した内容は残っています。"));
        let login = format!("email=kanri%40minato.example&password={PASSWORD}&return_to=%2Fconsole%2Fkept");
        admin.post("/console/login", &login).await;
        let answer = portal.staff_factor(&mut admin, "/console/login/factor", "/console/login/factor/app").await;
        assert_eq!(answer.location(), "/console/kept");
        assert_eq!(admin.get("/console/kept").await.form("form[action='/console/kept']"), typed);
        let onward = admin.post("/console/kept", &typed).await;
        assert_eq!((onward.status, onward.location()), (307, "/console/staff/4/stop"));
        assert_eq!(admin.post(onward.location(), &typed).await.location(), "/console/staff/4?done=stopped");
    }
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
