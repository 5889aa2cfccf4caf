//! The keys that seal secrets: changed, lost and mistaken ones.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::{Output, Stdio},
};

use portal_test::portal_test;
use yui::{
    core::scope::SystemScope,
    features::{
        audit_log::{self, LogVerdict},
        keys::{self, Fits},
        societies::signing_key,
    },
};
use yui_auth::seal::{Context, KeyRing};
use yui_db::{Engine, statements};

use crate::{
    operator::{command, said, societies_id},
    support::{KEY, Portal, register_csv, state_of},
};

/// 32 bytes of 8 under another name, and under the name of all other tests' key.
const NEW: &str = "new:CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";
const MISTAKEN: &str = "test:CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";

statements! {
    fn pair_insert(society_id: i64, pair: &[u8]) = "
        INSERT INTO issued_pairs (society_id, account_id, sealed_password)
        SELECT society_id, MIN(account_id), $2 FROM accounts WHERE society_id = $1 GROUP BY society_id";
    fn pair_account(society_id: i64) -> Account =
        "SELECT MIN(account_id) AS account_id FROM accounts WHERE society_id = $1";
    fn pair(society_id: i64) -> Pair = "SELECT sealed_password FROM issued_pairs WHERE society_id = $1";
    fn head_forge(society_id: i64) = "UPDATE audit_heads SET entry_id = entry_id - 1 WHERE society_id = $1";
}

#[derive(yui_db::Row)]
struct Account {
    account_id: i64,
}

#[derive(yui_db::Row)]
struct Pair {
    sealed_password: Vec<u8>,
}

fn with_keys(portal: &Portal, keys: &str, arguments: &[&str]) -> Output {
    command(portal, arguments).env("YUI_KEYS", keys).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[portal_test]
async fn every_column_of_sealed_values_is_known(engine: Engine) {
    let known: BTreeSet<_> = keys::sealed_columns().map(|(table, column)| format!("{table}.{column}")).collect();
    let portal = Portal::new(engine, true).await;
    let tables = portal.app.db.tables().await.unwrap().of_societies;
    let columns = tables.iter().flat_map(|table| table.columns.iter().map(|column| (&table.name, &column.name)));
    let sealed: BTreeSet<_> = columns
        .filter(|(_, column)| column.starts_with("sealed"))
        .map(|(table, column)| format!("{table}.{column}"))
        .collect();
    assert_eq!(sealed, known, "features/keys/columns.rs lists them all");
}

/// The end of an import is recorded in the sealed log: without keys nothing is begun.
#[portal_test]
async fn an_import_without_keys_fails_before_its_first_row(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let before = state_of(&portal).await;
    let file = portal.file("r.csv", register_csv("06139034").replace("1234", "4321")).path;
    let file = file.to_str().unwrap();
    let arguments = ["import", "register", "--society", "minato", "--extent", "changes", file];
    let refused = command(&portal, &arguments).env_remove("YUI_KEYS").output().unwrap();
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("YUI_KEYS is not set"), "{told}");
    assert_eq!(state_of(&portal).await, before);
    assert!(with_keys(&portal, KEY, &arguments).status.success());
}

#[portal_test]
async fn what_is_sealed_moves_to_the_newest_key_and_the_old_one_can_go(engine: Engine) {
    let both = format!("{NEW},{KEY}");
    let portal = Portal::demo(engine).await;
    // A login that waits for its code, a passkey that is asked for, and a pair that waits for paper.
    let mut waiting = portal.browser("nanohana");
    assert_eq!(waiting.log_in("testtaro01", crate::support::PASSWORD).await.location(), "/login/factor");
    waiting.get("/login/factor").await;
    portal.browser("minato").post("/login/passkey/begin", "").await;
    let id = societies_id(&portal, "minato").await;
    let account = portal.app.db.one(Sql::pair_account(id)).await.unwrap().account_id.to_string();
    let (society, ring) = (id.to_string(), KeyRing::parse(KEY).unwrap());
    let place = Context { society: &society, table: "issued_pairs", column: "sealed_password", row: &account };
    let pair = ring.seal(&place, [1; 12], b"a password").unwrap();
    portal.app.db.execute(Sql::pair_insert(id, &pair)).await.unwrap();

    let before = keys::in_use(&portal.app, &SystemScope::of_all(&portal.app, "test").await.unwrap()).await.unwrap();
    assert_eq!(before.len(), 1);
    assert_eq!((before[0].key.as_str(), before[0].fits), ("test", Fits::Opens));
    let listed = said(&with_keys(&portal, &both, &["keys", "list"]));
    assert!(listed.contains(&format!("test: still needed for {} values", before[0].values)), "{listed}");

    let rotated = said(&with_keys(&portal, &both, &["keys", "rotate"]));
    assert!(!rotated.contains("minato: 0 values"), "{rotated}");
    assert!(rotated.contains("test: opens nothing any more and can be retired"), "{rotated}");
    assert!(rotated.contains(&format!("new: seals, and opens {} values", before[0].values)), "{rotated}");
    let again = said(&with_keys(&portal, &both, &["keys", "rotate"]));
    assert!(again.contains("minato: 0 values sealed anew"), "{again}");
    let doctor = text(&with_keys(&portal, &both, &["doctor"]));
    assert!(doctor.contains("ok       key: test: opens nothing any more"), "{doctor}");

    // With the new key alone everything goes on.
    let portal = portal.with_keys(NEW).await;
    let scope = portal.scope("minato").await;
    assert!(matches!(audit_log::verify(&portal.app, &scope).await.unwrap(), LogVerdict::Whole(_)));
    assert!(signing_key::newest(&portal.app, &scope).await.unwrap().is_some());
    let mut waiting = portal.taken_over(waiting);
    let code = portal.mailed_code().await;
    let answer = waiting.post("/login/factor/email", &format!("code={code}")).await;
    assert_eq!(answer.status, 303, "the code that was mailed before is taken: {}", answer.text());
    portal.staff("minato", "kyufu").await;
    let pair: Pair = portal.app.db.one(Sql::pair(id)).await.unwrap();
    let opened = KeyRing::parse(NEW).unwrap().open(&place, &pair.sealed_password).unwrap();
    assert_eq!(opened.as_slice(), b"a password");
    let doctor = text(&with_keys(&portal, NEW, &["doctor"]));
    assert!(!doctor.contains("tampered") && !doctor.contains("is not given"), "{doctor}");
}

/// A run killed in the middle leaves both keys in use: everything is read, and the next one goes on.
#[portal_test]
async fn a_rotation_that_was_cut_short_leaves_everything_readable_and_goes_on(engine: Engine) {
    let both = format!("{NEW},{KEY}");
    let portal = Portal::demo(engine).await;
    let portal = portal.with_keys(&both).await;
    let scopes = SystemScope::of_all(&portal.app, "test").await.unwrap();
    let all = keys::in_use(&portal.app, &scopes).await.unwrap()[0].values;
    // As far as one society, as if the next had been under way.
    let done = keys::rotate(&portal.app, &portal.scope("minato").await).await.unwrap().done;
    let halfway = keys::in_use(&portal.app, &scopes).await.unwrap();
    let values = |key: &str| halfway.iter().find(|of| of.key == key).map_or(0, |of| of.values);
    assert!(done > 0 && values("test") > 0 && values("new") > 0, "{halfway:?}");
    assert_eq!(values("test") + values("new"), all, "{halfway:?}");
    for society in ["minato", "midori"] {
        portal.staff(society, "kyufu").await;
        let scope = portal.scope(society).await;
        assert!(matches!(audit_log::verify(&portal.app, &scope).await.unwrap(), LogVerdict::Whole(_)), "{society}");
    }
    let rotated = said(&with_keys(&portal, &both, &["keys", "rotate"]));
    assert!(rotated.contains("test: opens nothing any more and can be retired"), "{rotated}");
    portal.staff("midori", "kyufu").await;
}

#[portal_test]
async fn a_key_that_is_missing_or_mistaken_is_no_tampering(engine: Engine) {
    let portal = Portal::demo(engine).await;
    for (keys, words) in [(NEW, "the key \"test\" is not given"), (MISTAKEN, "the key \"test\" is another than")] {
        let doctor = with_keys(&portal, keys, &["doctor"]);
        assert!(!doctor.status.success());
        let doctor = text(&doctor);
        assert!(doctor.contains(words) && !doctor.contains("tampered"), "{doctor}");
        assert!(doctor.contains("their end cannot be checked"), "{doctor}");
        let rotated = with_keys(&portal, keys, &["keys", "rotate"]);
        assert!(!rotated.status.success());
        assert!(text(&rotated).contains(words), "{}", text(&rotated));
    }
    let doctor = text(&with_keys(&portal, "test:AAAA", &["doctor"]));
    assert!(doctor.contains("missing  sealing keys: YUI_KEYS: the key \"test\" must be 32 bytes"), "{doctor}");

    // Real tampering is still said to be that.
    let id = societies_id(&portal, "minato").await;
    portal.app.db.execute(Sql::head_forge(id)).await.unwrap();
    let doctor = text(&with_keys(&portal, KEY, &["doctor"]));
    assert!(doctor.contains("missing  audit log of minato: tampered with"), "{doctor}");
}

#[portal_test]
async fn serve_says_at_the_start_which_keys_do_not_fit(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut serve = command(&portal, &["serve"])
        .envs([("YUI_KEYS", NEW), ("YUI_LISTEN", "127.0.0.1:0"), ("YUI_WORKER", "no")])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(serve.stderr.take().unwrap()).lines().map_while(Result::ok);
    let line = said.find(|line| line.contains("YUI_KEYS"));
    serve.kill().unwrap();
    serve.wait().unwrap();
    assert!(line.is_some_and(|line| line.contains("is not given")));
}
