//! Making an account for an insured person.

use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};
use yui_auth::{password::Password, totp::TotpKey};

use super::{
    add_factor,
    queries::{self, AccountRecord},
    rules,
    steps::AccountState,
};
use crate::{
    core::{
        app::App,
        audit::{self, Subject},
        scope::SystemScope,
        society::{InSociety, ids_take},
    },
    features::{
        register::{holder_key, insured_by_holder},
        terms,
    },
};

audit::acts! {
    /// An account was made for somebody.
    ACCOUNT_CREATED = "account.created" / "加入者のアカウントを作成";
}

/// A new account.
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
    /// The address, if there is one.
    pub email: Option<&'a str>,
    /// The time since when it is locked.
    pub locked_at: Option<Timestamp>,
    /// The factor it has from the start, if any.
    pub factor: Option<FirstFactor<'a>>,
}

/// A factor that an account has from the start.
#[derive(Clone, Copy, Debug)]
pub enum FirstFactor<'a> {
    /// Codes to its address.
    Email,
    /// An app with this key.
    App(&'a TotpKey),
}

/// Creates an account for the insured person of a household. One that is ready for use counts as agreed to the terms on
/// paper, its address as proved.
///
/// # Errors
/// Where the register has no insured person under these numbers, or the user ID or the person has an account already.
pub async fn create(app: &App, scope: &SystemScope, new: &NewAccount<'_>) -> anyhow::Result<()> {
    let policy = &scope.society().policy;
    let length = |text: &str, min: u16, max: u16| (usize::from(min)..=usize::from(max)).contains(&text.chars().count());
    if !length(new.password, policy.password.min, policy.password.max) {
        bail!("a password of this society has {} to {} characters", policy.password.min, policy.password.max);
    }
    let user_id = rules::folded(new.user_id);
    if !length(&user_id, policy.user_id.min, policy.user_id.max) || !user_id.chars().all(rules::is_user_id_character) {
        let (min, max) = (policy.user_id.min, policy.user_id.max);
        bail!("a user ID of this society has {min} to {max} letters, digits and - _ . @");
    }
    let (insurer_number, symbol, number) = new.holder;
    let holder = holder_key(insurer_number, symbol, number);
    let insured = insured_by_holder(&app.db, scope, &holder)
        .await?
        .with_context(|| format!("the register has no insured person under {insurer_number} {symbol} {number}"))?;
    let password = Password::new(new.password.to_owned());
    let password_hash = app.hasher.hash_patiently(password, app.random.bytes()?).await?;
    let now = app.clock.now();
    let days = SignedDuration::from_hours(24 * i64::from(policy.temporary_days));
    let mut tx = app.db.begin().await?;
    let account_id = ids_take(&mut tx, scope, "account", 1).await?;
    let record = AccountRecord {
        account_id,
        member_id: insured.member_id,
        household_id: insured.household_id,
        user_id: &user_id,
        password_hash: &password_hash,
        state: new.state,
        email: new.email,
        locked_at: new.locked_at,
        password_ends_at: (new.state == AccountState::Temporary).then(|| now.checked_add(days)).transpose()?,
        origin: "new",
    };
    queries::account_insert(&mut tx, scope, &record, now).await.context("the account was not made")?;
    if new.state == AccountState::Enrolled {
        queries::email_set(&mut tx, scope, account_id, new.email, new.email.map(|_| now)).await?;
        if let Some(terms) = terms::current(&app.db, scope, now).await? {
            terms::agree(&mut tx, scope, account_id, terms.version, &scope.actor.name, now).await?;
        }
    }
    match new.factor {
        Some(FirstFactor::Email) => add_factor::email_insert(app, &mut tx, scope, account_id).await?,
        Some(FirstFactor::App(key)) => add_factor::app_insert(app, &mut tx, scope, account_id, key).await?,
        None => {}
    }
    let subject = Subject::new("account", account_id, insured.name);
    audit::record(app, &mut tx, scope, ACCOUNT_CREATED, Some(&subject), &user_id).await?;
    Ok(tx.commit().await?)
}
