//! Proof of who somebody is: passwords and their queue, passkeys, one-time codes, tokens, the key ring.
//!
//! No HTML, no SQL, no clock. Nothing here makes randomness, except for the challenges of passkeys: salts, token bytes and
//! nonces come in as arguments, from the application's source.

pub mod code;
mod digits;
pub mod fair;
pub mod passkey;
pub mod password;
pub mod qr;
pub mod seal;
pub mod strength;
pub mod token;
pub mod totp;
