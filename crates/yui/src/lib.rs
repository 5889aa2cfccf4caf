//! The application: features over the platform crates. Start reading at [`router`], which lists every page.

// They panic where the reader has gone: what commands say goes through `cli::output`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod app;
pub mod cli;
mod client_info;
pub mod config;
pub mod demo;
pub mod error;
mod even_time;
pub mod features;
pub mod files;
pub mod heavy;
pub mod router;
pub mod scope;
mod security;
pub mod serve;
pub mod slow_refusal;
pub mod ui;
