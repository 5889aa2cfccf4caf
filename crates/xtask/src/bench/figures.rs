//! The figures of a bench: printed, and kept as a line of JSON.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

use anyhow::{Context, Result};

use crate::workspace::{output, target};

/// A figure's goal.
#[derive(Clone, Copy)]
pub(super) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    goal: Option<Goal>,
}

/// The figures of one bench.
pub(super) struct Figures {
    bench: &'static str,
    /// The number of rows of a file, if it is given.
    pub(super) rows: Option<u64>,
    all: Vec<Figure>,
}

impl Figures {
    pub(super) fn of(bench: &'static str) -> Self {
        Self { bench, rows: None, all: Vec::new() }
    }

    /// Adds a figure without a goal.
    pub(super) fn add(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.push(Figure { name: name.into(), value, unit, goal: None });
    }

    /// Adds a figure with its goal.
    pub(super) fn hold(&mut self, name: impl Into<String>, value: f64, unit: &'static str, goal: Goal) {
        self.push(Figure { name: name.into(), value, unit, goal: Some(goal) });
    }

    fn push(&mut self, figure: Figure) {
        println!("{}", line(&figure));
        self.all.push(figure);
    }

    /// Prints all figures once more and appends them to bench.jsonl.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn finish(self) -> Result<()> {
        println!("\n{}:", self.bench);
        for figure in &self.all {
            println!("{}", line(figure));
        }
        let at = output("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]).unwrap_or_default();
        let commit = output("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_default();
        let json = self.json(&at, &commit);
        let path = target().join("bench.jsonl");
        let mut file = OpenOptions::new().create(true).append(true).open(&path).context("bench.jsonl")?;
        writeln!(file, "{json}").context("bench.jsonl")
    }

    fn json(&self, at: &str, commit: &str) -> String {
        let mut json = format!(r#"{{"bench":"{}","at":"{at}","commit":"{commit}","figures":["#, self.bench);
        for (number, Figure { name, value, unit, goal }) in self.all.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let name = name.replace('\\', "\\\\").replace('"', "\\\"");
            let _ = write!(json, r#"{comma}{{"name":"{name}","value":{value:.4},"unit":"{unit}""#);
            if let Some(goal) = goal {
                let (word, bound) = match goal {
                    Goal::AtLeast(least) => ("at_least", least),
                    Goal::AtMost(most) => ("at_most", most),
                };
                let _ = write!(json, r#","{word}":{bound},"met":{}"#, goal.is_met(*value));
            }
            json.push('}');
        }
        json.push_str("]}");
        json
    }
}

fn line(figure: &Figure) -> String {
    let Figure { name, value, unit, goal } = figure;
    let value_text = match value.abs() {
        large if large >= 1000.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    };
    let goal = goal.map_or(String::new(), |goal| {
        let (sign, bound) = match goal {
            Goal::AtLeast(least) => ("≥", least),
            Goal::AtMost(most) => ("≤", most),
        };
        format!("  goal {sign} {bound} {}", if goal.is_met(*value) { "met" } else { "MISSED" })
    });
    format!("  {name:<58} {value_text:>10} {unit:<7}{goal}")
}

/// The middle of some values.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{Figures, Goal, median};

    #[test]
    fn a_line_of_json_holds_every_figure() {
        let mut figures = Figures::of("parse");
        figures.add("one \"quoted\"", 1.0, "s");
        figures.hold("two", 3.0, "ratio", Goal::AtLeast(2.0));
        figures.hold("three", 3.0, "MB", Goal::AtMost(2.5));
        let expected = r#"{"bench":"parse","at":"now","commit":"abc","figures":[{"name":"one \"quoted\"","value":1.0000,"unit":"s"},{"name":"two","value":3.0000,"unit":"ratio","at_least":2,"met":true},{"name":"three","value":3.0000,"unit":"MB","at_most":2.5,"met":false}]}"#;
        assert_eq!(figures.json("now", "abc"), expected);
    }

    #[test]
    fn the_middle_is_no_mean() {
        assert!((median(vec![9.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
    }
}
