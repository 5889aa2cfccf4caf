//! Fresh, migrated databases for tests, on both engines.
//!
//! Migrating and filling a database takes longer than most tests: it is done once for all processes of a test program, and
//! each test has a copy.

use std::fs::{self, File};
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::path::{Path, PathBuf};

use tokio_postgres::{Client, NoTls};

use crate::{Db, Engine};

/// A migrated database of one test, gone when dropped.
#[derive(Debug)]
pub struct TestDb {
    /// The database.
    pub db: Db,
    /// Its address.
    pub address: String,
    _folder: Option<tempfile::TempDir>,
}

/// The environment variable with the address of a PostgreSQL server that tests may make databases on.
pub const SERVER: &str = "YUI_TEST_POSTGRES";

impl TestDb {
    /// Returns a fresh database on each engine.
    pub async fn both() -> [Self; 2] {
        [Self::on(Engine::Sqlite).await, Self::on(Engine::Postgres).await]
    }

    /// Returns a fresh database on this engine.
    ///
    /// # Panics
    /// Where there is no server: `cargo xtask test` starts one.
    pub async fn on(engine: Engine) -> Self {
        Self::filled(engine, "empty", async |_| {}).await
    }

    /// Returns a fresh database on this engine, filled by `fill`. That is done once for all tests of this program that
    /// name the same `content`; `fill` closes whatever it opens.
    ///
    /// # Panics
    /// As [`TestDb::on`], or where the database cannot be made or copied.
    pub async fn filled(engine: Engine, content: &str, fill: impl AsyncFnOnce(&str)) -> Self {
        match engine {
            Engine::Sqlite => Self::sqlite(content, fill).await,
            Engine::Postgres => Self::postgres(content, fill).await,
        }
    }

    async fn sqlite(content: &str, fill: impl AsyncFnOnce(&str)) -> Self {
        let templates = templates();
        fs::create_dir_all(&templates).expect("a folder for templates");
        let template = templates.join(format!("{content}.db"));
        if !template.exists() {
            // One process makes it, the others wait.
            let lock = File::create(templates.join(format!("{content}.lock"))).expect("a lock");
            lock.lock().expect("the lock");
            if !template.exists() {
                let making = tempfile::tempdir_in(&templates).expect("a temporary folder");
                let path = making.path().join("yui.db");
                migrated(&sqlite_at(&path), fill).await;
                all_in_one_file(&path);
                fs::rename(path, &template).expect("the template gets its name");
            }
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("yui.db");
        fs::copy(template, &path).expect("the file can be copied");
        let address = sqlite_at(&path);
        let db = Db::connect(&address, 4).await.expect("SQLite opens");
        Self { db, address, _folder: Some(folder) }
    }

    async fn postgres(content: &str, fill: impl AsyncFnOnce(&str)) -> Self {
        let server = server();
        let template = format!("yui_{:016x}_{content}", program());
        let server_client = client(&server).await;
        let connection = &server_client;
        // One process makes it, the others wait; the lock ends with the connection.
        run(connection, &format!("SELECT pg_advisory_lock(hashtext('{template}'))")).await;
        let is_there = format!("SELECT 1 FROM pg_database WHERE datname = '{template}'");
        if connection.query_opt(&is_there, &[]).await.expect("an answer").is_none() {
            let making = format!("{template}_making");
            run(connection, &format!("DROP DATABASE IF EXISTS {making}")).await;
            run(connection, &format!("CREATE DATABASE {making}")).await;
            migrated(&at(&server, &making), fill).await;
            run(connection, &format!("ALTER DATABASE {making} RENAME TO {template}")).await;
        }
        run(connection, "SELECT pg_advisory_unlock_all()").await;
        // Process numbers come again.
        let name = format!("yui_{}_{:016x}", std::process::id(), RandomState::new().build_hasher().finish());
        run(connection, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        let address = at(&server, &name);
        let db = Db::connect(&address, 4).await.expect("PostgreSQL answers");
        Self { db, address, _folder: None }
    }
}

/// Migrates the database at this address, and fills it.
async fn migrated(address: &str, fill: impl AsyncFnOnce(&str)) {
    let db = Db::connect(address, 1).await.expect("the database opens");
    db.migrate().await.expect("the migrations run");
    db.close().await;
    fill(address).await;
}

/// Writes what is still in the write-ahead log into the database itself: a copy of that file alone has everything.
fn all_in_one_file(path: &Path) {
    let connection = rusqlite::Connection::open(path).expect("SQLite opens");
    let checkpoint = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    assert_eq!(checkpoint, Ok(0), "nothing else has the database open");
}

/// Connects to the server by itself, beside any [`Db`].
///
/// # Panics
/// Where it does not answer.
pub async fn client(address: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.expect("PostgreSQL answers");
    tokio::spawn(connection);
    client
}

/// The folder of this program's templates, beside those of programs that are no more.
fn templates() -> PathBuf {
    let program_folder = program_path().parent().map(Path::to_owned).unwrap_or_default();
    let name = program_path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (folder, templates) = (program_folder.join("test-databases"), format!("{name}-{:016x}", program()));
    let others = fs::read_dir(&folder).into_iter().flatten().flatten();
    let is_of_before = |other: &String| other.starts_with(&format!("{name}-")) && *other != templates;
    for other in others.filter_map(|entry| entry.file_name().into_string().ok()).filter(is_of_before) {
        // Another process may be doing the same.
        let _gone = fs::remove_dir_all(folder.join(other));
    }
    folder.join(templates)
}

/// Returns a number that differs for another program, and for another build of this one.
fn program() -> u64 {
    let built = fs::metadata(program_path()).and_then(|file| file.modified()).expect("the program's file");
    let mut hasher = DefaultHasher::new();
    (program_path(), built).hash(&mut hasher);
    hasher.finish()
}

fn program_path() -> PathBuf {
    std::env::current_exe().expect("the program's path")
}

fn server() -> String {
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their server is")]
    std::env::var(SERVER)
        .unwrap_or_else(|_| panic!("{SERVER} is not set: run `cargo xtask test`, which starts PostgreSQL"))
}

async fn run(connection: &Client, sql: &str) {
    connection.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn sqlite_at(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn at(server: &str, database: &str) -> String {
    let (base, _) = server.rsplit_once('/').expect("the address names a database");
    format!("{base}/{database}")
}
