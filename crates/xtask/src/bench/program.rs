//! The programs under measurement: how they are built, run, timed and stopped.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::workspace::{cargo, target};

/// Builds `yui` as it is released and returns where it is.
pub(crate) fn build_yui() -> Result<PathBuf> {
    build()?;
    Ok(target().join("release/yui"))
}

/// Builds the examples of our crates as they would be released and returns where this one is.
pub(crate) fn build_example(example: &str) -> Result<PathBuf> {
    build()?;
    Ok(target().join("release/examples").join(example))
}

/// Everything at once: cargo chooses the features of what we build upon by what is built together, and would compile it
/// all anew for each.
fn build() -> Result<()> {
    let mut build = cargo(&["build", "--release", "--quiet", "--bins", "--examples"]);
    succeed(build.args(["kenpo-formats", "yui", "yui-auth", "yui-print"].iter().flat_map(|name| ["--package", name])))
}

/// Runs a command whose output is shown to the operator.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| name_of(command))?;
    if !status.success() {
        bail!("{}: {status}", name_of(command));
    }
    Ok(())
}

/// Runs a command with this on its standard input and returns what it says.
pub(crate) fn said(command: &mut Command, input: &str) -> Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| name_of(command))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("{}: {}: {}", name_of(command), output.status, error.lines().last().unwrap_or_default());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The cost of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cost {
    /// Seconds on the clock.
    pub(crate) wall: f64,
    /// Seconds of the program's own processor time.
    pub(crate) cpu: f64,
    /// The most memory it had, MB.
    pub(crate) peak_mb: f64,
    /// Its output.
    pub(crate) said: String,
}

/// Runs a command with this on its standard input, and measures it.
pub(crate) fn timed(command: &Command, input: &str) -> Result<Cost> {
    let report = tempfile_path();
    let mut time = Command::new("/usr/bin/time");
    time.args(["--format", "%U %S %M", "--output"]).arg(&report).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => time.env(name, value),
            None => time.env_remove(name),
        };
    }
    let start = Instant::now();
    let said = said(&mut time, input)?;
    let wall = start.elapsed().as_secs_f64();
    let text = fs::read_to_string(&report).context("what time found")?;
    fs::remove_file(&report)?;
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [user, system, peak_kb] = numbers[..] else { bail!("what time found: {text:?}") };
    Ok(Cost { wall, cpu: user + system, peak_mb: peak_kb / 1024.0, said })
}

fn tempfile_path() -> PathBuf {
    std::env::temp_dir().join(format!("yui-bench-time-{}", std::process::id()))
}

fn name_of(command: &Command) -> String {
    let name = Path::new(command.get_program());
    name.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    /// Seconds from its start to its word that it serves.
    pub(crate) ready_after: f64,
}

impl Server {
    /// Starts a server and waits for the line of its standard output that begins with `ready: http://` and its address.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let start = Instant::now();
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().with_context(|| name_of(command))?;
        let stdout = child.stdout.take().context("its standard output")?;
        let mut server = Self { child, address: String::new(), ready_after: 0.0 };
        for line in BufReader::new(stdout).lines() {
            if let Some(url) = line?.strip_prefix("ready: http://") {
                server.ready_after = start.elapsed().as_secs_f64();
                server.address = url.trim_end_matches('/').replace("localhost", "127.0.0.1");
                return Ok(server);
            }
        }
        bail!("{} did not start", name_of(command))
    }

    /// A line of /proc/PID/status, MB.
    pub(crate) fn memory(&self, line: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).context("/proc")?;
        let found = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
        let kb = found.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
        Ok(kb.with_context(|| format!("no {line} in /proc/PID/status"))? / 1024.0)
    }

    /// Seconds of processor time that the server and its children have used so far.
    pub(crate) fn cpu(&self) -> Result<f64> {
        cpu_of(&self.child.id().to_string())
    }
}

/// Seconds of processor time that this process and its children have used so far.
pub(crate) fn cpu_of(process: &str) -> Result<f64> {
    let mut ticks = 0.0;
    for entry in fs::read_dir("/proc").context("/proc")?.flatten() {
        // Whatever is no process, or is gone by now, has no such file.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((name, fields)) = stat.rsplit_once(") ") else { continue };
        let fields: Vec<&str> = fields.split_whitespace().collect();
        if name.split(' ').next() == Some(process) || fields.get(1) == Some(&process) {
            ticks += fields.iter().skip(11).take(2).flat_map(|field| field.parse::<f64>()).sum::<f64>();
        }
    }
    // Linux counts in hundredths of a second on every machine that Yui runs on.
    Ok(ticks / 100.0)
}

impl Drop for Server {
    fn drop(&mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
