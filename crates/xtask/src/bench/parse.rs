//! Reading electronic claims, against decoding and splitting the same bytes and nothing more.

use std::process::Command;

use anyhow::{Context, Result};

use super::figures::{Figures, Goal};
use super::program::{build_example, said};

const MEGABYTES: &str = "400";

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let program = build_example("parse_speed")?;
    let report = said(Command::new(program).arg(MEGABYTES), "")?;
    let speed = |name: &str| {
        let line = report.lines().find(|line| line.starts_with(&format!("{name}  ")));
        let word = line.and_then(|line| line.trim_end_matches(" MB/s").split_whitespace().last());
        word.and_then(|word| word.parse::<f64>().ok()).with_context(|| format!("no {name:?} in {report}"))
    };
    let alone = speed("decoding and splitting alone")?;
    let reading = speed("reading claims")?;
    figures.add("decoding and splitting alone", alone, "MB/s");
    figures.hold("reading claims", reading, "MB/s", Goal::AtLeast(150.0));
    figures.add("reading claims, deriving amounts", speed("reading claims, deriving amounts")?, "MB/s");
    figures.add("reading / decoding and splitting", reading / alone, "ratio");
    Ok(())
}
