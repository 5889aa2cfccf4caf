//! Logins beside the work on a large file, on SQLite, where one process writes at a time: their median against the one
//! without that work, in the same run; and the time of the import itself, alone and with logins beside it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::console_import::Desk;
use super::crowd::user_id;
use super::data::Register;
use super::figures::{Figures, Goal, median};
use super::http::{Connection, Target, form_request};
use super::load::quantile;
use super::place::{Folder, HOST, PASSWORD, Place};
use super::program::{Server, build_yui, said};

const HOUSEHOLDS: u64 = 20_000;
const ROWS: u64 = 300_000;
const ROUNDS: u64 = 1;
/// The number of logins while nothing else is done, each time.
const QUIET: usize = 100;

/// A signed-in member of staff, on SQLite: by [`STAFF_COOKIE`].
pub(crate) const STAFF: &str = "
    INSERT INTO staff (society_id, staff_id, email, name, role, handle, revision, wrong_codes, created_at)
    VALUES (1, 1, 'bench@mail.invalid', '見本 職員', 'admin', CAST('bench' AS BLOB), 1, 0, '2026-01-01T00:00:00.000000Z');
    INSERT INTO staff_sessions (society_id, token_hash, staff_id, created_at, last_seen_at, ends_at, proved_at, device, address)
    SELECT 1, x'd6a55e75a6b8c54fd204e36c4dba3b63fcb0d9425d7596e0316f77f3a4a598c3', 1, now, now,
        strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '+8 hours'), now, 'bench', '10.0.0.1'
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%f000Z', 'now') AS now);";

/// The cookie of their browser.
pub(crate) const STAFF_COOKIE: &str = "yui_console=ZTogMQ2InegIsDy9OYkTFSDJCgygHIQSKsQ1v6YblGk";

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let yui = build_yui()?;
    let folder = Folder::new()?;
    let database = folder.path("yui.db");
    let place =
        Place::new(&yui, &folder, format!("sqlite://{}", database.display())).with("YUI_TRUSTED_PROXIES", "127.0.0.1");
    let register = Register { households: HOUSEHOLDS };
    place.furnish(&register, &folder.path("register.csv"))?;
    place.enrol_everybody(1, "bench")?;
    place.sql(STAFF)?;
    let server = place.serve()?;
    let mut people = People { address: server.address.clone(), members: place.members(1)?, asked: 0 };
    let mut met = Met::default();
    for round in 0..ROUNDS {
        one_round(&place, &server, &mut people, &folder.path("expenses.csv"), (round, &register), &mut met)?;
    }
    met.report(figures);
    Ok(())
}

/// The results of all rounds.
#[derive(Default)]
struct Met {
    quiet: Vec<f64>,
    /// By kind of work: the logins' milliseconds.
    beside: Vec<(&'static str, Vec<f64>)>,
    /// Seconds of an import with nobody beside it, and with logins.
    alone: Vec<f64>,
    together: Vec<f64>,
}

impl Met {
    fn add(&mut self, kind: &'static str, logins: Vec<f64>) {
        match self.beside.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, all)) => all.extend(logins),
            None => self.beside.push((kind, logins)),
        }
    }

    fn report(self, figures: &mut Figures) {
        let quiet = median(self.quiet.clone());
        figures.add("a login, quiet: median", quiet, "ms");
        figures.add("a login, quiet: p95", quantile(self.quiet, 0.95), "ms");
        for (kind, logins) in self.beside {
            figures.add(format!("beside {kind}: logins"), logins.len() as f64, "");
            let middle = median(logins.clone());
            figures.add(format!("beside {kind}: median"), middle, "ms");
            figures.add(format!("beside {kind}: p95"), quantile(logins.clone(), 0.95), "ms");
            figures.add(format!("beside {kind}: longest"), quantile(logins, 1.0 - f64::EPSILON), "ms");
            figures.hold(format!("beside {kind}: median / quiet"), middle / quiet, "ratio", Goal::AtMost(2.0));
        }
        figures.add("import of 300,000 rows, alone", median(self.alone), "s");
        figures.add("import of 300,000 rows, logins beside it", median(self.together), "s");
    }
}

fn one_round(
    place: &Place,
    server: &Server,
    people: &mut People,
    file: &Path,
    (round, register): (u64, &Register),
    met: &mut Met,
) -> Result<()> {
    let rows = |part: u64| (3 * round + part) * ROWS..(3 * round + part + 1) * ROWS;
    register.write_expenses(rows(0), file)?;
    let (alone, batch) = place.import(file)?;
    met.alone.push(alone.wall);
    met.quiet.extend(people.come_so_often(QUIET)?);
    register.write_expenses(rows(1), file)?;
    let (imported, logins) = people.come_during(|| place.import(file))?;
    met.together.push(imported.0.wall);
    met.add("an import by command", logins);
    let (_, logins) = people.come_during(|| place.withdraw(&imported.1))?;
    met.add("a withdrawal", logins);

    met.quiet.extend(people.come_so_often(QUIET)?);
    register.write_expenses(rows(2), file)?;
    let staff = Target {
        address: server.address.clone(),
        host: HOST.to_owned(),
        path: String::new(),
        cookie: STAFF_COOKIE.to_owned(),
    };
    let desk = Desk { place, portal: &server.address, staff: &staff };
    let ((upload, ..), logins) = people.come_during(|| desk.upload(file))?;
    met.add("a check in the console", logins);
    let (_, logins) = people.come_during(|| desk.import(&upload))?;
    met.add("an import in the console", logins);
    // Last, for the mails to twenty thousand members are written long after it.
    let (_, logins) = people.come_during(|| place.publish(&batch))?;
    met.add("a publication", logins);
    met.add("the mails of a publication", people.come_so_often(QUIET)?);
    Ok(())
}

/// People who log in one after another, each in an account and from a network of their own.
struct People {
    address: String,
    members: Vec<u64>,
    asked: u32,
}

impl People {
    /// Logs one in; returns the milliseconds.
    fn come(&mut self) -> Result<f64> {
        let member = self.members.get(self.asked as usize % self.members.len()).context("members")?;
        let from = format!("X-Forwarded-For: 198.18.{}.{}\r\n", self.asked / 250 % 250, self.asked % 250);
        self.asked += 1;
        let form = format!("user_id={}&password={PASSWORD}", user_id("bench", *member));
        let start = Instant::now();
        let answer = Connection::open(&self.address)?.send(&form_request(HOST, "/login", &from, &form))?;
        let took = start.elapsed().as_secs_f64() * 1e3;
        anyhow::ensure!(answer.status == 303, "a login was answered {}", answer.status);
        Ok(took)
    }

    fn come_so_often(&mut self, times: usize) -> Result<Vec<f64>> {
        (0..times).map(|_| self.come()).collect()
    }

    /// Logs in until the work is done.
    fn come_during<T: Send>(&mut self, work: impl FnOnce() -> Result<T> + Send) -> Result<(T, Vec<f64>)> {
        let over = AtomicBool::new(false);
        let mut took = Vec::new();
        let done = thread::scope(|scope| {
            let working = scope.spawn(|| {
                let done = work();
                over.store(true, Ordering::Relaxed);
                done
            });
            while !over.load(Ordering::Relaxed) {
                took.push(self.come()?);
                rest();
            }
            match working.join() {
                Ok(done) => done,
                Err(_) => bail!("the work was given up"),
            }
        })?;
        Ok((done, took))
    }
}

/// People come at any moment, not when the work gets on: a little after the one before.
#[expect(clippy::disallowed_methods, reason = "a pause between two people, not a wait for an event")]
fn rest() {
    thread::sleep(std::time::Duration::from_millis(20));
}

impl Place {
    /// Takes a batch back.
    fn withdraw(&self, batch: &str) -> Result<()> {
        let line = ["withdraw", "--society", "bench", "--batch", batch, "--reason", "bench"];
        said(&mut self.command(&line), "").map(drop)
    }
}
