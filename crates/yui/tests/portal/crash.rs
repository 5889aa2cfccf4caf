//! An import that is killed in its middle and run again is complete and single.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
};

use portal_test::portal_test;
use tokio::sync::oneshot;
use yui::{
    core::society::Preset,
    features::imports::{self, BatchState, Options, Outcome},
};
use yui_db::Engine;

use crate::support::{EXPENSE_HEADER, KEY, Portal, register_csv, state_of};

const INSURER: &str = "06139018";
const ROWS: usize = 60_000;
/// How many records are written before the import is killed, at least: their bytes are more than a pipe takes.
const WRITTEN: i64 = 5_000;

/// Returns `yui import expenses` of this file on the portal's database.
fn import(portal: &Portal, path: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yui"));
    command
        .env_clear()
        .env("YUI_DATABASE_URL", &portal.db.address)
        .env("YUI_KEYS", KEY)
        .args(["import", "expenses", "--society", "minato"])
        .arg(path)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// A file whose reader gets a part of it, and the rest when it is let go on.
struct Halting {
    pipe: PathBuf,
    /// The reader has taken the part, but for what the pipe holds.
    halted: oneshot::Receiver<()>,
    go_on: mpsc::Sender<()>,
}

impl Halting {
    fn new(file: &Path, part: u64) -> Self {
        let pipe = file.with_extension("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (halt, halted) = oneshot::channel();
        let (go_on, gone_on) = mpsc::channel();
        let (mut from, to) = (File::open(file).unwrap(), pipe.clone());
        thread::spawn(move || {
            let mut to = OpenOptions::new().write(true).open(to).unwrap();
            std::io::copy(&mut Read::by_ref(&mut from).take(part), &mut to).unwrap();
            halt.send(()).unwrap();
            gone_on.recv().unwrap();
            std::io::copy(&mut from, &mut to).unwrap();
            to.flush().unwrap();
        });
        Self { pipe, halted, go_on }
    }
}

#[portal_test]
async fn killed_in_the_middle_and_run_again_is_complete_and_single(engine: Engine) {
    let portal = Portal::new(engine, true).await;
    let scope = portal.society(Preset::Minato, INSURER).await;
    portal.register(&scope, &portal.file("r.csv", register_csv(INSURER)), Options::default()).await.unwrap();
    let rows: String = (0..ROWS)
        .map(|at| {
            format!(
                "C{at},,{INSURER},800,1234,0{},2025-{:02},みほん医院,通院,1,1000,700,0,300,\r\n",
                at % 2,
                at % 12 + 1
            )
        })
        .collect();
    let source = portal.file("big.csv", format!("{EXPENSE_HEADER}{rows}{}", "壊れた行\r\n"));

    let mut child = import(&portal, &source.path).spawn().unwrap();
    let batch = loop {
        let batches = imports::batches(&portal.app, &scope).await.unwrap();
        if let Some(batch) = batches.into_iter().find(|batch| batch.file_name == "big.csv" && batch.position >= WRITTEN)
        {
            break batch;
        }
        assert!(child.try_wait().unwrap().is_none(), "the import ended before it could be killed");
    };
    child.kill().unwrap();
    child.wait().unwrap();
    let stopped = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
    assert_eq!((stopped.batch_id, stopped.state), (batch.batch_id, BatchState::Reading));
    assert!(imports::publish(&portal.app, &scope, batch.batch_id).await.is_err(), "half a file is not published");

    // Where it passes over what is written already, nobody waits for the database's one writer.
    let part = source.path.metadata().unwrap().len() * u64::try_from(WRITTEN / 2).unwrap() / ROWS as u64;
    let halting = Halting::new(&source.path, part);
    let mut source = source;
    source.path.clone_from(&halting.pipe);
    let meanwhile = async {
        halting.halted.await.unwrap();
        drop(portal.app.db.begin().await.expect("the writer is free"));
        halting.go_on.send(()).unwrap();
    };
    let mut told = Vec::new();
    let (again, ()) = tokio::join!(portal.expenses(&scope, &source, Options::default(), &mut told), meanwhile);
    let again = again.unwrap();
    assert_eq!((again.outcome, again.batch_id), (Outcome::Done, Some(batch.batch_id)));
    assert!(again.resumed_at > 0, "it went on where it was");
    let whole = imports::batches(&portal.app, &scope).await.unwrap().pop().unwrap();
    assert_eq!((whole.accepted, whole.rejected, whole.position), (ROWS as i64, 1, ROWS as i64 + 1));
    assert_eq!(state_of(&portal).await.matches("みほん医院").count(), ROWS);
    assert_eq!(imports::faults(&portal.app, &scope, batch.batch_id).await.unwrap().len(), 1);

    imports::withdraw(&portal.app, &scope, batch.batch_id, "誤り").await.unwrap();
    assert_eq!(state_of(&portal).await.matches("みほん医院").count(), 0);
}
