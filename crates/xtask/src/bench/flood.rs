//! Floods of one society, each in a way of its own, while people of another society log in and read: their median
//! against the one without a flood, in the same run.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::crowd::user_id;
use super::data::{INSURER, Register};
use super::figures::{Figures, Goal, median};
use super::http::{Connection, Target, form_request, json_request, post};
use super::import::{database, psql};
use super::place::{Folder, PASSWORD, Place, Society, USER};
use super::program::build_yui;
use crate::postgres::Cluster;

/// The duration of each flood.
const FLOOD: Duration = Duration::from_secs(8);
/// The number of logins and pages meanwhile.
const LOGINS: u32 = 40;

const FLOODED: Society = Society { key: "flooded", preset: "soyokaze", insurer: INSURER };
const OTHER: Society = Society { key: "other", preset: "soyokaze", insurer: "06139026" };
const FLOODED_HOST: &str = "flooded.localhost";
const OTHER_HOST: &str = "other.localhost";

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let yui = build_yui()?;
    let folder = Folder::new()?;
    let cluster = Cluster::start()?;
    psql(&cluster.url(), "CREATE DATABASE portal")?;
    let sqlite = format!("sqlite://{}", folder.path("yui.db").display());
    for (engine, url) in [("PostgreSQL", database(&cluster, "portal")), ("SQLite", sqlite)] {
        let place = Place::new(&yui, &folder, url).with("YUI_TRUSTED_PROXIES", "127.0.0.1");
        one_engine(figures, engine, &place, &folder)?;
    }
    Ok(())
}

/// One connection's part of a flood: the request that it sends again and again, given its number and the round.
type Sending = Arc<dyn Fn(u32, u32) -> String + Send + Sync>;

struct Flood {
    name: &'static str,
    connections: u32,
    sending: Sending,
}

fn one_engine(figures: &mut Figures, engine: &str, place: &Place, folder: &Folder) -> Result<()> {
    place.migrate()?;
    let register = folder.path("register.csv");
    place.found(&FLOODED, &Register { households: 50 }, &register)?;
    place.found(&OTHER, &Register { households: 1_000 }, &register)?;
    place.enrol_everybody(2, "other")?;
    let server = place.serve()?;
    let form = format!("user_id={USER}&password={PASSWORD}");
    let flooder = post(&server.address, FLOODED_HOST, "/login", &form)?;
    let cookies = flooder.cookies.join("; ");
    let device =
        flooder.cookies.iter().find(|cookie| cookie.starts_with("yui_device=")).context("a known browser")?.clone();
    let reader = post(&server.address, OTHER_HOST, "/login", &form)?.cookies.join("; ");
    let page = Target {
        address: server.address.clone(),
        host: OTHER_HOST.to_owned(),
        path: "/expenses".to_owned(),
        cookie: reader,
    };
    page.fetch()?;
    let mut people = Others { page, address: server.address.clone(), members: place.members(2)?, asked: 0 };

    let known = format!("Cookie: {device}\r\n");
    let document = Target {
        address: server.address.clone(),
        host: FLOODED_HOST.to_owned(),
        path: "/expenses/statement.pdf?year=2025".to_owned(),
        cookie: cookies.clone(),
    };
    let floods = [
        Flood {
            name: "a known browser with the right password",
            connections: 200,
            sending: Arc::new(move |_, _| form_request(FLOODED_HOST, "/login", &known, &form)),
        },
        Flood {
            name: "guesses from everywhere",
            connections: 200,
            sending: Arc::new(|connection, round| {
                let from =
                    format!("X-Forwarded-For: 10.{}.{}.{}\r\n", connection % 250, round / 250 % 250, round % 250);
                let form = format!("user_id=nobody{connection}x{round}&password=wrong-{round}");
                form_request(FLOODED_HOST, "/login", &from, &form)
            }),
        },
        Flood {
            name: "guesses from one network whose tries are over",
            connections: 200,
            sending: Arc::new(|connection, round| {
                let form = format!("user_id=nobody{connection}x{round}&password=wrong-{round}");
                form_request(FLOODED_HOST, "/login", "X-Forwarded-For: 203.0.113.1\r\n", &form)
            }),
        },
        Flood { name: "documents of one member", connections: 100, sending: Arc::new(move |_, _| document.request()) },
        Flood {
            name: "strengths of passwords",
            connections: 50,
            sending: Arc::new(move |connection, round| {
                let json = format!("{{\"password\":\"{connection}-{round}-{}\"}}", "kumonoue".repeat(7));
                json_request(FLOODED_HOST, "/password/strength", &format!("Cookie: {cookies}\r\n"), &json)
            }),
        },
    ];
    for flood in floods {
        let quiet = people.come()?;
        let over = Arc::new(AtomicBool::new(false));
        let sent = Arc::new(AtomicU32::new(0));
        let threads: Vec<_> = (0..flood.connections)
            .map(|connection| {
                let (address, sending) = (server.address.clone(), Arc::clone(&flood.sending));
                let (over, sent) = (Arc::clone(&over), Arc::clone(&sent));
                thread::spawn(move || pour(&address, connection, &sending, &over, &sent))
            })
            .collect();
        let meanwhile = people.come()?;
        over.store(true, Ordering::Relaxed);
        for thread in threads {
            if thread.join().is_err() {
                bail!("a connection was given up");
            }
        }
        tell(figures, &format!("{engine}: {}", flood.name), &quiet, &meanwhile);
        println!("  {} requests of the flood", sent.load(Ordering::Relaxed));
    }
    slow_heads(figures, engine, &server.address, &mut people)
}

/// Sends until the flood is over; a connection that is closed is opened again.
fn pour(address: &str, connection: u32, sending: &Sending, over: &AtomicBool, sent: &AtomicU32) {
    let end = Instant::now() + FLOOD + Duration::from_secs(60);
    let mut round = 0;
    while !over.load(Ordering::Relaxed) && Instant::now() < end {
        let Ok(mut open) = Connection::open(address) else { continue };
        while !over.load(Ordering::Relaxed) && open.send(&sending(connection, round)).is_ok() {
            round += 1;
            sent.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Connections that send half a head and nothing more.
fn slow_heads(figures: &mut Figures, engine: &str, address: &str, people: &mut Others) -> Result<()> {
    let quiet = people.come()?;
    let mut halves = Vec::new();
    for _ in 0..600 {
        if let Ok(mut half) = TcpStream::connect(address) {
            half.write_all(b"GET /login HTTP/1.1\r\nhost: ")?;
            halves.push(half);
        }
    }
    let meanwhile = people.come()?;
    tell(figures, &format!("{engine}: half heads"), &quiet, &meanwhile);
    drop(halves);
    Ok(())
}

fn tell(figures: &mut Figures, name: &str, quiet: &Came, meanwhile: &Came) {
    figures.add(format!("{name}: a login of another society, quiet"), median(quiet.logins.clone()), "ms");
    figures.add(format!("{name}: meanwhile"), median(meanwhile.logins.clone()), "ms");
    let logins = median(meanwhile.logins.clone()) / median(quiet.logins.clone());
    let pages = median(meanwhile.pages.clone()) / median(quiet.pages.clone());
    figures.hold(format!("{name}: logins, meanwhile / quiet"), logins, "ratio", Goal::AtMost(3.0));
    figures.hold(format!("{name}: pages, meanwhile / quiet"), pages, "ratio", Goal::AtMost(2.0));
    figures.hold(format!("{name}: refused logins"), f64::from(meanwhile.refused), "", Goal::AtMost(0.0));
}

/// People of the other society.
struct Others {
    page: Target,
    address: String,
    members: Vec<u64>,
    /// The number of logins so far: each in an account and from a network of their own.
    asked: u32,
}

/// The results of the people's requests: milliseconds of each.
#[derive(Default)]
struct Came {
    logins: Vec<f64>,
    pages: Vec<f64>,
    refused: u32,
}

impl Others {
    fn come(&mut self) -> Result<Came> {
        let mut came = Came::default();
        for _ in 0..LOGINS {
            let member = self.members.get(self.asked as usize % self.members.len()).context("members")?;
            let from = format!("X-Forwarded-For: 198.18.{}.{}\r\n", self.asked / 250, self.asked % 250);
            self.asked += 1;
            let form = format!("user_id={}&password={PASSWORD}", user_id("other", *member));
            let start = Instant::now();
            let answer = Connection::open(&self.address)?.send(&form_request(OTHER_HOST, "/login", &from, &form))?;
            came.logins.push(start.elapsed().as_secs_f64() * 1e3);
            came.refused += u32::from(answer.status != 303);
            let start = Instant::now();
            self.page.fetch()?;
            came.pages.push(start.elapsed().as_secs_f64() * 1e3);
        }
        Ok(came)
    }
}
