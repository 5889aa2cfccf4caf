//! The link by which a member is done with a kind of mail (RFC 8058); its page is `features/account/unsubscribe`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use yui_auth::seal::Context;

use crate::core::{app::App, society::InSociety};

/// Returns the path by which the account's owner can be done with mails of this kind. It tells nothing and cannot be made by
/// anybody else.
///
/// # Errors
/// Where no sealing key is configured.
pub(crate) fn path(app: &App, scope: &impl InSociety, account_id: i64, kind: &str) -> anyhow::Result<String> {
    let society = scope.society_id().to_string();
    let said = format!("{account_id} {kind}");
    let sealed = app.keys()?.seal(&context(&society), app.random.bytes()?, said.as_bytes())?;
    Ok(format!("/unsubscribe/{}", URL_SAFE_NO_PAD.encode(sealed)))
}

pub(crate) fn context(society: &str) -> Context<'_> {
    Context { society, table: "mail_wishes", column: "unsubscribe", row: "" }
}
