//! The portal from outside, over HTTP and the command line's functions: one file per errand, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod attacks;
mod authorisation;
mod claims;
mod crash;
mod demo_only;
mod enrolment;
mod expenses;
mod imports;
mod login;
mod mails;
mod migration;
mod samples;
mod sql;
mod structure;
mod support;
mod takeovers;
mod walk;
mod words;
