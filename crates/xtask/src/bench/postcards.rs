//! Postcards in one file on one core: how long 10,000 take, and whether memory grows with their number.

use std::process::Command;

use anyhow::{Context, Result};

use super::figures::{Figures, Goal};
use super::program::{build_example, said};

const FEW: &str = "1000";
const MANY: &str = "10000";

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let program = build_example("postcard_speed")?;
    let print = |cards: &str| said(Command::new("taskset").args(["--cpu-list", "0"]).arg(&program).arg(cards), "");
    let (few, many) = (print(FEW)?, print(MANY)?);
    let seconds = value(&many, "seconds")?;
    figures.hold("10,000 postcards (20,000 pages) in one file, one core", seconds, "s", Goal::AtMost(60.0));
    figures.add("pages", 2.0 * value(&many, "postcards a second")?, "/s");
    figures.add("file of 10,000", value(&many, "megabytes")?, "MB");
    let (small, large) = (value(&few, "most memory, MB")?, value(&many, "most memory, MB")?);
    figures.add("most memory, 1,000 postcards", small, "MB");
    figures.add("most memory, 10,000 postcards", large, "MB");
    figures.hold("most memory, 10,000 / 1,000", large / small, "ratio", Goal::AtMost(1.1));
    Ok(())
}

fn value(report: &str, name: &str) -> Result<f64> {
    let line = report.lines().find_map(|line| line.strip_prefix(name));
    let word = line.and_then(|line| line.split_whitespace().last()?.parse().ok());
    word.with_context(|| format!("no {name:?} in {report}"))
}
