//! Locks, lost connections, callers that go away, and processes that migrate at once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    future::poll_fn,
    pin::pin,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::join_all};
use jiff::Timestamp;
use portal_test::portal_test;
use tokio::net::{TcpListener, TcpStream};
use yui_db::{Address, Db, DbError, Engine, Schema, in_request, statements, testing::TestDb};

statements! {
    fn add_society(society_id: i64, key: &str, now: Timestamp) =
        "INSERT INTO societies (society_id, key, host, name, created_at) VALUES ($1, $2, $2, 'A', $3)";
    fn touch(society_id: i64) = "UPDATE societies SET name = 'B' WHERE society_id = $1";
    fn step(society_id: i64) = "
        INSERT INTO counters (society_id, name, next_id) VALUES ($1, 'step', 1)
        ON CONFLICT (society_id, name) DO UPDATE SET next_id = counters.next_id + 1";
    fn steps_done(society_id: i64) -> i64 =
        "SELECT CAST(COALESCE(SUM(next_id), 0) AS BIGINT) FROM counters WHERE society_id = $1 AND name = 'step'";
    fn number(society_id: i64) -> i64 = "SELECT society_id FROM societies WHERE society_id = $1";
    fn endless_on_sqlite() -> i64 =
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000000) SELECT COUNT(*) FROM n";
    fn endless() -> i64 = "SELECT COUNT(*) FROM generate_series(1, 1000000) one, generate_series(1, 1000000) other";
}

const PATIENCE: Duration = Duration::from_millis(800);

/// The delay that a loaded machine may add.
const SOON: Duration = Duration::from_secs(4);

async fn with_a_society(engine: Engine) -> TestDb {
    let test = TestDb::on(engine).await;
    let then: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
    test.db.execute(Sql::add_society(1, "a", then)).await.unwrap();
    test
}

#[portal_test]
async fn a_request_does_not_wait_for_a_lock_and_reads_go_on(engine: Engine) {
    let test = with_a_society(engine).await;
    let db = &test.db;
    let other = Db::connect(&test.address, 1).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    tx.execute(Sql::touch(1)).await.unwrap();
    let begun = Instant::now();
    let writes = join_all((0..6).map(|_| in_request(PATIENCE, db.execute(Sql::touch(1)))));
    let read = in_request(PATIENCE, db.one(Sql::number(1)));
    let (writes, read) = tokio::join!(writes, read);
    assert_eq!(read.unwrap(), 1);
    for write in writes {
        let error = write.unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    tx.commit().await.unwrap();
    in_request(SOON, db.execute(Sql::touch(1))).await.unwrap();
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
            step.execute(Sql::step(1)).await.unwrap();
            step.commit().await.unwrap();
            turns.make_way(begun.elapsed()).await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
    };
    let others = async {
        while !done.load(Ordering::Relaxed) {
            let mut tx = test.db.begin().await.unwrap();
            tx.execute(Sql::touch(1)).await.unwrap();
            let at = tx.one(Sql::steps_done(1)).await.unwrap();
            tx.commit().await.unwrap();
            seen.lock().unwrap().insert(at);
        }
    };
    tokio::join!(working, others);
    let seen = seen.into_inner().unwrap().len();
    assert!(seen > 10, "the other process wrote after {seen} of {STEPS} steps");
    // What was not waited for is there all the same.
    let steps = test.db.one(Sql::steps_done(1)).await.unwrap();
    assert_eq!(steps, STEPS);
}

#[portal_test(postgres)]
async fn a_statement_of_a_request_has_its_time() {
    let test = TestDb::on(Engine::Postgres).await;
    let begun = Instant::now();
    let late = in_request(PATIENCE, test.db.one(Sql::endless())).await;
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

/// Waits until no connection of the database is in a transaction or runs a statement of somebody who has gone.
async fn nobody_is_in_a_transaction(test: &TestDb) {
    let server = yui_db::testing::client(&test.address).await;
    let begun = Instant::now();
    let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND (state LIKE 'idle in transaction%' OR state = 'active')";
    loop {
        let open: i64 = server.query_one(open, &[]).await.unwrap().get(0);
        if open == 0 {
            return;
        }
        assert!(begun.elapsed() < SOON, "{open} are in a transaction");
        tokio::task::yield_now().await;
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
            tx.execute(Sql::touch(1)).await?;
            tx.commit().await
        });
        // From before the first word to after the last one.
        let after = tokio::time::Instant::now() + Duration::from_millis(cut);
        let _ = tokio::time::timeout_at(after, request).await;
    }
    nobody_is_in_a_transaction(&test).await;
    in_request(SOON, test.db.execute(Sql::touch(1))).await.unwrap();
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

/// A future that is polled so many times and then dropped: a caller that goes away at one of its awaits.
async fn dropped_after<F: Future>(polls: usize, work: F) -> Option<F::Output> {
    let mut work = Box::pin(work);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

/// Whatever a caller awaits when it goes away, nothing of its transaction is kept unless all of it is, the next one begins at
/// once, and nobody inherits its connection's state.
#[portal_test(flavor = "multi_thread")]
async fn a_caller_may_go_away_at_every_await(engine: Engine) {
    let test = with_a_society(engine).await;
    let (db, begun) = (&test.db, Instant::now());
    let mut finished = 0;
    for polls in 0..400 {
        let before = db.one(Sql::steps_done(1)).await.unwrap();
        let write = dropped_after(polls % 40, async {
            let mut tx = db.begin().await?;
            tx.execute(Sql::step(1)).await?;
            tx.read((Sql::steps_done(1).one(), Sql::number(1).one())).await?;
            tx.execute(Sql::step(1)).await?;
            tx.commit().await
        });
        let done = in_request(SOON, write).await;
        let read = dropped_after(polls % 7, db.read((Sql::number(1).one(), Sql::steps_done(1).one())));
        let _ = in_request(SOON, read).await;
        let _ = dropped_after(polls % 5, db.execute(Sql::touch(1))).await;
        // A commit that nobody waited for may have been done.
        let after = in_request(SOON, async {
            let mut tx = db.begin().await?;
            let after = tx.one(Sql::steps_done(1)).await?;
            tx.commit().await.map(|()| after)
        });
        let after = after.await.unwrap();
        assert!(after == before || after == before + 2, "{before} became {after}");
        if let Some(done) = done {
            done.unwrap();
            assert_eq!(after, before + 2);
            finished += 1;
        }
    }
    assert!(finished > 20 && begun.elapsed() < SOON * 10, "{finished} finished");
    if engine == Engine::Postgres {
        nobody_is_in_a_transaction(&test).await;
    }
}

/// A statement that nobody waits for any more is ended, and does not hold up those that come after it.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_ends_a_statement_whose_caller_has_gone() {
    let test = with_a_society(Engine::Sqlite).await;
    let begun = Instant::now();
    for _ in 0..8 {
        let late = in_request(PATIENCE, test.db.one(Sql::endless_on_sqlite())).await;
        assert!(late.unwrap_err().is_unavailable());
    }
    assert_eq!(in_request(PATIENCE, test.db.one(Sql::number(1))).await.unwrap(), 1);
    // The writer, too.
    let mut tx = test.db.begin().await.unwrap();
    assert!(in_request(PATIENCE, tx.one(Sql::endless_on_sqlite())).await.is_err());
    drop(tx);
    in_request(PATIENCE, test.db.execute(Sql::touch(1))).await.unwrap();
    assert!(begun.elapsed() < SOON * 5, "{:?}", begun.elapsed());
}

/// The same on PostgreSQL, for work that the server gives no limit.
#[portal_test(postgres)]
async fn postgresql_ends_a_statement_whose_caller_has_gone() {
    let test = TestDb::on(Engine::Postgres).await;
    let soon = tokio::time::Instant::now() + PATIENCE;
    assert!(tokio::time::timeout_at(soon, test.db.one(Sql::endless())).await.is_err());
    nobody_is_in_a_transaction(&test).await;
}

/// The server is stopped under a pool that is in use, and comes back: nobody needs to restart the portal.
#[portal_test(postgres)]
async fn connections_that_the_server_ended_are_replaced() {
    let test = with_a_society(Engine::Postgres).await;
    let server = yui_db::testing::client(&test.address).await;
    let end = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for _ in 0..10 {
        let reads = join_all((0..4).map(|_| in_request(SOON, test.db.one(Sql::number(1))))).await;
        assert!(reads.into_iter().all(|read| read.is_ok()));
        server.query_one(end, &[]).await.unwrap();
        in_request(SOON, test.db.execute(Sql::touch(1))).await.unwrap();
        server.query_one(end, &[]).await.unwrap();
        in_request(SOON, test.db.begin()).await.unwrap().commit().await.unwrap();
    }
}
