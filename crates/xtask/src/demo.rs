//! `cargo xtask demo`: from a fresh checkout to a running Yui.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::setup::{self, For};
use crate::workspace::{cargo, program};

/// Builds `yui` and becomes `yui demo` with these arguments.
///
/// # Errors
/// If the machine cannot be set up, or `yui` does not build or start. Does not return otherwise.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    setup::run(For::Demo)?;
    let built = cargo(&["build", "--package", "yui"]).status().context("cargo build")?;
    if !built.success() {
        bail!("yui does not build");
    }
    let program = program();
    let error = Command::new(&program).arg("demo").args(arguments).exec();
    Err(error).with_context(|| program.display().to_string())
}
