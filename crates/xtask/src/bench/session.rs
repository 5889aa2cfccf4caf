//! The cost of authentication by session: a signed-in page that asks the database for nothing but the session.

use anyhow::{Context, Result};

use super::data::Register;
use super::figures::{Figures, Goal, median};
use super::http::{Target, post};
use super::import::{database, psql};
use super::load::{full, steady};
use super::place::{Folder, HOST, PASSWORD, Place, USER};
use super::program::build_yui;
use crate::postgres::Cluster;

const ROUNDS: usize = 5;
const SECONDS: u32 = 5;
/// The question whether to sign out.
pub(super) const PATH: &str = "/logout";

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let yui = build_yui()?;
    let folder = Folder::new()?;
    let cluster = Cluster::start()?;
    psql(&cluster.url(), "CREATE DATABASE portal")?;
    let place = Place::new(&yui, &folder, database(&cluster, "portal"));
    place.furnish(&Register { households: 1_000 }, &folder.path("register.csv"))?;
    let server = place.serve()?;
    let signed_in = post(&server.address, HOST, "/login", &format!("user_id={USER}&password={PASSWORD}"))?;
    let cookie = signed_in.cookie.context("the login failed")?;
    let page = Target { address: server.address.clone(), host: HOST.to_owned(), path: PATH.to_owned(), cookie };
    page.fetch()?;
    let health = Target { path: "/healthz".to_owned(), ..page.clone() };
    full(&page, 16, 1, &[])?;
    let (mut rate, mut cpu, mut none) = (Vec::new(), Vec::new(), Vec::new());
    let (mut p50, mut p99) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = server.cpu()?;
        let load = full(&page, 16, SECONDS, &[])?;
        cpu.push(1e6 * (server.cpu()? - before) / (load.per_second * f64::from(SECONDS)));
        rate.push(load.per_second);
        none.push(full(&health, 16, 2, &[])?.per_second);
        let load = steady(&page, 500.0, f64::from(SECONDS))?;
        println!("  {:.0} a second: median {:.2} ms, p99 {:.2} ms", load.per_second, load.p50, load.p99);
        p50.push(load.p50);
        p99.push(load.p99);
    }
    figures.add("a page with the session alone, PostgreSQL", median(rate), "/s");
    figures.add("its processor time, no database's", median(cpu), "µs");
    figures.add("an answer without session or database", median(none), "/s");
    figures.add("the page, 500 a second: median", median(p50), "ms");
    figures.add("the page, 500 a second: p99, the best round", p99.iter().copied().fold(f64::INFINITY, f64::min), "ms");
    figures.hold("the page, 500 a second: p99", median(p99), "ms", Goal::AtMost(2.0));
    Ok(())
}
