//! Floods and bursts: one person, one network or one society keeps nobody else out, and many tries at once are no more than
//! many in a row.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::{body::Body, extract::ConnectInfo, http::Request};
use futures::future::join_all;
use portal_test::portal_test;
use yui_db::Engine;

use crate::{
    attacks::{REFUSED, signed_in},
    support::{Answer, Browser, PASSWORD, Portal},
};

/// Posts a form from this network address.
async fn post_from(browser: &mut Browser, address: &str, path: &str, fields: String) -> Answer {
    let address: IpAddr = address.parse().unwrap();
    let request = Request::post(path)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ConnectInfo(SocketAddr::from((address, 443))))
        .body(Body::from(fields));
    browser.send(request.unwrap()).await
}

async fn log_in_from(portal: &Portal, address: &str, user_id: &str, password: &str) -> u16 {
    let fields = format!("user_id={user_id}&password={password}");
    post_from(&mut portal.browser("minato"), address, "/login", fields).await.status
}

#[derive(yui_db::Row)]
struct Count {
    count: i64,
}

yui_db::statements! {
    fn logins() -> Count = "SELECT COUNT(*) AS count FROM logins";
    fn hold_throttles() = "UPDATE throttles SET spent_until = spent_until";
    fn counted(wrong_identities: i32) -> Count =
        "SELECT COUNT(*) AS count FROM accounts WHERE wrong_identities >= $1 AND wrong_identities <= 5";
}

/// A flood of logins at one society fills the line of passwords; another society's logins are all looked at.
#[portal_test]
async fn a_society_that_is_flooded_keeps_no_other_out(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let flood = (0..200).map(|number| {
        let mut browser = portal.browser("minato");
        async move { browser.log_in(&format!("nobody{number}"), "wrong").await.status }
    });
    let others = (0..20).map(|number| {
        let mut browser = portal.browser("fumitsuki");
        async move { browser.log_in(&format!("somebody{number}"), "wrong").await.status }
    });
    let (flood, others) = tokio::join!(join_all(flood), join_all(others));
    assert!(others.iter().all(|status| *status == 200), "{others:?}");
    assert!(flood.iter().all(|status| matches!(status, 200 | 429 | 503)), "{flood:?}");
}

/// A member with a second factor who sends the right password again and again has so many tries, and one login at a time.
#[portal_test]
async fn a_known_browser_has_limits_and_one_login_at_a_time(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let owner = portal.signed_in("minato", "testtaro01").await;
    let mut statuses = Vec::new();
    for _ in 0..35 {
        statuses.push(owner.clone().log_in("testtaro01", PASSWORD).await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 30, "{statuses:?}");
    assert!(statuses[30..].iter().all(|status| *status == 429));
    let logins: Count = portal.db.db.one(Sql::logins()).await.unwrap();
    assert_eq!(logins.count, 1);
}

/// Passwords sent side by side in the owner's own browser are counted before they are looked at.
#[portal_test]
async fn a_burst_in_a_known_browser_is_no_more_than_a_row(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let owner = portal.signed_in("minato", "testtaro01").await;
    let hashes = portal.app.hasher.hashes();
    let burst = (0..25).map(|number| {
        let mut browser = owner.clone();
        async move {
            let password = if number == 20 { PASSWORD.to_owned() } else { format!("wrong{number}") };
            browser.log_in("testtaro01", &password).await
        }
    });
    let answers = join_all(burst).await;
    assert!(answers.iter().all(|answer| answer.status != 303), "the right one came too late");
    // Those for whom the line had no place were not looked at; with them eleven are the end all the same.
    for number in 0..11 {
        owner.clone().log_in("testtaro01", &format!("wrong{number}")).await;
    }
    assert!(
        portal.app.hasher.hashes() - hashes <= 22,
        "eleven in the browser, and strangers' tries after it is forgotten"
    );
    assert_eq!(owner.clone().log_in("testtaro01", PASSWORD).await.first(".error-summary li"), REFUSED, "locked");
}

/// Birth dates sent side by side are no more than a row.
#[portal_test]
async fn a_burst_of_birth_dates_is_no_more_than_a_row(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("minato");
    browser.log_in("kari000003", PASSWORD).await;
    let burst = (0..40).map(|number| {
        let mut browser = browser.clone();
        async move { browser.post("/enrolment/birth-date", &format!("birth_date=1950{:02}01", number % 12 + 1)).await }
    });
    // Of those that stand at the same step one is looked at; five in all, as when they are sent one after another.
    let told = join_all(burst).await.iter().filter(|answer| answer.status == 200).count();
    assert!((1..=5).contains(&told), "{told}");
    let counted: Count = portal.db.db.one(Sql::counted(i32::try_from(told).unwrap())).await.unwrap();
    assert_eq!(counted.count, 1, "each that was looked at is counted");
}

/// Where no tries are left, the answer comes without a write and without waiting for anybody who holds the row.
#[portal_test]
async fn a_refused_try_waits_for_nobody(engine: Engine) {
    let portal = Portal::demo(engine).await;
    for guess in 0..60 {
        log_in_from(&portal, "203.0.113.1", &format!("nobody{guess}"), "wrong").await;
    }
    // What this process remembers is over, what the database says is not.
    assert!(portal.app.clock.advance(6));
    let mut tx = portal.db.db.begin().await.unwrap();
    tx.execute(Sql::hold_throttles()).await.unwrap();
    let refused = log_in_from(&portal, "203.0.113.1", "nobody", "wrong");
    let status = tokio::time::timeout(Duration::from_secs(20), refused).await.unwrap();
    assert_eq!(status, 429);
    drop(tx);
}

/// An IPv6 customer may have a /56 or a /48: its /64s do not each have all the tries.
#[portal_test]
async fn ipv6_networks_are_counted_by_what_a_customer_may_have(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut looked_at = 0;
    for subnet in 0..5 {
        for guess in 0..60 {
            let address = format!("2001:db8:0:{subnet:x}::1");
            let status = log_in_from(&portal, &address, &format!("nobody{subnet}x{guess}"), "wrong").await;
            looked_at += i32::from(status == 200);
        }
    }
    assert_eq!(looked_at, 240, "four times what a /64 has");
    assert_eq!(log_in_from(&portal, "2001:db8:0:100::1", "nobody", "wrong").await, 200, "another /56");
}

/// Right passwords on their way do not use up a network's tries: an office that logs in after a mass mail.
#[portal_test]
async fn right_logins_of_one_network_keep_nobody_out(engine: Engine) {
    let portal = Portal::demo(engine).await;
    for number in 0..80 {
        let user_id = if number % 2 == 0 { "testtaro01" } else { "mihon00002" };
        assert_eq!(log_in_from(&portal, "203.0.113.9", user_id, PASSWORD).await, 303, "{number}");
    }
}

/// A request that is aborted tells nothing, and costs nothing.
#[portal_test]
async fn aborted_logins_give_back_what_they_took(engine: Engine) {
    let portal = Portal::in_earnest(engine, &[]).await;
    // From then on its password costs what it has to: a cheap hash would be done before it can be cut.
    assert_eq!(portal.browser("minato").log_in("testtaro01", PASSWORD).await.status, 303);
    // Most are cut in the middle of their hash; on a busy machine some come to their end, and count.
    let (mut aborted, mut ended) = (0, 0);
    for _ in 0..5_000 {
        let mut browser = portal.browser("minato");
        let login = browser.log_in("testtaro01", "wrong");
        let leaving = tokio::time::timeout(Duration::from_millis(3), std::future::pending::<()>());
        // Who leaves does not look first whether the answer has come: however busy the machine is, most are gone before it.
        let answer = tokio::select! {
            biased;
            _ = leaving => None,
            answer = login => Some(answer),
        };
        match answer {
            None => aborted += 1,
            // What was taken before is not given back yet, or its hash still fills the account's line.
            Some(answer) if matches!(answer.status, 429 | 503) => tokio::task::yield_now().await,
            Some(_) => ended += 1,
        }
        if aborted == 30 {
            break;
        }
    }
    assert!(aborted == 30 && ended < 10, "{aborted} aborted, {ended} ended");
    // What was given back is written by tasks of their own.
    let mut status = 0;
    for _ in 0..100_000 {
        status = portal.browser("minato").log_in("testtaro01", PASSWORD).await.status;
        if status == 303 {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(status, 303);
}

/// PDFs of one member wait for each other, a few of them; another society's member gets theirs.
#[portal_test]
async fn documents_of_one_member_keep_nobody_elses_out(engine: Engine) {
    const PDF: &str = "/expenses/statement.pdf?year=2025";
    let portal = Portal::demo(engine).await;
    let mut flooder = portal.signed_in("minato", "testtaro01").await;
    let other = portal.signed_in("fumitsuki", "mihon00002").await;
    let flood = (0..30).map(|_| (flooder.clone(), true));
    let all = flood.chain([(other, false)]).map(|(mut browser, is_flood)| async move {
        let answer = browser.get(PDF).await;
        (is_flood, answer.status, answer.headers.contains_key("retry-after"))
    });
    let answers = join_all(all).await;
    assert!(answers.contains(&(true, 503, true)), "{answers:?}");
    assert!(answers.iter().all(|(_, status, _)| matches!(status, 200 | 503)), "{answers:?}");
    assert!(answers.contains(&(false, 200, false)), "{answers:?}");
    assert_eq!(flooder.get(PDF).await.status, 200, "and one after the other all are made");
}

/// How strong a password is, is told only while setting one.
#[portal_test]
async fn strangers_are_not_told_how_strong_a_password_is(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let ask = async |mut browser: Browser| {
        let request = Request::post("/password/strength")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/json")
            .body(Body::from("{\"password\":\"Kumo-no-ue-2026\"}"));
        browser.send(request.unwrap()).await
    };
    assert_eq!(ask(portal.browser("minato")).await.status, 404);
    let member = portal.signed_in("minato", "testtaro01").await;
    assert!(ask(member).await.text().contains("\"level\""));
}

/// Strangers who guess a member of staff's password from many networks do not hold up the owner's own browser.
#[portal_test]
async fn staff_log_in_in_their_own_browser_whatever_strangers_do(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut owner = portal.staff("minato", "kanri").await;
    owner.post("/console/logout", "").await;
    let guess = "email=kanri%40minato.example&password=guess";
    for network in 0..4 {
        for _ in 0..10 {
            let address = format!("2001:db8:0:{network:x}00::1");
            post_from(&mut portal.browser("minato"), &address, "/console/login", guess.to_owned()).await;
        }
    }
    let right = format!("email=kanri%40minato.example&password={PASSWORD}");
    let elsewhere = post_from(&mut portal.browser("minato"), "203.0.113.50", "/console/login", right.clone()).await;
    assert_eq!(elsewhere.status, 429, "in a browser that is not known they wait");
    let known = post_from(&mut owner, "203.0.113.50", "/console/login", right).await;
    assert_eq!(known.location(), "/console/login/factor");
}

/// A page elsewhere that leads to the second factor makes nobody a mail.
#[portal_test]
async fn another_site_makes_nobody_a_mail(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("nanohana");
    assert_eq!(browser.log_in("testtaro01", PASSWORD).await.location(), "/login/factor");
    let before = portal.mails().await.len();
    let led = Request::get("/login/factor?way=email").header("sec-fetch-site", "cross-site").body(Body::empty());
    assert_eq!(browser.send(led.unwrap()).await.status, 200);
    assert_eq!(portal.mails().await.len(), before);
    assert_eq!(browser.get("/login/factor").await.status, 200);
    assert_eq!(portal.mails().await.len(), before + 1);
    assert!(!signed_in(&mut browser).await);
}

/// Too many questions are the client's doing, not the server's.
#[portal_test]
async fn exhausted_limits_are_answered_429(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut browser = portal.browser("minato");
    let mut last = 0;
    for number in 0..21 {
        last = browser.post("/forgotten/password", &format!("user_id=nobody{number}")).await.status;
    }
    assert_eq!(last, 429);
}
