//! A thousand societies against one, on PostgreSQL: the time of a login and of a signed-in page, and memory with ten thousand
//! sessions that are in use.

use std::time::Instant;

use anyhow::{Context, Result};

use super::crowd::{DEVICE, user_id};
use super::data::Register;
use super::figures::{Figures, Goal, median};
use super::http::{Connection, Target, form_request};
use super::import::{database, psql};
use super::place::{Folder, HOST, PASSWORD, Place};
use super::program::{Server, build_yui};
use super::session::PATH;
use crate::postgres::Cluster;

const SOCIETIES: u32 = 1_000;
const HOUSEHOLDS: u64 = 11;
const SESSIONS: u32 = 10_000;
const LOGINS: u32 = 400;
const PAGES: u32 = 4_000;

/// An installation, and one of its societies.
struct Side {
    server: Server,
    host: String,
    connection: Connection,
    members: Vec<u64>,
    page: String,
    logins: Vec<f64>,
    pages: Vec<f64>,
}

impl Side {
    fn new(place: &Place, host: &str) -> Result<Self> {
        let server = place.serve()?;
        let mut connection = Connection::open(&server.address)?;
        let members = place.members(1)?;
        let cookie = log_in(&mut connection, host, *members.first().context("no accounts")?)?;
        let (address, host, path) = (server.address.clone(), host.to_owned(), PATH.to_owned());
        let page = Target { address, host: host.clone(), path, cookie }.request();
        Ok(Self { server, host, connection, members, page, logins: Vec::new(), pages: Vec::new() })
    }

    fn login(&mut self, round: u32) -> Result<()> {
        let start = Instant::now();
        log_in(&mut self.connection, &self.host, self.members[round as usize % self.members.len()])?;
        self.logins.push(start.elapsed().as_secs_f64() * 1e3);
        Ok(())
    }

    fn look(&mut self) -> Result<()> {
        let start = Instant::now();
        let answer = self.connection.send(&self.page)?;
        anyhow::ensure!(answer.status == 200, "{PATH}: {}", answer.status);
        self.pages.push(start.elapsed().as_secs_f64() * 1e3);
        Ok(())
    }
}

fn log_in(connection: &mut Connection, host: &str, member: u64) -> Result<String> {
    let (cookie, user) = (format!("Cookie: yui_device={DEVICE}\r\n"), user_id("bench", member));
    let form = form_request(host, "/login", &cookie, &format!("user_id={user}&password={PASSWORD}"));
    let answer = connection.send(&form)?;
    anyhow::ensure!(answer.status == 303, "the login failed: {}", answer.status);
    answer.cookie.context("no cookie")
}

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let yui = build_yui()?;
    let folder = Folder::new()?;
    let cluster = Cluster::start()?;
    let place = |name: &str| -> Result<Place> {
        psql(&cluster.url(), &format!("CREATE DATABASE {name}"))?;
        let place = Place::new(&yui, &folder, database(&cluster, name));
        place.furnish(&Register { households: HOUSEHOLDS }, &folder.path("register.csv"))?;
        place.enrol_everybody(1, "bench")?;
        Ok(place)
    };
    let (single, many) = (place("single")?, place("many")?);
    many.copy_society(SOCIETIES)?;
    for place in [&single, &many] {
        place.sql("VACUUM ANALYZE;")?;
    }
    let mut sides = [Side::new(&single, HOST)?, Side::new(&many, &format!("s{}.localhost", SOCIETIES / 2))?];
    let [_, side] = &sides;
    figures.add(format!("{SOCIETIES} societies, a first login: resident"), side.server.memory("VmRSS")?, "MB");
    // In turn, so that whatever else the machine does strikes both.
    for round in 0..LOGINS {
        sides.iter_mut().try_for_each(|side| side.login(round))?;
    }
    for _ in 0..PAGES {
        sides.iter_mut().try_for_each(Side::look)?;
    }
    let [single, side] = sides;
    let (one, thousand) = (median(single.logins), median(side.logins));
    figures.add("login, one society: median", one, "ms");
    figures.add(format!("login, {SOCIETIES} societies: median"), thousand, "ms");
    figures.hold("login: many / one", thousand / one, "ratio", Goal::AtMost(1.1));
    let (one, thousand) = (median(single.pages), median(side.pages));
    figures.add("signed-in page, one society: median", one, "ms");
    figures.add(format!("signed-in page, {SOCIETIES} societies: median"), thousand, "ms");
    figures.hold("signed-in page: many / one", thousand / one, "ratio", Goal::AtMost(1.1));
    live_sessions(figures, &many, &side.server)
}

/// Makes so many sessions, spread over all societies, and uses each.
fn live_sessions(figures: &mut Figures, place: &Place, server: &Server) -> Result<()> {
    let made = place.sql(&format!(
        "CREATE TABLE bench_tokens AS
         SELECT a.society_id, a.account_id, sha256(convert_to('bench ' || a.society_id || ' ' || a.account_id, 'UTF8')) AS token
         FROM accounts a WHERE a.user_id LIKE 'bench1%' ORDER BY a.account_id, a.society_id LIMIT {SESSIONS};
         INSERT INTO sessions (society_id, token_hash, account_id, created_at, last_seen_at, idle_until, ends_at, remembered,
             proved_at, proof, device, address)
         SELECT society_id, sha256(token), account_id, now(), now(), now() + interval '1 day', now() + interval '1 day', FALSE,
             now(), 'password', 'bench', '10.0.0.1' FROM bench_tokens;
         SELECT s.host || ' ' || rtrim(translate(encode(t.token, 'base64'), '+/', '-_'), '=')
         FROM bench_tokens t JOIN societies s ON s.society_id = t.society_id;"
    ))?;
    let mut connection = Connection::open(&server.address)?;
    let mut used = 0_u32;
    for line in made.lines() {
        let (host, token) = line.split_once(' ').context("a session")?;
        let request = format!("GET {PATH} HTTP/1.1\r\nHost: {host}\r\nCookie: yui_session={token}\r\n\r\n");
        let answer = connection.send(&request)?;
        anyhow::ensure!(answer.status == 200, "{host}: {}", answer.status);
        used += 1;
    }
    anyhow::ensure!(used == SESSIONS, "{used} sessions");
    let name = format!("{SOCIETIES} societies, {SESSIONS} sessions in use: resident");
    figures.hold(name, server.memory("VmRSS")?, "MB", Goal::AtMost(150.0));
    figures.add("of which the program's own, not files'", server.memory("RssAnon")?, "MB");
    figures.add("most it had", server.memory("VmHWM")?, "MB");
    Ok(())
}
