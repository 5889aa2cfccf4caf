//! Where a person is between typing a password and seeing the portal. One typed answer, worked out anew at every step
//! and when a session is issued, never remembered from an earlier step.

use jiff::Timestamp;

/// What the database says of an account, as far as logging in needs it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The account.
    pub account_id: i64,
    /// Whether it is enrolled, waits for enrolment, or was stopped.
    pub state: AccountState,
    /// Since when wrong passwords or staff have locked it.
    pub locked_at: Option<Timestamp>,
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
    pub fn word(self) -> &'static str {
        match self {
            Self::Temporary => "temporary",
            Self::Enrolled => "enrolled",
            Self::Stopped => "stopped",
        }
    }

    /// Returns what the database's word means.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Temporary, Self::Enrolled, Self::Stopped].into_iter().find(|state| state.word() == word)
    }
}

/// Where a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginState {
    /// The proofs do not suffice: the same answer for a wrong password, an unknown user ID, a locked and a stopped
    /// account.
    Refused,
    /// The password is right and something is due before the portal opens.
    Due(Interruption),
    /// Everything is proved: a session may be issued.
    Open,
}

/// What may be due after the password, in the order in which it is asked for (spec 10-account, C).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// The account still has its temporary ID and password.
    Enrolment,
}

/// Returns where the person is, given the account (if the user ID has one) and whether the password is right.
pub fn after_password(standing: Option<&Standing>, password_matches: bool) -> LoginState {
    match standing {
        Some(Standing { locked_at: None, state, .. }) if password_matches => match state {
            AccountState::Enrolled => LoginState::Open,
            AccountState::Temporary => LoginState::Due(Interruption::Enrolment),
            AccountState::Stopped => LoginState::Refused,
        },
        _ => LoginState::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_right_password_of_a_usable_account_opens() {
        let standing =
            |state, locked: bool| Standing { account_id: 1, state, locked_at: locked.then_some(Timestamp::UNIX_EPOCH) };
        for state in [AccountState::Temporary, AccountState::Enrolled, AccountState::Stopped] {
            assert_eq!(after_password(Some(&standing(state, false)), false), LoginState::Refused);
            assert_eq!(after_password(Some(&standing(state, true)), true), LoginState::Refused);
        }
        assert_eq!(after_password(None, true), LoginState::Refused);
        assert_eq!(after_password(Some(&standing(AccountState::Stopped, false)), true), LoginState::Refused);
        assert_eq!(after_password(Some(&standing(AccountState::Enrolled, false)), true), LoginState::Open);
        let due = after_password(Some(&standing(AccountState::Temporary, false)), true);
        assert_eq!(due, LoginState::Due(Interruption::Enrolment));
    }
}
