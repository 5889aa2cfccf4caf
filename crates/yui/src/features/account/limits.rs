//! How often something may be tried: these limits slow tries down and lock nobody. How many wrong passwords lock an account is the
//! society's policy (`lock_after_wrong_passwords`; presets in `core/society/presets/`), of codes and identities it is in `steps.rs`.

use jiff::SignedDuration;

use crate::core::rate_limit::RateLimit;

/// Wrong passwords from one network.
pub(crate) const PASSWORDS_OF_ADDRESS: RateLimit =
    RateLimit::new("passwords of address", 60, SignedDuration::from_secs(15));

/// Wrong passwords for one user ID, existing or not.
pub(crate) const PASSWORDS_OF_USER_ID: RateLimit =
    RateLimit::new("passwords of user ID", 15, SignedDuration::from_secs(10));

/// Passwords, wrong or right, for one account from a browser that is known to be its owner's.
pub(crate) const PASSWORDS_OF_DEVICE: RateLimit =
    RateLimit::new("passwords of device", 30, SignedDuration::from_secs(10));

/// Passwords of somebody who is signed in and proves it again.
pub(crate) const CONFIRMATIONS_OF_ACCOUNT: RateLimit =
    RateLimit::new("confirmations of account", 10, SignedDuration::from_secs(30));

/// Questions for a passkey from one network.
pub(crate) const PASSKEYS_OF_ADDRESS: RateLimit =
    RateLimit::new("passkeys of address", 120, SignedDuration::from_secs(2));

/// Mails of recovery asked for from one network.
pub(crate) const RECOVERIES_OF_ADDRESS: RateLimit =
    RateLimit::new("recoveries of address", 20, SignedDuration::from_mins(1));

/// Mails of recovery for one user ID or address, existing or not.
pub(crate) const RECOVERIES_OF_PERSON: RateLimit =
    RateLimit::new("recoveries of person", 5, SignedDuration::from_hours(2));

/// Codes and verification links mailed for one account.
pub(crate) const MAILS_OF_ACCOUNT: RateLimit = RateLimit::new("mails of account", 8, SignedDuration::from_mins(5));

/// User IDs and addresses of other accounts that one account may come upon.
pub(crate) const TAKEN_NAMES_OF_ACCOUNT: RateLimit =
    RateLimit::new("taken names of account", 10, SignedDuration::from_mins(5));

/// The names under which something is written for accounts that do not exist.
pub(crate) const DECOYS: RateLimit = RateLimit::new("decoys", 1, SignedDuration::ZERO);
