//! `cargo xtask test`: everything that must hold before a change is taken; with `--fast` what is known soonest.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::deny;
use crate::postgres::Cluster;
use crate::setup::{self, For};
use crate::soak;
use crate::steps::Steps;
use crate::times;
use crate::tools;
use crate::workspace::{as_by_hand, cargo, program, root};

/// The version of the test runner.
const NEXTEST: &str = "0.9.143";

/// Where nextest writes its report (.config/nextest.toml): below the checkout, wherever the target folder is.
const REPORT: &str = "target/nextest/default/junit.xml";

/// Runs all checks and tests; after `--fast` the Rust tests that need no PostgreSQL; with names only the Rust tests whose names
/// contain one of them.
///
/// # Errors
/// If any step failed; all are run first.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let mut steps = Steps::default();
    match arguments {
        ["--fast", names @ ..] => fast(names, &mut steps),
        [] => whole(&mut steps),
        names => named(names, &mut steps),
    }
    times::keep_steps(&steps.times())?;
    steps.finish()
}

/// All tests but those of PostgreSQL, which have it in their names, and those in a browser.
fn fast(names: &[&str], steps: &mut Steps) {
    if steps.check("set-up", || setup::run(For::FastTest)).is_some() {
        steps.check("tests without PostgreSQL", || nextest(&["-E", "not test(postgres)"], names, None));
    }
}

fn named(names: &[&str], steps: &mut Steps) {
    if steps.check("set-up", || setup::run(For::Test)).is_none() {
        return;
    }
    if let Some(cluster) = steps.check("PostgreSQL of the tests", Cluster::start) {
        steps.check("tests", || nextest(&[], names, Some(&cluster)));
    }
}

fn whole(steps: &mut Steps) {
    if steps.check("set-up", || setup::run(For::Test)).is_none() {
        return;
    }
    steps.run("cargo fmt", &mut cargo(&["fmt", "--all", "--check"]));
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    steps.run("cargo clippy", &mut cargo(&clippy));
    steps.check("cargo deny", deny::run);
    let Some(cluster) = steps.check("PostgreSQL of the tests", Cluster::start) else { return };
    steps.check("building", || nextest(&["--no-run"], &[], None));
    steps.check("tests", || nextest(&[], &[], Some(&cluster)));
    steps.run("examples in the documentation", &mut cargo(&["test", "--workspace", "--doc", "--quiet"]));
    // Both take the program that the tests were built with: another build would be one more of the same.
    steps.check("what has to hold when something fails", || soak::faults(soak::Length::Short, &[]));
    steps.check("browser journeys", || journeys(&cluster));
}

/// Runs the workspace's tests, each in a process of its own, and keeps how long each took.
fn nextest(arguments: &[&str], names: &[&str], cluster: Option<&Cluster>) -> Result<()> {
    let runs = !arguments.contains(&"--no-run");
    let report = root().join(REPORT);
    if runs && report.exists() {
        std::fs::remove_file(&report).context("the report of the run before")?;
    }
    let mut nextest = Command::new(tools::path("cargo-nextest", NEXTEST)?);
    nextest.args(["nextest", "run", "--workspace"]).args(arguments).args(names).current_dir(root());
    if runs {
        // Tests wait more than they compute: for moments at which answers are sent, for locks, for processes that start.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        nextest.arg(format!("--test-threads={}", cores * 3));
    }
    as_by_hand(&mut nextest);
    match cluster {
        Some(cluster) => nextest.env("YUI_TEST_POSTGRES", cluster.url()),
        None => nextest.env_remove("YUI_TEST_POSTGRES"),
    };
    let status = nextest.status().context("cargo nextest")?;
    if runs && report.exists() {
        times::keep_tests(&report)?;
    }
    if !status.success() {
        bail!("cargo nextest: {status}");
    }
    Ok(())
}

fn journeys(cluster: &Cluster) -> Result<()> {
    let folder = root().join("e2e");
    if !folder.join("package.json").exists() {
        bail!("there is no e2e/package.json: the journeys are not in this checkout");
    }
    std::fs::create_dir_all(times::folder())?;
    let mut npm = Command::new("npm");
    npm.arg("test").current_dir(&folder);
    npm.env("YUI_BIN", program()).env("YUI_TEST_POSTGRES", cluster.url());
    npm.env("YUI_TEST_JOURNEY_TIMES", times::folder().join("journeys.tsv"));
    let status = npm.status().context("npm")?;
    if !status.success() {
        bail!("npm test: {status}");
    }
    Ok(())
}
