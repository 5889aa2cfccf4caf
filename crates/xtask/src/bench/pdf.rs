//! Statements as PDF, against WeasyPrint with the same content; no two with the same data.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::Result;

use super::figures::{Figures, Goal, median};
use super::program::{build_example, timed};
use super::reference::{python, sources};

const ROUNDS: usize = 3;
const YUI: u32 = 200;
const WEASY: u32 = 8;

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let program = build_example("statement_speed")?;
    let (mut yui, mut weasy) = (Vec::new(), Vec::new());
    // By processor time, one core each: a core that somebody else uses too slows neither down. What it takes to start
    // is measured with no document and taken off.
    let cpu = |command: &[&OsStr], documents: &str| -> Result<f64> {
        let mut pinned = Command::new("taskset");
        Ok(timed(pinned.args(["--cpu-list", "0"]).args(command).arg(documents), "")?.cpu)
    };
    for _ in 0..ROUNDS {
        let command = [program.as_os_str()];
        yui.push(f64::from(YUI) / (cpu(&command, &YUI.to_string())? - cpu(&command, "0")?));
        let interpreter = python("python")?;
        let script = sources().join("statement_pdf.py");
        let command = [interpreter.get_program(), script.as_os_str()];
        weasy.push(f64::from(WEASY) / (cpu(&command, &WEASY.to_string())? - cpu(&command, "0")?));
    }
    let (yui, weasy) = (median(yui), median(weasy));
    figures.hold("yui: tagged statements of 30 rows, a core's second", yui, "/s", Goal::AtLeast(75.0));
    figures.add("WeasyPrint: tagged (pdf/ua-1), a core's second", weasy, "/s");
    figures.hold("yui / WeasyPrint", yui / weasy, "ratio", Goal::AtLeast(20.0));
    Ok(())
}
