//! Making an account for an insured person.

use anyhow::{Context, bail};
use jiff::Timestamp;
use yui_auth::password::Password;

use super::{
    login_state::AccountState,
    queries::{self, AccountRecord},
};
use crate::{
    app::App,
    features::{
        register::{holder_key, insured_by_holder},
        societies::ids_take,
    },
    scope::{InSociety, SystemScope},
};

/// What a new account needs.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// The insurer number, symbol and number of the household.
    pub holder: (&'a str, &'a str, &'a str),
    /// The user ID, folded to lower case.
    pub user_id: &'a str,
    /// The password.
    pub password: &'a str,
    /// Whether it is ready for use or waits for enrolment.
    pub state: AccountState,
    /// The address, where there is one.
    pub email: Option<&'a str>,
    /// Since when it is locked.
    pub locked_at: Option<Timestamp>,
}

/// Creates an account for the insured person of a household.
///
/// # Errors
/// Where the register has no insured person under these numbers, or the user ID or the person has an account already.
pub async fn create(app: &App, scope: &SystemScope, new: &NewAccount<'_>) -> anyhow::Result<()> {
    let policy = &scope.society().policy;
    let length = |text: &str, min: u16, max: u16| (usize::from(min)..=usize::from(max)).contains(&text.chars().count());
    if !length(new.password, policy.password.min, policy.password.max) {
        bail!("a password of this society has {} to {} characters", policy.password.min, policy.password.max);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if !length(new.user_id, policy.user_id.min, policy.user_id.max) || !new.user_id.chars().all(plain) {
        let (min, max) = (policy.user_id.min, policy.user_id.max);
        bail!("a user ID of this society has {min} to {max} letters, digits and - _ . @");
    }
    let (insurer_number, symbol, number) = new.holder;
    let holder = holder_key(insurer_number, symbol, number);
    let insured = insured_by_holder(&app.db, scope, &holder)
        .await?
        .with_context(|| format!("the register has no insured person under {insurer_number} {symbol} {number}"))?;
    let password = Password::new(new.password.to_owned());
    let password_hash = app.hasher.hash(password, app.random.bytes()?).await?;
    let mut tx = app.db.begin().await?;
    let record = AccountRecord {
        account_id: ids_take(&mut tx, scope, "account", 1).await?,
        member_id: insured.member_id,
        household_id: insured.household_id,
        user_id: &new.user_id.to_lowercase(),
        password_hash: &password_hash,
        state: new.state,
        email: new.email,
        locked_at: new.locked_at,
    };
    queries::account_insert(&mut tx, scope, &record, app.clock.now()).await.context("the account was not made")?;
    tx.commit().await?;
    Ok(())
}
