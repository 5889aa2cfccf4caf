//! The application: features over the platform crates. Start reading at [`wiring`], which lists every
//! page.

// They panic where the reader has gone: what commands say goes through `cli::output`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod cli;
pub mod core;
pub mod demo;
pub mod features;
pub mod router;
pub mod serve;
pub mod ui;
pub mod wiring;
