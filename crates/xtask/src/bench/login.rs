//! Password logins, whole requests, against hashing alone with the same parameters on the same threads.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::{Context, Result};

use super::data::Register;
use super::figures::{Figures, Goal, median};
use super::http::{Target, post};
use super::load::full;
use super::place::{Folder, HOST, PASSWORD, Place, USER};
use super::program::{build_example, build_yui, said, timed};
use super::reference::{python, sources};

const ROUNDS: usize = 3;
const SECONDS: u32 = 8;

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let threads = available_parallelism().map_or(1, usize::from);
    let hashing = build_example("hash_rate")?;
    let yui = build_yui()?;
    let folder = Folder::new()?;
    let database = folder.path("yui.db");
    let place = Place::new(&yui, &folder, format!("sqlite://{}", database.display()));
    place.furnish(&Register { households: 10 }, &folder.path("register.csv"))?;
    let server = place.serve()?;
    let form = format!("user_id={USER}&password={PASSWORD}");
    let answer = post(&server.address, HOST, "/login", &form)?;
    anyhow::ensure!(answer.status == 303 && answer.cookie.is_some(), "the login failed: {}", answer.status);

    let script = folder.path("login.lua");
    let kind = "application/x-www-form-urlencoded";
    fs::write(&script, format!("wrk.method = 'POST'\nwrk.body = '{form}'\nwrk.headers['Content-Type'] = '{kind}'\n"))?;
    let script = script.to_str().context("a folder with an odd name")?;
    let target = Target {
        address: server.address.clone(),
        host: HOST.to_owned(),
        path: "/login".to_owned(),
        cookie: String::new(),
    };
    let sessions = || -> Result<f64> {
        let count = said(Command::new("sqlite3").arg(&database), "SELECT COUNT(*) FROM sessions;")?;
        count.trim().parse().context("sessions")
    };
    // On the clock, and by a second of a core, which does not care who else uses the cores.
    let (mut logins, mut bare, mut cffi, mut p99) = (Rates::default(), Rates::default(), Rates::default(), Vec::new());
    for _ in 0..ROUNDS {
        let (before, cpu) = (sessions()?, server.cpu()?);
        let connections = u32::try_from(2 * threads)?;
        let load = full(&target, connections, SECONDS, &["--script", script])?;
        // Only what signed somebody in counts; a login under way when the time is over is none of these.
        let count = sessions()? - before;
        logins.push(load.per_second, count / (server.cpu()? - cpu));
        anyhow::ensure!((count - load.per_second * f64::from(SECONDS)).abs() < 10.0, "{count} sessions");
        p99.push(load.p99);
        let arguments = [threads.to_string(), SECONDS.to_string()];
        bare.measure(Command::new(&hashing).args(&arguments))?;
        cffi.measure(python("python")?.arg(sources().join("hash_rate.py")).args(&arguments))?;
    }
    figures.add("yui: logins (argon2id m=19456 t=2 p=1)", median(logins.clock.clone()), "/s");
    figures.add("yui: p99 of a login", median(p99), "ms");
    figures.add(format!("hashing alone, the same crate, {threads} threads"), median(bare.clock.clone()), "/s");
    figures.add(format!("hashing alone, argon2-cffi (C), {threads} threads"), median(cffi.clock.clone()), "/s");
    let (logins, bare, cffi) = (median(logins.core), median(bare.core), median(cffi.core));
    figures.add("yui: logins, a core's second", logins, "/s");
    figures.add("the same crate alone, a core's second", bare, "/s");
    figures.add("argon2-cffi alone, a core's second", cffi, "/s");
    figures.hold("yui / the same crate alone, a core's second", logins / bare, "ratio", Goal::AtLeast(0.9));
    figures.hold("yui / the fastest alone, a core's second", logins / bare.max(cffi), "ratio", Goal::AtLeast(0.9));
    Ok(())
}

/// Rates by the clock and by processor time.
#[derive(Default)]
struct Rates {
    clock: Vec<f64>,
    core: Vec<f64>,
}

impl Rates {
    fn push(&mut self, clock: f64, core: f64) {
        self.clock.push(clock);
        self.core.push(core);
    }

    /// Runs a program that prints its rate.
    fn measure(&mut self, command: &mut Command) -> Result<()> {
        let cost = timed(command, "")?;
        let rate: f64 = cost.said.trim().parse()?;
        self.push(rate, rate * f64::from(SECONDS) / cost.cpu);
        Ok(())
    }
}
