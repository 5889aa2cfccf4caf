//! `cargo xtask deny`: what Yui may be built upon (deny.toml).

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::workspace::{cargo, output, root, target};

/// Checks bans, licences and sources of all dependencies, with cargo-deny, which it builds if the machine has none.
///
/// Not the advisories: their database is fetched with git, which is not to be had on every machine. Where it is, run
/// `cargo deny check advisories`.
///
/// # Errors
/// If cargo-deny cannot be built (three minutes on two cores, once), or finds something.
pub(crate) fn run() -> Result<()> {
    let mut check = Command::new(cargo_deny()?);
    let status = check.args(["check", "bans", "licenses", "sources"]).current_dir(root()).status()?;
    if !status.success() {
        bail!("cargo deny: {status}");
    }
    Ok(())
}

/// The machine's cargo-deny, or our own beside what is built.
fn cargo_deny() -> Result<PathBuf> {
    if output("cargo-deny", &["--version"]).is_some() {
        return Ok("cargo-deny".into());
    }
    let tools = target().join("tools");
    let program = tools.join("bin/cargo-deny");
    if !program.exists() {
        let mut install = cargo(&["install", "--quiet", "--locked", "cargo-deny", "--root"]);
        let status = install.arg(&tools).status()?;
        if !status.success() {
            bail!("cargo install cargo-deny: {status}");
        }
    }
    Ok(program)
}
