//! `cargo xtask soak --faults`: a portal whose disk, database, clients or workers fail. The properties that have to
//! hold meanwhile and afterwards are checked; one that does not hold makes the run fail with its words.

mod database;
mod full_disk;
mod killed_workers;
mod mail_server;
mod portal;
mod process;
mod slow_clients;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::place::Folder;
use crate::setup::{self, For};
use crate::workspace::{cargo, program};

/// The thoroughness of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// All at once, each failure once: a part of `cargo xtask test`.
    Short,
    /// One after another, some of them on both engines, with the product's own waiting times.
    Whole,
}

/// The result of a failure: the time until all was well, and the checks.
struct Recovery {
    after: Duration,
    checked: Vec<String>,
}

/// Causes a failure and reports its results.
type Fault = fn(Length) -> Result<Vec<(&'static str, Recovery)>>;

const ALL: &[(&str, Fault)] = &[
    ("full-disk", full_disk::run),
    ("database", database::run),
    ("slow-clients", slow_clients::run),
    ("killed-workers", killed_workers::run),
];

/// Runs these failures, or all; after `--short` as the tests do.
///
/// # Errors
/// If a name is none of theirs, or anything did not hold.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let (length, names) = match arguments {
        ["--short", names @ ..] => (Length::Short, names),
        names => (Length::Whole, names),
    };
    if let Some(name) = names.iter().find(|name| !ALL.iter().any(|(known, _)| known == *name)) {
        let known: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        bail!("there is no failure {name:?}; there are {}", known.join(", "));
    }
    setup::run(For::Test)?;
    let built = cargo(&["build", "--quiet", "--package", "yui"]).status().context("cargo build")?;
    anyhow::ensure!(built.success(), "yui does not build");
    faults(length, names)
}

/// Brings the failures about.
///
/// # Errors
/// If anything did not hold: all that did not, in words.
pub(crate) fn faults(length: Length, names: &[&str]) -> Result<()> {
    let wanted = ALL.iter().filter(|(name, _)| names.is_empty() || names.contains(name));
    let mut failed = Vec::new();
    let mut done = |name: &str, recoveries: Result<Vec<(&'static str, Recovery)>>| match recoveries {
        Ok(recoveries) => recoveries.iter().for_each(|(what, recovery)| tell(what, recovery)),
        Err(error) => failed.push(format!("{name}: {error:#}")),
    };
    match length {
        Length::Whole => wanted.for_each(|(name, fault)| done(name, fault(length))),
        Length::Short => thread::scope(|scope| {
            let begun: Vec<_> = wanted.map(|(name, fault)| (name, scope.spawn(|| fault(length)))).collect();
            for (name, thread) in begun {
                done(name, thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the run was given up"))));
            }
        }),
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!("what has to hold when something fails did not:\n  {}", failed.join("\n  "))
}

fn tell(what: &str, Recovery { after, checked }: &Recovery) {
    println!("{what}: recovered after {:.1} s", after.as_secs_f64());
    checked.iter().for_each(|line| println!("    {line}"));
}

/// A portal's folder and program.
fn ground() -> Result<(Folder, std::path::PathBuf)> {
    Ok((Folder::new()?, program()))
}

/// The interval of checks until a condition holds.
const LOOK: Duration = Duration::from_millis(30);

/// Waits until the condition holds; returns how long that took.
///
/// # Errors
/// If it is not within the limit.
fn until(what: &str, limit: Duration, mut so: impl FnMut() -> Result<bool>) -> Result<Duration> {
    let begun = Instant::now();
    while !so()? {
        anyhow::ensure!(begun.elapsed() < limit, "{what}: not within {} s", limit.as_secs());
        pause(LOOK);
    }
    Ok(begun.elapsed())
}

#[expect(clippy::disallowed_methods, reason = "processes and servers tell nobody when their state changes")]
fn pause(time: Duration) {
    thread::sleep(time);
}
