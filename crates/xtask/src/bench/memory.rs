//! How much memory an import takes, whatever the size of its file.

use anyhow::Result;

use super::data::Register;
use super::figures::{Figures, Goal};
use super::import::{database, psql};
use super::place::{Folder, Place};
use super::program::build_yui;
use crate::postgres::Cluster;

const SMALL: u64 = 100_000;
const LARGE: u64 = 1_000_000;

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let yui = build_yui()?;
    let folder = Folder::new()?;
    let cluster = Cluster::start()?;
    psql(&cluster.url(), "CREATE DATABASE base")?;
    let register = Register { households: 20_000 };
    let sqlite = format!("sqlite://{}", folder.path("yui.db").display());
    for (engine, url) in [("PostgreSQL", database(&cluster, "base")), ("SQLite", sqlite)] {
        let place = Place::new(&yui, &folder, url);
        place.furnish(&register, &folder.path("register.csv"))?;
        let mut peaks = Vec::new();
        for rows in [SMALL, LARGE] {
            let file = folder.path(&format!("{rows}.csv"));
            register.write_expenses(0..rows, &file)?;
            let (cost, _) = place.import(&file)?;
            figures.add(format!("{engine}: {rows} rows: peak memory"), cost.peak_mb, "MB");
            figures.add(format!("{engine}: {rows} rows: import"), rows as f64 / cost.wall, "rows/s");
            peaks.push(cost.peak_mb);
        }
        if let [small, large] = peaks[..] {
            let name = format!("{engine}: peak memory of {LARGE} rows / {SMALL}");
            figures.hold(name, large / small, "ratio", Goal::AtMost(1.2));
        }
    }
    Ok(())
}
