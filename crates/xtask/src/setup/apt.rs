//! Debian packages.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::output;

/// Installs those of the packages that are neither installed nor there in another way.
///
/// # Errors
/// If apt-get fails, or may not be run: the message is the command to run.
pub(super) fn install(wanted: &[&str], is_there_otherwise: impl Fn(&str) -> bool) -> Result<()> {
    if output("dpkg-query", &["--version"]).is_none() {
        eprintln!("xtask: this is no Debian; these of its packages, or the like, are needed: {}", wanted.join(" "));
        return Ok(());
    }
    let missing: Vec<&str> = missing(wanted, &status(wanted)?).filter(|package| !is_there_otherwise(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let commands = [
        vec!["apt-get", "update"],
        [&["apt-get", "install", "--yes", "--no-install-recommends"], &missing[..]].concat(),
    ];
    let root: &[&str] = if output("id", &["-u"]).as_deref() == Some("0") {
        &[]
    } else if output("sudo", &["-n", "true"]).is_some() {
        &["sudo", "-n"]
    } else {
        let lines: Vec<String> = commands.iter().map(|command| format!("  sudo {}", command.join(" "))).collect();
        bail!("packages are missing; run this first:\n{}", lines.join("\n"));
    };
    for command in commands {
        println!("xtask: {}", command.join(" "));
        run(&[root, &["env", "DEBIAN_FRONTEND=noninteractive"], &command].concat())?;
    }
    Ok(())
}

fn run(words: &[&str]) -> Result<()> {
    let Some((program, arguments)) = words.split_first() else { return Ok(()) };
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).status().context(program.to_string())?;
    if !status.success() {
        bail!("{}: {status}", words.join(" "));
    }
    Ok(())
}

/// Returns the states of these packages by dpkg, a line `NAME STATUS` for each that it knows.
fn status(packages: &[&str]) -> Result<String> {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", "${Package} ${db:Status-Status}\\n"]).args(packages);
    let output = query.stderr(Stdio::null()).output().context("dpkg-query")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Those of the wanted packages that are not installed.
fn missing<'a>(wanted: &'a [&'a str], status: &str) -> impl Iterator<Item = &'a str> {
    wanted.iter().copied().filter(move |package| !status.lines().any(|line| line == format!("{package} installed")))
}

#[cfg(test)]
mod tests {
    use super::{install, missing};

    #[test]
    fn only_what_is_installed_counts() {
        let status = "qpdf installed\nchromium config-files\nnodejs not-installed\ngcc-12 installed\n";
        let wanted = ["qpdf", "chromium", "nodejs", "gcc", "sqlite3"];
        let found: Vec<&str> = missing(&wanted, status).collect();
        assert_eq!(found, ["chromium", "nodejs", "gcc", "sqlite3"]);
        assert_eq!(missing(&["qpdf"], status).count(), 0);
    }

    #[test]
    fn nothing_missing_is_nothing_to_do() {
        install(&["surely-no-package-of-this-name"], |_| true).expect("nothing to install");
    }
}
