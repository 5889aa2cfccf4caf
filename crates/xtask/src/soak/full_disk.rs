//! SQLite on a disk that becomes full while members log in, and is given room again.
//!
//! The disk is a small tmpfs that only the server's process sees (`unshare --mount`, without root in a user namespace of its own),
//! filled by a file beside the database. Where neither is allowed, a limit on the size of the server's files (`prlimit --fsize`) takes
//! its place: the engine then hears of an I/O error in place of a full disk. Which of them it was is said.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::portal::{ANSWERED_WITHIN, Portal, settled};
use super::{Length, Recovery, ground, until};
use crate::bench::place::{Folder, Place};
use crate::bench::program::said;
use crate::workspace::output;

/// How much room the disk has beside the database, kB.
const ROOM_KB: u64 = 6_000;

/// How many logins may still find room in what the log has reserved.
const LOGINS: usize = 400;

pub(super) fn run(length: Length) -> Result<Vec<(&'static str, Recovery)>> {
    let (folder, program) = ground()?;
    let base = folder.path("base.db");
    let place = settled(&folder, &program, format!("sqlite://{}", base.display()))?;
    let members = place.members(1)?;
    said(Command::new("sqlite3").arg(&base), "PRAGMA wal_checkpoint(TRUNCATE);")?;
    let mut recoveries = Vec::new();
    for round in 0..if length == Length::Whole { 3 } else { 1 } {
        let disk = Disk::new(&folder, &base, round)?;
        let place = place.on(format!("sqlite://{}", disk.folder.join("yui.db").display()));
        let mut command = disk.over(&place);
        let portal = Portal::start(&place, members.clone(), &mut command, &folder.path("serve.log"))?;
        let what = if disk.is_tmpfs { "SQLite's disk full (tmpfs)" } else { "SQLite's files not allowed to grow" };
        recoveries.push((what, one(&portal, &disk).context(what)?));
    }
    Ok(recoveries)
}

fn one(portal: &Portal, disk: &Disk) -> Result<Recovery> {
    let cookie = portal.member()?;
    let server = portal.process.id();
    let after = portal.alive_during(|| {
        disk.fill(server)?;
        let mut refused = 0;
        for _ in 0..LOGINS {
            refused = if portal.log_in()? == 503 { refused + 1 } else { 0 };
            if refused == 3 {
                break;
            }
        }
        anyhow::ensure!(refused == 3, "{LOGINS} logins found room on a full disk");
        until("/readyz is 503", ANSWERED_WITHIN, || Ok(portal.ready()? == 503))?;
        let status = portal.page(&cookie)?;
        anyhow::ensure!(status == 200, "a page that only reads is answered {status}");
        disk.empty(server)?;
        portal.well(&cookie)
    })?;
    let mut checked = vec!["logins 503 and pages 200 on the full disk; /readyz 503, then 200".to_owned()];
    checked.extend(portal.verdict()?);
    let found = said(Command::new("sqlite3").arg(disk.seen(server).join("yui.db")), "PRAGMA integrity_check;")?;
    anyhow::ensure!(found.trim() == "ok", "integrity_check: {found}");
    checked.push("PRAGMA integrity_check: ok".to_owned());
    Ok(Recovery { after, checked })
}

/// A disk that can be made full.
struct Disk {
    folder: PathBuf,
    base: PathBuf,
    is_tmpfs: bool,
    as_root: bool,
}

impl Disk {
    fn new(ground: &Folder, base: &Path, round: usize) -> Result<Self> {
        let folder = ground.path(&format!("disk{round}"));
        fs::create_dir(&folder)?;
        let as_root = output("id", &["-u"]).as_deref() == Some("0");
        let mut disk = Self { folder, base: base.to_owned(), is_tmpfs: true, as_root };
        let mut tried = disk.apart();
        tried.args(["sh", "-c", "mount -t tmpfs none \"$0\""]).arg(&disk.folder).stderr(Stdio::null());
        disk.is_tmpfs = tried.status().is_ok_and(|status| status.success());
        Ok(disk)
    }

    /// `unshare`, so that what follows has mounts of its own.
    fn apart(&self) -> Command {
        let mut unshare = Command::new("unshare");
        if !self.as_root {
            unshare.args(["--user", "--map-root-user"]);
        }
        unshare.arg("--mount");
        unshare
    }

    /// The command that serves the place on this disk, on a copy of the database.
    fn over(&self, place: &Place) -> Command {
        let serve = place.command(&["serve"]);
        let script = if self.is_tmpfs {
            format!(
                "mount -t tmpfs -o size={}k none \"$0\" && cp \"$1\" \"$0/yui.db\" && shift && exec \"$@\"",
                self.size_kb()
            )
        } else {
            // A file that may not grow ends a process that does not ignore it.
            "trap '' XFSZ; cp \"$1\" \"$0/yui.db\" && shift && exec \"$@\"".to_owned()
        };
        let mut command = if self.is_tmpfs { self.apart() } else { Command::new("env") };
        command.args(["sh", "-c", &script]).arg(&self.folder).arg(&self.base);
        command.arg(serve.get_program()).args(serve.get_args());
        for (name, value) in serve.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    fn size_kb(&self) -> u64 {
        fs::metadata(&self.base).map_or(0, |file| file.len() / 1024) + ROOM_KB
    }

    /// The folder as the server sees it.
    fn seen(&self, server: u32) -> PathBuf {
        if !self.is_tmpfs {
            return self.folder.clone();
        }
        let path = self.folder.strip_prefix("/").unwrap_or(&self.folder);
        Path::new("/proc").join(server.to_string()).join("root").join(path)
    }

    fn fill(&self, server: u32) -> Result<()> {
        if !self.is_tmpfs {
            let size = |name: &str| fs::metadata(self.folder.join(name)).map_or(0, |file| file.len());
            return limit(server, &size("yui.db").min(size("yui.db-wal")).max(4096).to_string());
        }
        let mut ballast = File::create(self.seen(server).join("ballast")).context("the ballast")?;
        loop {
            match ballast.write_all(&[0; 4096]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error).context("the ballast"),
            }
        }
    }

    fn empty(&self, server: u32) -> Result<()> {
        if !self.is_tmpfs {
            return limit(server, "unlimited");
        }
        fs::remove_file(self.seen(server).join("ballast")).context("the ballast")
    }
}

/// Sets the size that a file of the process may have.
fn limit(process: u32, bytes: &str) -> Result<()> {
    let arguments = ["--pid", &process.to_string(), &format!("--fsize={bytes}:unlimited")];
    let status = Command::new("prlimit").args(arguments).status().context("prlimit")?;
    anyhow::ensure!(status.success(), "prlimit: {status}");
    Ok(())
}
