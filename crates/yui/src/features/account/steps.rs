//! The step of a login between typing a password and seeing the portal. One typed answer, computed again at every step
//! and when a session is issued, from the account and the proofs of this login; never remembered from an earlier step,
//! and never taken from an address.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::core::society::{EmailRule, EnrolmentFlow, Factor, Policy};

/// An account as the database knows it, as far as logging in needs it.
#[derive(Clone, Debug)]
pub(crate) struct AuthAccount {
    pub(crate) account_id: i64,
    /// The revision, which grows with every change of the owner's credentials.
    pub(crate) revision: i64,
    pub(crate) state: AccountState,
    /// The time since when wrong passwords or staff have locked it.
    pub(crate) locked_at: Option<Timestamp>,
    pub(crate) user_id: String,
    pub(crate) password_set_at: Timestamp,
    /// The end of life of a password that is not the member's own.
    pub(crate) password_ends_at: Option<Timestamp>,
    pub(crate) password_must_change: bool,
    /// The hash of a temporary password sent by mail after a recovery request, and when it expires.
    pub(crate) mailed_password: Option<(String, Timestamp)>,
    /// Wrong codes in a row.
    pub(crate) wrong_codes: i32,
    pub(crate) email: Option<String>,
    pub(crate) email_verified: bool,
    pub(crate) enrolment: EnrolmentProgress,
    pub(crate) chosen_factor: Option<Factor>,
    /// The kinds of the factors it has.
    pub(crate) factors: Vec<Factor>,
    /// The society's terms that count now, and the newest that the account agreed to.
    pub(crate) current_terms: Option<i64>,
    pub(crate) agreed_terms: Option<i64>,
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// It has a temporary ID and password and waits for enrolment.
    Temporary,
    /// It is in use.
    Enrolled,
    /// Staff stopped it.
    Stopped,
}

impl AccountState {
    /// Returns the word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Temporary => "temporary",
            Self::Enrolled => "enrolled",
            Self::Stopped => "stopped",
        }
    }

    /// Returns the state for the database's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Temporary, Self::Enrolled, Self::Stopped].into_iter().find(|state| state.as_str() == word)
    }
}

/// The progress of enrolment: kept with the account, so that it goes on tomorrow where it stopped today.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct EnrolmentProgress {
    pub(crate) identity_checked: bool,
    /// The address a link was mailed to.
    pub(crate) pending_email: Option<String>,
    /// The user ID and the factor chosen, in force when the password is set.
    pub(crate) user_id: Option<String>,
    pub(crate) factor: Option<Factor>,
    /// The personal data of the classic flow, waiting for 実行.
    pub(crate) details: Option<Details>,
}

/// 個人情報 of the classic flow; the password hashed already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Details {
    pub(crate) user_id: String,
    pub(crate) password_hash: String,
    pub(crate) email: Option<String>,
    /// The kinds of news, each with whether mail about it is wanted.
    pub(crate) mail_wanted: Vec<(String, bool)>,
}

/// The purpose of a login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// To get a session.
    #[default]
    SignIn,
    /// To set a forgotten password; then as a login.
    Reset,
    /// To confirm the identity of a signed-in member.
    Confirm,
}

/// The first proof of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PrimaryFactor {
    /// The password, in a browser that is known to be the owner's or not.
    Password {
        /// Whether the browser is known.
        known_device: bool,
    },
    /// A passkey, which is a second factor, too.
    Passkey,
    /// The link of a mail, which opens enrolment or the setting of a new password and nothing else.
    Link,
}

/// The second proof of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecondFactor {
    /// A passkey.
    Passkey,
    /// A code of the authenticator app.
    App,
    /// A code sent by mail.
    Email,
    /// A recovery code.
    Recovery,
}

impl SecondFactor {
    /// Returns the word for the record.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::App => "app",
            Self::Email => "email",
            Self::Recovery => "recovery",
        }
    }
}

/// The proofs of one login so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LoginState {
    pub(crate) purpose: Purpose,
    pub(crate) first: Option<PrimaryFactor>,
    /// The time when the proved password had been set: once it is replaced, it proves nothing more.
    pub(crate) password_at: Option<Timestamp>,
    pub(crate) second: Option<SecondFactor>,
    /// Wrong codes in this login.
    pub(crate) wrong_codes: u8,
    /// The code that was mailed for this login, sealed, with its life.
    pub(crate) mail_code: Option<MailCode>,
    /// Reset: the new password was set.
    pub(crate) password_set: bool,
    /// Enrolment was finished in this login; its factor may be registered at the next one.
    pub(crate) enrolled_now: bool,
    pub(crate) factor_postponed: bool,
    /// Confirm: the session (hash of its token, hexadecimal) that is confirmed again.
    pub(crate) session: Option<String>,
    pub(crate) remember: bool,
    pub(crate) return_to: String,
}

/// A mailed code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MailCode {
    /// Sealed, base64.
    pub(crate) sealed: String,
    /// The address it went to: after a change it proves nothing more.
    pub(crate) address: String,
    pub(crate) sent_at: Timestamp,
    pub(crate) ends_at: Timestamp,
}

/// The next step of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Nothing: the proofs do not suffice and never will.
    Refused(LoginRefusal),
    /// The second factor.
    Factor,
    /// Renewed enrolment: the birth date.
    BirthDate,
    /// Classic enrolment: identity check with the terms.
    Identity,
    /// The terms of use.
    Terms,
    /// The address, and the wait for its link.
    Email,
    /// The wait for the link.
    EmailSent,
    /// The new user ID and the factor.
    Profile,
    /// A new password: the last step of enrolment, an expired one, a reset.
    Password,
    /// Classic enrolment: 個人情報入力.
    Details,
    /// Classic enrolment: 入力内容確認.
    Check,
    /// A factor to register.
    AddFactor,
    /// A new password is set, and the account has no factor: log in with it.
    LoginAnew,
    /// None: everything is proved.
    Open,
}

/// The reason why a login cannot continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LoginRefusal {
    /// Nothing was proved.
    NoProof,
    /// Wrong passwords or staff locked it.
    Locked,
    /// Staff stopped it.
    Stopped,
    /// The temporary password is too old.
    Expired,
}

/// The number of wrong answers about the identity after which an account that enrols is locked.
pub(crate) const WRONG_IDENTITIES: i32 = 5;

/// The number of wrong codes in a row after which no code opens anything (NIST SP 800-63B-4 3.2.2).
pub(crate) const WRONG_CODES: i32 = 100;

/// The number of wrong codes in one login before it starts again.
pub(crate) const WRONG_CODES_PER_LOGIN: u8 = 5;

/// Returns the next step of a login.
pub(crate) fn step(account: &AuthAccount, proofs: &LoginState, policy: &Policy, now: Timestamp) -> Step {
    let Some(first) = proofs.first else { return Step::Refused(LoginRefusal::NoProof) };
    let by_password = matches!(first, PrimaryFactor::Password { .. });
    if by_password && proofs.password_at != Some(account.password_set_at) {
        return Step::Refused(LoginRefusal::NoProof);
    }
    match account.state {
        AccountState::Stopped => return Step::Refused(LoginRefusal::Stopped),
        // A lock closes the way of passwords and links; who has a passkey or comes in a known browser is no stranger.
        _ if account.locked_at.is_some()
            && !matches!(first, PrimaryFactor::Passkey | PrimaryFactor::Password { known_device: true }) =>
        {
            return Step::Refused(LoginRefusal::Locked);
        }
        _ => {}
    }
    if account.password_ends_at.is_some_and(|end| end <= now) && by_password {
        return Step::Refused(LoginRefusal::Expired);
    }
    if account.state == AccountState::Temporary {
        return match proofs.purpose {
            Purpose::SignIn => enrolment(account, policy),
            Purpose::Reset | Purpose::Confirm => Step::Refused(LoginRefusal::NoProof),
        };
    }
    match (proofs.purpose, first) {
        (Purpose::Reset, PrimaryFactor::Link) if !proofs.password_set => return Step::Password,
        (Purpose::Reset, PrimaryFactor::Link) if account.factors.is_empty() => return Step::LoginAnew,
        (Purpose::Reset, PrimaryFactor::Link) => {}
        // A link proves no owner of an enrolled account.
        (_, PrimaryFactor::Link) | (Purpose::Reset, _) => return Step::Refused(LoginRefusal::NoProof),
        _ => {}
    }
    if first != PrimaryFactor::Passkey && proofs.second.is_none() && !account.factors.is_empty() {
        // The lock of codes holds in known browsers, too.
        return if account.wrong_codes >= WRONG_CODES { Step::Refused(LoginRefusal::Locked) } else { Step::Factor };
    }
    if proofs.purpose == Purpose::Confirm {
        return Step::Open;
    }
    if terms_due(account) {
        return Step::Terms;
    }
    // Who came by passkey did not use the password: its age does not stand in the way.
    if first != PrimaryFactor::Passkey && password_due(account, policy, now) {
        return Step::Password;
    }
    let usable = account.factors.iter().any(|factor| policy.factors.contains(factor));
    let may_wait = proofs.enrolled_now && proofs.factor_postponed;
    if !policy.factors.is_empty() && !usable && !may_wait {
        return Step::AddFactor;
    }
    Step::Open
}

fn terms_due(account: &AuthAccount) -> bool {
    account.current_terms.is_some_and(|current| account.agreed_terms.is_none_or(|agreed| agreed < current))
}

/// Returns whether the password must be replaced: it was given by somebody else, or it is older than the society wants.
pub(crate) fn password_due(account: &AuthAccount, policy: &Policy, now: Timestamp) -> bool {
    let years = policy.password.renew_after_years.map(i64::from);
    let too_old = years.is_some_and(|years| now.duration_since(account.password_set_at) >= a_year() * years as i32);
    account.password_must_change || too_old
}

/// 365 days and a quarter.
fn a_year() -> SignedDuration {
    SignedDuration::from_hours(8766)
}

fn enrolment(account: &AuthAccount, policy: &Policy) -> Step {
    let EnrolmentProgress { identity_checked, pending_email, user_id, details, .. } = &account.enrolment;
    match policy.enrolment {
        EnrolmentFlow::Classic => match (identity_checked, details) {
            (false, _) => Step::Identity,
            (true, _) if terms_due(account) => Step::Terms,
            (true, None) => Step::Details,
            (true, Some(_)) => Step::Check,
        },
        EnrolmentFlow::Renewed => {
            let proved = account.email_verified || policy.email != EmailRule::RequiredVerified;
            if !identity_checked {
                Step::BirthDate
            } else if terms_due(account) {
                Step::Terms
            } else if !proved {
                if pending_email.is_some() { Step::EmailSent } else { Step::Email }
            } else if user_id.is_none() {
                Step::Profile
            } else {
                Step::Password
            }
        }
    }
}

impl Step {
    /// Returns the page of the step.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Refused(_) => "/login/refused",
            Self::Factor => "/login/factor",
            Self::BirthDate => "/enrolment/birth-date",
            Self::Identity => "/enrolment/identity",
            Self::Terms => "/login/terms",
            Self::Email => "/enrolment/email",
            Self::EmailSent => "/enrolment/email/sent",
            Self::Profile => "/enrolment/user-id",
            Self::Password => "/login/password",
            Self::Details => "/enrolment/details",
            Self::Check => "/enrolment/check",
            Self::AddFactor => "/factors",
            Self::LoginAnew => "/login?password=changed",
            Self::Open => "/login/continue",
        }
    }
}

#[cfg(test)]
mod tests;
