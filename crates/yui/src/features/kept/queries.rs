//! The SQL of kept forms.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, statements};

use super::FormOwner;
use crate::core::society::{InSociety, ids_take};

statements! {
    fn keep(
        society_id: i64,
        form_id: i64,
        account_id: i64,
        staff_id: i64,
        token_hash: &[u8],
        page: &str,
        path: &str,
        sealed_fields: &[u8],
        now: Timestamp,
    ) = "
        INSERT INTO kept_forms (society_id, form_id, account_id, staff_id, token_hash, page, path, sealed_fields, kept_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    fn form(
        society_id: i64,
        account_id: i64,
        staff_id: i64,
        token_hash: &[u8],
        page: &str,
        since: Timestamp,
    ) -> FormRow = "
        SELECT form_id, path, sealed_fields FROM kept_forms
        WHERE society_id = $1 AND account_id = $2 AND staff_id = $3 AND token_hash = $4 AND page = $5 AND kept_at > $6
        ORDER BY form_id DESC LIMIT 1";
    fn forget(society_id: i64, account_id: i64, staff_id: i64, token_hash: &[u8], path: &str) = "
        DELETE FROM kept_forms
        WHERE society_id = $1 AND account_id = $2 AND staff_id = $3 AND token_hash = $4 AND path = $5";
    fn forget_of_browser(society_id: i64, token_hash: &[u8], path: &str) =
        "DELETE FROM kept_forms WHERE society_id = $1 AND token_hash = $2 AND path = $3";
    fn forget_oldest(society_id: i64, account_id: i64, staff_id: i64, most: i64) = "
        DELETE FROM kept_forms
        WHERE society_id = $1 AND account_id = $2 AND staff_id = $3 AND form_id NOT IN (
            SELECT form_id FROM kept_forms WHERE society_id = $1 AND account_id = $2 AND staff_id = $3
            ORDER BY form_id DESC LIMIT $4)";
    fn forget_over(society_id: i64, until: Timestamp) =
        "DELETE FROM kept_forms WHERE society_id = $1 AND kept_at <= $2";
}

/// How many forms one owner has at the most: the oldest go first.
const MOST: i64 = 8;

/// A form as it stands in the table.
#[derive(yui_db::Row)]
pub(super) struct FormRow {
    pub(super) form_id: i64,
    pub(super) path: String,
    pub(super) sealed_fields: Vec<u8>,
}

/// A form that is about to be kept.
pub(super) struct NewForm<'a> {
    pub(super) owner: FormOwner,
    pub(super) token_hash: &'a [u8; 32],
    pub(super) page: &'a str,
    pub(super) path: &'a str,
}

/// Returns the number of the next form.
pub(super) async fn next_id(tx: &mut Tx, scope: &impl InSociety) -> Result<i64, DbError> {
    ids_take(tx, scope, "kept_form", 1).await
}

/// Keeps a form in place of an earlier one that was sent to the same path.
pub(super) async fn keep(
    tx: &mut Tx,
    scope: &impl InSociety,
    new: &NewForm<'_>,
    (form_id, sealed_fields): (i64, Vec<u8>),
    now: Timestamp,
) -> Result<(), DbError> {
    let (society_id, (account_id, staff_id)) = (scope.society_id(), new.owner.ids());
    tx.execute(Sql::forget(society_id, account_id, staff_id, new.token_hash, new.path)).await?;
    tx.execute(Sql::keep(
        society_id,
        form_id,
        account_id,
        staff_id,
        new.token_hash,
        new.page,
        new.path,
        &sealed_fields,
        now,
    ))
    .await?;
    tx.execute(Sql::forget_oldest(society_id, account_id, staff_id, MOST)).await.map(drop)
}

/// Returns the newest form of this owner and browser that was on this page and kept after `since`.
pub(super) async fn form(
    db: &Db,
    scope: &impl InSociety,
    owner: FormOwner,
    (token_hash, page): (&[u8; 32], &str),
    since: Timestamp,
) -> Result<Option<FormRow>, DbError> {
    let (account_id, staff_id) = owner.ids();
    db.optional(Sql::form(scope.society_id(), account_id, staff_id, token_hash, page, since)).await
}

/// Deletes what this owner and browser sent to this path.
pub(super) async fn forget(
    db: &Db,
    scope: &impl InSociety,
    owner: FormOwner,
    (token_hash, path): (&[u8; 32], &str),
) -> Result<(), DbError> {
    let (account_id, staff_id) = owner.ids();
    db.execute(Sql::forget(scope.society_id(), account_id, staff_id, token_hash, path)).await.map(drop)
}

/// Deletes the forms that this browser sent to this path, of any account.
pub(super) async fn forget_of_browser(
    db: &Db,
    scope: &impl InSociety,
    (token_hash, path): (&[u8; 32], &str),
) -> Result<(), DbError> {
    db.execute(Sql::forget_of_browser(scope.society_id(), token_hash, path)).await.map(drop)
}

/// Deletes forms that were kept up to `until`; returns how many.
pub(super) async fn forget_over(tx: &mut Tx, scope: &impl InSociety, until: Timestamp) -> Result<u64, DbError> {
    tx.execute(Sql::forget_over(scope.society_id(), until)).await
}
