//! The statement of a year, signed in, 30 rows: on both databases, against the same page drawn from memory and against
//! Django with the same data on the same PostgreSQL.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::data::Register;
use super::figures::{Figures, Goal, median};
use super::http::{Target, post};
use super::import::{database, psql};
use super::load::{full, steady};
use super::place::{Folder, HOST, PASSWORD, Place, USER};
use super::program::{Server, build_yui, said, succeed};
use super::reference::{python, sources};
use crate::postgres::Cluster;
use crate::workspace::{cargo, target};

const ROUNDS: usize = 5;
const SECONDS: u32 = 3;
const CONNECTIONS: u32 = 16;
const PATH: &str = "/expenses/statement?year=2025";

/// One of the programs, with what was measured of it.
struct Runner {
    name: &'static str,
    server: Server,
    page: Target,
    per_second: Vec<f64>,
    cpu: Vec<f64>,
    p99: Vec<f64>,
}

impl Runner {
    fn new(name: &'static str, server: Server, cookie: String) -> Result<Self> {
        let page = Target { address: server.address.clone(), host: HOST.to_owned(), path: PATH.to_owned(), cookie };
        let html = page.fetch().context(name)?;
        let rows = html.matches("<tr><td>2025/").count();
        anyhow::ensure!(rows == 30, "{name}: a page with {rows} rows");
        println!("  {name}: {} bytes", html.len());
        full(&page, CONNECTIONS, 1, &[]).context(name)?;
        Ok(Self { name, server, page, per_second: Vec::new(), cpu: Vec::new(), p99: Vec::new() })
    }

    fn round(&mut self) -> Result<()> {
        let before = self.server.cpu()?;
        let load = full(&self.page, CONNECTIONS, SECONDS, &[]).context(self.name)?;
        self.cpu.push(1e6 * (self.server.cpu()? - before) / (load.per_second * f64::from(SECONDS)));
        self.per_second.push(load.per_second);
        Ok(())
    }

    fn at_70_percent(&mut self) -> Result<()> {
        let load = steady(&self.page, 0.7 * median(self.per_second.clone()), f64::from(SECONDS)).context(self.name)?;
        println!("  {}: {:.0} a second: median {:.1} ms, p99 {:.1} ms", self.name, load.per_second, load.p50, load.p99);
        self.p99.push(load.p99);
        Ok(())
    }
}

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let yui = build_yui()?;
    let memory = build_memory_page()?;
    let folder = Folder::new()?;
    let cluster = Cluster::start()?;
    psql(&cluster.url(), "CREATE DATABASE portal")?;
    let url = database(&cluster, "portal");
    let register = Register { households: 20_000 };
    let expenses = folder.path("expenses.csv");
    register.write_expenses(0..200_000, &expenses)?;
    let mut runners = Vec::new();
    let sqlite = format!("sqlite://{}", folder.path("yui.db").display());
    for (name, url) in [("yui on PostgreSQL", url.clone()), ("yui on SQLite", sqlite)] {
        let place = Place::new(&yui, &folder, url);
        place.furnish(&register, &folder.path("register.csv"))?;
        let (_, batch) = place.import(&expenses)?;
        place.publish(&batch)?;
        let server = place.serve()?;
        let signed_in = post(&server.address, HOST, "/login", &format!("user_id={USER}&password={PASSWORD}"))?;
        let cookie = signed_in.cookie.context("the login failed")?;
        runners.push(Runner::new(name, server, cookie)?);
    }
    let gzip = runners.first().map(|yui| yui.page.clone()).context("no yui")?;
    runners.push(Runner::new(
        "drawn from memory",
        Server::start(&mut Command::new(memory))?,
        "session=any".to_owned(),
    )?);
    let (django, cookie) = django(&url)?;
    psql(&url, "VACUUM ANALYZE")?;
    runners.push(Runner::new("Django", django, cookie)?);

    for _ in 0..ROUNDS {
        runners.iter_mut().try_for_each(Runner::round)?;
    }
    let zipped = full(&gzip, CONNECTIONS, SECONDS, &["--header", "Accept-Encoding: gzip"])?;
    for _ in 0..ROUNDS {
        for runner in runners.iter_mut().filter(|runner| runner.name.starts_with("yui")) {
            runner.at_70_percent()?;
        }
    }
    report(figures, &runners);
    figures.add("yui on PostgreSQL, gzip asked for", zipped.per_second, "/s");
    Ok(())
}

fn report(figures: &mut Figures, runners: &[Runner]) {
    let rate = |name: &str| {
        let runner = runners.iter().find(|runner| runner.name == name);
        runner.map_or(f64::NAN, |runner| median(runner.per_second.clone()))
    };
    for runner in runners {
        figures.add(runner.name, rate(runner.name), "/s");
        figures.add(format!("{}: its processor time, no database's", runner.name), median(runner.cpu.clone()), "µs");
    }
    let (memory, django) = (rate("drawn from memory"), rate("Django"));
    for runner in runners.iter().filter(|runner| runner.name.starts_with("yui")) {
        let (name, own) = (runner.name, rate(runner.name));
        figures.hold(format!("{name} / drawn from memory"), own / memory, "ratio", Goal::AtLeast(0.25));
        figures.hold(format!("{name} / Django"), own / django, "ratio", Goal::AtLeast(20.0));
        figures.hold(format!("{name}: p99 at 70 % load"), median(runner.p99.clone()), "ms", Goal::AtMost(10.0));
    }
}

/// Builds the page that is drawn from memory: a program of its own, outside the workspace.
fn build_memory_page() -> Result<std::path::PathBuf> {
    let manifest = sources().join("page/Cargo.toml");
    let mut build = cargo(&["build", "--release", "--quiet", "--locked", "--manifest-path"]);
    succeed(build.arg(manifest).arg("--target-dir").arg(target()))?;
    Ok(target().join("release/bench-page"))
}

/// Starts Django on tables of its own beside Yui's, with the same rows; returns the cookie of somebody signed in too.
fn django(url: &str) -> Result<(Server, String)> {
    let folder = sources().join("django");
    let in_folder = |mut command: Command, folder: &Path| {
        command.current_dir(folder).env("BENCH_DATABASE", url).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    };
    let mut fill = in_folder(python("python")?, &folder);
    let cookie = said(fill.arg("fill.py"), "")?.trim().to_owned();
    let mut gunicorn = in_folder(python("gunicorn")?, &folder);
    let server = Server::start(gunicorn.args(["--config", "gunicorn.conf.py", "wsgi:application"]))?;
    Ok((server, cookie))
}
