//! Commands run one after another, each under a heading, all of them even when one fails.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// The steps that have been run, with their durations and outcomes.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
}

struct Step {
    name: String,
    took: Duration,
    failure: Option<String>,
}

impl Steps {
    /// Runs a command and remembers how it ended.
    pub(crate) fn run(&mut self, name: &str, command: &mut Command) {
        self.check(name, || {
            let status = command.status()?;
            if !status.success() {
                bail!("{status}");
            }
            Ok(())
        });
    }

    /// Does something and remembers how it ended; returns its result, if it did not fail.
    pub(crate) fn check<T>(&mut self, name: &str, what: impl FnOnce() -> Result<T>) -> Option<T> {
        println!("\n=== {name}");
        let start = Instant::now();
        let result = what();
        let took = start.elapsed();
        let failure = result.as_ref().err().map(|error| format!("{error:#}"));
        match &failure {
            None => println!("--- {name}: {}", seconds(took)),
            Some(failure) => println!("--- {name} FAILED after {}: {failure}", seconds(took)),
        }
        self.done.push(Step { name: name.to_owned(), took, failure });
        result.ok()
    }

    /// The steps so far, each with its seconds and whether it held.
    pub(crate) fn times(&self) -> Vec<(&str, f64, bool)> {
        self.done.iter().map(|step| (step.name.as_str(), step.took.as_secs_f64(), step.failure.is_none())).collect()
    }

    /// Prints the summary.
    ///
    /// # Errors
    /// If any step failed, with the names of those that did.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n=== summary");
        for Step { name, took, failure } in &self.done {
            println!("{:>9}  {}  {name}", seconds(*took), if failure.is_none() { "ok    " } else { "FAILED" });
        }
        let failed: Vec<&str> =
            self.done.iter().filter(|step| step.failure.is_some()).map(|step| step.name.as_str()).collect();
        if failed.is_empty() {
            return Ok(());
        }
        bail!("failed: {}", failed.join(", "))
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::Steps;

    #[test]
    fn a_failed_step_is_named_and_the_others_run() {
        let mut steps = Steps::default();
        steps.run("good", &mut Command::new("true"));
        steps.run("bad", &mut Command::new("false"));
        steps.run("absent", &mut Command::new("/nowhere/at-all"));
        assert_eq!(steps.check("made", || Ok(7)), Some(7));
        assert_eq!(steps.finish().unwrap_err().to_string(), "failed: bad, absent");
    }

    #[test]
    fn all_good_is_good() {
        let mut steps = Steps::default();
        steps.run("good", &mut Command::new("true"));
        assert!(steps.finish().is_ok());
    }
}
