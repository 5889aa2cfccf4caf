//! A file of which every second row is wrong: that memory stays flat, that the database keeps no more of the mistakes than it needs, and
//! how fast the right half comes in, beside each database's own loader of the rows that were taken.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::data::Register;
use super::figures::{Figures, Goal};
use super::import::{COLUMNS, copy_to, database, load_sqlite, psql, sqlite3, unload_sqlite};
use super::place::{Folder, Place};
use super::program::{build_yui, timed};
use crate::postgres::Cluster;

/// The number of rows of the file by default (`--rows`).
const ROWS: u64 = 1_000_000;

/// The number of mistakes of a batch that are kept.
const KEPT: u64 = 10_000;

/// A file with its expected outcome.
struct File {
    path: PathBuf,
    rows: u64,
}

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let yui = build_yui()?;
    let folder = Folder::new()?;
    let register = Register { households: 20_000 };
    let rows = figures.rows.unwrap_or(ROWS);
    let file = |rows: u64| -> Result<File> {
        let path = folder.path(&format!("faulty-{rows}.csv"));
        register.write_faulty_expenses(0..rows, &path)?;
        Ok(File { path, rows })
    };
    let (small, large) = (file(rows / 10)?, file(rows)?);
    let clean = File { path: folder.path("clean.csv"), rows };
    register.write_expenses(0..rows, &clean.path)?;
    figures.add("rows", rows as f64, "");

    let cluster = Cluster::start()?;
    psql(&cluster.url(), "CREATE DATABASE base")?;
    let base = Place::new(&yui, &folder, database(&cluster, "base"));
    base.furnish(&register, &folder.path("register.csv"))?;
    let place = |name: &str| -> Result<Place> {
        psql(&cluster.url(), &format!("CREATE DATABASE {name} TEMPLATE base"))?;
        Ok(base.on(database(&cluster, name)))
    };
    let filled = engine(figures, "PostgreSQL", place, [&small, &large, &clean])?;
    let unloaded = folder.path("rows.csv");
    psql(&filled.url, &format!("\\copy (SELECT {COLUMNS} FROM expenses) TO '{}' CSV", unloaded.display()))?;
    psql(&filled.url, "TRUNCATE expenses")?;
    let mut load = Command::new("psql");
    load.args([&filled.url, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c"]);
    load.arg(format!("\\copy expenses ({COLUMNS}) FROM '{}' CSV", unloaded.display()));
    let wall = timed(&load, "")?.wall;
    figures.add("PostgreSQL: psql \\copy of the rows taken", (rows / 2) as f64 / wall, "rows/s");
    drop(cluster);

    let base_file = folder.path("base.db");
    let base = Place::new(&yui, &folder, url(&base_file));
    base.furnish(&register, &folder.path("register.csv"))?;
    sqlite3(&base_file, "PRAGMA wal_checkpoint(TRUNCATE);")?;
    let place = |name: &str| Ok(base.on(url(&copy_to(&folder, &base_file, &format!("{name}.db"))?)));
    engine(figures, "SQLite", place, [&small, &large, &clean])?;
    let filled = folder.path("large.db");
    let unloaded = unload_sqlite(&folder, &filled)?;
    let wall = load_sqlite(&folder, &filled, &unloaded, rows / 2)?;
    figures.add("SQLite: sqlite3 .import of the rows taken", (rows / 2) as f64 / wall, "rows/s");
    Ok(())
}

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

/// Checks and imports the files, each in a place of its own; returns the place of the large one.
fn engine(
    figures: &mut Figures,
    engine: &str,
    place: impl Fn(&str) -> Result<Place>,
    [small, large, clean]: [&File; 3],
) -> Result<Place> {
    let (first, second, third) = (place("small")?, place("large")?, place("clean")?);
    let before = check_and_import(figures, engine, &first, small)?;
    let after = check_and_import(figures, engine, &second, large)?;
    for (what, before, after) in [("check", before.check_mb, after.check_mb), ("import", before.mb, after.mb)] {
        let name = format!("{engine}: {what}: peak memory of {} rows / {}", large.rows, small.rows);
        figures.hold(name, after / before, "ratio", Goal::AtMost(1.2));
    }
    let name = format!("{engine}: what is kept of the mistakes / of a tenth");
    figures.hold(name, after.kept_mb / before.kept_mb, "ratio", Goal::AtMost(1.5));
    let (cost, _) = third.import(&clean.path)?;
    figures.add(format!("{engine}: import of as many good rows"), clean.rows as f64 / cost.wall, "rows/s");
    let ratio = after.rate / (clean.rows as f64 / cost.wall);
    figures.hold(format!("{engine}: faulty / good"), ratio, "ratio", Goal::AtLeast(1.0));
    Ok(second)
}

/// The cost of a file.
struct Took {
    check_mb: f64,
    mb: f64,
    /// Rows of the file a second.
    rate: f64,
    /// The size of mistakes and notices in the database.
    kept_mb: f64,
}

fn check_and_import(figures: &mut Figures, engine: &str, place: &Place, file: &File) -> Result<Took> {
    let rows = file.rows;
    let check = place.check(&file.path)?;
    let before = kept_bytes(place)?;
    let (cost, batch) = place.import(&file.path)?;
    let kept_mb = (kept_bytes(place)? - before) / 1e6;
    let rate = rows as f64 / cost.wall;
    for (what, value, unit) in [
        ("check", rows as f64 / check.wall, "rows/s"),
        ("check: peak memory", check.peak_mb, "MB"),
        ("import", rate, "rows/s"),
        ("import: peak memory", cost.peak_mb, "MB"),
        ("kept of the mistakes", kept_mb, "MB"),
    ] {
        figures.add(format!("{engine}: {rows} rows: {what}"), value, unit);
    }
    let taken = format!("accepted {},", rows / 2);
    for said in [&check.said, &cost.said] {
        ensure!(said.contains(&taken), "every good row is taken, and no other: {said}");
    }
    list_is_in_order(place, &batch, rows)?;
    Ok(Took { check_mb: check.peak_mb, mb: cost.peak_mb, rate, kept_mb })
}

/// Makes sure that the list has the first mistakes, of every faulty line up to the last that it has.
fn list_is_in_order(place: &Place, batch: &str, rows: u64) -> Result<()> {
    let found = place.sql(&format!(
        "SELECT COUNT(*), COUNT(DISTINCT line), MAX(line) FROM import_faults WHERE society_id = 1 AND batch_id = {batch};"
    ))?;
    let numbers: Vec<u64> = found.trim().split('|').filter_map(|number| number.parse().ok()).collect();
    let [count, lines, last] = numbers[..] else { anyhow::bail!("the list of mistakes: {found:?}") };
    ensure!(count == KEPT || rows / 2 < KEPT, "{count} mistakes are kept");
    // Line 1 is the header; of the rows after it every second is wrong.
    ensure!(lines == (last - 1) / 2, "of the lines up to {last}, {lines} are in the list");
    Ok(())
}

/// Returns the bytes of the tables of mistakes and notices, with their indexes.
fn kept_bytes(place: &Place) -> Result<f64> {
    let sizes = if place.url.starts_with("sqlite:") {
        let pages = |table: &str| {
            format!(
                "SELECT COALESCE(SUM(pgsize), 0) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = '{table}')"
            )
        };
        format!("SELECT ({}) + ({});", pages("import_faults"), pages("import_notices"))
    } else {
        "SELECT pg_total_relation_size('import_faults') + pg_total_relation_size('import_notices');".to_owned()
    };
    place.sql(&sizes)?.trim().parse().context("the size of the lists")
}
