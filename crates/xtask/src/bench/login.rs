//! Password logins, whole requests, against hashing alone with the same parameters on the same threads; and twice the load
//! that they can take.

use std::fs;
use std::process::Command;
use std::thread::{self, available_parallelism};

use anyhow::{Context, Result, bail};

use super::crowd::{DEVICE, user_id};
use super::data::Register;
use super::figures::{Figures, Goal, median};
use super::http::{Target, form_request, post};
use super::load::{full, quantile, steady, storm};
use super::place::{Folder, HOST, PASSWORD, Place, USER};
use super::program::{Server, build_example, build_yui, said, timed};
use super::reference::{python, sources};
use super::session;

const ROUNDS: usize = 3;
const SECONDS: u32 = 8;
const HOUSEHOLDS: u64 = 6_000;

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let threads = available_parallelism().map_or(1, usize::from);
    let hashing = build_example("hash_rate")?;
    let yui = build_yui()?;
    let folder = Folder::new()?;
    let database = folder.path("yui.db");
    let place = Place::new(&yui, &folder, format!("sqlite://{}", database.display()));
    place.furnish(&Register { households: HOUSEHOLDS }, &folder.path("register.csv"))?;
    place.enrol_everybody(1, "bench")?;
    let members = place.members(1)?;
    let server = place.serve()?;
    let answer = post(&server.address, HOST, "/login", &format!("user_id={USER}&password={PASSWORD}"))?;
    anyhow::ensure!(answer.status == 303 && answer.cookie.is_some(), "the login failed: {}", answer.status);

    let target = Target {
        address: server.address.clone(),
        host: HOST.to_owned(),
        path: "/login".to_owned(),
        cookie: format!("yui_device={DEVICE}"),
    };
    let sessions = || -> Result<f64> {
        let count = said(Command::new("sqlite3").arg(&database), "SELECT COUNT(*) FROM sessions;")?;
        count.trim().parse().context("sessions")
    };
    // On the clock, and by a second of a core, which does not care who else uses the cores.
    let (mut logins, mut bare, mut plain, mut cffi) =
        (Rates::default(), Rates::default(), Rates::default(), Rates::default());
    let mut p99 = Vec::new();
    for round in 0..ROUNDS {
        // Everybody logs in with their own user ID, in a browser that becomes known.
        let script = folder.path("login.lua");
        let some: Vec<_> = members.iter().skip(round).step_by(ROUNDS).map(|member| user_id("bench", *member)).collect();
        fs::write(&script, lua(&some))?;
        let script = script.to_str().context("a folder with an odd name")?;
        let (before, cpu) = (sessions()?, server.cpu()?);
        let connections = u32::try_from(2 * threads)?;
        let load = full(&target, connections, SECONDS, &["--script", script])?;
        // Only what signed somebody in counts; a login under way when the time is over is none of these.
        let count = sessions()? - before;
        logins.push(load.per_second, count / (server.cpu()? - cpu));
        anyhow::ensure!(
            (count - load.per_second * f64::from(SECONDS)).abs() < 10.0,
            "{count} sessions of {} logins a second",
            load.per_second
        );
        p99.push(load.p99);
        let arguments = [threads.to_string(), SECONDS.to_string()];
        bare.measure(Command::new(&hashing).args(&arguments))?;
        plain.measure(Command::new(&hashing).args(&arguments).arg("plain"))?;
        cffi.measure(python("python")?.arg(sources().join("hash_rate.py")).args(&arguments))?;
    }
    let rate = median(logins.clock.clone());
    figures.add("yui: logins (argon2id m=19456 t=2 p=1)", rate, "/s");
    figures.add("yui: p99 of a login", median(p99), "ms");
    figures.add(format!("hashing alone, the same engine, {threads} threads"), median(bare.clock.clone()), "/s");
    figures.add(format!("hashing alone, argon2-cffi (C), {threads} threads"), median(cffi.clock.clone()), "/s");
    let (logins, bare, plain, cffi) = (median(logins.core), median(bare.core), median(plain.core), median(cffi.core));
    figures.add("yui: logins, a core's second", logins, "/s");
    figures.add("the same engine alone, a core's second", bare, "/s");
    figures.add("the plain engine alone, a core's second", plain, "/s");
    figures.add("argon2-cffi alone, a core's second", cffi, "/s");
    figures.hold("yui / the fastest alone, a core's second", logins / bare.max(cffi), "ratio", Goal::AtLeast(0.9));
    figures.add("yui / argon2-cffi alone, a core's second", logins / cffi, "ratio");
    twice_the_load(figures, &server, rate, &members, 1e3 / bare)
}

/// A script for wrk that logs in one after another.
fn lua(users: &[String]) -> String {
    let users: Vec<_> = users.iter().map(|user| format!("'{user}'")).collect();
    format!(
        "local users, place = {{{}}}, 0
         wrk.method = 'POST'
         wrk.headers['Content-Type'] = 'application/x-www-form-urlencoded'
         function request()
             place = place % #users + 1
             return wrk.format(nil, nil, nil, 'user_id=' .. users[place] .. '&password={PASSWORD}')
         end
        ",
        users.join(",")
    )
}

/// Twice as many logins as it can take, while somebody reads pages.
fn twice_the_load(figures: &mut Figures, server: &Server, rate: f64, members: &[u64], hash: f64) -> Result<()> {
    const CONNECTIONS: u32 = 128;
    const PAGES: f64 = 50.0;
    let form = format!("user_id={USER}&password={PASSWORD}");
    let cookie = post(&server.address, HOST, "/login", &form)?.cookie.context("the login failed")?;
    let address = server.address.clone();
    let page = Target { address, host: HOST.to_owned(), path: session::PATH.to_owned(), cookie };
    page.fetch()?;
    let calm = steady(&page, PAGES, f64::from(SECONDS))?;
    let reading = thread::spawn(move || steady(&page, PAGES, f64::from(SECONDS)));
    let users: Vec<_> = members.iter().map(|member| user_id("bench", *member)).collect();
    let logins = storm(&server.address, CONNECTIONS, 2.0 * rate, f64::from(SECONDS), move |number| {
        let user = &users[number as usize % users.len()];
        let cookie = format!("Cookie: yui_device={DEVICE}\r\n");
        form_request(HOST, "/login", &cookie, &format!("user_id={user}&password={PASSWORD}"))
    })?;
    let Ok(read) = reading.join() else { bail!("the reader was given up") };
    let read = read?;
    let accepted: Vec<_> = logins.iter().filter(|answer| answer.status == 303).map(|answer| answer.took).collect();
    let refused = logins.iter().filter(|answer| answer.status == 503 && answer.says_when).count();
    let neither = logins.len() - accepted.len() - refused;
    figures.add("twice the load: logins asked for", logins.len() as f64 / f64::from(SECONDS), "/s");
    figures.add("twice the load: accepted", accepted.len() as f64 / f64::from(SECONDS), "/s");
    figures.hold("twice the load: neither accepted nor 503 with Retry-After", neither as f64, "", Goal::AtMost(0.0));
    figures.add("twice the load: accepted, median", quantile(accepted.clone(), 0.5), "ms");
    let p99 = quantile(accepted, 0.99);
    figures.add("twice the load: accepted, p99", p99, "ms");
    figures.add("one hash", hash, "ms");
    figures.hold("twice the load: p99 / one hash", p99 / hash, "ratio", Goal::AtMost(4.0));
    figures.add("a page meanwhile, p50", read.p50, "ms");
    figures.add("a page before, p50", calm.p50, "ms");
    figures.add("a page meanwhile, p99", read.p99, "ms");
    figures.add("a page before, p99", calm.p99, "ms");
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
