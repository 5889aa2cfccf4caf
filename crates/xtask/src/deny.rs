//! `cargo xtask deny`: what Yui may be built upon (deny.toml).

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::tools;
use crate::workspace::root;

/// The version of the tool.
const CARGO_DENY: &str = "0.20.2";

/// Checks bans, licences and sources of all dependencies, with cargo-deny, which it builds if the machine has none; and what is known
/// against them, where the list of that can be had: it is fetched with git.
///
/// # Errors
/// If cargo-deny cannot be built (three minutes on two cores, once), or finds something.
pub(crate) fn run() -> Result<()> {
    let program = tools::path("cargo-deny", CARGO_DENY)?;
    check(&program, &["bans", "licenses", "sources"])?;
    let fetched = Command::new(&program).args(["fetch", "db"]).current_dir(root()).status()?;
    if !fetched.success() {
        println!("advisories: NOT CHECKED, as their database cannot be had here");
        return Ok(());
    }
    check(&program, &["advisories"])
}

fn check(program: &Path, what: &[&str]) -> Result<()> {
    let status = Command::new(program).arg("check").args(what).current_dir(root()).status()?;
    if !status.success() {
        bail!("cargo deny check {}: {status}", what.join(" "));
    }
    Ok(())
}
