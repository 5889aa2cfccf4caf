//! Tools in Rust that a machine may lack: built beside what is built, once.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::workspace::{cargo, output, target};

/// The machine's own tool, whatever its version; or this version of it, built if it was not (minutes on two cores).
///
/// # Errors
/// If it cannot be built.
pub(crate) fn path(name: &str, version: &str) -> Result<PathBuf> {
    if output(name, &["--version"]).is_some() {
        return Ok(name.into());
    }
    let tools = target().join("tools");
    let program = tools.join("bin").join(name);
    if !program.exists() {
        println!("xtask: building {name} {version}");
        let mut install = cargo(&["install", "--quiet", "--locked", name, "--version", version, "--root"]);
        let status = install.arg(&tools).status()?;
        if !status.success() {
            bail!("cargo install {name}: {status}");
        }
    }
    Ok(program)
}
