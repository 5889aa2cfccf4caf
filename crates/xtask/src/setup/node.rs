//! The browser journeys' packages.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::root;

/// The oldest Node.js that the journeys run on.
const OLDEST: u32 = 18;

/// Whether `node --version` names one that will do: `v20.20.2`.
pub(super) fn is_new_enough(version: &str) -> bool {
    let major = version.trim().trim_start_matches('v').split('.').next();
    major.and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= OLDEST)
}

/// Installs the packages of e2e/ if package-lock.json is another than the last time.
///
/// # Errors
/// If npm fails. A checkout without e2e/ is no error here.
pub(super) fn install_packages() -> Result<()> {
    let journeys = root().join("e2e");
    let Ok(lock) = fs::read(journeys.join("package-lock.json")) else { return Ok(()) };
    let stamp = journeys.join("node_modules/.installed-from-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("xtask: npm ci in e2e/");
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&journeys);
    let status = npm.status().context("npm")?;
    if !status.success() {
        bail!("npm ci: {status}");
    }
    fs::create_dir_all(journeys.join("node_modules"))?;
    fs::write(&stamp, lock).context("the stamp of npm ci")
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn the_major_version_counts() {
        for version in ["v18.0.0", "v20.20.2\n", "v100.1.0"] {
            assert!(is_new_enough(version), "{version}");
        }
        for version in ["v17.9.9", "v8.1.0", "", "v", "node"] {
            assert!(!is_new_enough(version), "{version}");
        }
    }
}
