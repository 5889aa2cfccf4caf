//! `cargo xtask test`: everything that must hold before a change is taken.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::deny;
use crate::postgres::Cluster;
use crate::setup::{self, For};
use crate::soak;
use crate::steps::Steps;
use crate::workspace::{cargo, program, root};

/// Runs all checks and tests, or with names only the Rust tests whose names contain one of them.
///
/// # Errors
/// If any step failed; all are run first.
pub(crate) fn run(names: &[&str]) -> Result<()> {
    let mut steps = Steps::default();
    if steps.check("set-up", || setup::run(For::Test)).is_none() {
        return steps.finish();
    }
    if names.is_empty() {
        steps.run("cargo fmt", &mut cargo(&["fmt", "--all", "--check"]));
        let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        steps.run("cargo clippy", &mut cargo(&clippy));
        steps.check("cargo deny", deny::run);
    }
    let Some(cluster) = steps.check("PostgreSQL of the tests", Cluster::start) else { return steps.finish() };
    let mut tests = cargo(&["test", "--workspace", "--no-fail-fast", "--"]);
    steps.run("cargo test", tests.args(names).env("YUI_TEST_POSTGRES", cluster.url()));
    if names.is_empty() {
        steps.check("what has to hold when something fails", || soak::faults(soak::Length::Short, &[]));
        steps.check("browser journeys", || journeys(&cluster));
    }
    drop(cluster);
    steps.finish()
}

fn journeys(cluster: &Cluster) -> Result<()> {
    let folder = root().join("e2e");
    if !folder.join("package.json").exists() {
        bail!("there is no e2e/package.json: the journeys are not in this checkout");
    }
    let built = cargo(&["build", "--package", "yui"]).status().context("cargo build")?;
    if !built.success() {
        bail!("yui does not build");
    }
    let mut npm = Command::new("npm");
    npm.arg("test").current_dir(&folder);
    npm.env("YUI_BIN", program()).env("YUI_TEST_POSTGRES", cluster.url());
    let status = npm.status().context("npm")?;
    if !status.success() {
        bail!("npm test: {status}");
    }
    Ok(())
}
