//! Uploads are checked and imported by workers: whole, once, and by another where one was killed.

use std::{io::Write, time::SystemTime};

use jiff::SignedDuration;
use portal_test::portal_test;
use yui::{
    core::{
        app::App,
        scope::SystemScope,
        society::{Guarded, InSociety, Preset},
    },
    features::imports::{self, Answers, BatchState, NewUpload, Options, Publication, Upload, UploadState},
};
use yui_db::Engine;

use crate::support::{EXPENSE_HEADER, Portal, encode, register_csv, state_of};

const INSURER: &str = "06139018";

/// Puts a file into the folder of files and has it checked.
pub(crate) async fn uploaded(app: &App, scope: &SystemScope, kind: &str, name: &str, bytes: Vec<u8>) -> i64 {
    uploaded_with(app, scope, kind, name, bytes, Answers::new()).await
}

/// As [`uploaded`], with what was answered beside the file.
pub(crate) async fn uploaded_with(
    app: &App,
    scope: &SystemScope,
    kind: &str,
    name: &str,
    bytes: Vec<u8>,
    answers: Answers,
) -> i64 {
    let incoming = app.files.receive(scope, format!("stored-{name}")).unwrap();
    incoming.push(bytes.into()).await;
    let new = NewUpload {
        kind: imports::kind_of(kind).unwrap(),
        file_name: name.into(),
        stored: incoming.finish().await.unwrap(),
        parts: Vec::new(),
        profile: None,
        answers,
        all_or_nothing: false,
    };
    imports::upload(app, scope, new).await.unwrap()
}

async fn upload_of(portal: &Portal, scope: &SystemScope, id: i64) -> Upload {
    imports::upload_of(&portal.app, scope, id).await.unwrap().unwrap()
}

fn files_in(folder: &std::path::Path) -> usize {
    let Ok(societies) = std::fs::read_dir(folder) else { return 0 };
    societies.map(|society| std::fs::read_dir(society.unwrap().path()).unwrap().count()).sum()
}

fn rows(from: usize, count: usize) -> String {
    (from..from + count)
        .map(|at| {
            format!(
                "C{at},,{INSURER},800,1234,0{},2025-{:02},みほん医院,通院,1,1000,700,0,300,\r\n",
                at % 2,
                at % 12 + 1
            )
        })
        .collect()
}

async fn with_register(portal: &Portal) -> SystemScope {
    let scope = portal.society(Preset::Minato, INSURER).await;
    let id = uploaded(&portal.app, &scope, "register", "r.csv", register_csv(INSURER).into()).await;
    assert_eq!(imports::work_due(&portal.app).await.unwrap(), 1);
    assert!(imports::apply_upload(&portal.app, &scope, id, false, &Answers::new()).await.unwrap());
    assert_eq!(imports::work_due(&portal.app).await.unwrap(), 1);
    let upload = upload_of(portal, &scope, id).await;
    assert_eq!(upload.state, UploadState::Applied);
    assert_eq!(files_in(portal.files()), 0, "what is a batch needs no file");
    scope
}

#[portal_test]
async fn an_upload_is_checked_imported_published_at_its_time_and_told_of_once(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let mut member = portal.member_of(&scope, "800", "1234").await;
    portal.member_of(&scope, "800", "5678").await;
    let before = state_of(&portal).await;
    let text = format!("{EXPENSE_HEADER}{}壊れた行\r\n", rows(0, 20));
    let id = uploaded(&portal.app, &scope, "expenses", "e.csv", text.into()).await;
    imports::work_due(&portal.app).await.unwrap();
    let upload = upload_of(&portal, &scope, id).await;
    assert_eq!((upload.state, upload.batch_id), (UploadState::Checked, None));
    assert_eq!(state_of(&portal).await, before, "a check changes nothing");
    assert_eq!(files_in(portal.files()), 2, "the file and the list of mistakes");

    assert!(imports::apply_upload(&portal.app, &scope, id, false, &Answers::new()).await.unwrap());
    assert!(!imports::apply_upload(&portal.app, &scope, id, false, &Answers::new()).await.unwrap(), "once");
    imports::work_due(&portal.app).await.unwrap();
    let upload = upload_of(&portal, &scope, id).await;
    let batch = upload.batch_id.unwrap();
    assert_eq!((upload.state, files_in(portal.files())), (UploadState::Applied, 0));

    let at = portal.app.clock.now() + SignedDuration::from_hours(20);
    imports::publish_at(&portal.app, &scope, batch, Some(Publication { at: Some(at), through: None })).await.unwrap();
    imports::work_due(&portal.app).await.unwrap();
    let page = member.get("/expenses/statement?month=2025-01").await.text();
    assert!(!page.contains("みほん医院"), "not before its time");
    portal.app.clock.advance(20 * 3600);
    imports::work_due(&portal.app).await.unwrap();
    let batches = imports::batches(&portal.app, &scope).await.unwrap();
    let published = batches.iter().find(|known| known.batch_id == batch).unwrap();
    assert_eq!((published.state, published.publish_at), (BatchState::Published, None));
    assert_eq!((published.told, published.telling), (1, false), "only the household that the file is about");
    imports::work_due(&portal.app).await.unwrap();
    let mails = portal.mails().await;
    let told: Vec<_> = mails.iter().filter(|mail| mail["kind"] == "expenses_published").collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["to"], "member800x1234@mail.example");
    let text = told[0]["text"].as_str().unwrap();
    assert!(text.contains("2025年1月から2025年12月まで") && !text.contains("300"), "{text}");

    // Done with by one click, of a mail program or of a person, and not by a forged link.
    let link =
        told[0]["links"].as_array().unwrap().iter().find_map(|link| link.as_str().unwrap().split_once("/unsubscribe/"));
    let path = format!("/unsubscribe/{}", link.unwrap().1);
    let mut stranger = portal.browser("minato");
    assert!(stranger.get(&path).await.text().contains("メールを停止する"));
    let forged = format!("{}AAAA", &path[..path.len() - 4]);
    assert_eq!(stranger.get(&forged).await.status, 404);
    let click = axum::http::Request::post(&path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from("List-Unsubscribe=One-Click"));
    assert!(stranger.send(click.unwrap()).await.text().contains("停止しました"));
    let text = format!("{EXPENSE_HEADER}{}", rows(100, 3));
    let id = uploaded(&portal.app, &scope, "expenses", "e2.csv", text.into()).await;
    imports::work_due(&portal.app).await.unwrap();
    imports::apply_upload(&portal.app, &scope, id, true, &Answers::new()).await.unwrap();
    imports::work_due(&portal.app).await.unwrap();
    let batch = upload_of(&portal, &scope, id).await.batch_id.unwrap();
    imports::publish(&portal.app, &scope, batch).await.unwrap();
    imports::work_due(&portal.app).await.unwrap();
    let mails = portal.mails().await;
    assert_eq!(mails.iter().filter(|mail| mail["kind"] == "expenses_published").count(), 1, "not wanted any more");
}

#[portal_test]
async fn all_or_nothing_leaves_nothing_and_a_dropped_upload_leaves_no_file(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let before = state_of(&portal).await;
    let text = format!("{EXPENSE_HEADER}{}壊れた行\r\n", rows(0, 20));
    let id = uploaded(&portal.app, &scope, "expenses", "e.csv", text.clone().into()).await;
    imports::work_due(&portal.app).await.unwrap();
    imports::apply_upload(&portal.app, &scope, id, true, &Answers::new()).await.unwrap();
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(upload_of(&portal, &scope, id).await.state, UploadState::Refused);
    assert_eq!(state_of(&portal).await, before);
    let batches = imports::batches(&portal.app, &scope).await.unwrap();
    assert_eq!(batches.len(), 1, "what the check found wrong is not even begun");

    let id = uploaded(&portal.app, &scope, "expenses", "again.csv", text.into()).await;
    imports::work_due(&portal.app).await.unwrap();
    assert!(imports::drop_upload(&portal.app, &scope, id).await.unwrap());
    assert!(!imports::apply_upload(&portal.app, &scope, id, false, &Answers::new()).await.unwrap());
    portal.app.clock.advance(31 * 24 * 3600);
    imports::tidy(&portal.app).await.unwrap();
    assert_eq!(files_in(portal.files()), 0, "the refused one waited long enough");
}

#[portal_test]
async fn a_file_that_cannot_be_used_says_why(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    for (name, bytes) in [
        ("missing.csv", "保険者番号,記号\r\n06139018,1\r\n".as_bytes().to_vec()),
        ("empty.csv", EXPENSE_HEADER.as_bytes().to_vec()),
    ] {
        let id = uploaded(&portal.app, &scope, "expenses", name, bytes).await;
        imports::work_due(&portal.app).await.unwrap();
        assert_eq!(upload_of(&portal, &scope, id).await.state, UploadState::Unreadable, "{name}");
    }
    // A file that is gone is no file that is wrong: the work stops, and says so, and may be taken up again.
    let text = format!("{EXPENSE_HEADER}{}", rows(0, 3));
    let id = uploaded(&portal.app, &scope, "expenses", "gone.csv", text.clone().into()).await;
    let path = portal.app.files.path(&scope, "stored-gone.csv");
    std::fs::remove_file(&path).unwrap();
    for _ in 0..6 {
        imports::work_due(&portal.app).await.unwrap();
        portal.app.clock.advance(3600);
    }
    let upload = upload_of(&portal, &scope, id).await;
    assert_eq!(upload.state, UploadState::Stopped);
    assert!(upload.trouble.unwrap().contains("gone.csv cannot be read on"));
    std::fs::write(&path, text).unwrap();
    assert!(imports::resume_upload(&portal.app, &scope, id).await.unwrap());
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(upload_of(&portal, &scope, id).await.state, UploadState::Checked);
}

#[portal_test]
async fn what_a_killed_worker_left_is_taken_up_and_nothing_is_doubled(engine: Engine) {
    const MANY: usize = 40_000;
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let text = format!("{EXPENSE_HEADER}{}壊れた行\r\n", rows(0, MANY));
    let id = uploaded(&portal.app, &scope, "expenses", "big.csv", text.clone().into()).await;
    imports::work_due(&portal.app).await.unwrap();
    imports::apply_upload(&portal.app, &scope, id, false, &Answers::new()).await.unwrap();

    // Killed after its first chunk: the work is given up wherever it stands, and its heartbeat stays behind.
    let working = tokio::spawn({
        let app = portal.app.clone();
        async move { imports::work_due(&app).await }
    });
    let half = loop {
        let upload = upload_of(&portal, &scope, id).await;
        if upload.batch_id.is_some() || upload.state == UploadState::Applied {
            break upload;
        }
        tokio::task::yield_now().await;
    };
    working.abort();
    assert!(working.await.is_err());
    assert_eq!(half.state, UploadState::Applying);
    assert_eq!(imports::work_due(&portal.app).await.unwrap(), 0, "it is taken for half a minute");
    portal.app.clock.advance(31);
    assert_eq!(imports::work_due(&portal.app).await.unwrap(), 1);
    let upload = upload_of(&portal, &scope, id).await;
    assert_eq!((upload.state, upload.batch_id), (UploadState::Applied, half.batch_id));
    let resumed = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
    let state = state_of(&portal).await;
    assert_eq!(imports::faults(&portal.app, &scope, resumed.batch_id).await.unwrap().len(), 1);

    // As if it had never been killed.
    imports::withdraw(&portal.app, &scope, resumed.batch_id, "誤り").await.unwrap();
    let source = portal.file("big.csv", text);
    let report = portal.expenses(&scope, &source, Options::default(), &mut vec![]).await.unwrap();
    let whole = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
    let counts = |batch: &imports::Batch| {
        (batch.position, batch.accepted, batch.rejected, batch.unmatched, batch.months, batch.details.clone())
    };
    assert_eq!(counts(&resumed), counts(&whole));
    assert_eq!(state_of(&portal).await, state);
    assert_eq!((report.accepted, report.rejected), (i64::try_from(MANY).unwrap(), 1));
}

#[portal_test]
async fn a_batch_that_is_withdrawn_while_it_is_imported_stays_withdrawn(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let before = state_of(&portal).await;
    let text = format!("{EXPENSE_HEADER}{}", rows(0, 60_000));
    let id = uploaded(&portal.app, &scope, "expenses", "big.csv", text.into()).await;
    imports::work_due(&portal.app).await.unwrap();
    imports::apply_upload(&portal.app, &scope, id, false, &Answers::new()).await.unwrap();
    let working = tokio::spawn({
        let app = portal.app.clone();
        async move { imports::work_due(&app).await }
    });
    let batch = loop {
        if let Some(batch) = upload_of(&portal, &scope, id).await.batch_id {
            break batch;
        }
        tokio::task::yield_now().await;
    };
    imports::withdraw(&portal.app, &scope, batch, "誤り").await.unwrap();
    working.await.unwrap().unwrap();
    assert_eq!(upload_of(&portal, &scope, id).await.state, UploadState::Dropped);
    assert_eq!(state_of(&portal).await, before);
}

yui_db::statements! {
    fn upload_became(society_id: i64, upload_id: i64, batch_id: i64) =
        "UPDATE import_uploads SET batch_id = $3 WHERE society_id = $1 AND upload_id = $2";
    fn killed(society_id: i64, upload_id: i64, now: jiff::Timestamp) = "UPDATE import_uploads SET taken_until = $3, tries = tries + 1, failures = failures + 1
        WHERE society_id = $1 AND upload_id = $2";
}

#[portal_test]
async fn all_or_nothing_holds_for_what_came_to_be_wrong_after_the_check_and_after_a_crash(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let text = format!("{EXPENSE_HEADER}{}", rows(0, 20));
    let checked = async |name| {
        let id = uploaded(&portal.app, &scope, "expenses", name, text.clone().into()).await;
        imports::work_due(&portal.app).await.unwrap();
        id
    };
    let (id, crashed) = (checked("e.csv").await, checked("again.csv").await);
    imports::withdraw(&portal.app, &scope, 1, "誤り").await.unwrap();
    let before = state_of(&portal).await;
    let refused = async |id, batch| {
        imports::apply_upload(&portal.app, &scope, id, true, &Answers::new()).await.unwrap();
        imports::work_due(&portal.app).await.unwrap();
        let upload = upload_of(&portal, &scope, id).await;
        assert_eq!((upload.state, upload.batch_id), (UploadState::Refused, Some(batch)));
        assert_eq!(state_of(&portal).await, before);
        let batches = imports::batches(&portal.app, &scope).await.unwrap();
        assert!(batches.iter().all(|batch| batch.state == BatchState::Withdrawn));
    };
    refused(id, 2).await;

    // The import was committed, and its worker killed before it could refuse.
    let source = portal.file("again.csv", &text);
    let report = portal.expenses(&scope, &source, Options::default(), &mut vec![]).await.unwrap();
    assert_eq!((report.batch_id, report.unmatched), (Some(3), 20));
    portal.app.db.execute(Sql::upload_became(scope.society_id(), crashed, 3)).await.unwrap();
    refused(crashed, 3).await;
}

#[portal_test]
async fn a_file_that_no_upload_names_does_not_stay(engine: Engine) {
    // A society that the other portals do not know.
    let elsewhere = Portal::new(engine, true).await;
    elsewhere.society(Preset::Minato, INSURER).await;
    let unknown = elsewhere.society(Preset::Nanohana, "06139034").await;
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let incoming = portal.app.files.receive(&unknown, "lost".into()).unwrap();
    let new = NewUpload {
        kind: imports::kind_of("register").unwrap(),
        file_name: "lost.csv".into(),
        stored: incoming.finish().await.unwrap(),
        parts: Vec::new(),
        profile: None,
        answers: Answers::new(),
        all_or_nothing: false,
    };
    assert_eq!(files_in(portal.files()), 1);
    assert!(imports::upload(&portal.app, &unknown, new).await.is_err());
    assert_eq!(files_in(portal.files()), 0, "what the database does not take is not kept");

    // Killed between the file and its row; others are named, or so new that they may be soon.
    let text = format!("{EXPENSE_HEADER}{}壊れた行\r\n", rows(0, 3));
    let id = uploaded(&portal.app, &scope, "expenses", "named.csv", text.into()).await;
    imports::work_due(&portal.app).await.unwrap();
    let written = |path: &std::path::Path, hours| {
        let at = portal.app.clock.now() - SignedDuration::from_hours(hours);
        std::fs::File::options().write(true).open(path).unwrap().set_modified(SystemTime::from(at)).unwrap();
    };
    for (name, hours) in [("orphan", 49), ("new", 47)] {
        let mut file = portal.app.files.begin(&scope, name).unwrap();
        file.write_all(b"x").unwrap();
        file.keep().unwrap();
        written(&portal.app.files.path(&scope, name), hours);
    }
    written(&portal.app.files.path(&scope, "stored-named.csv"), 49);
    let foreign = portal.files().join("lost+found");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("x"), "x").unwrap();
    written(&foreign.join("x"), 49);
    std::fs::write(portal.files().join("README"), "x").unwrap();
    assert_eq!(imports::tidy(&portal.app).await.unwrap(), 1);
    assert!(!portal.app.files.path(&scope, "orphan").exists());
    assert!(portal.app.files.path(&scope, "new").exists() && foreign.join("x").exists());
    assert_eq!(upload_of(&portal, &scope, id).await.state, UploadState::Checked);
    assert!(portal.app.files.path(&scope, "stored-named.csv").exists());
}

#[portal_test]
async fn mails_to_many_want_two_and_another_date_is_not_asked_for_in_silence(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut policy = portal.scope("minato").await.society().policy.clone();
    policy.two_person = vec![Guarded::MassMail];
    portal.set_policy("minato", &policy).await;
    let scope = portal.scope("minato").await;
    let text = format!("{EXPENSE_HEADER}{}", rows(0, 3).replace(INSURER, "06139034"));
    let id = uploaded(&portal.app, &scope, "expenses", "e.csv", text.into()).await;
    imports::work_due(&portal.app).await.unwrap();
    imports::apply_upload(&portal.app, &scope, id, true, &Answers::new()).await.unwrap();
    imports::work_due(&portal.app).await.unwrap();
    let batch = upload_of(&portal, &scope, id).await.batch_id.unwrap();
    let (page, mut one) = (format!("/console/imports/{batch}"), portal.staff("minato", "kyufu").await);
    let publish = format!("{page}/publish");
    assert!(one.get(&publish).await.text().contains("もう一人の職員の承認が必要です"));
    let at = |day| format!("when=at&at={}", encode(&format!("2026-12-0{day}T09:00")));
    assert_eq!(one.post(&publish, &at(1)).await.location(), format!("{page}?done=asked"));
    let again = one.post(&publish, &at(8)).await;
    let told = again.first(".error-summary");
    assert!(told.contains("2026-12-01 09:00 に公開") && told.contains("すでに承認を依頼しています"), "{told}");

    // Refused, it can be asked anew; approved, it is as asked.
    let mut other = portal.staff("minato", "kanri").await;
    assert_eq!(other.post("/console/approvals/1/refuse", "").await.location(), "/console/approvals?done=refused");
    assert_eq!(one.post(&publish, &at(8)).await.location(), format!("{page}?done=asked"));
    let done = other.post("/console/approvals/2/approve", "").await;
    assert_eq!(done.location(), "/console/approvals?done=approved", "{}", done.text());
    assert!(one.get(&page).await.text().contains("2026/12/08 09:00に公開する予定です。"));
}

/// A file that takes its workers with it is given up; somebody may let it go on.
#[portal_test]
async fn a_file_whose_workers_are_killed_is_given_up_and_goes_on_when_told(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let id = uploaded(&portal.app, &scope, "expenses", "e.csv", format!("{EXPENSE_HEADER}{}", rows(0, 3)).into()).await;
    for _ in 0..5 {
        portal.db.db.execute(Sql::killed(scope.society_id(), id, portal.app.clock.now())).await.unwrap();
    }
    assert_eq!(imports::work_due(&portal.app).await.unwrap(), 1);
    let upload = upload_of(&portal, &scope, id).await;
    assert_eq!(upload.state, UploadState::Stopped);
    assert!(upload.trouble.unwrap().contains("memory"));
    assert!(imports::resume_upload(&portal.app, &scope, id).await.unwrap());
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(upload_of(&portal, &scope, id).await.state, UploadState::Checked);
}

/// Kills do not add up as long as each try gets further than the ones before.
#[portal_test]
async fn a_worker_that_got_further_before_it_was_killed_does_not_count(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = with_register(&portal).await;
    let text = format!("{EXPENSE_HEADER}{}", rows(0, 30_000));
    let id = uploaded(&portal.app, &scope, "expenses", "big.csv", text.into()).await;
    let killed = async |times: usize| {
        for _ in 0..times {
            portal.db.db.execute(Sql::killed(scope.society_id(), id, portal.app.clock.now())).await.unwrap();
        }
    };
    killed(4).await;
    let working = tokio::spawn({
        let app = portal.app.clone();
        async move { imports::work_due(&app).await }
    });
    let half = loop {
        let upload = upload_of(&portal, &scope, id).await;
        if upload.records_done > 0 || upload.state != UploadState::Checking {
            break upload;
        }
        tokio::task::yield_now().await;
    };
    working.abort();
    let _ = working.await;
    assert_eq!(half.state, UploadState::Checking);
    // Eight tries ended in all; those before the one that got further are forgotten.
    killed(3).await;
    imports::work_due(&portal.app).await.unwrap();
    assert_eq!(upload_of(&portal, &scope, id).await.state, UploadState::Checked);
}
