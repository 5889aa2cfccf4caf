//! Locks, lost connections, callers that go away, and processes that migrate at once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    pin::pin,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{FutureExt, future::join_all};
use jiff::Timestamp;
use portal_test::portal_test;
use tokio::net::{TcpListener, TcpStream};
use yui_db::{Address, Db, DbError, Engine, Schema, in_request, params, statements, testing::TestDb};

statements! {
    ADD_SOCIETY = "INSERT INTO societies (society_id, key, host, name, created_at) VALUES ($1, $2, $2, 'A', $3)";
    TOUCH = "UPDATE societies SET name = 'B' WHERE society_id = $1";
    STEP = "
        INSERT INTO counters (society_id, name, next_id) VALUES ($1, 'step', 1)
        ON CONFLICT (society_id, name) DO UPDATE SET next_id = counters.next_id + 1";
    STEPS_DONE = "SELECT COALESCE(SUM(next_id), 0) AS number FROM counters WHERE society_id = $1 AND name = 'step'";
    NUMBER = "SELECT society_id AS number FROM societies WHERE society_id = $1";
    IN_TRANSACTION = "SELECT COUNT(*) AS number FROM pg_stat_activity
                      WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    ENDLESS = "SELECT COUNT(*) AS number FROM generate_series(1, 1000000) one, generate_series(1, 1000000) other";
}

#[derive(sqlx::FromRow)]
struct Number {
    number: i64,
}

const PATIENCE: Duration = Duration::from_millis(800);

/// The delay that a loaded machine may add.
const SOON: Duration = Duration::from_secs(4);

async fn with_a_society(engine: Engine) -> TestDb {
    let test = TestDb::on(engine).await;
    let then: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
    test.db.execute(&ADD_SOCIETY, params![1_i64, "a", then]).await.unwrap();
    test
}

#[portal_test]
async fn a_request_does_not_wait_for_a_lock_and_reads_go_on(engine: Engine) {
    let test = with_a_society(engine).await;
    let db = &test.db;
    let other = Db::connect(&test.address, 1).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    tx.execute(&TOUCH, params![1_i64]).await.unwrap();
    let begun = Instant::now();
    let the_first = params![1_i64];
    let writes = join_all((0..6).map(|_| in_request(PATIENCE, db.execute(&TOUCH, the_first))));
    let read = in_request(PATIENCE, db.one::<Number>(&NUMBER, the_first));
    let (writes, read) = tokio::join!(writes, read);
    assert_eq!(read.unwrap().number, 1);
    for write in writes {
        let error = write.unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    tx.commit().await.unwrap();
    in_request(SOON, db.execute(&TOUCH, params![1_i64])).await.unwrap();
}

/// A caller that waits for the one writer of a process gets it before a job that gave it up and wants it again at once.
#[tokio::test]
async fn who_waits_for_the_writer_comes_before_the_next_step_of_a_work() {
    let test = with_a_society(Engine::Sqlite).await;
    let order = Mutex::new(Vec::new());
    let step = test.db.begin_step().await.unwrap();
    let mut login = pin!(async {
        let tx = test.db.begin().await.unwrap();
        order.lock().unwrap().push("login");
        tx.commit().await.unwrap();
    });
    assert!(login.as_mut().now_or_never().is_none(), "the writer is taken");
    let work = async {
        step.commit().await.unwrap();
        let step = test.db.begin_step().await.unwrap();
        order.lock().unwrap().push("step");
        step.commit().await.unwrap();
    };
    tokio::join!(login, work);
    assert_eq!(*order.lock().unwrap(), ["login", "step"]);
}

/// The same for another process, which can only poll whether the lock is free.
#[tokio::test(flavor = "multi_thread")]
async fn another_process_writes_between_the_steps_of_a_work() {
    const STEPS: i64 = 40;
    let test = with_a_society(Engine::Sqlite).await;
    let work = Db::connect(&test.address, 1).await.unwrap();
    let (done, seen) = (AtomicBool::new(false), Mutex::new(BTreeSet::new()));
    let working = async {
        let mut turns = work.turns();
        for _ in 0..STEPS {
            let begun = Instant::now();
            let mut step = work.begin_step().await.unwrap();
            step.execute(&STEP, params![1_i64]).await.unwrap();
            step.commit().await.unwrap();
            turns.make_way(begun.elapsed()).await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
    };
    let others = async {
        while !done.load(Ordering::Relaxed) {
            let mut tx = test.db.begin().await.unwrap();
            tx.execute(&TOUCH, params![1_i64]).await.unwrap();
            let at: Number = tx.one(&STEPS_DONE, params![1_i64]).await.unwrap();
            tx.commit().await.unwrap();
            seen.lock().unwrap().insert(at.number);
        }
    };
    tokio::join!(working, others);
    let seen = seen.into_inner().unwrap().len();
    assert!(seen > 10, "the other process wrote after {seen} of {STEPS} steps");
    // What was not waited for is there all the same.
    let steps: Number = test.db.one(&STEPS_DONE, params![1_i64]).await.unwrap();
    assert_eq!(steps.number, STEPS);
}

#[portal_test(postgres)]
async fn a_statement_of_a_request_has_its_time() {
    let test = TestDb::on(Engine::Postgres).await;
    let begun = Instant::now();
    let late = in_request(PATIENCE, test.db.one::<Number>(&ENDLESS, params![])).await;
    assert!(late.err().unwrap().is_unavailable());
    assert!(begun.elapsed() < SOON);
}

/// Passes bytes on, each some milliseconds later: a server at some distance.
async fn far_away(server: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = server.clone();
            tokio::spawn(async move {
                let Ok(server) = TcpStream::connect(server).await else { return };
                let _ = tokio::join!(pass(&client, &server), pass(&server, &client));
            });
        }
    });
    port
}

async fn pass(from: &TcpStream, to: &TcpStream) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        from.readable().await?;
        let count = match from.try_read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        tokio::time::sleep_until(tokio::time::Instant::now() + Duration::from_millis(5)).await;
        let mut sent = 0;
        while sent < count {
            to.writable().await?;
            match to.try_write(&buffer[sent..count]) {
                Ok(some) => sent += some,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A client that goes away drops the work of its request, wherever that stood: also between `BEGIN` and its answer.
#[portal_test(postgres)]
async fn a_dropped_request_leaves_no_transaction() {
    let test = with_a_society(Engine::Postgres).await;
    let (server, name) = test.address.rsplit_once('/').unwrap();
    let (user, server) = server.rsplit_once('@').unwrap();
    let port = far_away(server.to_owned()).await;
    let db = Db::connect(&format!("{user}@127.0.0.1:{port}/{name}"), 4).await.unwrap();
    for cut in 0..60 {
        let request = in_request(SOON, async {
            let mut tx = db.begin().await?;
            tx.execute(&TOUCH, params![1_i64]).await?;
            tx.commit().await
        });
        // From before the first word to after the last one.
        let after = tokio::time::Instant::now() + Duration::from_millis(cut);
        let _ = tokio::time::timeout_at(after, request).await;
    }
    // Whatever connection is taken, and it is each in turn, has no transaction.
    let begun = Instant::now();
    loop {
        let open: Number = test.db.one(&IN_TRANSACTION, params![]).await.unwrap();
        if open.number == 0 {
            break;
        }
        assert!(begun.elapsed() < SOON, "{} are in a transaction", open.number);
        tokio::task::yield_now().await;
    }
    in_request(SOON, db.execute(&TOUCH, params![1_i64])).await.unwrap();
}

#[portal_test(postgres)]
async fn a_transaction_that_was_never_waited_for_is_none() {
    let test = with_a_society(Engine::Postgres).await;
    {
        let mut begin = pin!(test.db.begin());
        assert!(begin.as_mut().now_or_never().is_none());
    }
    in_request(SOON, test.db.execute(&TOUCH, params![1_i64])).await.unwrap();
}

#[tokio::test]
async fn any_number_migrate_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite://{}/new.db", folder.path().display());
    let processes = (0..5).map(|_| async {
        let db = Db::connect(&address, 2).await.unwrap();
        db.migrate().await.unwrap();
        assert_eq!(db.schema().await.unwrap(), Schema::Current);
    });
    join_all(processes).await;
}

#[tokio::test]
async fn what_is_not_there_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let open = async |url: &str| {
        let address = Address { url, connections: 1, patience: PATIENCE, create: false };
        Db::at(address).await.unwrap_err()
    };
    let path = folder.path().join("mistyped.db");
    let error = open(&format!("sqlite://{}", path.display())).await;
    assert!(matches!(error, DbError::NoFile { .. }), "{error:?}");
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    assert!(!path.exists(), "nothing was made");
    let missing = folder.path().join("nowhere/yui.db");
    let error = Db::connect(&format!("sqlite://{}", missing.display()), 1).await.unwrap_err();
    assert!(matches!(error, DbError::NoFolder { .. }), "{error:?}");

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let begun = Instant::now();
    let error = open(&format!("postgres://yui@{closed}/yui")).await.to_string();
    assert!(error.contains(&closed.to_string()) && error.contains("refused"), "{error}");
    assert!(begun.elapsed() < SOON);
}
