//! `cargo xtask bench [NAMES]`: the figures of docs/performance.md.
//!
//! `--rows N` says how many rows the file of `faulty` has.
//!
//! Each bench runs Yui and what it is held against in turn, prints both and the ratio, and appends a line to
//! `bench.jsonl` in the target folder. None is a test: a figure says something only beside its reference of the same run.

pub(crate) mod beside;
mod console;
pub(crate) mod console_import;
pub(crate) mod crowd;
pub(crate) mod data;
mod enumeration;
mod faulty;
mod figures;
mod flood;
pub(crate) mod http;
mod idle;
pub(crate) mod import;
mod load;
mod login;
mod memory;
mod page;
mod parse;
mod passkey;
mod pdf;
pub(crate) mod place;
mod postcards;
pub(crate) mod program;
mod ranks;
mod reference;
mod session;
mod societies;

use anyhow::{Context, Result, bail};

use crate::setup::{self, For};
use crate::steps::Steps;
use figures::Figures;

/// A bench fills in its figures.
type Bench = fn(&mut Figures) -> Result<()>;

const ALL: &[(&str, Bench)] = &[
    ("parse", parse::run),
    ("import", import::run),
    ("memory", memory::run),
    ("faulty", faulty::run),
    ("page", page::run),
    ("pdf", pdf::run),
    ("postcards", postcards::run),
    ("login", login::run),
    ("passkey", passkey::run),
    ("session", session::run),
    ("societies", societies::run),
    ("console", console::run),
    ("enumeration", enumeration::run),
    ("flood", flood::run),
    ("beside", beside::run),
    ("idle", idle::run),
];

/// Runs these benches, or all.
///
/// # Errors
/// If a name is none of theirs, or one could not be run; a goal that is missed is no error.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let (names, rows) = match arguments {
        ["--rows", rows, names @ ..] => (names, Some(rows.parse().with_context(|| format!("--rows {rows}"))?)),
        names => (names, None),
    };
    if let Some(name) = names.iter().find(|name| !ALL.iter().any(|(known, _)| known == *name)) {
        let known: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        bail!("there is no bench {name:?}; there are {}", known.join(", "));
    }
    setup::run(For::Bench)?;
    let mut steps = Steps::default();
    for (name, bench) in ALL {
        if names.is_empty() || names.contains(name) {
            steps.check(name, || {
                let mut figures = Figures::of(name);
                figures.rows = rows;
                bench(&mut figures)?;
                figures.finish()
            });
        }
    }
    steps.finish()
}
