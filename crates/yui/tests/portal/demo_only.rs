//! The demo's doors do not exist outside the demo.

use yui::router::Permission;
use yui_db::Engine;

use crate::support::Portal;

const DOORS: [&str; 4] = ["/", "/demo.json", "/mailbox?to=a@example.com", "/mailbox.json?to=a@example.com"];

#[tokio::test]
async fn the_demo_has_its_doors() {
    for portal in Portal::demos().await {
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
}

#[tokio::test]
async fn outside_the_demo_there_are_no_doors_and_the_clock_stands_firm() {
    let portal = Portal::new(Engine::Sqlite, false).await;
    assert!(portal.routes.iter().all(|route| route.permission != Permission::DemoVisitor));
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
