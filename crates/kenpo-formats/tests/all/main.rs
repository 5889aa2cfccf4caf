//! The crate as its users see it: the public sample of claims, outside judges of signatures and spreadsheets.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

mod sample;
mod signature;
mod worksheet;
