//! The portal from outside, over HTTP and the command line's functions: one file per errand, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod announcements;
mod attacks;
mod audit;
mod authorisation;
mod claims;
mod connections;
mod console_imports;
mod crash;
mod demo_only;
mod enrolment;
mod expenses;
mod faults;
mod figures;
mod floods;
mod guide;
mod imports;
mod kept;
mod keys;
mod login;
mod mails;
mod mails_failed;
mod maintenance;
mod member_acts;
mod member_flags;
mod members;
mod migration;
mod operator;
mod postcards;
mod processes;
mod register;
mod samples;
mod settings;
mod several_files;
mod sql;
mod staff;
mod staff_letters;
mod structure;
mod support;
mod takeovers;
mod temporary_ids;
mod uploads;
mod walk;
mod web;
mod words;
