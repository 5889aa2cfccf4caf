//! Logins by passkey over HTTP, whole: the question, the answer, the session. By the server's and the database's processor
//! time, since the authenticator made of software takes as much of the same cores.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::crowd::{DEVICE, FIRST};
use super::data::{INSURER, Register};
use super::figures::{Figures, Goal, median};
use super::http::{Connection, json_request};
use super::import::{database, psql};
use super::place::{Folder, Place, Society};
use super::program::{build_example, build_yui, cpu_of, said, timed};
use crate::postgres::Cluster;

const HOUSEHOLDS: u64 = 2_000;
const ROUNDS: usize = 3;
const SECONDS: u64 = 6;
const THREADS: u64 = 4;
const HOST: &str = "passkey.localhost";
const ORIGIN: &str = "https://passkey.localhost";

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let yui = build_yui()?;
    let checks = build_example("passkey_rate")?;
    let authenticator = build_example("passkey_authenticator")?;
    let authenticator = || {
        let mut command = Command::new(&authenticator);
        command.args([HOST, ORIGIN]);
        command
    };
    let folder = Folder::new()?;
    let cluster = Cluster::start()?;
    psql(&cluster.url(), "CREATE DATABASE portal")?;
    let sqlite = format!("sqlite://{}", folder.path("yui.db").display());
    let mut bare = Vec::new();
    for (engine, url) in [("PostgreSQL", database(&cluster, "portal")), ("SQLite", sqlite)] {
        let place = Place::new(&yui, &folder, url.clone());
        let place = place.with("YUI_HTTPS", "yes").with("YUI_TRUSTED_PROXIES", "127.0.0.1");
        let members = fill(&place, &folder, &mut authenticator())?;
        let keeper = match engine {
            "PostgreSQL" => Some(place.sql("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1);")?),
            _ => None,
        };
        let database_cpu = || keeper.as_deref().map_or(Ok(0.0), |keeper| cpu_of(keeper.trim()));
        let server = place.serve()?;
        let (mut clock, mut own, mut both) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let (before, database_before) = (server.cpu()?, database_cpu()?);
            let round = u64::try_from(round)?;
            let count = many(&server.address, &members, round, &authenticator)?;
            let (server_cpu, database_cpu) = (server.cpu()? - before, database_cpu()? - database_before);
            clock.push(count / SECONDS as f64);
            own.push(count / server_cpu);
            both.push(count / (server_cpu + database_cpu));
            let cost = timed(&Command::new(&checks), "")?;
            let rate: f64 = cost.said.trim().parse()?;
            // It runs for three seconds; what it takes to start is nothing beside them.
            bare.push(rate * 3.0 / cost.cpu);
        }
        let (own, both) = (median(own), median(both));
        figures.add(format!("{engine}: logins by passkey, client on the same cores"), median(clock), "/s");
        figures.hold(format!("{engine}: a core's second of the server"), own, "/s", Goal::AtLeast(1_000.0));
        figures.hold(format!("{engine}: a core's second, the database's too"), both, "/s", Goal::AtLeast(1_000.0));
    }
    figures.add("checking a passkey alone, a core's second", median(bare), "/s");
    Ok(())
}

/// Makes the society, and a passkey for everybody; returns the numbers of their members.
fn fill(place: &Place, folder: &Folder, authenticator: &mut Command) -> Result<Vec<u64>> {
    place.migrate()?;
    let society = Society { key: "passkey", preset: "fumitsuki", insurer: INSURER };
    place.found(&society, &Register { households: HOUSEHOLDS }, &folder.path("register.csv"))?;
    place.enrol_everybody(1, "bench")?;
    let members = place.members(1)?;
    let asked: String = members.iter().map(|member| format!("make {member}\n")).collect();
    let made = said(authenticator, &asked)?;
    let bytes = if place.url.starts_with("sqlite") { "X'" } else { "'\\x" };
    let mut script = "BEGIN;\n".to_owned();
    for (member, line) in members.iter().zip(made.lines()) {
        let (id, stored) = line.split_once(' ').context("the authenticator's word")?;
        let account = FIRST + member;
        script.push_str(&format!(
            "UPDATE accounts SET handle = {bytes}{id}' WHERE society_id = 1 AND account_id = {account};
             INSERT INTO factors (society_id, account_id, factor_id, kind, label, created_at, credential_id, credential, synced)
             SELECT 1, {account}, {account}, 'passkey', 'bench', created_at, {bytes}{id}', '{stored}', email IS NULL
             FROM accounts WHERE society_id = 1 AND account_id = {account};\n"
        ));
    }
    script.push_str("COMMIT;\n");
    place.sql(&script)?;
    Ok(members)
}

/// Has everybody in turn log in, on several connections; returns how many did.
fn many(address: &str, members: &[u64], round: u64, authenticator: &dyn Fn() -> Command) -> Result<f64> {
    let mut threads = Vec::new();
    for number in 0..THREADS {
        let mut passkeys = Passkeys::start(&mut authenticator())?;
        let mut connection = Connection::open(address)?;
        let of_this = |(place, _): &(usize, &u64)| *place as u64 % THREADS == number;
        let members: Vec<u64> = members.iter().enumerate().filter(of_this).map(|(_, member)| *member).collect();
        let end = Instant::now() + Duration::from_secs(SECONDS);
        threads.push(thread::spawn(move || -> Result<u32> {
            let mut count = 0;
            for member in members.iter().cycle() {
                if Instant::now() > end {
                    break;
                }
                one(&mut connection, &mut passkeys, *member, round)?;
                count += 1;
            }
            Ok(count)
        }));
    }
    let mut count = 0;
    for thread in threads {
        match thread.join() {
            Ok(one) => count += one?,
            Err(_) => bail!("a connection was given up"),
        }
    }
    Ok(f64::from(count))
}

fn one(connection: &mut Connection, passkeys: &mut Passkeys, member: u64, round: u64) -> Result<()> {
    // Every member at home, in a browser of their own: the limit on questions is for one network.
    let home = format!("10.{round}.{}.{}", member / 250, member % 250);
    let headers = format!("X-Forwarded-For: {home}\r\nCookie: __Host-yui_device={DEVICE}\r\n");
    let asked = connection.send(&json_request(HOST, "/login/passkey/begin", &headers, ""))?;
    anyhow::ensure!(asked.status == 200, "no question: {}", asked.status);
    let answer = passkeys.answer(member, &String::from_utf8_lossy(&asked.body))?;
    let answered = connection.send(&json_request(HOST, "/login/passkey/finish", &headers, &answer))?;
    let body = String::from_utf8_lossy(&answered.body);
    let in_the_portal = answered.status == 200 && body == r#"{"location":"/"}"# && answered.cookie.is_some();
    anyhow::ensure!(in_the_portal, "the login failed: {} {body}", answered.status);
    Ok(())
}

/// The authenticator, a process.
struct Passkeys {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Passkeys {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("the authenticator")?;
        let (input, output) = (child.stdin.take().context("its input")?, child.stdout.take().context("its output")?);
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    fn answer(&mut self, member: u64, question: &str) -> Result<String> {
        self.input.write_all(format!("{member} {question}\n").as_bytes())?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Passkeys {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
