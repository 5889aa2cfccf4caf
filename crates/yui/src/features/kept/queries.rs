//! The SQL of kept forms.

use jiff::Timestamp;
use yui_db::{Db, DbError, Tx, params, statements};

use super::Owner;
use crate::scope::InSociety;

statements! {
    KEEP = "
        INSERT INTO kept_forms (society_id, account_id, staff_id, token_hash, path, sealed_fields, kept_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (society_id, account_id, staff_id) DO UPDATE
        SET token_hash = excluded.token_hash, path = excluded.path, sealed_fields = excluded.sealed_fields, kept_at = excluded.kept_at";
    FORM = "
        SELECT path, sealed_fields FROM kept_forms
        WHERE society_id = $1 AND account_id = $2 AND staff_id = $3 AND token_hash = $4 AND kept_at > $5";
    FORGET = "DELETE FROM kept_forms WHERE society_id = $1 AND account_id = $2 AND staff_id = $3 AND token_hash = $4";
    FORGET_OVER = "DELETE FROM kept_forms WHERE society_id = $1 AND kept_at <= $2";
}

/// A form as it stands in the table.
#[derive(sqlx::FromRow)]
pub(super) struct FormRow {
    pub(super) path: String,
    pub(super) sealed_fields: Vec<u8>,
}

/// Keeps a form in place of the one that its owner had.
pub(super) async fn keep(
    db: &Db,
    scope: &impl InSociety,
    owner: Owner,
    token_hash: &[u8; 32],
    form: FormRow,
    now: Timestamp,
) -> Result<(), DbError> {
    let (account_id, staff_id) = owner.ids();
    let values = params![scope.society_id(), account_id, staff_id, token_hash, form.path, form.sealed_fields, now];
    db.execute(&KEEP, values).await.map(drop)
}

/// Returns the owner's form with this token that was kept after `since`.
pub(super) async fn form(
    db: &Db,
    scope: &impl InSociety,
    owner: Owner,
    token_hash: &[u8; 32],
    since: Timestamp,
) -> Result<Option<FormRow>, DbError> {
    let (account_id, staff_id) = owner.ids();
    db.optional(&FORM, params![scope.society_id(), account_id, staff_id, token_hash, since]).await
}

/// Deletes the owner's form with this token. Returns false where there was none.
pub(super) async fn forget(
    db: &Db,
    scope: &impl InSociety,
    owner: Owner,
    token_hash: &[u8; 32],
) -> Result<bool, DbError> {
    let (account_id, staff_id) = owner.ids();
    Ok(db.execute(&FORGET, params![scope.society_id(), account_id, staff_id, token_hash]).await? > 0)
}

/// Deletes forms that were kept up to `until`; returns how many.
pub(super) async fn forget_over(tx: &mut Tx, scope: &impl InSociety, until: Timestamp) -> Result<u64, DbError> {
    tx.execute(&FORGET_OVER, params![scope.society_id(), until]).await
}
