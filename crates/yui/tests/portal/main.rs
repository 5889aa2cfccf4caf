//! The portal from outside, over HTTP and the command line's functions: one file per errand, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod authorisation;
mod claims;
mod crash;
mod demo_only;
mod expenses;
mod imports;
mod login;
mod samples;
mod sql;
mod structure;
mod support;
mod words;
