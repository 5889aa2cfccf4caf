//! Resealing with the newest key.

use std::collections::BTreeMap;

use yui_auth::seal::{Context, SealError, key_of};
use yui_db::Tx;

use super::{
    KEYS_ROTATED,
    columns::{COLUMNS, Column, Rows},
    logins,
};
use crate::core::{app::App, audit, random::hex, scope::SystemScope, society::InSociety};

/// The number of values in one transaction: others write in between, and a killed run keeps its progress.
const PORTION: i64 = 500;

/// The result of resealing a society's values.
#[derive(Clone, Debug, Default)]
pub struct Rotated {
    /// Values that were resealed.
    pub done: u64,
    /// Values that could not be opened, by the error.
    pub refused: BTreeMap<String, u64>,
}

/// Reseals all values of a society that are not sealed with the newest key. A killed run continues where it stopped
/// when it is called again. A value that is changed meanwhile is left as changed.
///
/// # Errors
/// Where the database does not answer or there are no sealing keys.
pub async fn rotate(app: &App, scope: &SystemScope) -> anyhow::Result<Rotated> {
    let mut rotated = Rotated::default();
    for column in &COLUMNS {
        column_rotate(app, scope, column, &mut rotated).await?;
    }
    let newest = app.keys()?.beginning()?;
    let mut tx = app.db.begin().await?;
    for login in logins::logins(&app.db, scope).await? {
        let Some(sealed) = login.sealed().filter(|sealed| !sealed.starts_with(&newest)) else { continue };
        let place = ("logins", "mail_code", hex(&login.token));
        if let Some(fresh) = reseal(app, scope, &place, &sealed, &mut rotated)? {
            rotated.done += u64::from(login.write(&mut tx, scope, &fresh).await?);
        }
    }
    tx.commit().await?;
    if rotated.done > 0 {
        audit::seen(app, scope, KEYS_ROTATED, None, &format!("{}件", rotated.done)).await?;
    }
    Ok(rotated)
}

/// The position of a value: table, column, row.
type ValuePosition = (&'static str, &'static str, String);

/// Returns the value sealed with the newest key; none if it cannot be opened, which is counted.
fn reseal(
    app: &App,
    scope: &SystemScope,
    (table, column, row): &ValuePosition,
    sealed: &[u8],
    rotated: &mut Rotated,
) -> anyhow::Result<Option<Vec<u8>>> {
    let (keys, society) = (app.keys()?, scope.society_id().to_string());
    let context = Context { society: &society, table, column, row };
    match keys.open(&context, sealed) {
        Ok(plain) => Ok(Some(keys.seal(&context, app.random.bytes()?, &plain)?)),
        Err(error) => {
            let why = match &error {
                SealError::Refused => format!("{error} (key {:?}, {table}.{column})", key_of(sealed)?),
                _ => format!("{error} ({table}.{column})"),
            };
            *rotated.refused.entry(why).or_default() += 1;
            Ok(None)
        }
    }
}

async fn column_rotate(app: &App, scope: &SystemScope, column: &Column, rotated: &mut Rotated) -> anyhow::Result<()> {
    let society = scope.society_id();
    let newest = app.keys()?.beginning()?;
    let length = i64::try_from(newest.len())?;
    let (mut numbers, mut token) = ((-1, -1), Vec::new());
    loop {
        let mut tx;
        let read = match column.rows {
            Rows::Numbers { read, write, name, .. } => {
                let rows = app.db.all(read(society, &newest, length, PORTION, numbers.0, numbers.1)).await?;
                tx = app.db.begin().await?;
                for row in &rows {
                    numbers = (row.one, row.two);
                    let place = (column.table, column.column, name(row.one, row.two));
                    if let Some(fresh) = reseal(app, scope, &place, &row.sealed, rotated)? {
                        rotated.done += tx.execute(write(society, &fresh, &row.sealed, row.one, row.two)).await?;
                    }
                }
                rows.len()
            }
            Rows::Tokens { read, write, .. } => {
                let rows = app.db.all(read(society, &newest, length, PORTION, &token)).await?;
                tx = app.db.begin().await?;
                for row in &rows {
                    token.clone_from(&row.token);
                    let place = (column.table, column.column, hex(&row.token));
                    if let Some(fresh) = reseal(app, scope, &place, &row.sealed, rotated)? {
                        rotated.done += tx.execute(write(society, &fresh, &row.sealed, &row.token)).await?;
                    }
                }
                rows.len()
            }
        };
        Tx::commit(tx).await?;
        if i64::try_from(read)? < PORTION {
            return Ok(());
        }
    }
}
