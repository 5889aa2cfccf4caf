//! Fresh, migrated databases for tests, one after the other on both engines.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::sync::OnceCell;

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

static COUNT: AtomicU32 = AtomicU32::new(0);
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

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
        match engine {
            Engine::Sqlite => Self::sqlite().await,
            Engine::Postgres => Self::postgres().await,
        }
    }

    /// Returns another database with the same content. This one must be closed, and stays so.
    ///
    /// # Panics
    /// Where it can not be copied.
    pub async fn copy(&self) -> Self {
        if let Some(path) = self.address.strip_prefix("sqlite://") {
            let folder = tempfile::tempdir().expect("a temporary folder");
            std::fs::copy(path, folder.path().join("yui.db")).expect("the file can be copied");
            return Self::sqlite_in(folder).await;
        }
        let name = self.address.rsplit_once('/').map_or("", |(_, name)| name);
        Self::postgres_from(name).await
    }

    async fn sqlite() -> Self {
        Self::sqlite_in(tempfile::tempdir().expect("a temporary folder")).await
    }

    async fn sqlite_in(folder: tempfile::TempDir) -> Self {
        let address = format!("sqlite://{}/yui.db", folder.path().display());
        let db = Db::connect(&address, 4).await.expect("SQLite opens");
        db.migrate().await.expect("the migrations run on SQLite");
        Self { db, address, _folder: Some(folder) }
    }

    async fn postgres() -> Self {
        let template = TEMPLATE.get_or_init(template).await;
        Self::postgres_from(template).await
    }

    async fn postgres_from(template: &str) -> Self {
        let server = server();
        let name = format!("yui_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        create(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        let address = at(&server, &name);
        let db = Db::connect(&address, 4).await.expect("PostgreSQL answers");
        Self { db, address, _folder: None }
    }
}

fn server() -> String {
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their server is")]
    std::env::var(SERVER)
        .unwrap_or_else(|_| panic!("{SERVER} is not set: run `cargo xtask test`, which starts PostgreSQL"))
}

/// Migrates one database per test process, which the others are copied from.
async fn template() -> String {
    let server = server();
    let name = format!("yui_{}_template", std::process::id());
    create(&server, &format!("CREATE DATABASE {name}")).await;
    let db = Db::connect(&at(&server, &name), 1).await.expect("PostgreSQL answers");
    db.migrate().await.expect("the migrations run on PostgreSQL");
    db.close().await;
    name
}

async fn create(server: &str, sql: &str) {
    let mut connection = PgConnection::connect(server).await.expect("PostgreSQL answers");
    connection.execute(AssertSqlSafe(sql.to_owned())).await.expect("a database can be made");
    connection.close().await.expect("the connection closes");
}

fn at(server: &str, database: &str) -> String {
    let (base, _) = server.rsplit_once('/').expect("the address names a database");
    format!("{base}/{database}")
}
