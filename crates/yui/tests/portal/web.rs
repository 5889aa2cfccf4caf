//! The requests of browsers, keyboards, gateways and impatient people, with their expected results.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{HeaderValue, Request, header},
};
use portal_test::portal_test;
use yui::core::society::InSociety;
use yui_db::Engine;

use crate::{
    attacks::signed_in,
    enrolment::{agree, birth_date},
    support::{PASSWORD, Portal, encode, totp_code},
};

/// A cookie that another host of the same site has set, in Japanese, keeps nobody out.
#[portal_test]
async fn a_foreign_cookie_does_not_hide_the_session(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let member = portal.signed_in("minato", "testtaro01").await;
    let session = member.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let cookies = HeaderValue::from_bytes(format!("area=東京; {session}").as_bytes()).unwrap();
    let request = Request::get("/settings").header(header::COOKIE, cookies).body(Body::empty());
    assert_eq!(portal.browser("minato").send(request.unwrap()).await.status, 200);
}

/// Text that people type in full width, or paste with invisible marks, is understood as meant; a password stays as it
/// is typed.
#[portal_test]
async fn what_is_typed_in_full_width_or_pasted_is_understood(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("minato");
    let user_id = encode("ｔｅｓｔｔａｒｏ０１\u{200b}");
    let answer = browser.post("/login", &format!("user_id={user_id}&password={PASSWORD}")).await;
    assert_eq!(answer.location(), "/login/factor");
    assert!(portal.app.clock.advance(30));
    let device = browser.get("/login/factor").await.attribute("input[name=device]", "value");
    let code = portal.app_code(0);
    let pasted = encode(&format!("\u{2068}{}-{}\u{2069}", &code[..3], &code[3..]));
    let answer = browser.post("/login/factor/app", &format!("device={device}&code={pasted}")).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(signed_in(&mut browser).await);

    let mut staff = portal.browser("minato");
    let email = encode("Ｋａｎｒｉ＠ｍｉｎａｔｏ．ｅｘａｍｐｌｅ");
    let answer = staff.post("/console/login", &format!("email={email}&password={PASSWORD}")).await;
    assert_eq!(answer.location(), "/console/login/factor");

    let mut classic = portal.browser("soyokaze");
    classic.log_in("kari000003", PASSWORD).await;
    let born = birth_date(&portal, "soyokaze").await;
    let insurer = encode("０６１３９０２６");
    let fields = format!("insurer_number={insurer}&birth_date={born}&relationship=insured&agreed=yes");
    let answer = classic.post("/enrolment/identity", &fields).await;
    assert!(!answer.text().contains("保険者番号を8桁の数字で入力してください。"));
}

/// After a mistake in a form the language can be changed: the way back leads to a page that can be opened.
#[portal_test]
async fn the_language_changes_on_the_answer_to_a_form(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("minato");
    browser.log_in("testtaro01", PASSWORD).await;
    let device = browser.get("/login/factor").await.attribute("input[name=device]", "value");
    let request = Request::post("/login/factor/app")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::REFERER, "http://minato.localhost:8080/login/factor")
        .body(Body::from(format!("device={device}&code=000000")));
    let answer = browser.send(request.unwrap()).await;
    let link = answer.attribute("a[href^='/language']", "href");
    assert!(link.contains("back=/login/factor") || link.contains("back=%2Flogin%2Ffactor"), "{link}");
    let changed = browser.get(&link).await;
    assert_eq!(browser.get(changed.location()).await.status, 200);
    // A form that was sent from the answer to another one.
    let request = Request::post("/login/factor/app")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::REFERER, "http://minato.localhost:8080/login/factor/app")
        .body(Body::from(format!("device={device}&code=000000")));
    let link = browser.send(request.unwrap()).await.attribute("a[href^='/language']", "href");
    let changed = browser.get(&link).await;
    assert_eq!(browser.get(changed.location()).await.status, 200, "{link}");
    // A form without a page that it was sent from: the first page.
    let mut other = portal.browser("minato");
    let answer = other.log_in("nobody", "wrong").await;
    let link = answer.attribute("a[href^='/language']", "href");
    let changed = other.get(&link).await;
    assert_eq!(other.get(changed.location()).await.status, 200, "{link}");
}

/// A gateway that writes the port into `X-Forwarded-For` does not make one client of all.
#[portal_test]
async fn addresses_with_ports_are_told_apart(engine: Engine) {
    let portal = Portal::behind_a_proxy(engine).await;
    for guess in 0..61 {
        let forwarded = format!("198.51.100.{}:4{guess:04}", guess % 2);
        let request = Request::post("/login")
            .header("sec-fetch-site", "same-origin")
            .header("x-forwarded-for", forwarded)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 443))))
            .body(Body::from(format!("user_id=nobody{guess}&password=wrong")));
        assert_eq!(portal.browser("minato").send(request.unwrap()).await.status, 200, "{guess}");
    }
}

/// The key for the authenticator app stays the same while it waits for its first code, and is nobody else's.
#[portal_test]
async fn the_authenticator_key_stays_when_the_page_is_loaded_again(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let first = member.get("/factors/app").await;
    let key = first.first("#key");
    assert_eq!(member.get("/factors/app").await.first("#key"), key);
    assert!(first.attribute("a[href^='otpauth://totp/']", "href").contains("issuer="), "for the app on this device");
    let elsewhere = portal.signed_in("minato", "testtaro01").await.get("/factors/app").await;
    assert_ne!(elsewhere.first("#key"), key, "another session of the same account has a key of its own");
    // Installing an app takes a while: after another login in this browser it is the same key.
    assert!(portal.app.clock.advance(9 * 60 * 60));
    member.log_in("testtaro01", PASSWORD).await;
    portal.second_factor(&mut member).await;
    let first = member.get("/factors/app").await;
    assert_eq!(first.first("#key"), key);
    let question = first.attribute("input[name=question]", "value");
    let secret = key.replace(' ', "");
    let bytes = base32(&secret);
    let code = totp_code(&bytes, u64::try_from(portal.app.clock.now().as_second()).unwrap());
    let fields = format!("question={question}&code={code}&label={}", encode("ふたつめ"));
    assert_eq!(member.post("/factors/app", &fields).await.location(), "/settings/login?done=added");
    assert_ne!(member.get("/factors/app").await.first("#key"), key, "a key that is used is not shown again");
}

/// Returns the bytes of a text in base 32 (RFC 4648).
fn base32(text: &str) -> Vec<u8> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = text.chars().map(|c| format!("{:05b}", LETTERS.find(c).unwrap())).collect();
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

/// A form that is sent twice does not undo what it did: the second answer leads on.
#[portal_test]
async fn a_step_that_is_sent_twice_leads_on(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("minato");
    browser.log_in("testtaro01", PASSWORD).await;
    assert!(portal.app.clock.advance(30));
    let device = browser.get("/login/factor").await.attribute("input[name=device]", "value");
    let code = format!("device={device}&code={}", portal.app_code(0));
    assert_eq!(browser.post("/login/factor/app", &code).await.status, 303);
    assert_eq!(browser.post("/login/factor/app", &code).await.location(), "/", "signed in already");

    let mut newcomer = portal.browser("nanohana");
    let born = birth_date(&portal, "nanohana").await;
    newcomer.log_in("kari000003", PASSWORD).await;
    newcomer.post("/enrolment/birth-date", &format!("birth_date={born}")).await;
    agree(&mut newcomer).await;
    for _ in 0..2 {
        let answer = newcomer.post("/enrolment/email", "email=kari.new%40mail.example").await;
        assert_eq!(answer.location(), "/enrolment/email/sent");
    }
    let links = portal.mails().await.iter().filter(|mail| mail["to"] == "kari.new@mail.example").count();
    assert_eq!(links, 1, "one link, which works");
}

const BEHIND_PROXY: &[(&str, &str)] =
    &[("YUI_HTTPS", "yes"), ("YUI_PUBLIC_PORT", "8443"), ("YUI_TRUSTED_PROXIES", "10.0.0.0/8")];

/// Passkeys, links and forms go by the address that members see.
#[portal_test]
async fn the_public_address_has_the_port_that_members_type(engine: Engine) {
    let portal = Portal::in_earnest(engine, BEHIND_PROXY).await;
    let scope = portal.scope("minato").await;
    assert_eq!(portal.app.portal_address(scope.society()), "https://minato.localhost:8443");
    // A proxy that passes the host on without its port, and a browser that says where a form is from and nothing else.
    let from = async |origin: &str| {
        let request = Request::post("/login")
            .header(header::ORIGIN, origin)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from("user_id=nobody&password=wrong"));
        portal.browser_at("minato.localhost").send(request.unwrap()).await.status
    };
    assert_eq!(from("https://minato.localhost:8443").await, 200);
    assert_eq!(from("https://minato.localhost:9443").await, 403);
    assert_eq!(from("https://evil.example:8443").await, 403);
}

/// A request that a trusted proxy took by plain http is not answered in clear, and no strange host is told to be
/// reached by https for two years.
#[portal_test]
async fn plain_http_leads_to_https(engine: Engine) {
    let portal = Portal::in_earnest(engine, BEHIND_PROXY).await;
    let ask = async |host: &str, request: axum::http::request::Builder, peer: [u8; 4], proto: &str, body: &str| {
        let request = request
            .header("x-forwarded-proto", proto)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(ConnectInfo(SocketAddr::from((peer, 443))))
            .body(Body::from(body.to_owned()));
        portal.browser_at(host).send(request.unwrap()).await
    };
    let proxy = [10, 0, 0, 1];
    let page = ask("minato.localhost", Request::get("/login?a=b"), proxy, "http", "").await;
    assert_eq!((page.status, page.location()), (301, "https://minato.localhost:8443/login?a=b"));
    let form = ask("minato.localhost", Request::post("/login"), proxy, "http", "user_id=a&password=b").await;
    assert_eq!((form.status, form.location()), (303, "https://minato.localhost:8443/"));
    let page = ask("minato.localhost", Request::get("/login"), proxy, "https", "").await;
    assert_eq!(page.status, 200);
    assert!(page.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    // Anybody may write the header; the machine's own questions come by http.
    assert_eq!(ask("minato.localhost", Request::get("/login"), [192, 0, 2, 1], "http", "").await.status, 200);
    assert_eq!(ask("minato.localhost", Request::get("/healthz"), proxy, "http", "").await.status, 200);
    let strange = ask("unknown.example", Request::get("/"), proxy, "https", "").await;
    assert_eq!(strange.status, 404);
    assert!(!strange.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
}
