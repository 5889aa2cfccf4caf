//! Databases of earlier versions, whose migrations sqlx did, go on.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use portal_test::portal_test;
use yui_db::{Db, DbError, Engine, Schema, statements, testing::TestDb};

/// What sqlx 0.9 kept of the SQLite migrations of version 0.1: number, description and the SHA-384 of the text.
const HISTORY: &str = include_str!("history-of-sqlx.txt");

statements! {
    fn history() -> Applied = "SELECT version, description, success, checksum FROM _sqlx_migrations ORDER BY version";
    fn another_text() = "
        UPDATE _sqlx_migrations SET checksum = (SELECT checksum FROM _sqlx_migrations WHERE version = 4) WHERE version = 3";
    fn one_is_missing() = "DELETE FROM _sqlx_migrations WHERE version = 3";
    fn unfinished() = "UPDATE _sqlx_migrations SET success = FALSE WHERE version = 3";
    fn of_a_newer_program() = "UPDATE _sqlx_migrations SET version = 9000 WHERE version = 3";
}

#[derive(Debug, yui_db::Row)]
struct Applied {
    version: i64,
    description: String,
    success: bool,
    checksum: Vec<u8>,
}

fn recorded() -> Vec<(i64, &'static str, &'static str)> {
    let line = |line: &'static str| {
        let mut parts = line.split('\t');
        (parts.next().unwrap().parse().unwrap(), parts.next().unwrap(), parts.next().unwrap())
    };
    HISTORY.lines().map(line).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn the_history_is_the_one_that_sqlx_kept() {
    let test = TestDb::on(Engine::Sqlite).await;
    let history = test.db.all(Sql::history()).await.unwrap();
    for (applied, (version, description, checksum)) in history.iter().zip(recorded()) {
        assert_eq!((applied.version, applied.description.as_str(), applied.success), (version, description, true));
        assert_eq!(hex(&applied.checksum), checksum, "migration {version}: its text may never change");
    }
    assert!(history.len() >= recorded().len());
}

/// A database in the middle of its history is brought to the end of it.
#[tokio::test]
async fn an_older_database_is_migrated() {
    const DONE: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("yui.db");
    {
        let older = rusqlite::Connection::open(&path).unwrap();
        older
            .execute_batch(
                "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
                     installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL,
                     checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)",
            )
            .unwrap();
        for (version, description, checksum) in recorded().into_iter().take(DONE) {
            let file = format!("migrations/sqlite/{version:04}_{}.sql", description.replace(' ', "_"));
            older.execute_batch(&std::fs::read_to_string(file).unwrap()).unwrap();
            let row = rusqlite::params![version, description, checksum];
            let keep = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                        VALUES (?1, ?2, TRUE, unhex(?3), 12345)";
            older.execute(keep, row).unwrap();
        }
    }
    let db = Db::connect(&format!("sqlite://{}", path.display()), 1).await.unwrap();
    assert!(matches!(db.schema().await.unwrap(), Schema::Older(left) if left >= recorded().len() - DONE));
    db.migrate().await.unwrap();
    assert_eq!(db.schema().await.unwrap(), Schema::Current);
}

#[portal_test]
async fn a_history_that_does_not_fit_is_refused(engine: Engine) {
    let refused = async |change| {
        let test = TestDb::on(engine).await;
        test.db.execute(change).await.unwrap();
        let error = test.db.migrate().await.unwrap_err();
        assert_eq!(test.db.schema().await.unwrap_err().to_string(), error.to_string());
        error
    };
    for change in [Sql::another_text(), Sql::one_is_missing(), Sql::unfinished()] {
        assert!(matches!(refused(change).await, DbError::Migration(3, _)));
    }
    assert!(matches!(refused(Sql::of_a_newer_program()).await, DbError::Newer(9000)));
}
