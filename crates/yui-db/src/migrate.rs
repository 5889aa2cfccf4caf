//! Bringing the schema to this program's version.
//!
//! The history is in the table that sqlx kept until version 0.1 of this program, so that databases from then go on: a row for
//! each migration, with the SHA-384 of its text.

use std::collections::BTreeMap;

use rusqlite::params as sqlite_params;
use sha2::{Digest, Sha384};

use crate::{
    Command, Db, DbError, EngineError, Query, Statement, db::Connections, postgres::PgTx, sqlite::Durable,
    value::params,
};

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// One step of the schema, embedded by `build.rs`.
pub(crate) struct Migration {
    version: i64,
    description: &'static str,
    sql: &'static str,
}

impl Migration {
    fn checksum(&self) -> Vec<u8> {
        Sha384::digest(self.sql).to_vec()
    }
}

/// How the schema of a database stands to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// There is none.
    Empty,
    /// It is this program's.
    Current,
    /// So many migrations are still to be done.
    Older(usize),
}

/// A migration that was done.
#[derive(crate::Row)]
struct Applied {
    version: i64,
    checksum: Vec<u8>,
    success: bool,
}

static SQLITE_HISTORY_EXISTS: Statement = Statement::own(
    "yui_db::history_exists",
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')",
);

static POSTGRES_HISTORY_EXISTS: Statement =
    Statement::own("yui_db::history_exists", "SELECT to_regclass('_sqlx_migrations') IS NOT NULL");

static HISTORY: Statement =
    Statement::own("yui_db::history", "SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version");

const SQLITE_HISTORY: &str = "
    CREATE TABLE IF NOT EXISTS _sqlx_migrations (
        version BIGINT PRIMARY KEY,
        description TEXT NOT NULL,
        installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
        success BOOLEAN NOT NULL,
        checksum BLOB NOT NULL,
        execution_time BIGINT NOT NULL
    )";

const POSTGRES_HISTORY: &str = "
    CREATE TABLE IF NOT EXISTS _sqlx_migrations (
        version BIGINT PRIMARY KEY,
        description TEXT NOT NULL,
        installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
        success BOOLEAN NOT NULL,
        checksum BYTEA NOT NULL,
        execution_time BIGINT NOT NULL
    )";

impl Db {
    /// Returns how the schema stands to this program. Changes nothing.
    ///
    /// # Errors
    /// [`DbError::Newer`], or [`DbError::Migration`] where what was migrated is not what this program would have.
    pub async fn schema(&self) -> Result<Schema, DbError> {
        let (exists, migrations) = match &self.0 {
            Connections::Sqlite(_) => (&SQLITE_HISTORY_EXISTS, SQLITE),
            Connections::Postgres(_) => (&POSTGRES_HISTORY_EXISTS, POSTGRES),
        };
        if !self.one::<bool>(Query::new(exists, params![])).await? {
            return Ok(Schema::Empty);
        }
        let applied: Vec<Applied> = self.all(Query::new(&HISTORY, params![])).await?;
        compare(migrations, &applied)
    }

    /// Brings the schema to this program's version; changes nothing where it is there already. Any number of processes may do so at
    /// once: the first does, the others wait. It is all or nothing.
    ///
    /// # Errors
    /// [`DbError::Migration`] where a migration fails, [`DbError::Newer`] where the database was made by a newer program.
    pub async fn migrate(&self) -> Result<(), DbError> {
        if self.schema().await? == Schema::Current {
            return Ok(());
        }
        match &self.0 {
            Connections::Sqlite(sqlite) => {
                let tx = sqlite.begin(Durable::Commit).await?;
                tx.run(|reader| {
                    let failed = |version| move |error: rusqlite::Error| migration(version, &error.into());
                    reader.0.execute_batch(SQLITE_HISTORY).map_err(failed(0))?;
                    for step in left(SQLITE, &reader.all(&Query::new(&HISTORY, params![]))?)? {
                        reader.0.execute_batch(step.sql).map_err(failed(step.version))?;
                        let done =
                            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                                    VALUES (?1, ?2, TRUE, ?3, 0)";
                        let row = sqlite_params![step.version, step.description, step.checksum()];
                        reader.0.execute(done, row).map_err(failed(step.version))?;
                    }
                    Ok(())
                })
                .await?;
                tx.commit().await
            }
            Connections::Postgres(postgres) => {
                let mut tx = postgres.begin("BEGIN").await?;
                tx.batch("migrate", "SET LOCAL client_min_messages = warning").await?;
                tx.batch("migrate", "SELECT pg_advisory_xact_lock(hashtext('yui migrations'))").await?;
                tx.batch("migrate", POSTGRES_HISTORY).await?;
                let applied = tx.read(&Query::<Applied>::new(&HISTORY, params![]).all()).await?;
                for step in left(POSTGRES, &applied)? {
                    postgres_step(&mut tx, step).await.map_err(|error| match error {
                        DbError::Engine { source, .. } => migration(step.version, &source),
                        other => other,
                    })?;
                }
                tx.commit().await
            }
        }
    }
}

async fn postgres_step(tx: &mut PgTx, step: &Migration) -> Result<(), DbError> {
    tx.batch("migrate", step.sql).await?;
    tx.execute(&Command::new(&MIGRATED, params![step.version, step.description, step.checksum()])).await.map(drop)
}

static MIGRATED: Statement = Statement::own(
    "yui_db::migrated",
    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
     VALUES ($1, $2, TRUE, $3, 0)",
);

fn migration(version: i64, error: &EngineError) -> DbError {
    DbError::Migration(version, error.to_string())
}

/// Returns the migrations that are still to be done.
fn left(migrations: &'static [Migration], applied: &[Applied]) -> Result<&'static [Migration], DbError> {
    compare(migrations, applied)?;
    Ok(migrations.get(applied.len()..).unwrap_or_default())
}

fn compare(migrations: &[Migration], applied: &[Applied]) -> Result<Schema, DbError> {
    let known: BTreeMap<_, _> = migrations.iter().map(|migration| (migration.version, migration)).collect();
    for done in applied {
        let wrong = |why: &str| Err(DbError::Migration(done.version, why.to_owned()));
        match known.get(&done.version) {
            _ if !done.success => return wrong("was begun and not finished by another program"),
            None if known.keys().last().is_some_and(|newest| done.version > *newest) => {
                return Err(DbError::Newer(done.version));
            }
            None => return wrong("was done and is not known here"),
            Some(migration) if migration.checksum() != done.checksum => {
                return wrong("was done with another text than this program has");
            }
            Some(_) => {}
        }
    }
    // What was done is what comes first: no migration may be left out.
    let first = migrations.iter().zip(applied).find(|(migration, done)| migration.version != done.version);
    if let Some((skipped, _)) = first {
        return Err(DbError::Migration(skipped.version, "was left out by another program".into()));
    }
    Ok(match (applied.len(), migrations.len() - applied.len()) {
        (0, _) => Schema::Empty,
        (_, 0) => Schema::Current,
        (_, left) => Schema::Older(left),
    })
}
