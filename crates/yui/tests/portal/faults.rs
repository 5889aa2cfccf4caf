//! A database that is locked, slow or gone: an honest answer within seconds, and everything again at once when it is back.

use std::time::{Duration, Instant};

use portal_test::portal_test;
use yui::core::society::Preset;
use yui_db::{Db, Engine, Tx, statements};

use crate::support::{PASSWORD, Portal};

statements! {
    fn lock_account(user_id: &str) = "UPDATE accounts SET wrong_passwords = wrong_passwords WHERE user_id = $1";
    fn lock_probe() = "UPDATE readiness SET probed_at = probed_at WHERE probe_id = 1";
}

/// Within what an answer has to come: three seconds, and what a loaded machine adds.
const SOON: Duration = Duration::from_secs(5);

/// Returns a transaction of somebody else that keeps this statement's locks: on SQLite the whole file.
async fn lock(portal: &Portal, statement: yui_db::Command) -> (Db, Tx) {
    let other = Db::connect(&portal.db.address, 1).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    tx.execute(statement).await.unwrap();
    (other, tx)
}

#[portal_test]
async fn a_lock_is_answered_503_and_others_are_served(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "mihon00002").await;
    let (_other, tx) = lock(&portal, Sql::lock_account("testtaro01")).await;
    let begun = Instant::now();
    let mut browser = portal.browser("minato");
    let answer = browser.log_in("testtaro01", "Wrong-guess-0001").await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.headers.get("retry-after").unwrap(), "5");
    assert!(answer.text().contains("少し時間をおいてから"), "a page in words");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    // Many at once leave room for those who only read.
    let mut waiting: Vec<_> = (0..12)
        .map(|_| {
            let mut browser = portal.browser("minato");
            tokio::spawn(async move { browser.log_in("testtaro01", "Wrong-guess-0002").await.status })
        })
        .collect();
    assert_eq!(member.get("/expenses").await.status, 200);
    for one in &mut waiting {
        assert!(matches!(one.await.unwrap(), 503 | 429));
    }
    assert_eq!(portal.browser_at("x").get("/healthz").await.status, 200);
    drop(tx);
    portal.signed_in("minato", "mihon00002").await;
}

#[portal_test]
async fn readiness_writes_and_liveness_asks_nobody(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    portal.society(Preset::Minato, "06139018").await;
    assert_eq!(portal.browser("minato").get("/login").await.status, 200);
    let mut probe = portal.browser_at("localhost:8080");
    assert_eq!(probe.get("/readyz").await.status, 200);
    let (_other, tx) = lock(&portal, Sql::lock_probe()).await;
    let begun = Instant::now();
    // What was found a moment ago is remembered for a second.
    let not_ready = loop {
        let answer = probe.get("/readyz").await;
        if answer.status != 200 {
            break answer;
        }
        assert!(begun.elapsed() < SOON);
        tokio::task::yield_now().await;
    };
    assert_eq!((not_ready.status, not_ready.text().as_str()), (503, "the database takes no writes\n"));
    drop(tx);
    let begun = Instant::now();
    while probe.get("/readyz").await.status != 200 {
        assert!(begun.elapsed() < SOON);
        tokio::task::yield_now().await;
    }
    portal.app.db.close().await;
    portal.app.clock.advance(60);
    let begun = Instant::now();
    assert_eq!(probe.get("/healthz").await.status, 200);
    let style = portal.app.assets.style_path.clone();
    assert_eq!(portal.browser("minato").get(&style).await.status, 200);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    // The societies as they were known are good enough for a page that says so.
    let answer = portal.browser("minato").get("/login").await;
    assert!(answer.status == 200 || answer.status == 503, "{}", answer.status);
    assert!(answer.text().contains("てすと健康保険組合"));
}

const END_OTHERS: &str = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
                          WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// As after a restart of the server: every kept connection is broken.
#[portal_test(postgres)]
async fn no_request_notices_that_postgresql_was_restarted() {
    let portal = Portal::demo(Engine::Postgres).await;
    let mut member = portal.signed_in("minato", "mihon00002").await;
    let mut others: Vec<_> = (0..8).map(|_| member.clone()).collect();
    let pages = others.iter_mut().map(|browser| browser.get("/expenses"));
    assert!(futures::future::join_all(pages).await.iter().all(|page| page.status == 200));
    let other = yui_db::testing::client(&portal.db.address).await;
    let ended: i64 = other.query_one(END_OTHERS, &[]).await.unwrap().get(0);
    assert!(ended > 2, "there was nothing to break");
    for _ in 0..12 {
        assert_eq!(member.get("/expenses").await.status, 200);
    }
    assert_eq!(portal.browser("minato").log_in("testtaro01", PASSWORD).await.status, 303);
}
