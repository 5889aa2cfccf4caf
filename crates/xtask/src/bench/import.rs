//! From a file of expenses to published rows, against each database's own loader of the same rows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::data::Register;
use super::figures::{Figures, Goal, median};
use super::place::{Folder, Place};
use super::program::{build_yui, said, timed};
use crate::postgres::Cluster;

const HOUSEHOLDS: u64 = 20_000;
const ROWS: u64 = 300_000;
const ROUNDS: usize = 3;

/// The columns of `expenses` that a load fills: all.
pub(super) const COLUMNS: &str = "society_id, household_id, treatment_month, claim_key, batch_id, member_id, provider_code, \
    provider_name, care_kind, days, total, insurer_share, public_share, self_pay, derived, note, cancelled, superseded_by, corrects";

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let yui = build_yui()?;
    let folder = Folder::new()?;
    let register = Register { households: HOUSEHOLDS };
    let expenses = folder.path("expenses.csv");
    register.write_expenses(0..ROWS, &expenses)?;
    figures.add("file", fs::metadata(&expenses)?.len() as f64 / 1e6, "MB");
    figures.add("rows", ROWS as f64, "");
    postgres(figures, &yui, &folder, &register, &expenses)?;
    sqlite(figures, &yui, &folder, &register, &expenses)
}

/// The costs of the rounds.
#[derive(Default)]
struct Rounds {
    yui: Vec<f64>,
    yui_cpu: Vec<f64>,
    publishing: Vec<f64>,
    reference: Vec<f64>,
}

impl Rounds {
    fn yui(&mut self, place: &Place, expenses: &Path) -> Result<()> {
        let (cost, batch) = place.import(expenses)?;
        let published = place.publish(&batch)?;
        self.yui.push(cost.wall + published.wall);
        self.yui_cpu.push(cost.cpu + published.cpu);
        self.publishing.push(published.wall);
        Ok(())
    }

    fn report(self, figures: &mut Figures, engine: &str, reference: &str, goal: f64) {
        let (yui, loader) = (median(self.yui), median(self.reference));
        figures.add(format!("{engine}: yui import + publish"), ROWS as f64 / yui, "rows/s");
        figures.add(format!("{engine}: of which publish"), median(self.publishing), "s");
        figures.add(format!("{engine}: yui's processor time"), 1e6 * median(self.yui_cpu) / ROWS as f64, "µs/row");
        figures.add(format!("{engine}: {reference}"), ROWS as f64 / loader, "rows/s");
        figures.hold(format!("{engine}: yui / {reference}"), loader / yui, "ratio", Goal::AtLeast(goal));
    }
}

/// A database of the cluster by its name.
pub(crate) fn database(cluster: &Cluster, name: &str) -> String {
    cluster.url().trim_end_matches("postgres").to_owned() + name
}

pub(crate) fn psql(url: &str, sql: &str) -> Result<String> {
    said(Command::new("psql").args([url, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", sql]), "")
}

fn postgres(figures: &mut Figures, yui: &Path, folder: &Folder, register: &Register, expenses: &Path) -> Result<()> {
    let cluster = Cluster::start()?;
    let admin = |sql: &str| psql(&cluster.url(), sql);
    admin("CREATE DATABASE base")?;
    let base = Place::new(yui, folder, database(&cluster, "base"));
    let cost = base.furnish(register, &folder.path("register.csv"))?;
    figures.add("PostgreSQL: register of 20,000 households", cost.wall, "s");

    admin("CREATE DATABASE filled TEMPLATE base")?;
    let filled = database(&cluster, "filled");
    let (_, batch) = base.on(filled.clone()).import(expenses)?;
    base.on(filled.clone()).publish(&batch)?;
    let rows = folder.path("rows.csv");
    psql(&filled, &format!("\\copy (SELECT {COLUMNS} FROM expenses) TO '{}' CSV", rows.display()))?;
    psql(&filled, "TRUNCATE expenses")?;

    let mut rounds = Rounds::default();
    for round in 0..ROUNDS {
        admin(&format!("CREATE DATABASE yui{round} TEMPLATE base"))?;
        rounds.yui(&base.on(database(&cluster, &format!("yui{round}"))), expenses)?;
        admin(&format!("DROP DATABASE yui{round}"))?;
        admin(&format!("CREATE DATABASE psql{round} TEMPLATE filled"))?;
        let copy = format!("\\copy expenses ({COLUMNS}) FROM '{}' CSV", rows.display());
        let mut load = Command::new("psql");
        load.args([&database(&cluster, &format!("psql{round}")), "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", &copy]);
        rounds.reference.push(timed(&load, "")?.wall);
        admin(&format!("DROP DATABASE psql{round}"))?;
    }
    rounds.report(figures, "PostgreSQL", "psql \\copy", 0.6);
    Ok(())
}

pub(super) fn sqlite3(file: &Path, script: &str) -> Result<String> {
    said(Command::new("sqlite3").arg("-bail").arg(file), script)
}

/// Copies a database file to this name; the log of what had the name before must not be taken for the copy's.
pub(super) fn copy_to(folder: &Folder, from: &Path, name: &str) -> Result<PathBuf> {
    let to = folder.path(name);
    for log in ["-wal", "-shm"] {
        let log = folder.path(&format!("{name}{log}"));
        if log.exists() {
            fs::remove_file(&log).with_context(|| log.display().to_string())?;
        }
    }
    fs::copy(from, &to).with_context(|| to.display().to_string())?;
    Ok(to)
}

/// Writes the expenses of a database as a file that `.import` reads, and leaves their table empty; returns the file.
pub(super) fn unload_sqlite(folder: &Folder, filled: &Path) -> Result<PathBuf> {
    let rows = folder.path("rows.csv");
    // `.import` has text alone: no BLOB and no NULL. So the key is 20 letters in place of 20 bytes, '' stands for NULL,
    // and the table is not STRICT; columns, checks, keys and indexes are the migrations'.
    let columns = COLUMNS.replace("claim_key", "substr(hex(claim_key), 21, 20)");
    sqlite3(filled, &format!(".mode csv\n.once {}\nSELECT {columns} FROM expenses ORDER BY rowid;", rows.display()))?;
    let table =
        sqlite3(filled, "SELECT sql || ';' FROM sqlite_master WHERE tbl_name = 'expenses' AND sql IS NOT NULL;")?;
    let table = table.replace(") STRICT;", ");");
    sqlite3(filled, &format!("DROP TABLE expenses;\n{table}\nVACUUM;\nPRAGMA wal_checkpoint(TRUNCATE);"))?;
    Ok(rows)
}

/// Loads so many rows into a copy of a database that [`unload_sqlite`] left; returns the seconds.
pub(super) fn load_sqlite(folder: &Folder, filled: &Path, rows: &Path, count: u64) -> Result<f64> {
    let file = copy_to(folder, filled, "reference.db")?;
    let script = format!(
        "PRAGMA journal_mode = WAL;\nPRAGMA synchronous = FULL;\nPRAGMA foreign_keys = ON;\n.mode csv\n.import {} expenses\n",
        rows.display()
    );
    let mut load = Command::new("sqlite3");
    load.arg("-bail").arg(&file);
    let wall = timed(&load, &script)?.wall;
    let loaded = sqlite3(&file, "SELECT COUNT(*) FROM expenses;")?;
    anyhow::ensure!(loaded.trim() == count.to_string(), "sqlite3 .import loaded {loaded}");
    Ok(wall)
}

fn sqlite(figures: &mut Figures, yui: &Path, folder: &Folder, register: &Register, expenses: &Path) -> Result<()> {
    let url = |path: &Path| format!("sqlite://{}", path.display());
    let base_file = folder.path("base.db");
    let base = Place::new(yui, folder, url(&base_file));
    let cost = base.furnish(register, &folder.path("register.csv"))?;
    figures.add("SQLite: register of 20,000 households", cost.wall, "s");
    sqlite3(&base_file, "PRAGMA wal_checkpoint(TRUNCATE);")?;

    let filled = copy_to(folder, &base_file, "filled.db")?;
    let (_, batch) = base.on(url(&filled)).import(expenses)?;
    base.on(url(&filled)).publish(&batch)?;
    let rows = unload_sqlite(folder, &filled)?;

    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        let file = copy_to(folder, &base_file, "yui.db")?;
        rounds.yui(&base.on(url(&file)), expenses)?;
        rounds.reference.push(load_sqlite(folder, &filled, &rows, ROWS)?);
    }
    rounds.report(figures, "SQLite", "sqlite3 .import", 0.9);
    Ok(())
}
