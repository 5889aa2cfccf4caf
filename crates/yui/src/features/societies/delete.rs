//! Deleting a society with everything that belongs to it.
//!
//! First its host name is taken away, so that nobody comes any more; then its rows go, each table before those it
//! refers to; last its policies and itself, in one. If it is killed in between, the society is still there, without a
//! host name, and the same command continues. The list of tables is read from the database.

use anyhow::bail;
use yui_db::{DbError, statements};

use crate::core::{app::App, scope::SystemScope, society::InSociety};

statements! {
    fn host_take(society_id: i64, host: &str) = "UPDATE societies SET host = $2 WHERE society_id = $1";
    fn policies_delete(society_id: i64) = "DELETE FROM society_policies WHERE society_id = $1";
    fn society_delete(society_id: i64) = "DELETE FROM societies WHERE society_id = $1";
}

/// The tables that define a society: they go last, so that the command finds the society again.
const LAST: [&str; 2] = ["society_policies", "societies"];

/// The table that protects the entries of the society's log.
const LOG_ENDS: &str = "audit_heads";

/// The number of passes over the tables, in case somebody still writes.
const PASSES: usize = 5;

/// Deletes the society; reports the deleted rows of each table, and returns their number.
///
/// # Errors
/// Where the database does not answer, or another process goes on writing rows of the society.
pub async fn delete(app: &App, scope: &SystemScope, mut tell: impl FnMut(&str, u64)) -> anyhow::Result<u64> {
    let society_id = scope.society_id();
    // No name of this form can be asked for (RFC 2606).
    let host = format!("deleted-{society_id}.invalid");
    app.db.execute(Sql::host_take(society_id, &host)).await?;
    app.societies.forget();
    let tables = app.db.tables().await?.of_societies;
    let mut all = 0;
    // The log lets its entries go only when its end is gone.
    let (heads, rest): (Vec<_>, Vec<_>) = tables.iter().partition(|table| table.name == LOG_ENDS);
    for _ in 0..PASSES {
        let mut again = false;
        for table in heads.iter().chain(rest.iter().rev()).filter(|table| !LAST.contains(&table.name.as_str())) {
            let mut rows = 0;
            loop {
                match app.db.delete_some(table, society_id).await {
                    Ok(0) => break,
                    Ok(some) => rows += some,
                    // A row that refers to one of these was written after its table was done.
                    Err(error) if error.is_referred_to() => {
                        again = true;
                        break;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            if rows > 0 {
                tell(&table.name, rows);
                all += rows;
            }
        }
        if again {
            continue;
        }
        let (files, folder_of) = (app.files.clone(), scope.clone());
        tokio::task::spawn_blocking(move || files.remove_all(&folder_of)).await??;
        match last(app, society_id).await {
            Ok([policies, society]) => {
                tell(LAST[0], policies);
                tell(LAST[1], society);
                app.societies.forget();
                return Ok(all + policies + society);
            }
            Err(error) if error.is_referred_to() => {}
            Err(error) => return Err(error.into()),
        }
    }
    bail!(
        "somebody goes on writing rows of {}: its host name is taken away, and the same command goes on in a minute",
        scope.society().key
    )
}

async fn last(app: &App, society_id: i64) -> Result<[u64; 2], DbError> {
    let mut tx = app.db.begin().await?;
    let policies = tx.execute(Sql::policies_delete(society_id)).await?;
    let society = tx.execute(Sql::society_delete(society_id)).await?;
    tx.commit().await?;
    Ok([policies, society])
}
