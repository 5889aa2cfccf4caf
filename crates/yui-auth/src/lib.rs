//! Proof of who somebody is: password hashing with its queue, tokens, the key ring. No HTML, no SQL, no clock.
//!
//! Nothing here makes randomness: salts, token bytes and nonces come in as arguments, from the application's source.

pub mod password;
pub mod seal;
pub mod token;
