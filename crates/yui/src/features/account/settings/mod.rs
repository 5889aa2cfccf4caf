//! The account settings of a signed-in member. Sensitive changes ask for a fresh proof first.

mod email;
mod factors;
mod login_methods;
mod password;
mod profile;
mod recovery_codes;
mod sessions;
mod user_id;

pub(super) use email::{show as email_show, submit as email_submit};
pub(super) use factors::{
    delete as factor_delete, delete_show as factor_delete_show, rename as factor_rename,
    rename_show as factor_rename_show,
};
pub(super) use login_methods::show as login_methods_show;
pub(super) use password::{show as password_show, submit as password_submit};
pub(super) use profile::{show as profile_show, submit as profile_submit};
pub(super) use recovery_codes::{make as recovery_codes_make, show as recovery_codes_show};
pub(super) use sessions::{end as session_end, end_others as sessions_end_others, show as sessions_show};
pub(super) use user_id::{show as user_id_show, submit as user_id_submit};

use axum::response::Redirect;
use yui_db::Tx;

use super::queries;
use crate::core::society::InSociety;

/// Ends every session and login of the account but these: 全てのデバイスからサインアウトする. No browser is known any more.
pub(super) async fn sign_out_everywhere(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    but_session: &[u8; 32],
    but_login: &[u8; 32],
) -> anyhow::Result<()> {
    others_end(tx, scope, account_id, but_login).await?;
    queries::sessions_delete_of(tx, scope, account_id, but_session).await?;
    queries::devices_forget(tx, scope, account_id).await?;
    Ok(())
}

/// Ends everything that was begun under replaced credentials: every other pending login, and the links in mails.
pub(super) async fn others_end(
    tx: &mut Tx,
    scope: &impl InSociety,
    account_id: i64,
    but_login: &[u8; 32],
) -> anyhow::Result<()> {
    queries::logins_delete_of(tx, scope, account_id, but_login).await?;
    links_end(tx, scope, account_id).await
}

/// Invalidates the links in mails to the account: those that verify an address and those that set a password.
pub(super) async fn links_end(tx: &mut Tx, scope: &impl InSociety, account_id: i64) -> anyhow::Result<()> {
    for purpose in ["email", "password"] {
        queries::links_delete(tx, scope, account_id, purpose).await?;
    }
    Ok(())
}

/// `/.well-known/change-password` (W3C): the address that password managers send people to.
pub(super) async fn change_password() -> Redirect {
    Redirect::to("/settings/password")
}

/// `/.well-known/passkey-endpoints` (W3C): the addresses for adding and managing passkeys.
pub(super) async fn passkey_endpoints(
    axum::extract::State(app): axum::extract::State<crate::core::app::App>,
    scope: crate::core::scope::PublicScope,
) -> axum::Json<serde_json::Value> {
    let portal = app.portal_address(scope.society());
    axum::Json(serde_json::json!({
        "enroll": format!("{portal}/factors/passkey"),
        "manage": format!("{portal}/settings/login"),
    }))
}
