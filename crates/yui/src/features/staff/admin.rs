//! Inviting staff: from the console, and from the command line for the first administrator.

use anyhow::{Context, bail};
use jiff::SignedDuration;
use yui_auth::totp::TotpKey;
use yui_db::Tx;

use super::{
    acts::{STAFF_CHANGED, STAFF_INVITED, STAFF_RESET},
    devices,
    events::{StaffEvent, tell},
    letters,
    prove::key_row,
    queries::{self, NewStaffFactor, StaffLine},
};
use crate::{
    core::{
        app::App,
        audit::{self, Subject},
        mail::{self, MailFrame, Recipient},
        role::Role,
        scope::SystemScope,
        sealed::{self, SealContext},
        society::{InSociety, ids_take},
    },
    features::account::credentials::email_as_kept,
    ui::Lang,
};

/// The time for answering an invitation.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A person to invite.
#[derive(Clone, Debug)]
pub struct Invited<'a> {
    /// The address with which they log in.
    pub email: &'a str,
    /// Their name.
    pub name: &'a str,
    /// Their role.
    pub role: Role,
}

/// Invites somebody to the society's staff; returns the path of the link that is mailed to them.
///
/// # Errors
/// If the address is none, the name is empty, or the society has somebody with this address.
pub async fn invite(app: &App, scope: &SystemScope, invited: &Invited<'_>) -> anyhow::Result<String> {
    let name = invited.name.trim();
    if name.is_empty() {
        bail!("a name is needed");
    }
    let Ok(email) = email_as_kept(invited.email) else { bail!("{:?} is no mail address", invited.email) };
    let mut tx = app.db.begin().await?;
    let path = invite_in(app, &mut tx, scope, (&email, name, invited.role)).await?;
    let Some(path) = path else { bail!("the society has somebody with the address {email}") };
    tx.commit().await?;
    app.mail.wake();
    Ok(path)
}

/// Invites somebody in the transaction; returns nothing if the address is taken, in which case nothing is written.
pub(super) async fn invite_in(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    whom: (&str, &str, Role),
) -> anyhow::Result<Option<String>> {
    match enter(app, tx, scope, whom).await? {
        Some(staff_id) => Ok(Some(invited(app, tx, scope, staff_id, whom).await?)),
        None => Ok(None),
    }
}

/// Makes an account that nobody can use, as nobody is invited yet; returns nothing if the address is taken.
pub(super) async fn enter(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    whom: (&str, &str, Role),
) -> anyhow::Result<Option<i64>> {
    match queries::staff_insert(tx, scope, whom, app.random.bytes()?, app.clock.now()).await {
        Ok(id) => Ok(Some(id)),
        Err(error) if error.is_taken("staff_email") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn invited(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    staff_id: i64,
    (email, name, role): (&str, &str, Role),
) -> anyhow::Result<String> {
    let path = write(app, tx, scope, staff_id, (email, name, role)).await?;
    let subject = Subject::new("staff", staff_id, name);
    let detail = format!("{email} {}", role.label());
    audit::record(app, tx, scope, STAFF_INVITED, Some(&subject), &detail).await?;
    Ok(path)
}

/// Performs an approved request, in the caller's transaction: invites the person who was entered, or a stopped account
/// again.
///
/// # Errors
/// If the account is in use, or the database does not answer.
pub(crate) async fn invite_approved(app: &App, tx: &mut Tx, scope: &SystemScope, staff_id: i64) -> anyhow::Result<()> {
    let line = line_of(tx, scope, staff_id).await?;
    let owner = (line.email.as_str(), line.name.as_str(), line.role());
    if line.stopped_at.is_some() {
        reset_in(app, tx, scope, staff_id, owner).await?;
        tell(app, tx, scope, staff_id, StaffEvent::Resumed).await?;
        let subject = Subject::new("staff", staff_id, &line.name);
        return audit::record(app, tx, scope, STAFF_RESET, Some(&subject), "").await;
    }
    if line.answered {
        bail!("the account is in use");
    }
    invited(app, tx, scope, staff_id, owner).await.map(drop)
}

/// The separator of the roles in a request's detail.
const TO: &str = " → ";

/// Returns a change of role in words that [`role_change_approved`] reads again: `閲覧 → 管理者`.
pub(super) fn role_change(before: Role, after: Role) -> String {
    format!("{}{TO}{}", before.label(), after.label())
}

/// Performs an approved request, in the caller's transaction: gives the role.
///
/// # Errors
/// If the account has another role by now than at the time of the request, or the database does not answer.
pub(crate) async fn role_change_approved(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    staff_id: i64,
    detail: &str,
) -> anyhow::Result<()> {
    queries::staff_hold(tx, scope, staff_id).await?;
    let line = line_of(tx, scope, staff_id).await?;
    let before = line.role();
    let asked = Role::ALL.into_iter().find(|after| role_change(before, *after) == detail);
    let after =
        asked.filter(|_| line.stopped_at.is_none()).context("the account is not what it was when it was asked")?;
    queries::staff_change(tx, scope, staff_id, &line.name, after).await?;
    tell(app, tx, scope, staff_id, StaffEvent::RoleChanged(before, after)).await?;
    let subject = Subject::new("staff", staff_id, &line.name);
    audit::record(app, tx, scope, STAFF_CHANGED, Some(&subject), &format!("{} {detail}", line.name)).await
}

async fn line_of(tx: &mut Tx, scope: &SystemScope, staff_id: i64) -> anyhow::Result<StaffLine> {
    let lines = queries::staff_list_in(tx, scope).await?;
    lines.into_iter().find(|line| line.staff_id == staff_id).context("the member of staff")
}

/// Resets the account with this address to that of a newly invited person, locked or not: its owner, even if the only
/// administrator, sets a password and adds a second factor again.
///
/// # Errors
/// If nobody of the society's active staff has this address.
pub async fn reset(app: &App, scope: &SystemScope, email: &str) -> anyhow::Result<()> {
    let row = match email_as_kept(email) {
        Ok(email) => queries::staff_by_email(&app.db, scope, &email).await?,
        Err(_) => None,
    };
    let row = row.with_context(|| format!("nobody of the staff in service has the address {email:?}"))?;
    let mut tx = app.db.begin().await?;
    reset_in(app, &mut tx, scope, row.staff_id, (&row.email, &row.name, row.role())).await?;
    tell(app, &mut tx, scope, row.staff_id, StaffEvent::Reset).await?;
    let subject = Subject::new("staff", row.staff_id, &row.name);
    audit::record(app, &mut tx, scope, STAFF_RESET, Some(&subject), "").await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(())
}

/// Removes password, factors and sessions, and invites again.
pub(super) async fn reset_in(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    staff_id: i64,
    owner: (&str, &str, Role),
) -> anyhow::Result<()> {
    queries::staff_reset(tx, scope, staff_id).await?;
    queries::sessions_delete_of(tx, scope, staff_id, &[0; 32]).await?;
    devices::forget(tx, scope, staff_id).await?;
    write(app, tx, scope, staff_id, owner).await.map(drop)
}

/// Writes an invitation, which invalidates an earlier one. Returns the path of its link.
async fn write(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    staff_id: i64,
    (email, name, role): (&str, &str, Role),
) -> anyhow::Result<String> {
    let (token, now) = (app.random.token()?, app.clock.now());
    let ends_at = now.checked_add(LIFE)?;
    queries::invitation_keep(tx, scope, staff_id, token.hash().as_bytes(), ends_at).await?;
    let path = format!("/console/invitation/{}", *token.text());
    let frame = MailFrame::of(app, scope.society(), Lang::Ja);
    let letter = letters::invitation(&frame, name, role.label(), &path).until(ends_at);
    mail::enqueue(tx, app, scope, Recipient { account_id: None, address: email }, &letter, now).await?;
    Ok(path)
}

/// Makes an account that is ready for use, with this password hash and an app of this key: the demo's.
///
/// # Errors
/// As [`invite`].
pub(crate) async fn seed(
    app: &App,
    scope: &SystemScope,
    Invited { email, name, role }: &Invited<'_>,
    password_hash: &str,
    key: &TotpKey,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let id = queries::staff_insert(&mut tx, scope, (email, name, *role), app.random.bytes()?, now).await?;
    let set = queries::password_set(&mut tx, scope, (id, 0), password_hash).await?;
    anyhow::ensure!(set, "an account that was just made is another by now");
    let factor_id = ids_take(&mut tx, scope, "staff_factor", 1).await?;
    let row = key_row(id, factor_id);
    let sealed_key = sealed::seal(app, scope, SealContext("staff_factors", "sealed_key", &row), key.bytes())?;
    let app_of_phone = NewStaffFactor::App { sealed_key, step: 0 };
    queries::factor_insert(&mut tx, scope, (id, factor_id, "スマートフォン"), app_of_phone, now).await?;
    let subject = Subject::new("staff", id, *name);
    audit::record(app, &mut tx, scope, STAFF_INVITED, Some(&subject), &format!("{email} {}", role.label())).await?;
    Ok(tx.commit().await?)
}

/// Returns the society's staff in lines: address, name, role, state.
///
/// # Errors
/// Where the database does not answer.
pub async fn lines(app: &App, scope: &SystemScope) -> anyhow::Result<Vec<String>> {
    let staff = queries::staff_list(&app.db, scope).await?;
    let state = |line: &queries::StaffLine| match (&line.stopped_at, line.answered, &line.locked_at) {
        (Some(_), ..) => "stopped",
        (None, false, _) => "invited",
        (None, true, Some(_)) => "locked",
        (None, true, None) => "active",
    };
    Ok(staff
        .iter()
        .map(|line| format!("{}\t{}\t{}\t{}", line.email, line.name, line.role().as_str(), state(line)))
        .collect())
}
