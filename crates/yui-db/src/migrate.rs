//! Bringing the schema to this program's version.

use std::collections::BTreeMap;

use sqlx::{
    migrate::{Migrate, MigrateError, Migrator},
    raw_sql,
};

use crate::{Db, DbError, sqlite};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// The table in which sqlx keeps what was migrated.
const TABLE: &str = "_sqlx_migrations";

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

impl Db {
    /// Returns how the schema stands to this program. Changes nothing.
    ///
    /// # Errors
    /// [`DbError::Newer`], or [`DbError::Migration`] where what was migrated is not what this program would have.
    pub async fn schema(&self) -> Result<Schema, DbError> {
        let failed = |source| DbError::of("schema", source);
        match self {
            Self::Sqlite { readers, .. } => {
                let table = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')";
                if !sqlx::query_scalar::<_, bool>(table).fetch_one(readers).await.map_err(failed)? {
                    return Ok(Schema::Empty);
                }
                let mut connection = readers.acquire().await.map_err(failed)?;
                stands(&SQLITE, &mut *connection).await
            }
            Self::Postgres(pools) => {
                let table = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
                if !sqlx::query_scalar::<_, bool>(table).fetch_one(pools.pool()).await.map_err(failed)? {
                    return Ok(Schema::Empty);
                }
                let mut connection = pools.pool().acquire().await.map_err(failed)?;
                stands(&POSTGRES, &mut *connection).await
            }
        }
    }

    /// Brings the schema to this program's version; changes nothing where it is there already. Any number of processes may do so at
    /// once: the first does, the others wait.
    ///
    /// # Errors
    /// [`DbError::Migration`] where a migration fails, [`DbError::Newer`] where the database was made by a newer program.
    pub async fn migrate(&self) -> Result<(), DbError> {
        if self.schema().await? == Schema::Current {
            return Ok(());
        }
        let failed = |source| DbError::of("migrate", source);
        match self {
            // sqlx locks nothing here. Its own transactions become savepoints in this one, which is all or nothing, too.
            Self::Sqlite { writer, .. } => {
                let mut tx = sqlite::begin(writer).await.map_err(failed)?;
                SQLITE.run_direct(None, &mut *tx, false).await?;
                tx.commit().await.map_err(failed)?;
            }
            Self::Postgres(pools) => {
                let mut connection = pools.pool().acquire().await.map_err(failed)?;
                // sqlx asks for its table whether it is there or not, and the server remarks on it.
                raw_sql("SET client_min_messages = warning").execute(&mut *connection).await.map_err(failed)?;
                let done = POSTGRES.run_direct(None, &mut *connection, false).await;
                connection.close_on_drop();
                done?;
            }
        }
        Ok(())
    }
}

async fn stands<C: Migrate>(migrator: &Migrator, connection: &mut C) -> Result<Schema, DbError> {
    if let Some(version) = connection.dirty_version(TABLE).await? {
        return Err(MigrateError::Dirty(version).into());
    }
    let known: BTreeMap<_, _> = migrator.iter().map(|migration| (migration.version, &migration.checksum)).collect();
    let applied = connection.list_applied_migrations(TABLE).await?;
    for migration in &applied {
        match known.get(&migration.version) {
            None if known.keys().last().is_some_and(|newest| migration.version > *newest) => {
                return Err(DbError::Newer(migration.version));
            }
            None => return Err(MigrateError::VersionMissing(migration.version).into()),
            Some(checksum) if **checksum != migration.checksum => {
                return Err(MigrateError::VersionMismatch(migration.version).into());
            }
            Some(_) => {}
        }
    }
    Ok(match (applied.len(), known.len() - applied.len()) {
        (0, _) => Schema::Empty,
        (_, 0) => Schema::Current,
        (_, left) => Schema::Older(left),
    })
}
