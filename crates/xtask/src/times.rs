//! How long steps, tests and journeys took: the slowest are printed, all are kept below the target folder.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace::{output, target};

/// How many of the slowest tests are printed.
const PRINTED: usize = 10;

/// A test and how many seconds it took.
#[derive(Debug, PartialEq)]
struct Took {
    seconds: f64,
    name: String,
}

/// The folder of the last run's times: `tests.tsv`, `journeys.tsv`.
pub(crate) fn folder() -> PathBuf {
    target().join("test-times")
}

/// Prints the slowest tests of the report that nextest wrote (JUnit's XML), and keeps the times of all in `tests.tsv`.
///
/// # Errors
/// If the report cannot be read, or the times cannot be written.
pub(crate) fn keep_tests(report: &Path) -> Result<()> {
    let report = fs::read_to_string(report).with_context(|| report.display().to_string())?;
    let mut all = tests(&report);
    all.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
    println!("\nslowest tests:");
    for Took { seconds, name } in all.iter().take(PRINTED) {
        println!("{seconds:>7.1} s  {name}");
    }
    fs::create_dir_all(folder())?;
    let lines: String = all.iter().map(|Took { seconds, name }| format!("{seconds:.3}\t{name}\n")).collect();
    fs::write(folder().join("tests.tsv"), lines).context("tests.tsv")
}

/// Appends a run's steps to `test-times.jsonl`: when it was, of which commit, and the seconds of each step.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn keep_steps(steps: &[(&str, f64, bool)]) -> Result<()> {
    let at = output("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]).unwrap_or_default();
    let commit = output("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_default();
    let steps: Vec<_> = steps
        .iter()
        .map(|(name, seconds, passed)| {
            let seconds = (seconds * 10.0).round() / 10.0;
            serde_json::json!({ "step": name, "seconds": seconds, "passed": passed })
        })
        .collect();
    let line = serde_json::json!({ "at": at, "commit": commit, "steps": steps });
    let path = target().join("test-times.jsonl");
    let mut file = OpenOptions::new().create(true).append(true).open(&path).context("test-times.jsonl")?;
    writeln!(file, "{line}").context("test-times.jsonl")
}

/// The tests of a JUnit report.
fn tests(report: &str) -> Vec<Took> {
    let cases = report.split("<testcase ").skip(1).filter_map(|case| case.split_once('>')).map(|(case, _)| case);
    let attribute = |case: &str, name: &str| {
        let (_, rest) =
            format!(" {case}").split_once(&format!(" {name}=\"")).map(|(a, b)| (a.to_owned(), b.to_owned()))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    cases
        .filter_map(|case| {
            let seconds = attribute(case, "time")?.parse().ok()?;
            Some(Took { seconds, name: format!("{} {}", attribute(case, "classname")?, attribute(case, "name")?) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Took, tests};

    #[test]
    fn the_times_of_a_report_are_read() {
        let report = r#"<testsuites name="nextest-run" tests="2" time="1.5">
            <testsuite name="yui::portal" tests="2">
                <testcase name="login::a_login::sqlite" classname="yui::portal" timestamp="2026-11-30T00:00:00Z" time="1.250">
                </testcase>
                <testcase name="web::pages" classname="yui::portal" time="0.25"/>
            </testsuite></testsuites>"#;
        let took = |seconds, name: &str| Took { seconds, name: name.to_owned() };
        assert_eq!(
            tests(report),
            [took(1.25, "yui::portal login::a_login::sqlite"), took(0.25, "yui::portal web::pages")]
        );
        assert_eq!(tests("no report"), []);
    }
}
