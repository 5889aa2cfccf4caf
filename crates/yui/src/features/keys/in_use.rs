//! Which keys are needed to open what is sealed.

use std::collections::BTreeMap;

use yui_auth::seal::{BEFORE_NAME, Context, beginning, key_of};
use yui_db::{Db, DbError};

use super::{
    columns::{COLUMNS, Column, KeyUse, Numbered, Rows, Tokened},
    logins,
};
use crate::core::{app::App, random::hex, scope::SystemScope, society::InSociety};

/// Whether a key opens what was sealed with the key of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fits {
    /// It opens it.
    Opens,
    /// No key of this name was given.
    NotGiven,
    /// One of this name was given and opens nothing that was tried: it is another key, or what is sealed was changed.
    OpensNothing,
}

/// A key with which something is sealed.
#[derive(Clone, Debug)]
pub struct InUse {
    /// Its name.
    pub key: String,
    /// How many values were sealed with it.
    pub values: i64,
    /// Whether it opens them: of each column one is tried.
    pub fits: Fits,
}

/// Returns the keys with which anything of these societies is sealed, by name.
///
/// # Errors
/// Where the database does not answer.
pub async fn in_use(app: &App, scopes: &[SystemScope]) -> anyhow::Result<Vec<InUse>> {
    let mut all: BTreeMap<String, InUse> = BTreeMap::new();
    let mut count = |key: &str, values: i64, opens: bool| {
        let given = app.keys.as_ref().is_some_and(|keys| keys.ids().any(|id| id == key));
        let fits = if given { Fits::OpensNothing } else { Fits::NotGiven };
        let known = all.entry(key.to_owned()).or_insert_with(|| InUse { key: key.to_owned(), values: 0, fits });
        known.values += values;
        if opens {
            known.fits = Fits::Opens;
        }
    };
    for scope in scopes {
        for column in &COLUMNS {
            for (key, values) in keys_of(&app.db, scope, column).await? {
                count(&key, values, opens(app, scope, column, &key).await?);
            }
        }
        let society = scope.society_id().to_string();
        for login in logins::logins(&app.db, scope).await? {
            let Some(sealed) = login.sealed() else { continue };
            let row = hex(&login.token);
            let context = Context { society: &society, table: "logins", column: "mail_code", row: &row };
            let opens = app.keys.as_ref().is_some_and(|keys| keys.open(&context, &sealed).is_ok());
            count(key_of(&sealed).unwrap_or_default(), 1, opens);
        }
    }
    Ok(all.into_values().collect())
}

/// Returns the names of the keys of a column with the number of their values; the name is empty for what is no sealed value.
async fn keys_of(db: &Db, scope: &SystemScope, column: &Column) -> Result<Vec<(String, i64)>, DbError> {
    let mut keys = Vec::new();
    // First how long the names are, then the names.
    for lengths in heads(db, scope, column, &[], BEFORE_NAME).await? {
        let length = lengths.head.get(1).copied().unwrap_or_default();
        for KeyUse { head, count } in heads(db, scope, column, &lengths.head, BEFORE_NAME + usize::from(length)).await?
        {
            keys.push((key_of(&head).unwrap_or_default().to_owned(), count));
        }
    }
    Ok(keys)
}

async fn heads(
    db: &Db,
    scope: &SystemScope,
    column: &Column,
    begin: &[u8],
    length: usize,
) -> Result<Vec<KeyUse>, DbError> {
    let (begun, length) = (i64::try_from(begin.len()).unwrap_or(0), i64::try_from(length).unwrap_or(0));
    db.all((column.heads)(scope.society_id(), begin, begun, length)).await
}

/// Returns whether the column's first value that was sealed with the key of this name can be opened.
async fn opens(app: &App, scope: &SystemScope, column: &Column, key: &str) -> anyhow::Result<bool> {
    let (Some(keys), Ok(begin)) = (&app.keys, beginning(key)) else { return Ok(false) };
    let (society_id, society) = (scope.society_id(), scope.society_id().to_string());
    let length = i64::try_from(begin.len())?;
    let (row, sealed) = match column.rows {
        Rows::Numbers { first, name, .. } => {
            let row: Option<Numbered> = app.db.optional(first(society_id, &begin, length)).await?;
            let Some(row) = row else { return Ok(false) };
            (name(row.one, row.two), row.sealed)
        }
        Rows::Tokens { first, .. } => {
            let row: Option<Tokened> = app.db.optional(first(society_id, &begin, length)).await?;
            let Some(row) = row else { return Ok(false) };
            (hex(&row.token), row.sealed)
        }
    };
    let context = Context { society: &society, table: column.table, column: column.column, row: &row };
    Ok(keys.open(&context, &sealed).is_ok())
}
