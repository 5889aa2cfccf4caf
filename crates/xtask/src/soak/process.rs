//! Processes that a failure is brought about in: identified by their own ids, and ended when they are dropped.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::pause;

/// A process of `yui`, ready.
pub(super) struct Process {
    child: Child,
    log: PathBuf,
    /// Its words after `ready: `.
    pub(super) ready: String,
}

impl Process {
    /// Starts it and waits for its word that it is ready; what it logs goes into this file.
    pub(super) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log).context("a log")?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut child = command.spawn().context("yui")?;
        let stdout = child.stdout.take();
        let mut process = Self { child, log: log.to_owned(), ready: String::new() };
        for line in BufReader::new(stdout.context("its standard output")?).lines() {
            if let Some(ready) = line?.strip_prefix("ready: ") {
                process.ready = ready.to_owned();
                return Ok(process);
            }
        }
        anyhow::bail!("yui did not start: {}", process.said())
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it as the system does when there is no memory left.
    pub(super) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Tells it to stop; returns how it ended and after how long.
    ///
    /// # Errors
    /// If it has not ended within the limit.
    pub(super) fn stop(mut self, limit: Duration) -> Result<(ExitStatus, Duration)> {
        let begun = Instant::now();
        signal("TERM", self.id())?;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok((status, begun.elapsed()));
            }
            anyhow::ensure!(begun.elapsed() < limit, "told to stop, it is still there after {} s", limit.as_secs());
            pause(Duration::from_millis(5));
        }
    }

    /// The last lines of its log.
    pub(super) fn said(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to this process.
pub(super) fn signal(signal: &str, process: u32) -> Result<()> {
    let status = Command::new("kill").args([&format!("-{signal}"), &process.to_string()]).status().context("kill")?;
    anyhow::ensure!(status.success(), "kill -{signal} {process}: {status}");
    Ok(())
}
