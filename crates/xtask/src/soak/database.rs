//! PostgreSQL paused, or crashed and started again; a row and a table that somebody else holds locked.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use super::portal::{ANSWERED_WITHIN, Portal, settled};
use super::{Length, Recovery, ground, until};
use crate::bench::import::{database, psql};
use crate::postgres::Cluster;

/// How often each failure is brought about in a whole run.
const ROUNDS: usize = 3;

pub(super) fn run(length: Length) -> Result<Vec<(&'static str, Recovery)>> {
    let (folder, program) = ground()?;
    let cluster = Cluster::start()?;
    psql(&cluster.url(), "ALTER SYSTEM SET synchronous_commit = on")?;
    psql(&cluster.url(), "SELECT pg_reload_conf()")?;
    psql(&cluster.url(), "CREATE DATABASE portal")?;
    let place = settled(&folder, &program, database(&cluster, "portal"))?;
    let members = place.members(1)?;
    let portal = Portal::start(&place, members, &mut place.command(&["serve"]), &folder.path("serve.log"))?;
    let cookie = portal.member()?;
    let rounds = if length == Length::Whole { ROUNDS } else { 1 };
    let mut recoveries = Vec::new();
    for _ in 0..rounds {
        let paused = gone(&portal, &cookie, Paused::begin(&cluster)?).context("PostgreSQL paused")?;
        recoveries.push(("PostgreSQL paused (SIGSTOP) and continued", paused));
        let crashed = gone(&portal, &cookie, Crashed::begin(&cluster)?).context("PostgreSQL crashed")?;
        recoveries.push(("PostgreSQL crashed and started again", crashed));
        let account = "UPDATE accounts SET wrong_passwords = wrong_passwords WHERE user_id = 'benchtaro1'";
        let row = row_held(&portal, &cookie, &place.url, account).context("a row held")?;
        recoveries.push(("one account's row held locked", row));
        let table = table_held(&portal, &cookie, &place.url).context("a table held")?;
        recoveries.push(("the table of sessions held locked", table));
    }
    Ok(recoveries)
}

/// A failure that ends when it is told to; where it is not, when it is dropped.
trait Trouble {
    fn end(self) -> Result<()>;
}

struct Paused<'a>(&'a Cluster);

impl<'a> Paused<'a> {
    fn begin(cluster: &'a Cluster) -> Result<Self> {
        cluster.signal("STOP")?;
        Ok(Self(cluster))
    }
}

impl Trouble for Paused<'_> {
    fn end(self) -> Result<()> {
        drop(self);
        Ok(())
    }
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.signal("CONT") {
            eprintln!("xtask: PostgreSQL is still paused: {error:#}");
        }
    }
}

struct Crashed<'a>(&'a Cluster);

impl<'a> Crashed<'a> {
    fn begin(cluster: &'a Cluster) -> Result<Self> {
        cluster.crash()?;
        Ok(Self(cluster))
    }
}

impl Trouble for Crashed<'_> {
    fn end(self) -> Result<()> {
        self.0.start_again()
    }
}

/// Checks the portal while the database does not answer: pages that need it get 503 within the limit, `/readyz` 503, `/healthz` 200.
fn gone(portal: &Portal, cookie: &str, trouble: impl Trouble) -> Result<Recovery> {
    portal
        .alive_during(|| {
            until("/readyz is 503", ANSWERED_WITHIN, || Ok(portal.ready()? == 503))?;
            for _ in 0..2 {
                let (page, login) = (portal.page(cookie)?, portal.log_in()?);
                anyhow::ensure!((page, login) == (503, 503), "a page is answered {page}, a login {login}");
            }
            let status = portal.login_page()?;
            anyhow::ensure!(matches!(status, 200 | 503), "the login page is answered {status}");
            trouble.end()?;
            let after = portal.well(cookie)?;
            anyhow::Ok(after)
        })
        .and_then(|after| {
            let mut checked = vec!["/readyz 503 meanwhile, then 200".to_owned()];
            checked.extend(portal.verdict()?);
            Ok(Recovery { after, checked })
        })
}

/// A transaction of somebody else.
struct Held(Child);

impl Held {
    fn begin(url: &str, statement: &str) -> Result<Self> {
        let mut psql = Command::new("psql");
        psql.args([url, "-qAtX", "-v", "ON_ERROR_STOP=1"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut held = Self(psql.spawn().context("psql")?);
        let stdin = held.0.stdin.as_mut().context("psql's input")?;
        writeln!(stdin, "BEGIN;\n{statement};\n\\echo held")?;
        stdin.flush()?;
        let said = held.0.stdout.take().and_then(|stdout| BufReader::new(stdout).lines().next());
        anyhow::ensure!(matches!(said, Some(Ok(line)) if line == "held"), "psql does not hold the lock");
        Ok(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// While one account's row is held: its logins 503 in time, everybody else served, also behind many of these logins.
fn row_held(portal: &Portal, cookie: &str, url: &str, statement: &str) -> Result<Recovery> {
    let after = portal.alive_during(|| {
        let held = Held::begin(url, statement)?;
        std::thread::scope(|scope| {
            let logins: Vec<_> = (0..8).map(|_| scope.spawn(|| portal.log_in_first())).collect();
            for _ in 0..3 {
                let (page, login) = (portal.page(cookie)?, portal.log_in()?);
                anyhow::ensure!((page, login) == (200, 303), "others: a page is answered {page}, a login {login}");
            }
            for login in logins {
                let status = login.join().map_err(|_| anyhow::anyhow!("a login was given up"))??;
                anyhow::ensure!(matches!(status, 503 | 429), "a login of the held account is answered {status}");
            }
            anyhow::Ok(())
        })?;
        drop(held);
        until("the account logs in", super::portal::WELL_WITHIN, || Ok(portal.log_in_first()? == 303))
    })?;
    let mut checked = vec!["others' pages 200 and logins 303 meanwhile".to_owned()];
    checked.extend(portal.verdict()?);
    Ok(Recovery { after, checked })
}

/// While a table is held that every signed-in page needs.
fn table_held(portal: &Portal, cookie: &str, url: &str) -> Result<Recovery> {
    let after = portal.alive_during(|| {
        let held = Held::begin(url, "LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")?;
        std::thread::scope(|scope| {
            let pages: Vec<_> = (0..8).map(|_| scope.spawn(|| portal.page(cookie))).collect();
            for page in pages {
                let status = page.join().map_err(|_| anyhow::anyhow!("a page was given up"))??;
                anyhow::ensure!(status == 503, "a page is answered {status}");
            }
            anyhow::Ok(())
        })?;
        drop(held);
        portal.well(cookie)
    })?;
    let mut checked = vec!["pages 503 meanwhile".to_owned()];
    checked.extend(portal.verdict()?);
    Ok(Recovery { after, checked })
}
