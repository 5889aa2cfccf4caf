//! The log of what staff see and do: complete, in order, and any tampering is detected.

use portal_test::portal_test;
use yui::{
    core::{
        audit::{self, Acting},
        scope::SystemScope,
    },
    features::{
        account::{self, Events},
        audit_log::{self, LogVerdict},
        societies::export,
        temporary_ids::{self, Recipients},
    },
};
use yui_db::{Engine, statements};

use crate::support::{Portal, encode};

statements! {
    fn head_gone(society_id: i64) = "DELETE FROM audit_heads WHERE society_id = $1";
    fn head_back(society_id: i64, entry_id: i64, sealed_hash: &[u8]) =
        "INSERT INTO audit_heads (society_id, entry_id, sealed_hash) VALUES ($1, $2, $3)";
    fn head_look(society_id: i64) -> Head = "SELECT entry_id, sealed_hash FROM audit_heads WHERE society_id = $1";
    fn entry_forge(society_id: i64, entry_id: i64) =
        "UPDATE audit_entries SET detail = 'nothing' WHERE society_id = $1 AND entry_id = $2";
    fn entries_gone(society_id: i64) = "DELETE FROM audit_entries WHERE society_id = $1";
    fn entry_gone(society_id: i64, entry_id: i64) =
        "DELETE FROM audit_entries WHERE society_id = $1 AND entry_id = $2";
    fn event_forge(society_id: i64, event_id: i64) =
        "UPDATE account_events SET address = '192.0.2.9' WHERE society_id = $1 AND event_id = $2";
    fn event_emptied(society_id: i64, event_id: i64) =
        "UPDATE account_events SET detail = '' WHERE society_id = $1 AND event_id = $2 AND detail IS NULL";
    fn event_gone(society_id: i64, event_id: i64) =
        "DELETE FROM account_events WHERE society_id = $1 AND event_id = $2";
}

#[derive(yui_db::Row)]
struct Head {
    entry_id: i64,
    sealed_hash: Vec<u8>,
}

async fn scope(portal: &Portal) -> SystemScope {
    SystemScope::of_society(&portal.app, "minato").await.unwrap()
}

/// Returns how many entries the society's log has.
async fn entries(portal: &Portal) -> i64 {
    let id = yui::core::society::InSociety::society_id(&scope(portal).await);
    portal.app.db.one(Sql::head_look(id)).await.unwrap().entry_id
}

async fn verdict(portal: &Portal) -> LogVerdict {
    audit_log::verify(&portal.app, &scope(portal).await).await.unwrap()
}

/// Changes the log as somebody with the database's password could, the keeper of its end put aside.
async fn tampered(portal: &Portal, statement: fn(i64, i64) -> yui_db::Command, entry_id: i64) {
    let db = &portal.app.db;
    let id = yui::core::society::InSociety::society_id(&scope(portal).await);
    let head: Head = db.one(Sql::head_look(id)).await.unwrap();
    db.execute(Sql::head_gone(id)).await.unwrap();
    db.execute(statement(id, entry_id)).await.unwrap();
    db.execute(Sql::head_back(id, head.entry_id, &head.sealed_hash)).await.unwrap();
}

#[portal_test]
async fn an_act_is_in_the_log_with_who_when_what_whom_and_from_where(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut admin = portal.staff("minato", "kanri").await;
    let invited = format!("name={}&email=jiro%40mail.example&role=desk", encode("見本 次郎"));
    admin.post("/console/staff/new", &invited).await;
    account::staff::unlock(&portal.app, &scope(&portal).await, "rokku00004").await.unwrap();
    let log = admin.get("/console/audit").await;
    let rows = log.all("tbody tr");
    assert!(rows[0].contains("コマンド操作") && rows[0].contains("加入者のロックを解除"), "{}", rows[0]);
    let invitation = &rows[1];
    for words in ["管理 花子", "職員を招待", "見本 次郎", "jiro@mail.example 窓口", "0.0.0.0", "2026/11/20 12:0"]
    {
        assert!(invitation.contains(words), "{words}: {invitation}");
    }
    // What was looked for is found, and nothing else.
    let found = admin.look_for("/console/audit", &format!("text={}", encode("見本"))).await;
    assert_eq!(found.all("tbody tr").len(), 1);
    let none = admin.look_for("/console/audit", "from=2026-11-21").await;
    assert!(none.text().contains("この条件の記録はありません。"));
    let wrong = admin.look_for("/console/audit", "from=2026-11-21&until=2026-11-20").await;
    assert!(wrong.first(".error-summary").contains("終了日が開始日より前になっています。"));

    // The export has it all, and is an entry itself.
    let csv = admin.get("/console/audit.csv").await.text();
    assert!(csv.starts_with("\u{feff}番号,日時,職員,操作,対象,内容,接続元\r\n"));
    assert!(csv.contains("\"職員を招待\",\"見本 次郎\",\"jiro@mail.example 窓口\""));
    assert!(admin.get("/console/audit").await.first("tbody tr").contains("監査ログを書き出し"));
}

#[portal_test]
async fn the_log_keeps_what_it_has_while_the_portal_runs(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let id = yui::core::society::InSociety::society_id(&scope(&portal).await);
    for statement in [Sql::entry_forge as fn(i64, i64) -> yui_db::Command, Sql::entry_gone] {
        let refused = portal.app.db.execute(statement(id, 1)).await.unwrap_err();
        assert!(format!("{refused:?}").contains("append-only"), "{refused:?}");
    }
    assert_eq!(verdict(&portal).await, LogVerdict::Whole(entries(&portal).await));
}

/// Acts from the command line are recorded by the acts themselves.
#[portal_test]
async fn what_the_operator_does_is_in_the_log_as_well(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let scope = SystemScope::of_society(&portal.app, "nanohana").await.unwrap();
    let issued = temporary_ids::issue(&portal.app, &scope, Recipients::WithoutPair, |_| Ok(())).await.unwrap();
    let to = tempfile::tempdir().unwrap();
    export::export(&portal.app, &scope, &to.path().join("all")).await.unwrap();
    let mut admin = portal.staff("nanohana", "kanri").await;
    for (act, count, detail) in [
        ("society.created", 1, ""),
        ("settings.older_host", 1, "nanohana-old.localhost"),
        ("settings.signing_key", 1, ""),
        ("account.created", 4, "testtaro01"),
        ("temporary_ids.issued", 1, &format!("{issued}件")),
        ("society.exported", 1, ""),
    ] {
        let found = admin.look_for("/console/audit", &format!("act={act}")).await;
        assert!(found.all("tbody tr").len() >= count, "{act}: {}", found.first("tbody"));
        let text = found.first("tbody");
        assert!(text.contains("コマンド操作") && text.contains(detail), "{act}: {text}");
    }
}

#[portal_test]
async fn what_was_changed_removed_or_cut_off_is_found(engine: Engine) {
    {
        let portal = Portal::demo(engine).await;
        tampered(&portal, Sql::entry_forge, 2).await;
        assert_eq!(verdict(&portal).await, LogVerdict::Broken(2));
    }
    {
        let portal = Portal::demo(engine).await;
        tampered(&portal, Sql::entry_gone, 1).await;
        assert_eq!(verdict(&portal).await, LogVerdict::Broken(1));
    }
    {
        let portal = Portal::demo(engine).await;
        let last = entries(&portal).await;
        tampered(&portal, Sql::entry_gone, last).await;
        assert_eq!(verdict(&portal).await, LogVerdict::WrongEnd(last - 1));
    }
    // A log that was emptied begins anew, and not with the society.
    {
        let portal = Portal::demo(engine).await;
        let id = yui::core::society::InSociety::society_id(&scope(&portal).await);
        portal.app.db.execute(Sql::head_gone(id)).await.unwrap();
        portal.app.db.execute(Sql::entries_gone(id)).await.unwrap();
        assert_eq!(verdict(&portal).await, LogVerdict::Begun(0));
        portal.staff("minato", "kanri").await;
        assert_eq!(verdict(&portal).await, LogVerdict::Begun(1));
    }
    // An end that was taken from elsewhere, or from before, does not open.
    {
        let portal = Portal::demo(engine).await;
        let id = yui::core::society::InSociety::society_id(&scope(&portal).await);
        let head: Head = portal.app.db.one(Sql::head_look(id)).await.unwrap();
        let other: Head = portal.app.db.one(Sql::head_look(id - 1)).await.unwrap();
        portal.app.db.execute(Sql::head_gone(id)).await.unwrap();
        portal.app.db.execute(Sql::head_back(id, head.entry_id, &other.sealed_hash)).await.unwrap();
        assert_eq!(verdict(&portal).await, LogVerdict::WrongEnd(head.entry_id));
    }
}

#[portal_test]
async fn entries_written_side_by_side_are_one_chain(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let before = entries(&portal).await;
    let scope = scope(&portal).await;
    assert_eq!(scope.actor().name, "コマンド");
    let act = **audit::AuditAction::all().iter().find(|act| act.word == "audit.exported").unwrap();
    let writes = (0..24).map(|number| {
        let (app, scope) = (portal.app.clone(), scope.clone());
        tokio::spawn(async move { audit::seen(&app, &scope, act, None, &number.to_string()).await })
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.unwrap().unwrap();
    }
    assert_eq!(verdict(&portal).await, LogVerdict::Whole(before + 24));
}

#[portal_test]
async fn what_members_did_is_tied_to_the_log_and_tampering_with_it_is_found(engine: Engine) {
    for forge in [Sql::event_forge as fn(i64, i64) -> yui_db::Command, Sql::event_gone] {
        let portal = Portal::demo(engine).await;
        let events = async |portal: &Portal| account::verify_events(&portal.app, &scope(portal).await).await.unwrap();
        portal.signed_in("minato", "testtaro01").await;
        assert_eq!(events(&portal).await, Events::Whole(0));
        account::anchor_events(&portal.app).await.unwrap();
        let Events::Whole(first) = events(&portal).await else { panic!("nothing was changed") };
        assert!(first > 0);
        // Nothing new, nothing to write down.
        let before = entries(&portal).await;
        account::anchor_events(&portal.app).await.unwrap();
        assert_eq!(entries(&portal).await, before);

        portal.signed_in("minato", "testtaro01").await;
        account::anchor_events(&portal.app).await.unwrap();
        let Events::Whole(second) = events(&portal).await else { panic!("nothing was changed") };
        assert!(second > first);
        let id = yui::core::society::InSociety::society_id(&scope(&portal).await);
        let refused = portal.app.db.execute(forge(id, second)).await.unwrap_err();
        assert!(format!("{refused:?}").contains("append-only"), "{refused:?}");
        tampered(&portal, forge, second).await;
        assert_eq!(events(&portal).await, Events::Changed(first + 1, second));
        tampered(&portal, forge, 1).await;
        assert_eq!(events(&portal).await, Events::Changed(1, first));
        assert_eq!(verdict(&portal).await, LogVerdict::Whole(entries(&portal).await));
    }
}

#[portal_test]
async fn that_nothing_was_said_of_an_event_is_not_the_same_as_that_it_was_removed(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    member.post("/settings/sessions/end-others", "").await;
    account::anchor_events(&portal.app).await.unwrap();
    let Events::Whole(last) = account::verify_events(&portal.app, &scope(&portal).await).await.unwrap() else {
        panic!("nothing was changed")
    };
    for event in 1..=last {
        tampered(&portal, Sql::event_emptied, event).await;
    }
    let found = account::verify_events(&portal.app, &scope(&portal).await).await.unwrap();
    assert_eq!(found, Events::Changed(1, last));
}

#[portal_test]
async fn a_society_whose_log_is_broken_keeps_no_other_waiting(engine: Engine) {
    let portal = Portal::demo(engine).await;
    portal.signed_in("fumitsuki", "testtaro01").await;
    portal.signed_in("minato", "testtaro01").await;
    let society = async |key: &str| SystemScope::of_society(&portal.app, key).await.unwrap();
    let (broken, whole) = (society("fumitsuki").await, society("minato").await);
    let id = yui::core::society::InSociety::society_id(&broken);
    assert!(id < yui::core::society::InSociety::society_id(&whole), "its turn is first");
    let head: Head = portal.app.db.one(Sql::head_look(id)).await.unwrap();
    portal.app.db.execute(Sql::head_gone(id)).await.unwrap();
    portal.app.db.execute(Sql::head_back(id, head.entry_id, &[0_u8; 64][..])).await.unwrap();
    let error = account::anchor_events(&portal.app).await.unwrap_err();
    assert_eq!(error.to_string(), "it went wrong at 1 societies");
    assert_eq!(account::verify_events(&portal.app, &broken).await.unwrap(), Events::Whole(0));
    let bound = account::verify_events(&portal.app, &whole).await.unwrap();
    assert!(matches!(bound, Events::Whole(last) if last > 0), "{bound:?}");
}
