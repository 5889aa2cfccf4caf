//! The events of staff accounts: the owner is told by mail, in the transaction of the act.

use yui_db::Tx;

use super::{letters, queries};
use crate::{
    core::{
        app::App,
        audit::Acting,
        mail::{self, MailFrame, Recipient},
        role::Role,
    },
    ui::Lang,
};

/// An event of a staff account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StaffEvent<'a> {
    /// The password was set by an invitation's link.
    PasswordSet,
    /// … was changed by its owner.
    PasswordChanged,
    /// A factor with this label was registered.
    FactorAdded(&'a str),
    /// … was removed.
    FactorRemoved(&'a str),
    /// An administrator removed password and factors, and invited again.
    Reset,
    /// … made this role that one.
    RoleChanged(Role, Role),
    /// Wrong codes locked the account.
    Locked,
    /// An administrator unlocked it.
    Unlocked,
    /// … stopped it.
    Stopped,
    /// … resumed it, which begins with an invitation.
    Resumed,
}

/// Tells the owner of the account about the event, before the act is recorded; after the commit, `app.mail.wake()` has
/// it delivered.
pub(super) async fn tell(
    app: &App,
    tx: &mut Tx,
    scope: &impl Acting,
    staff_id: i64,
    what: StaffEvent<'_>,
) -> anyhow::Result<()> {
    let (owner, actor, now) = (queries::owner_in(tx, scope, staff_id).await?, scope.actor(), app.clock.now());
    let own = actor.staff_id() == Some(staff_id);
    let whence = match actor.address().filter(|_| own) {
        Some(address) => format!("接続元：{address}"),
        None => format!("操作した人：{}", actor.name),
    };
    let frame = MailFrame::of(app, scope.society(), Lang::Ja);
    let letter = letters::notice(&frame, &owner.name, what, (now, whence));
    mail::enqueue(tx, app, scope, Recipient { account_id: None, address: &owner.email }, &letter, now).await?;
    Ok(())
}
