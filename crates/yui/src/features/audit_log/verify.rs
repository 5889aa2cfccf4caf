//! The verification of the log: whether it is as it was written.

use yui_auth::seal::SealError;

use crate::core::{
    app::App,
    audit::{BEGINNING, CREATED, queries, record::opened},
    scope::SystemScope,
};

/// The result of verifying the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogVerdict {
    /// Whole: so many entries.
    Whole(i64),
    /// So many entries, which do not begin with the making of the society: the log was emptied.
    Begun(i64),
    /// The entry of this number was changed, or one before it removed or put in.
    Broken(i64),
    /// Entries after this number were removed, or the end was rewritten without the keys.
    WrongEnd(i64),
    /// So many entries hold together; their end cannot be verified, as the key of this name is not given.
    NoKey(i64, String),
}

/// The number of entries that are read together.
const PORTION: i64 = 2_000;

/// Verifies the society's chain from its beginning to its sealed end.
///
/// # Errors
/// Where the database does not answer or there are no sealing keys.
pub async fn verify(app: &App, scope: &SystemScope) -> anyhow::Result<LogVerdict> {
    use crate::core::society::InSociety;
    // The end first: what is written meanwhile comes after it.
    let end = queries::head(&app.db, scope).await?;
    let last = end.as_ref().map_or(0, |end| end.entry_id);
    let (mut hash, mut count, mut from_creation) = (BEGINNING, 0, false);
    loop {
        let entries = queries::entries_after(&app.db, scope, count, PORTION).await?;
        for entry in &entries {
            if count == last {
                break;
            }
            hash = entry.content(scope.society_id()).hash(&hash);
            if entry.entry_id != count + 1 || entry.hash != hash {
                return Ok(LogVerdict::Broken(count + 1));
            }
            from_creation |= count == 0 && entry.act == CREATED.word;
            count += 1;
        }
        if count == last || entries.is_empty() {
            break;
        }
    }
    let Some(end) = end else {
        let any = queries::entries_after(&app.db, scope, 0, 1).await?;
        return Ok(if any.is_empty() { LogVerdict::Begun(0) } else { LogVerdict::WrongEnd(0) });
    };
    app.keys()?;
    match opened(app, scope, last, &end.sealed_hash) {
        Ok(sealed) if sealed == hash && count == last && from_creation => Ok(LogVerdict::Whole(count)),
        Ok(sealed) if sealed == hash && count == last => Ok(LogVerdict::Begun(count)),
        Err(error) => match error.downcast_ref() {
            Some(SealError::UnknownKey { id }) => Ok(LogVerdict::NoKey(count, id.clone())),
            _ => Ok(LogVerdict::WrongEnd(count)),
        },
        Ok(_) => Ok(LogVerdict::WrongEnd(count)),
    }
}
