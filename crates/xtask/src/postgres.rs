//! A PostgreSQL server of the tests' own, on loopback, gone when they are.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::output;

/// Makes, starts and keeps the server until its standard input ends, which it does however xtask ends; then stops it by
/// its own process id and removes its folder. `$1`: where the server's programs are, `$2`: the port.
const KEEPER: &str = r#"
set -e
trap '' INT TERM HUP
dir=$(mktemp -d "${TMPDIR:-/tmp}/yui-postgres-XXXXXX")
stop() { "$1/pg_ctl" stop -D "$dir/data" -m immediate -s 2>/dev/null || true; rm -rf "$dir"; }
trap 'stop "$1"' EXIT
"$1/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $2
unix_socket_directories = '$dir'
max_connections = 300
fsync = off
full_page_writes = off
synchronous_commit = off
CONF
"$1/pg_ctl" start -D "$dir/data" -l "$dir/log" -w -s || { cat "$dir/log" >&2; exit 1; }
echo "ready $dir/data"
cat >/dev/null
"#;

/// A running server with an empty database; stopped and removed when dropped, and when xtask is killed.
pub(crate) struct Cluster {
    keeper: Child,
    port: u16,
    programs: PathBuf,
    data: PathBuf,
}

impl Cluster {
    /// Starts a server on a free port of 127.0.0.1; as user `postgres` if we are root, which the server refuses to be.
    ///
    /// # Errors
    /// If the server's programs are not there, or it does not start: then with its log on standard error.
    pub(crate) fn start() -> Result<Self> {
        let programs =
            server_programs().context("no PostgreSQL server below /usr/lib/postgresql: cargo xtask setup test")?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut keeper = as_its_user(Command::new("sh"))?;
        keeper.args(["-c", KEEPER, "keeper"]).arg(&programs).arg(port.to_string());
        keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut cluster = Self { keeper: keeper.spawn().context("sh")?, port, programs, data: PathBuf::new() };
        let said = cluster.keeper.stdout.take().and_then(|stdout| BufReader::new(stdout).lines().next());
        match said.and_then(Result::ok).as_deref().and_then(|line| line.strip_prefix("ready ")) {
            Some(data) => cluster.data = data.into(),
            None => bail!("PostgreSQL did not start"),
        }
        Ok(cluster)
    }

    /// Sends a signal to every process of the server, as `STOP` or `CONT`.
    pub(crate) fn signal(&self, signal: &str) -> Result<()> {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid")).context("postmaster.pid")?;
        let first = file.lines().next().context("postmaster.pid is empty")?.to_owned();
        let children = output("ps", &["-o", "pid=", "--ppid", &first]).unwrap_or_default();
        let mut kill = Command::new("kill");
        kill.arg(format!("-{signal}")).arg(&first).args(children.split_whitespace()).stderr(Stdio::null());
        // A child that ended meanwhile is no failure; the server's first process is there.
        kill.status().context("kill")?;
        Ok(())
    }

    /// Stops the server at once, as a crash would.
    pub(crate) fn crash(&self) -> Result<()> {
        self.control(&["stop", "-m", "immediate"])
    }

    /// Starts it again on its data.
    pub(crate) fn start_again(&self) -> Result<()> {
        self.control(&["start", "-w", "-l", "/dev/null"])
    }

    fn control(&self, arguments: &[&str]) -> Result<()> {
        let mut control = as_its_user(Command::new(self.programs.join("pg_ctl")))?;
        control.args(arguments).arg("-s").arg("-D").arg(&self.data).stdin(Stdio::null()).stdout(Stdio::null());
        let status = control.status().context("pg_ctl")?;
        if !status.success() {
            bail!("pg_ctl {}: {status}", arguments.join(" "));
        }
        Ok(())
    }

    /// Where it is reached.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("xtask: the PostgreSQL server of the tests may still run: {error}");
        }
    }
}

/// The folder of the newest server that Debian's packages have installed.
pub(crate) fn server_programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let version = |name: &std::ffi::OsStr| name.to_str()?.parse::<u32>().ok();
    let servers = versions.filter_map(|entry| Some((version(&entry.file_name())?, entry.path().join("bin"))));
    servers.filter(|(_, programs)| programs.join("postgres").exists()).max().map(|(_, programs)| programs)
}

/// The command as user `postgres` if we are root, which the server refuses to be.
fn as_its_user(mut command: Command) -> Result<Command> {
    command.current_dir("/");
    if output("id", &["-u"]).as_deref() == Some("0") {
        command.uid(id("-u")?).gid(id("-g")?).env("HOME", "/nonexistent").env_remove("TMPDIR");
    }
    Ok(command)
}

fn id(which: &str) -> Result<u32> {
    let text = output("id", &[which, "postgres"]).context("there is no user postgres")?;
    text.parse().with_context(|| format!("id {which} postgres: {text}"))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::{Cluster, server_programs};

    #[test]
    fn the_server_runs_until_it_is_dropped() {
        assert!(server_programs().is_some(), "cargo xtask setup test installs it");
        let cluster = Cluster::start().expect("a server");
        let port = cluster.port;
        assert_eq!(cluster.url(), format!("postgres://postgres@127.0.0.1:{port}/postgres"));
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
        drop(cluster);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}
