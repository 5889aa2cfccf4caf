//! The programs that Yui is compared with, in a Python environment of the benches' own.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::program::succeed;
use crate::workspace::{root, target};

/// The packages of the environment; a changed list makes it again.
const PACKAGES: &[&str] =
    &["Django==5.2.*", "argon2-cffi==25.1.*", "gunicorn==27.*", "psycopg[binary]==3.3.*", "weasyprint==70.*"];

/// The folder of the reference programs' sources.
pub(super) fn sources() -> PathBuf {
    root().join("bench")
}

/// Returns a program of the environment, which is created below the target folder if it is missing.
pub(super) fn python(program: &str) -> Result<Command> {
    let folder = target().join("bench-python");
    let stamp = folder.join(".installed");
    let list = PACKAGES.join("\n");
    if std::fs::read_to_string(&stamp).ok().as_deref() != Some(&list) {
        // The distribution's Python: another one that comes first in the path may be slower.
        println!("xtask: python3 -m venv and pip install {}", PACKAGES.join(" "));
        succeed(Command::new("/usr/bin/python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        succeed(Command::new(folder.join("bin/pip")).args(["install", "--quiet"]).args(PACKAGES))
            .context("the reference programs come from PyPI")?;
        std::fs::write(&stamp, &list)?;
    }
    Ok(Command::new(folder.join("bin").join(program)))
}
