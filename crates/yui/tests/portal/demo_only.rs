//! The demo's doors do not exist outside the demo.

use portal_test::portal_test;
use yui::{core::routes::Permission, wiring};
use yui_auth::password::Password;
use yui_db::Engine;

use crate::support::{PASSWORD, Portal};

const DOORS: [&str; 4] = ["/", "/demo.json", "/mailbox?to=a@example.com", "/mailbox.json?to=a@example.com"];

#[portal_test]
async fn the_demo_has_its_doors(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut client = portal.browser_at("localhost:8080");
    for door in DOORS {
        assert_eq!(client.get(door).await.status, 200, "{door}");
    }
    let everything: serde_json::Value = serde_json::from_slice(&client.get("/demo.json").await.bytes).unwrap();
    let keys: Vec<_> = everything["societies"].as_array().unwrap().iter().map(|s| s["key"].clone()).collect();
    assert_eq!(keys, ["fumitsuki", "soyokaze", "midori", "nanohana", "minato"]);
    assert_eq!(everything["societies"][4]["url"], "http://minato.localhost:8080/");
    assert_eq!(everything["societies"][4]["accounts"][0]["birth_date"], "19790822");
    let before = portal.app.clock.now();
    assert_eq!(client.post("/demo/clock", "advance_seconds=86400").await.status, 200);
    assert!(portal.app.clock.now().as_second() - before.as_second() >= 86_400);
    assert_eq!(portal.browser("minato").get("/demo.json").await.status, 404, "on a society's host");
}

#[tokio::test]
async fn outside_the_demo_there_are_no_doors_and_the_clock_stands_firm() {
    let portal = Portal::new(Engine::Sqlite, false).await;
    assert!(portal.routes.iter().all(|route| route.permission != Permission::DemoVisitor));
    assert_eq!(portal.routes, wiring::route_list(false));
    assert_eq!(Portal::new(Engine::Sqlite, true).await.routes, wiring::route_list(true));
    let mut client = portal.browser_at("localhost:8080");
    for door in DOORS {
        assert_eq!(client.get(door).await.status, 404, "{door}");
    }
    assert_eq!(client.get("/mailbox/minato/1").await.status, 404);
    assert_eq!(client.post("/demo/clock", "advance_seconds=86400").await.status, 404);
    assert!(!portal.app.clock.advance(86_400));
    assert_eq!(client.get("/healthz").await.text(), "ok\n");
    assert_eq!(client.get("/readyz").await.status, 200);
}

/// Passwords are hashed cheaply only where everybody knows them.
#[tokio::test]
async fn outside_the_demo_a_password_costs_what_it_has_to() {
    const TODAY: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
    for in_demo in [true, false] {
        let portal = Portal::new(Engine::Sqlite, in_demo).await;
        let hash = portal.app.hasher.hash_patiently(Password::new(PASSWORD.to_owned()), [7; 16]).await.unwrap();
        assert_eq!(hash.starts_with(TODAY), !in_demo, "{hash}");
    }
}

/// A cheap hash that a demo left is replaced by the first login outside the demo.
#[portal_test]
async fn a_cheap_hash_is_replaced_at_the_next_login(engine: Engine) {
    let portal = Portal::in_earnest(engine, &[]).await;
    let hashes = async || {
        let hashes: Vec<Hash> = portal.app.db.all(Sql::hashes("testtaro01")).await.unwrap();
        hashes.iter().filter(|row| row.hash.contains("m=19456,t=2,p=1")).count()
    };
    assert_eq!(hashes().await, 0);
    assert_eq!(portal.browser("minato").log_in("testtaro01", PASSWORD).await.status, 303);
    assert_eq!(hashes().await, 1);
}

#[derive(yui_db::Row)]
struct Hash {
    hash: String,
}

yui_db::statements! {
    fn hashes(user_id: &str) -> Hash = "SELECT password_hash AS hash FROM accounts WHERE user_id = $1";
}
