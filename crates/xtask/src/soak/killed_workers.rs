//! Workers that are killed: in an import, with mails taken, and again and again by the same file.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::mail_server::MailServer;
use super::portal::{Portal, settled};
use super::process::Process;
use super::{Length, Recovery, ground, until};
use crate::bench::beside::{STAFF, STAFF_COOKIE};
use crate::bench::console_import::Desk;
use crate::bench::data::Register;
use crate::bench::http::Target;
use crate::bench::place::{Folder, HOST, Place};
use crate::bench::program::said;

const ROWS: u64 = 20_000;

/// The number of mails that wait when the worker is killed: more than it sends at once.
const MAILS: u32 = 12;

/// The number of mails that a worker may have been sending when it was killed: these may come twice.
const SENDING: u32 = 4;

/// The time that the leased work of a killed worker waits, with the delay of a loaded machine.
const TAKEN_AGAIN_WITHIN: Duration = Duration::from_secs(30 + 30);

/// The time within which a mail that is written after the kill has to be sent: it waits for no lease.
const SENT_WITHIN: Duration = Duration::from_secs(15);

/// The remark of a short run.
const ENDED_BY_SQL: &str = "the killed worker's lease (30 s) was ended by SQL, which `soak --faults` does not do";

/// The number of workers that a file may kill until nobody tries it any more.
const TRIES: usize = 6;

pub(super) fn run(length: Length) -> Result<Vec<(&'static str, Recovery)>> {
    let (folder, program) = ground()?;
    let mail = MailServer::start()?;
    let place = settled(&folder, &program, format!("sqlite://{}", folder.path("yui.db").display()))?
        .with("YUI_SMTP_URL", format!("smtp://127.0.0.1:{}?tls=none", mail.port))
        .with("YUI_WORKER", "no");
    place.sql(STAFF)?;
    let mut serve = place.command(&["serve"]);
    let portal = Portal::start(&place, place.members(1)?, &mut serve, &folder.path("serve.log"))?;
    let cookie = portal.member()?;
    let scene = Scene { place: &place, portal: &portal, mail: &mail, folder: &folder };
    let mut recoveries = Vec::new();
    portal.alive_during(|| {
        for round in 0..if length == Length::Whole { 3 } else { 1 } {
            let killed = scene.in_the_middle(length, round).context("a worker killed in its work")?;
            recoveries.push(("a worker killed in an import and with mails taken", killed));
        }
        let crashing = scene.by_a_file(length).context("a file that takes its workers with it")?;
        recoveries.push(("a file that takes its worker with it each time", crashing));
        anyhow::ensure!(portal.page(&cookie)? == 200, "a page meanwhile");
        Ok(())
    })?;
    let lines = portal.verdict()?;
    if let Some((_, last)) = recoveries.last_mut() {
        last.checked.extend(lines);
    }
    Ok(recoveries)
}

struct Scene<'a> {
    place: &'a Place,
    portal: &'a Portal,
    mail: &'a MailServer,
    folder: &'a Folder,
}

impl Scene<'_> {
    fn worker(&self) -> Result<Process> {
        Process::start(&mut self.place.command(&["worker"]), &self.folder.path("worker.log"))
    }

    fn number(&self, sql: &str) -> Result<u64> {
        self.place.sql(&format!("{sql};"))?.trim().parse().with_context(|| sql.to_owned())
    }

    fn staff(&self) -> Target {
        let (address, host) = (self.portal.address.clone(), HOST.to_owned());
        Target { address, host, path: String::new(), cookie: STAFF_COOKIE.to_owned() }
    }

    fn write_mail(&self, to: &str) -> Result<()> {
        said(&mut self.place.command(&["mail", "test", "--society", "bench", "--to", to]), "").map(drop)
    }

    fn file(&self, name: &str, rows: std::ops::Range<u64>) -> Result<PathBuf> {
        let path = self.folder.path(name);
        Register { households: 200 }.write_expenses(rows, &path)?;
        Ok(path)
    }

    /// Kills a worker in the middle of an import and with mails taken, and lets another go on.
    fn in_the_middle(&self, length: Length, round: u64) -> Result<Recovery> {
        let file = self.file("expenses.csv", round * ROWS..(round + 1) * ROWS)?;
        let staff = self.staff();
        let desk = Desk { place: self.place, portal: &self.portal.address, staff: &staff };
        let worker = self.worker()?;
        let (upload, ..) = desk.upload(&file)?;
        self.mail.hold(true);
        for number in 0..MAILS {
            self.write_mail(&format!("member{round}x{number}@soak.invalid"))?;
        }
        until("mails are being sent", SENT_WITHIN, || Ok(self.mail.waiting() >= SENDING))?;
        desk.begin(&upload)?;
        let id = upload.rsplit('/').next().context("an upload's address")?;
        let reading = "SELECT COUNT(*) FROM import_batches WHERE state = 'reading' AND position > 0";
        until("the import has begun", TAKEN_AGAIN_WITHIN, || Ok(self.number(reading)? == 1))?;
        worker.kill()?;
        let killed = Instant::now();
        anyhow::ensure!(self.number(reading)? == 1, "the import ended before its worker could be killed");
        self.mail.hold(false);
        if length == Length::Short {
            self.end_leases()?;
        }

        let _other = self.worker()?;
        let late = format!("late{round}@soak.invalid");
        self.write_mail(&late)?;
        let sent = until("a mail written after the kill", SENT_WITHIN, || Ok(self.mail.taken().contains_key(&late)))?;
        let left = format!("SELECT COUNT(*) FROM import_uploads WHERE upload_id = {id} AND state <> 'applied'");
        let unsent = "SELECT COUNT(*) FROM mails WHERE sent_at IS NULL";
        until("the work of the killed worker is done", TAKEN_AGAIN_WITHIN, || {
            Ok(self.number(&left)? == 0 && self.number(unsent)? == 0)
        })?;
        let after = killed.elapsed();

        let batch = self.number(&format!("SELECT batch_id FROM import_uploads WHERE upload_id = {id}"))?;
        let rows = self.number(&format!("SELECT COUNT(*) FROM expenses WHERE batch_id = {batch}"))?;
        let accepted = self.number(&format!("SELECT accepted FROM import_batches WHERE batch_id = {batch}"))?;
        anyhow::ensure!((rows, accepted) == (ROWS, ROWS), "{rows} rows are there, {accepted} counted, of {ROWS}");
        let taken = self.mail.taken();
        let twice = taken.values().filter(|times| **times > 1).count();
        for number in 0..MAILS {
            let to = format!("member{round}x{number}@soak.invalid");
            anyhow::ensure!(taken.contains_key(&to), "the mail to {to} was never sent");
        }
        anyhow::ensure!(twice <= SENDING as usize, "{twice} mails were sent twice");
        let mut checked = vec![
            format!("{ROWS} rows of the import there, each once"),
            format!("a mail written after the kill sent after {:.1} s", sent.as_secs_f64()),
            format!("{MAILS} mails sent, {twice} of them twice"),
        ];
        if length == Length::Short {
            checked.push(ENDED_BY_SQL.to_owned());
        }
        Ok(Recovery { after, checked })
    }

    /// Lets what a killed worker has taken be taken by others at once: a short run does not wait for that.
    fn end_leases(&self) -> Result<()> {
        let past = "taken_until = '2000-01-01T00:00:00.000000Z' WHERE taken_until IS NOT NULL";
        self.place.sql(&format!("UPDATE import_uploads SET {past}; UPDATE mails SET {past};")).map(drop)
    }

    /// Kills each worker that takes the lease of the file, until the file is given up.
    fn by_a_file(&self, length: Length) -> Result<Recovery> {
        let file = self.file("crashing.csv", 1_000_000..1_000_000 + 5 * ROWS)?;
        let staff = self.staff();
        let desk = Desk { place: self.place, portal: &self.portal.address, staff: &staff };
        let upload = desk.send_file(&file)?;
        let id = upload.rsplit('/').next().context("an upload's address")?.to_owned();
        let is = |condition: &str| {
            let sql = format!("SELECT COUNT(*) FROM import_uploads WHERE upload_id = {id} AND {condition}");
            Ok(self.number(&sql)? == 1)
        };
        let begun = Instant::now();
        let mut killed = 0;
        loop {
            let worker = self.worker()?;
            let tries = killed + 1;
            until("a worker takes the file", TAKEN_AGAIN_WITHIN, || {
                is(&format!("(tries = {tries} OR state <> 'checking')"))
            })?;
            if !is("state = 'checking'")? || killed == TRIES {
                until("the file is given up", TAKEN_AGAIN_WITHIN, || is("state = 'stopped'"))?;
                break;
            }
            worker.kill()?;
            killed += 1;
            if length == Length::Short {
                self.end_leases()?;
            }
        }
        let after = begun.elapsed();
        let _worker = self.worker()?;
        let file = self.file("good.csv", 2_000_000..2_000_010)?;
        desk.upload(&file).context("a file after it")?;
        let mut checked = vec![format!("given up after {killed} killed workers; the next file is checked")];
        if length == Length::Short {
            checked.push(ENDED_BY_SQL.to_owned());
        }
        Ok(Recovery { after, checked })
    }
}
