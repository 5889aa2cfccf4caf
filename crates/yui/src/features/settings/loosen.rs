//! Loosening: letting one person decide an act again that two decide. That needs two itself: else one administrator
//! could switch the second person off, act alone, and switch it on again.

use anyhow::bail;
use yui_db::Tx;

use super::keep::{newest, policy_keep_in};
use crate::{
    core::{
        app::App,
        audit::Subject,
        role::Right,
        scope::{StaffScope, SystemScope},
        society::{Guarded, Policy},
    },
    features::{
        approvals::{self, GuardedAct},
        societies::acts::POLICY_CHANGED,
    },
};

/// The separator of acts in a request's detail.
const AND: &str = " / ";

/// Removes from the new policy every loosening of the old one; returns the acts that it would loosen.
pub(crate) fn kept_apart(old: &Policy, new: &mut Policy) -> Vec<Guarded> {
    let (stays, goes): (Vec<_>, Vec<_>) = old.two_person.iter().partition(|act| new.two_person.contains(act));
    let added: Vec<_> = new.two_person.iter().copied().filter(|act| !old.two_person.contains(act)).collect();
    new.two_person = if goes.is_empty() { [stays, added].concat() } else { [old.two_person.clone(), added].concat() };
    goes
}

/// Requests a second person's approval for loosening these acts. Returns false if such a request is open.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn ask(app: &App, staff: &StaffScope, acts: &[Guarded]) -> anyhow::Result<bool> {
    let detail = acts.iter().map(|act| act.label()).collect::<Vec<_>>().join(AND);
    let mut tx = app.db.begin().await?;
    let subject = Subject::new("policy", 0, "組合の設定");
    let asked = approvals::request(app, &mut tx, staff, Guarded::Loosening, &subject, &detail).await?;
    tx.commit().await?;
    Ok(asked)
}

/// Performs an approved request, in the caller's transaction, after which the directory is to be read again: from now
/// on one person decides the acts that `detail` names.
///
/// # Errors
/// If somebody changed the settings this moment, or the database does not answer.
async fn loosen(app: &App, tx: &mut Tx, scope: &SystemScope, detail: &str) -> anyhow::Result<()> {
    let (version, mut policy) = newest(app, scope).await?;
    policy.two_person.retain(|act| detail.split(AND).all(|label| label != act.label()));
    let words = format!("二人の確認が必要な操作から外したもの: {detail}");
    if !policy_keep_in(app, tx, scope, (version, &policy), POLICY_CHANGED, &words).await? {
        bail!("the settings were changed this moment");
    }
    Ok(())
}

/// 二人の確認をやめる変更: the detail names the acts.
pub static GUARDED_LOOSENING: GuardedAct = GuardedAct {
    guarded: Guarded::Loosening,
    may_decide: |role| role.has(Right::Manage),
    link: |_, _| None,
    perform: |act| Box::pin(loosen(act.app, act.tx, act.scope, act.detail)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::society::Preset;

    #[test]
    fn what_is_asked_names_each_act_apart() {
        let labels = Guarded::CHOICES.map(Guarded::label);
        assert!(labels.iter().all(|label| !label.contains(AND)), "{labels:?}");
    }

    #[test]
    fn what_two_decide_is_not_taken_away_with_the_rest() {
        use Guarded::{FactorReset, MassMail, Publication};
        let policy = |acts: &[Guarded]| Policy { two_person: acts.to_vec(), ..Preset::Minato.policy().unwrap() };
        for (old, typed, kept, goes) in [
            (&[][..], &[Publication][..], &[Publication][..], &[][..]),
            (&[Publication, MassMail], &[MassMail, FactorReset], &[Publication, MassMail, FactorReset], &[Publication]),
            (&[Publication], &[], &[Publication], &[Publication]),
        ] {
            let mut new = policy(typed);
            assert_eq!(kept_apart(&policy(old), &mut new), goes);
            assert_eq!(new.two_person, kept);
        }
    }
}
