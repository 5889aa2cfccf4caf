//! A file of expenses through the console, as staff do it: sent, checked, applied, published, withdrawn; against `psql \copy` of the
//! same rows into the same table.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::data::Register;
use super::figures::{Figures, Goal, median};
use super::http::{Connection, Target, form_request};
use super::import::COLUMNS;
use super::place::{Folder, HOST, Place};
use super::program::{Server, said, timed};

const ROUNDS: usize = 3;

/// The time limit of a step.
const PATIENCE_S: u64 = 1_200;

/// The interval of asking the database for the progress of a step.
const LOOK: Duration = Duration::from_millis(100);

/// The separator of the parts of a form with a file.
const BOUNDARY: &str = "----bench-7d1f";

/// A member of staff at work on the portal at this address.
pub(crate) struct Desk<'a> {
    pub(crate) place: &'a Place,
    pub(crate) portal: &'a str,
    pub(crate) staff: &'a Target,
}

impl Desk<'_> {
    /// Sends a form; returns where it leads.
    fn send(&self, request: &str) -> Result<String> {
        let answer = Connection::open(self.portal)?.send(request)?;
        let body = || String::from_utf8_lossy(&answer.body).into_owned();
        let location = answer.location.clone();
        location.filter(|_| answer.status == 303).with_context(|| format!("{}: {}", answer.status, body()))
    }

    fn post(&self, path: &str, form: &str) -> Result<String> {
        self.send(&form_request(HOST, path, &self.headers(), form))
    }

    fn headers(&self) -> String {
        format!("Cookie: {}\r\nSec-Fetch-Site: same-origin\r\n", self.staff.cookie)
    }

    /// Waits until this text, which the server's database is asked for, is one of these.
    fn until(&self, sql: &str, ends: &[&str]) -> Result<String> {
        let start = Instant::now();
        while start.elapsed().as_secs() < PATIENCE_S {
            let state = self.place.sql(&format!("{sql};"))?.trim().to_owned();
            if ends.contains(&state.as_str()) {
                return Ok(state);
            }
            #[expect(clippy::disallowed_methods, reason = "looking all the time would be measured as well")]
            thread::sleep(LOOK);
        }
        bail!("waited {PATIENCE_S} s for {ends:?}: {sql}")
    }

    /// Sends the file; returns the upload's address.
    pub(crate) fn send_file(&self, file: &Path) -> Result<String> {
        let rows = fs::read_to_string(file)?;
        let body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nexpenses\r\n\
             --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"million.csv\"\r\n\
             Content-Type: text/csv\r\n\r\n{rows}\r\n--{BOUNDARY}--\r\n"
        );
        let request = format!(
            "POST /console/imports/new HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n\
             Content-Length: {}\r\n{}\r\n{body}",
            body.len(),
            self.headers()
        );
        self.send(&request)
    }

    /// Sends the file and has it checked; returns the upload's address, and the seconds for both.
    pub(crate) fn upload(&self, file: &Path) -> Result<(String, f64, f64)> {
        let start = Instant::now();
        let upload = self.send_file(file)?;
        let sent = start.elapsed().as_secs_f64();
        let state = self.until(&uploads("state", &upload)?, &["checked", "unreadable", "stopped"])?;
        anyhow::ensure!(state == "checked", "the file is {state}");
        Ok((upload, sent, start.elapsed().as_secs_f64() - sent))
    }

    /// Has it applied by a worker.
    pub(crate) fn begin(&self, upload: &str) -> Result<()> {
        self.post(&format!("{upload}/apply"), "").map(drop)
    }

    /// Has it applied, and waits until it is.
    pub(crate) fn import(&self, upload: &str) -> Result<()> {
        self.begin(upload)?;
        let state = self.until(&uploads("state", upload)?, &["applied", "refused", "stopped"])?;
        anyhow::ensure!(state == "applied", "the upload is {state}");
        Ok(())
    }

    /// Applies a checked upload and publishes it; returns the batch's number, and the seconds for both.
    pub(crate) fn apply(&self, upload: &str) -> Result<(String, f64, f64)> {
        let start = Instant::now();
        self.import(upload)?;
        let applied = start.elapsed().as_secs_f64();
        let batch = self.place.sql(&format!("{};", uploads("batch_id", upload)?))?.trim().to_owned();
        self.post(&format!("/console/imports/{batch}/publish"), "when=now&at=")?;
        self.until(&batches(&batch), &["published"])?;
        Ok((batch, applied, start.elapsed().as_secs_f64() - applied))
    }

    /// Withdraws a batch; returns the seconds until no member sees it, and until all its rows are deleted.
    fn withdraw(&self, batch: &str) -> Result<(f64, f64)> {
        let start = Instant::now();
        self.post(&format!("/console/imports/{batch}/withdraw"), "")?;
        self.until(&batches(batch), &["withdrawn"])?;
        let hidden = start.elapsed().as_secs_f64();
        let left = format!("SELECT EXISTS (SELECT 1 FROM expenses WHERE society_id = 1 AND batch_id = {batch})");
        self.until(&left, &["f"])?;
        Ok((hidden, start.elapsed().as_secs_f64()))
    }
}

fn uploads(column: &str, upload: &str) -> Result<String> {
    let id = upload.rsplit('/').next().context("an upload's address")?;
    Ok(format!("SELECT {column} FROM import_uploads WHERE society_id = 1 AND upload_id = {id}"))
}

fn batches(batch: &str) -> String {
    format!("SELECT state FROM import_batches WHERE society_id = 1 AND batch_id = {batch}")
}

/// So many rows, each of a claim that is not there yet.
pub(super) fn run(
    figures: &mut Figures,
    desk: &Desk<'_>,
    folder: &Folder,
    register: &Register,
    rows: u64,
    server: &Server,
) -> Result<()> {
    let file = folder.path("million.csv");
    register.write_expenses(rows..2 * rows, &file)?;
    figures.add("import: rows", rows as f64, "");
    let copied = folder.path("rows.csv");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (upload, sent, checked) = desk.upload(&file)?;
        let (batch, applied, published) = desk.apply(&upload)?;
        ours.push(applied + published);
        for (what, took) in [("sending", sent), ("checking", checked), ("applying", applied), ("publishing", published)]
        {
            figures.add(format!("import, round {round}: {what}"), took, "s");
        }
        let (place, copied) = (desk.place, copied.display());
        let select = format!("SELECT {COLUMNS} FROM expenses WHERE society_id = 1 AND batch_id = {batch}");
        place.sql(&format!("\\copy ({select}) TO '{copied}' CSV"))?;
        let (hidden, gone) = desk.withdraw(&batch)?;
        figures.add(format!("import, round {round}: withdrawn"), hidden, "s");
        figures.add(format!("import, round {round}: nothing left"), gone, "s");
        place.sql("VACUUM expenses;")?;
        let mut load = Command::new("psql");
        load.args([&place.url, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c"]);
        load.arg(format!("\\copy expenses ({COLUMNS}) FROM '{copied}' CSV"));
        theirs.push(timed(&load, "")?.wall);
        let mut clear = Command::new("psql");
        clear.args([
            &place.url,
            "-qAtX",
            "-c",
            &format!("DELETE FROM expenses WHERE society_id = 1 AND batch_id = {batch}"),
        ]);
        said(clear.args(["-c", "VACUUM expenses"]), "")?;
    }
    let (ours, theirs) = (median(ours), median(theirs));
    figures.add("import: applied and published", rows as f64 / ours, "rows/s");
    figures.add("import: psql \\copy", rows as f64 / theirs, "rows/s");
    figures.hold("import: console / psql \\copy", theirs / ours, "ratio", Goal::AtLeast(0.6));
    figures.add("import: the server's memory at its most", server.memory("VmHWM")?, "MB");
    Ok(())
}
