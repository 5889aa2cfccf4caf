//! The lines of `yui doctor` about the machine and the place of the process on it.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rustix::fs::Access;
use yui_db::Server;

use super::{doctor_report::DoctorReport, serve::NO_PROXIES};
use crate::{core::config::Config, serve};

/// Says how PostgreSQL was reached.
pub(super) fn server(report: &mut DoctorReport, server: &Server, now: Timestamp) {
    const CONNECTION: &str = "connection to PostgreSQL";
    match &server.tls {
        Some(version) => report.tell(CONNECTION, Ok(format!("encrypted ({version})"))),
        None if server.local => report.tell(CONNECTION, Ok("not encrypted, and on this machine".into())),
        None => report.warn(CONNECTION, "not encrypted: add ?sslmode=verify-full to YUI_DATABASE_URL"),
    }
    if server.superuser {
        report.warn("role of PostgreSQL", "it is a superuser: one that owns its database is enough");
    }
    match server.skew(now) {
        Some(words) => report.warn("clock", &words),
        None => report.tell("clock", Ok("as the database's".into())),
    }
}

/// Looks at files, folders and limits.
pub(super) fn look(report: &mut DoctorReport, config: &Config) {
    if let Some(path) = config.database.url.strip_prefix("sqlite://") {
        let path = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
        if path.exists() {
            report.tell("database file", private(&path));
        }
    }
    report.tell("folder of files", writable(&config.files.folder));
    if config.http.https && config.http.trusted_proxies.is_empty() {
        report.warn("proxies", NO_PROXIES);
    }
    let (wanted, handles) = (config.http.limits.connections, serve::handles());
    match handles {
        Some(handles) if serve::room(wanted, Some(handles)) < wanted => report.warn(
            "open files",
            &format!(
                "this process may open {handles}, too few for {wanted} connections (LimitNOFILE): there will be fewer"
            ),
        ),
        Some(handles) => report.tell("open files", Ok(format!("up to {handles}"))),
        None => {}
    }
}

/// Says whether nobody but their owner can read the database's files or put others in their place.
fn private(path: &Path) -> Result<String, String> {
    let mode = |path: &Path| fs::metadata(path).map(|about| about.permissions().mode() & 0o777);
    for ending in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(ending);
        let file = Path::new(&file);
        match mode(file) {
            Ok(mode) if mode & 0o077 != 0 => {
                return Err(format!("others may read {} (mode {mode:03o}): chmod 600", file.display()));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(format!("{}: {error}", file.display()));
            }
            _ => {}
        }
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    match mode(folder) {
        Ok(mode) if mode & 0o022 != 0 => {
            Err(format!("others may put files into {} (mode {mode:03o}): chmod go-w", folder.display()))
        }
        Ok(_) => Ok("only its owner may read it".into()),
        Err(error) => Err(format!("{}: {error}", folder.display())),
    }
}

/// Says whether uploaded files can be kept in this folder.
fn writable(folder: &Path) -> Result<String, String> {
    let named = |why: &dyn std::fmt::Display| format!("{} (YUI_FILES): {why}", folder.display());
    let (looked_at, found) = match fs::metadata(folder) {
        Ok(about) if !about.is_dir() => return Err(named(&"it is no folder")),
        Ok(_) => (folder, "can be written to"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if !parent.is_dir() {
                return Err(named(&"there is no such folder"));
            }
            (parent, "will be made")
        }
        Err(error) => return Err(named(&error)),
    };
    match rustix::fs::access(looked_at, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Ok(format!("{} {found}", folder.display())),
        Err(error) => Err(named(&error)),
    }
}
