//! Links in mails.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use crate::core::society::InSociety;

statements! {
    fn link_insert(
        society_id: i64,
        token_hash: &[u8],
        account_id: i64,
        purpose: &str,
        address: Option<&str>,
        now: Timestamp,
        ends_at: Timestamp,
    ) = "
        INSERT INTO mailed_links (society_id, token_hash, account_id, purpose, address, created_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    fn links_delete(society_id: i64, account_id: i64, purpose: &str) =
        "DELETE FROM mailed_links WHERE society_id = $1 AND account_id = $2 AND purpose = $3";
    fn link(society_id: i64, token_hash: &[u8], purpose: &str, now: Timestamp) -> Link = "
        SELECT account_id, address FROM mailed_links
        WHERE society_id = $1 AND token_hash = $2 AND purpose = $3 AND ends_at > $4";
    fn link_take(society_id: i64, token_hash: &[u8], purpose: &str, now: Timestamp) -> Link = "
        DELETE FROM mailed_links WHERE society_id = $1 AND token_hash = $2 AND purpose = $3 AND ends_at > $4
        RETURNING account_id, address";
    fn link_newest(society_id: i64, account_id: i64, purpose: &str) -> Option<jiff::Timestamp> = "
        SELECT MAX(created_at) AS at FROM mailed_links WHERE society_id = $1 AND account_id = $2 AND purpose = $3";
}

/// A link that works.
#[derive(Debug, yui_db::Row)]
pub(crate) struct Link {
    pub(crate) account_id: i64,
    pub(crate) address: Option<String>,
}

/// A link that is about to be.
#[derive(Debug)]
pub(crate) struct NewLink<'a> {
    pub(crate) token_hash: [u8; 32],
    pub(crate) account_id: i64,
    /// `email`, `password` or `first_login`.
    pub(crate) purpose: &'a str,
    pub(crate) address: Option<&'a str>,
    pub(crate) ends_at: Timestamp,
}

/// Keeps a link; earlier ones of the account for the same purpose are dead from now on.
pub(crate) async fn link_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    link: &NewLink<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    links_delete(tx, scope, link.account_id, link.purpose).await?;
    let NewLink { token_hash, account_id, purpose, address, ends_at } = link;
    tx.execute(Sql::link_insert(scope.society_id(), token_hash, *account_id, purpose, *address, now, *ends_at))
        .await
        .map(drop)
}

/// Kills the account's links for this purpose.
pub(crate) async fn links_delete(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    purpose: &str,
) -> Result<(), DbError> {
    tx.execute(Sql::links_delete(scope.society_id(), account_id, purpose)).await.map(drop)
}

/// Returns the link of this token where it works for this purpose.
pub(crate) async fn link(
    db: &Db,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    purpose: &str,
    now: Timestamp,
) -> Result<Option<Link>, DbError> {
    db.optional(Sql::link(scope.society_id(), token_hash, purpose, now)).await
}

/// Takes the link: it works no more.
pub(crate) async fn link_take(
    tx: &mut Tx,
    scope: &impl InSociety,
    token_hash: &[u8; 32],
    purpose: &str,
    now: Timestamp,
) -> Result<Option<Link>, DbError> {
    tx.optional(Sql::link_take(scope.society_id(), token_hash, purpose, now)).await
}

/// Returns when the account's newest link for this purpose was mailed.
pub(crate) async fn link_newest(
    db: &Db,
    scope: &impl InSociety,
    account_id: i64,
    purpose: &str,
) -> Result<Option<Timestamp>, DbError> {
    let row = db.one(Sql::link_newest(scope.society_id(), account_id, purpose)).await?;
    Ok(row)
}
