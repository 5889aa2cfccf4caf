//! Memory of an idle demo, and the time from the start to the first page.

use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use super::data::Register;
use super::figures::{Figures, Goal, median};
use super::http::Target;
use super::place::{Folder, HOST, Place};
use super::program::{Server, build_yui, said};

const SOCIETIES: u32 = 1_000;
const ROUNDS: usize = 5;

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let yui = build_yui()?;
    let folder = Folder::new()?;
    demo(figures, &yui, &folder)?;
    serve(figures, &yui, &folder)
}

fn page(server: &Server, host: &str, path: &str) -> Result<String> {
    let (address, cookie) = (server.address.clone(), String::new());
    Target { address, host: host.to_owned(), path: path.to_owned(), cookie }.fetch()
}

fn demo(figures: &mut Figures, yui: &std::path::Path, folder: &Folder) -> Result<()> {
    let place = Place::new(yui, folder, String::new());
    let mut starts = Vec::new();
    for round in 0..3 {
        let server = place.demo(&folder.path(&format!("demo{round}")))?;
        starts.push(server.ready_after);
        if round == 2 {
            page(&server, "localhost", "/")?;
            page(&server, "minato.localhost", "/login")?;
            figures.hold("demo, five societies, idle: resident", server.memory("VmRSS")?, "MB", Goal::AtMost(60.0));
            figures.add("demo: of which the program's own, not files'", server.memory("RssAnon")?, "MB");
            figures.add("demo: most it had while it was filled", server.memory("VmHWM")?, "MB");
        }
    }
    figures.add("demo: start, filling its database", median(starts), "s");
    let again = place.demo(&folder.path("demo2"))?;
    figures.add("demo: start on its own data", again.ready_after, "s");
    figures.add("demo on its own data, idle: resident", again.memory("VmRSS")?, "MB");
    Ok(())
}

fn serve(figures: &mut Figures, yui: &std::path::Path, folder: &Folder) -> Result<()> {
    let database = folder.path("many.db");
    let place = Place::new(yui, folder, format!("sqlite://{}", database.display()));
    place.furnish(&Register { households: 10 }, &folder.path("register.csv"))?;
    let copies = format!(
        "INSERT INTO societies (society_id, key, host, name, created_at)
         WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {SOCIETIES})
         SELECT i, key || i, 's' || i || '.localhost', name || i, created_at FROM n, societies WHERE society_id = 1;
         INSERT INTO society_policies (society_id, version, policy, valid_from)
         SELECT s.society_id, p.version, p.policy, p.valid_from FROM societies s, society_policies p
         WHERE p.society_id = 1 AND s.society_id > 1;"
    );
    said(Command::new("sqlite3").arg("-bail").arg(&database), &copies)?;
    let (mut starts, mut pages, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let server = place.serve()?;
        let ready = Instant::now();
        let login = page(&server, &format!("s{SOCIETIES}.localhost"), "/login")?;
        anyhow::ensure!(login.contains("password"), "no login page");
        starts.push(server.ready_after + ready.elapsed().as_secs_f64());
        page(&server, HOST, "/login")?;
        pages.push(server.ready_after);
        memory.push(server.memory("VmRSS")?);
    }
    let name = format!("serve, {SOCIETIES} societies: start to the first login page");
    figures.hold(name, median(starts), "s", Goal::AtMost(1.0));
    figures.add("serve: of which until it listens", median(pages), "s");
    figures.add(format!("serve, {SOCIETIES} societies, idle: resident"), median(memory), "MB");
    Ok(())
}
