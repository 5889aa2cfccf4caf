//! An installation of Yui to measure: a database, a society, a register, an account.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::data::{INSURER, Register};
use super::program::{Cost, Server, said, timed};
use crate::workspace::output;

/// A folder of the bench's own, gone when it is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Result<Self> {
        let path = output("mktemp", &["-d", "-t", "yui-bench-XXXXXX"]).context("mktemp")?;
        Ok(Self(path.into()))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("xtask: {} is left: {error}", self.0.display());
        }
    }
}

/// `yui` on one database.
#[derive(Clone)]
pub(crate) struct Place {
    program: PathBuf,
    files: PathBuf,
    /// The database's address.
    pub(crate) url: String,
    settings: Vec<(&'static str, String)>,
}

/// The parts that a society is made from.
pub(crate) struct Society {
    pub(crate) key: &'static str,
    pub(crate) preset: &'static str,
    pub(crate) insurer: &'static str,
}

/// The society's key; its host is `bench.localhost`.
const KEY: &str = "bench";
/// The society of most benches: the password alone signs in.
const PLAIN: Society = Society { key: KEY, preset: "soyokaze", insurer: INSURER };
/// Its host.
pub(crate) const HOST: &str = "bench.localhost";
/// The account of the household whose statement has 30 rows.
pub(crate) const USER: &str = "benchtaro1";
/// Its password.
pub(crate) const PASSWORD: &str = "Kumo-no-ue-2026";

/// 32 bytes of nothing, to seal what is invented.
const KEYS: &str = "bench:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

impl Place {
    pub(crate) fn new(program: &Path, folder: &Folder, url: String) -> Self {
        Self { program: program.to_owned(), files: folder.path("files"), url, settings: Vec::new() }
    }

    /// The same with this setting.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    /// The same on another database.
    pub(crate) fn on(&self, url: String) -> Self {
        Self { url, ..self.clone() }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env("YUI_DATABASE_URL", &self.url).env("YUI_FILES", &self.files);
        command.env("YUI_HTTPS", "no").env("YUI_LISTEN", "127.0.0.1:0").env("YUI_LOG", "warn");
        command.env("YUI_KEYS", KEYS).envs(self.settings.iter().map(|(name, value)| (name, value)));
        // A developer's setting that makes errors dear.
        command.env_remove("RUST_BACKTRACE");
        command
    }

    /// Makes the schema, the society, its register and the account of its first household.
    pub(crate) fn furnish(&self, register: &Register, file: &Path) -> Result<Cost> {
        self.migrate()?;
        self.found(&PLAIN, register, file)
    }

    /// Makes a society, its register and the account of its first household.
    pub(crate) fn found(&self, society: &Society, register: &Register, file: &Path) -> Result<Cost> {
        self.create(society)?;
        register.write(society.insurer, file)?;
        let cost = timed(self.command(&["import", "register", "--society", society.key]).arg(file), "")?;
        self.first_account(society)?;
        Ok(cost)
    }

    /// The same without measuring it.
    pub(crate) fn settle(&self, register: &Register, file: &Path) -> Result<()> {
        self.migrate()?;
        self.create(&PLAIN)?;
        register.write(PLAIN.insurer, file)?;
        said(self.command(&["import", "register", "--society", KEY]).arg(file), "")?;
        self.first_account(&PLAIN)
    }

    fn create(&self, society: &Society) -> Result<()> {
        let Society { key, preset, insurer } = *society;
        let host = format!("{key}.localhost");
        let named = ["--key", key, "--host", &host, "--name", "みほん健康保険組合", "--insurer-number", insurer];
        said(self.command(&["society", "create", "--preset", preset]).args(named), "").map(drop)
    }

    fn first_account(&self, society: &Society) -> Result<()> {
        let (symbol, number) = Register::holder(0);
        let account =
            ["--insurer-number", society.insurer, "--symbol", &symbol, "--number", &number, "--user-id", USER];
        said(self.command(&["account", "create", "--society", society.key]).args(account), PASSWORD).map(drop)
    }

    /// Makes the schema.
    pub(crate) fn migrate(&self) -> Result<()> {
        said(&mut self.command(&["migrate"]), "").map(drop)
    }

    /// Runs SQL that both databases understand; returns the rows, columns separated by `|`.
    pub(crate) fn sql(&self, script: &str) -> Result<String> {
        match self.url.strip_prefix("sqlite://") {
            Some(file) => said(Command::new("sqlite3").args(["-bail", "-cmd", ".timeout 60000", file]), script),
            None => said(Command::new("psql").args([&self.url, "-qAtX", "-v", "ON_ERROR_STOP=1"]), script),
        }
    }

    /// Imports a file of expenses, which is not published yet; returns the batch's number too.
    pub(crate) fn import(&self, file: &Path) -> Result<(Cost, String)> {
        let cost = timed(self.command(&["import", "expenses", "--society", KEY]).arg(file), "")?;
        let batch = cost.said.strip_prefix("batch ").and_then(|rest| rest.split(':').next());
        let batch = batch.with_context(|| format!("yui import said {:?}", cost.said))?.to_owned();
        Ok((cost, batch))
    }

    /// Checks a file of expenses, which changes nothing.
    pub(crate) fn check(&self, file: &Path) -> Result<Cost> {
        timed(self.command(&["import", "expenses", "--society", KEY, "--dry-run"]).arg(file), "")
    }

    pub(crate) fn publish(&self, batch: &str) -> Result<Cost> {
        timed(&self.command(&["publish", "--society", KEY, "--batch", batch]), "")
    }

    pub(crate) fn serve(&self) -> Result<Server> {
        Server::start(&mut self.command(&["serve"]))
    }

    /// Starts the demo on a database of its own.
    pub(crate) fn demo(&self, data: &Path) -> Result<Server> {
        let mut command = self.command(&["demo", "--listen", "127.0.0.1:0", "--data"]);
        Server::start(command.arg(data).env_remove("YUI_DATABASE_URL"))
    }
}
