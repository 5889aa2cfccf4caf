//! `cargo xtask screenshots`: pictures of the demo into docs/screenshots.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::setup::{self, For};
use crate::workspace::{cargo, program, root};

/// Builds `yui`, and lets Chromium take the pictures of its demo.
///
/// # Errors
/// If the machine cannot be set up, `yui` does not build, or a picture cannot be taken or is too large.
pub(crate) fn run() -> Result<()> {
    setup::run(For::Test)?;
    let built = cargo(&["build", "--package", "yui"]).status().context("cargo build")?;
    if !built.success() {
        bail!("yui does not build");
    }
    let mut npm = Command::new("npm");
    npm.args(["run", "--silent", "screenshots"]).current_dir(root().join("e2e")).env("YUI_BIN", program());
    let status = npm.status().context("npm")?;
    if !status.success() {
        bail!("npm run screenshots: {status}");
    }
    Ok(())
}
