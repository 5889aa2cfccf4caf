//! While a society's portal is closed: what members get, what goes on, what comes after.

use axum::http::Method;
use jiff::Timestamp;
use portal_test::portal_test;
use yui::core::routes::Permission;
use yui_db::Engine;

use crate::support::{Answer, PASSWORD, Portal};

/// Sets the clock to a time in Japan.
fn set(portal: &Portal, time: &str) {
    let then: Timestamp = format!("{time}+09:00").parse().unwrap();
    assert!(portal.app.clock.advance(then.as_second() - portal.app.clock.now().as_second()));
}

fn seconds_left(answer: &Answer) -> i64 {
    answer.headers.get("retry-after").unwrap().to_str().unwrap().parse().unwrap()
}

#[portal_test]
async fn every_route_of_members_is_closed_and_says_until_when(engine: Engine) {
    let portal = Portal::demo(engine).await;
    set(&portal, "2026-12-17T18:50:00");
    let member = portal.signed_in("minato", "testtaro01").await;
    set(&portal, "2026-12-17T19:00:00");
    for route in &portal.routes {
        let path = route.path.replace("{token}", "nonsense").replace("{year}", "2025").replace("{id}", "1");
        let mut browser = member.clone();
        let answer = if route.method == Method::GET { browser.get(&path).await } else { browser.post(&path, "").await };
        let what = format!("{} {path}", route.method);
        let open = matches!(route.permission, Permission::Machine | Permission::DemoVisitor) || path == "/language";
        // Staff work while it lasts, and their pages have the society's colours.
        let open = open || ["/console", "/brand/"].iter().any(|beginning| path.starts_with(beginning));
        if open && route.permission != Permission::DemoVisitor {
            assert!(answer.status != 503, "{what}: {}", answer.status);
        } else {
            assert_eq!(answer.status, 503, "{what}");
            assert!((10_700..=10_800).contains(&seconds_left(&answer)), "{what}");
            assert!(answer.text().contains("12月17日（木）19:00〜22:00"), "{what}");
            assert!(!answer.text().contains("テスト"), "{what} names nobody");
        }
    }
    let page = portal.browser("minato").get("/login").await;
    assert_eq!(page.first("h1"), "ただいまメンテナンス中です");
    assert!(page.text().contains("12月17日（木）22:00を過ぎてから") && !page.text().contains("受け付けていません"));
    assert!(page.all("header a[href='/login']").is_empty(), "nobody is led to a login that is closed");

    let mut english = portal.browser("minato");
    assert_eq!(english.get("/language?to=en&back=%2Fexpenses").await.location(), "/expenses");
    let page = english.get("/expenses").await;
    assert_eq!((page.status, page.first("h1").as_str()), (503, "Closed for maintenance"));
    assert!(page.text().contains("Thursday 17 December, 19:00 to 22:00"), "{}", page.text());

    // Neither staff's pages nor the other societies are closed with it.
    assert_ne!(portal.browser("minato").get("/console").await.status, 503);
    assert_ne!(portal.browser("minato").get("/console/members").await.status, 503);
    assert_eq!(portal.browser("minato").get("/consoles").await.status, 503);
    assert_eq!(portal.browser("fumitsuki").get("/login").await.status, 200);
}

#[portal_test]
async fn what_is_sent_while_it_is_closed_is_refused_in_words_and_changes_nothing(engine: Engine) {
    let portal = Portal::demo(engine).await;
    set(&portal, "2026-12-17T18:50:00");
    let mut member = portal.browser("minato");
    let fields = format!("user_id=testtaro01&password={PASSWORD}&remember=yes");
    assert_eq!(member.post("/login", &fields).await.location(), "/login/factor");
    assert_eq!(portal.second_factor(&mut member).await.status, 303);
    let before = member.get("/settings/sessions").await;
    assert_eq!(before.status, 200);

    set(&portal, "2026-12-17T20:00:00");
    let refused = member.post("/logout", "").await;
    assert_eq!(refused.status, 503);
    assert!(refused.text().contains("送信された内容は受け付けていません"), "{}", refused.text());
    assert_eq!(refused.attribute(".way-out a", "href"), "/", "an act is not done again by looking");
    // Wrong passwords are not counted: nobody is locked out by the window.
    for _ in 0..12 {
        assert_eq!(portal.browser("minato").log_in("testtaro01", "wrong-password").await.status, 503);
    }
    // Another site's form is refused as ever.
    let foreign = axum::http::Request::post("/logout").header("sec-fetch-site", "cross-site");
    assert_eq!(member.send(foreign.body(axum::body::Body::empty()).unwrap()).await.status, 403);

    set(&portal, "2026-12-17T22:00:00");
    let after = member.get("/settings/sessions").await;
    assert_eq!(after.status, 200, "the session of ログイン状態の保存 is still there");
    let mut again = portal.browser("minato");
    assert_eq!(again.log_in("testtaro01", PASSWORD).await.location(), "/login/factor");
}

#[portal_test]
async fn a_window_to_midnight_ends_at_24_on_the_business_day_before(engine: Engine) {
    let portal = Portal::demo(engine).await;
    // 25 April 2027 is a Sunday.
    set(&portal, "2027-04-23T23:30:00");
    let page = portal.browser("midori").get("/").await;
    assert_eq!(page.status, 503);
    assert!((1_790..=1_800).contains(&seconds_left(&page)), "{}", seconds_left(&page));
    assert!(page.text().contains("4月23日（金）24:00を過ぎてから"), "{}", page.text());
    set(&portal, "2027-04-24T00:00:00");
    assert_eq!(portal.browser("midori").get("/").await.status, 200);
    set(&portal, "2027-04-25T22:00:00");
    assert_eq!(portal.browser("midori").get("/").await.status, 200);
}

#[portal_test]
async fn it_is_announced_three_days_ahead_on_the_first_page_and_at_the_login(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let words = "メンテナンスのお知らせ: 12月17日（木）19:00〜22:00はご利用いただけません。";
    set(&portal, "2026-12-14T18:00:00");
    assert!(!portal.browser("minato").get("/login").await.text().contains("メンテナンス"));
    set(&portal, "2026-12-14T19:00:01");
    let mut member = portal.signed_in("minato", "testtaro01").await;
    for page in [
        portal.browser("minato").get("/").await,
        portal.browser("minato").get("/login").await,
        portal.browser("minato").log_in("nobody", "wrong-password").await,
        member.get("/").await,
    ] {
        assert_eq!((page.status, page.first(".notice--quiet").as_str()), (200, words));
    }
    assert!(!member.get("/expenses").await.text().contains("メンテナンス"), "there is work to do there");
    assert!(!portal.browser("fumitsuki").get("/").await.text().contains("メンテナンス"));
}
