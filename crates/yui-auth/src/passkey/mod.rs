//! Passkeys (Web Authentication Level 3): adding one, signing in with one, using one as second factor.
//!
//! Each ceremony is a begin and a finish. Begin gives the options for the browser and a state for the database; finish
//! takes the state back with the browser's response. The caller must take the state out of the database before calling
//! finish, so that it serves once: a response that is played again then finds no state. The state must be kept with the
//! session or the step of the login it belongs to.
//!
//! Everything is checked here, whatever the browser was asked for: challenge, origin, relying party, presence and
//! verification of the user, the account, the signature, the counter. The challenges come from the library's own source of
//! randomness, the one exception to the rule of this crate.

mod auth_data;
mod make;
mod relying_party;
mod state;
#[cfg(test)]
mod tests;

pub use relying_party::RelyingParty;

/// The number of bytes of an account's handle.
pub const HANDLE_LEN: usize = 16;

/// The account that a passkey is made for.
#[derive(Clone, Copy, Debug)]
pub struct PasskeyUser<'a> {
    /// The account's handle: random, for ever the same, telling nothing about the person.
    pub handle: [u8; HANDLE_LEN],
    /// The name that distinguishes this account from another in the browser's list: the user ID. Not empty.
    pub name: &'a str,
    /// The name a person is greeted with. Not empty.
    pub display_name: &'a str,
}

/// A ceremony that has begun.
#[derive(Clone, Debug)]
pub struct Ceremony {
    /// JSON for `PublicKeyCredential.parseCreationOptionsFromJSON()` or `parseRequestOptionsFromJSON()`.
    pub options: String,
    /// JSON that finish needs: to be kept on the server, used once, and forgotten after five minutes.
    pub state: String,
}

/// A passkey that was just made.
#[derive(Clone, Debug)]
pub struct NewPasskey {
    /// The authenticator's identifier of it: refuse it if any account has it already.
    pub credential_id: Vec<u8>,
    /// JSON to keep: the public key, the counter, the handle of the account.
    pub stored: String,
    /// The product that keeps it, as far as it says so and is known; nothing proves it.
    pub make: Option<&'static str>,
    /// Whether it can be copied to the person's other devices; if not, losing the device loses the passkey.
    pub synced: bool,
}

/// The claimed sender of a response. Nothing is proved yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The account's handle.
    pub handle: [u8; HANDLE_LEN],
    /// The passkey to look up within that account.
    pub credential_id: Vec<u8>,
}

/// A passkey that was just used and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The JSON to keep from now on, if the counter or a flag has changed.
    pub updated: Option<String>,
}

/// The reason why a ceremony did not begin or end. The reasons are for the log; people are told one sentence for all of
/// them.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PasskeyError {
    /// The response is not what a browser sends.
    #[error("the response cannot be read: {0}")]
    Malformed(String),
    /// The response is well-formed and proves nothing.
    #[error("the passkey was refused: {0}")]
    Refused(String),
    /// The configuration, a stored passkey or a state is broken.
    #[error("passkeys do not work: {0}")]
    Internal(String),
}
