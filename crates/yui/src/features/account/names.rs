//! Whether a user ID or an address is another account's. Who chooses a name has to be told, and may not find out by it who has an
//! account: only so many names of others are told to one account (docs/decisions/0029).

use super::{attempt::Attempt, limits::TAKEN_NAMES_OF_ACCOUNT, queries};
use crate::{
    core::{app::App, society::InSociety},
    ui::Lang,
};

/// A name that somebody chose.
#[derive(Clone, Copy, Debug)]
pub(super) enum ChosenName<'a> {
    /// A user ID, folded.
    UserId(&'a str),
    /// An address that no mail proves.
    Email(&'a str),
}

/// The words for a user ID that is taken.
pub(super) const USER_ID_TAKEN: &str = "このユーザIDは使われています。別のユーザIDを入力してください。";

const EMAIL_TAKEN: &str = "他のアカウントで設定されているメールアドレスです。別のメールアドレスを入力してください。";

const TOO_MANY: &str = "確認が続いたため、しばらくお待ちいただいています。5分ほどたってから、もう一度お試しください。";

/// Returns what stands against this name for this account, in words; nothing where it may have it.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn refusal<S: InSociety + Clone + Send + Sync + 'static>(
    app: &App,
    scope: &S,
    account_id: i64,
    lang: Lang,
    name: ChosenName<'_>,
) -> anyhow::Result<Option<&'static str>> {
    // Taken before it is looked up: names sent side by side tell no more than those sent one after the other.
    let mut attempt = Attempt::new(app, scope);
    if attempt.take(&[TAKEN_NAMES_OF_ACCOUNT.of(&account_id.to_string())]).await?.is_some() {
        return Ok(Some(lang.t(TOO_MANY)));
    }
    let (owner, words) = match name {
        ChosenName::UserId(user_id) => (queries::account_id(&app.db, scope, user_id).await?, USER_ID_TAKEN),
        ChosenName::Email(address) => (queries::email_owner(&app.db, scope, address).await?, EMAIL_TAKEN),
    };
    if owner.is_some_and(|owner| owner != account_id) {
        attempt.wrong();
        return Ok(Some(lang.t(words)));
    }
    attempt.right().await?;
    Ok(None)
}
