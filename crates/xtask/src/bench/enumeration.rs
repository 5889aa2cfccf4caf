//! Whether the time of an answer tells if an account exists: each kind of request a thousand times, in an order left to
//! chance, and then compared with one kind. Nobody is asked about twice and no network comes twice, so that no limit is met.

use std::collections::HashMap;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::crowd::user_id;
use super::data::{INSURER, Register, mix};
use super::figures::{Figures, Goal, median};
use super::http::{Connection, form_request};
use super::import::{database, psql};
use super::place::{Folder, PASSWORD, Place, Society};
use super::program::build_yui;
use super::ranks::{kolmogorov_smirnov, mann_whitney};
use crate::postgres::Cluster;

const TRIES: usize = 1_000;
/// How many requests at a time: an answer waits for the next tenth of a second, and does nothing for most of it.
const WAITING: usize = 5;
/// The header of a browser that brings a token nobody knows.
const STRANGE: &str = "Cookie: yui_device=BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA\r\n";
const WRONG: &str = "Kumo-no-ue-2027";

/// Mails a temporary password, and the user ID to who knows birth date and address.
const CLASSIC: Society = Society { key: "classic", preset: "midori", insurer: INSURER };
/// Mails links.
const RENEWED: Society = Society { key: "renewed", preset: "fumitsuki", insurer: "06139026" };

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

/// One kind of request: its name, where it goes, and the forms, one for each try.
struct Kind {
    name: &'static str,
    host: &'static str,
    path: &'static str,
    headers: &'static str,
    forms: Vec<String>,
}

fn one_engine(figures: &mut Figures, engine: &str, place: &Place, folder: &Folder) -> Result<()> {
    place.migrate()?;
    let register = folder.path("register.csv");
    place.found(&CLASSIC, &Register { households: 1 + 8 * TRIES as u64 }, &register)?;
    place.found(&RENEWED, &Register { households: 1 + 2 * TRIES as u64 }, &register)?;
    place.enrol_everybody(1, "bench")?;
    place.enrol_everybody(2, "other")?;
    let classic = place.members(1)?;
    let members = place.members(2)?;
    let mut pools = classic.chunks(TRIES);
    let mut pool = || pools.next().context("too few members");
    let (existing, device, locked, locked_right) = (pool()?, pool()?, pool()?, pool()?);
    let (stopped_right, empty, forgetful, other) = (pool()?, pool()?, pool()?, pool()?);
    let among = |members: &[u64]| {
        let (first, last) = (members.first().copied().unwrap_or(0), members.last().copied().unwrap_or(0));
        format!("society_id = 1 AND member_id BETWEEN {first} AND {last} AND user_id LIKE 'bench1%'")
    };
    place.sql(&format!(
        "UPDATE accounts SET locked_at = created_at WHERE {};
         UPDATE accounts SET locked_at = created_at WHERE {};
         UPDATE accounts SET state = 'stopped' WHERE {};
         UPDATE accounts SET state = 'temporary', first_way = 'link', password_hash = '-' WHERE {};
         ANALYZE;",
        among(locked),
        among(locked_right),
        among(stopped_right),
        among(empty)
    ))?;
    let births: HashMap<u64, String> = place
        .sql("SELECT member_id, birth_date FROM members WHERE society_id = 1;")?
        .lines()
        .filter_map(|line| {
            line.split_once('|').map(|(member, day)| (member.parse().unwrap_or(0), day.replace('-', "")))
        })
        .collect();

    let (classic, renewed) = ("classic.localhost", "renewed.localhost");
    let kind = |name, path, forms| Kind { name, host: classic, path, headers: "", forms };
    let strange = STRANGE;
    let typed = |letters: &str, members: &[u64], password: &str| -> Vec<String> {
        let form = |member: &u64| format!("user_id={}&password={password}", user_id(letters, *member));
        members.iter().map(form).collect()
    };
    // User IDs as long as all others; `other…` are those of the other society.
    let logins = vec![
        kind("existing, wrong password", "/login", typed("bench", existing, WRONG)),
        kind("unknown", "/login", typed("nobod", existing, WRONG)),
        kind("locked, wrong password", "/login", typed("bench", locked, WRONG)),
        kind("locked, right password", "/login", typed("bench", locked_right, PASSWORD)),
        kind("stopped, right password", "/login", typed("bench", stopped_right, PASSWORD)),
        kind("no password yet", "/login", typed("bench", empty, WRONG)),
        kind("another society's, right password", "/login", typed("other", &members[..TRIES], PASSWORD)),
    ];
    compare(figures, (engine, "login"), place, logins)?;
    let logins = vec![
        Kind { headers: strange, ..kind("existing, strange browser", "/login", typed("bench", device, WRONG)) },
        Kind { headers: strange, ..kind("unknown, strange browser", "/login", typed("nobod", device, WRONG)) },
    ];
    compare(figures, (engine, "login"), place, logins)?;

    let person = |letters: &'static str, days_from: &[u64], members: &[u64]| -> Vec<String> {
        let form = |(member, whose): (&u64, &u64)| {
            let (user, day) = (user_id(letters, *member), births.get(whose).cloned().unwrap_or_default());
            format!("user_id={user}&birth_date={day}&email={user}%40mail.invalid")
        };
        members.iter().zip(days_from).map(form).collect()
    };
    // Somebody else's birth date, which is another year's.
    let strangers: Vec<u64> = other.iter().skip(1).chain(other.first()).copied().collect();
    let passwords = vec![
        kind("existing", "/forgotten/password", person("bench", forgetful, forgetful)),
        kind("unknown", "/forgotten/password", person("nobod", forgetful, forgetful)),
        kind("existing, wrong birth date", "/forgotten/password", person("bench", &strangers, other)),
        kind("locked", "/forgotten/password", person("bench", locked, locked)),
    ];
    compare(figures, (engine, "temporary password"), place, passwords)?;

    let mailed = |letters: &str| -> Vec<String> {
        members.iter().take(TRIES).map(|member| format!("user_id={}", user_id(letters, *member))).collect()
    };
    let links = vec![
        Kind { host: renewed, ..kind("existing", "/forgotten/password", mailed("other")) },
        Kind { host: renewed, ..kind("unknown", "/forgotten/password", mailed("nobod")) },
    ];
    compare(figures, (engine, "mailed link"), place, links)?;

    let user_ids = vec![
        kind("matching", "/forgotten/user-id", person("bench", existing, existing)),
        kind("unknown", "/forgotten/user-id", person("nobod", existing, existing)),
        kind("wrong birth date", "/forgotten/user-id", person("bench", &strangers, device)),
    ];
    compare(figures, (engine, "forgotten user ID"), place, user_ids)
}

/// Sends all of them in an order left to chance, so many at a time, and compares each kind with the first.
fn compare(figures: &mut Figures, (engine, what): (&str, &str), place: &Place, kinds: Vec<Kind>) -> Result<()> {
    let server = place.serve()?;
    let mut order: Vec<(usize, usize)> =
        kinds.iter().enumerate().flat_map(|(kind, of)| (0..of.forms.len()).map(move |number| (kind, number))).collect();
    order.sort_by_key(|(kind, number)| mix(1_000_003 * *kind as u64 + *number as u64));
    // What is made once, at the first use, belongs to none.
    let mut connection = Connection::open(&server.address)?;
    for number in 0..20 {
        let from = format!("X-Forwarded-For: 10.255.1.{number}\r\n");
        let form = format!("user_id=warmup{number:02}&password=warmup-2026");
        for kind in &kinds {
            connection.send(&form_request(kind.host, kind.path, &from, &form))?;
        }
    }
    let share = order.len().div_ceil(WAITING);
    let (address, all) = (server.address.as_str(), kinds.as_slice());
    let answers = thread::scope(|scope| {
        let lanes: Vec<_> = order
            .chunks(share)
            .zip((0..).step_by(share))
            .map(|(order, first)| scope.spawn(move || lane(address, all, order, first)))
            .collect();
        lanes
            .into_iter()
            .map(|lane| lane.join().unwrap_or_else(|_| bail!("a lane was given up")))
            .collect::<Result<Vec<_>>>()
    })?;
    let mut took: Vec<Vec<f64>> = kinds.iter().map(|_| Vec::new()).collect();
    let mut shape = None;
    for (kind, status, length, time) in answers.into_iter().flatten() {
        anyhow::ensure!(status == 200, "{what}, {}: {status}", kinds[kind].name);
        let (first, shape) = (kinds[kind].name, shape.get_or_insert((kinds[kind].name, length)));
        anyhow::ensure!(shape.1 == length, "{what}: {shape:?}, but {first} {length}");
        took[kind].push(time);
    }
    let (first, first_median) = (&took[0], median(took[0].clone()));
    figures.add(format!("{engine}: {what}, {}", kinds[0].name), first_median, "ms");
    for (kind, times) in kinds.iter().zip(&took).skip(1) {
        let name = format!("{engine}: {what}, {}", kind.name);
        let ratio = median(times.clone()) / first_median;
        figures.hold(format!("{name}: off by"), 100.0 * (ratio - 1.0).abs(), "%", Goal::AtMost(5.0));
        figures.hold(format!("{name}: p (ranks)"), mann_whitney(first, times), "", Goal::AtLeast(0.01));
        figures.hold(format!("{name}: p (shape)"), kolmogorov_smirnov(first, times), "", Goal::AtLeast(0.01));
    }
    Ok(())
}

/// Sends these in their order; returns of each the kind, the status, the length of the answer, and the milliseconds.
fn lane(
    address: &str,
    kinds: &[Kind],
    order: &[(usize, usize)],
    first: usize,
) -> Result<Vec<(usize, u16, usize, f64)>> {
    let mut connection = Connection::open(address)?;
    let mut answers = Vec::new();
    for (place, (kind, number)) in (first..).zip(order) {
        let Kind { host, path, headers, forms, .. } = &kinds[*kind];
        let from = format!("X-Forwarded-For: 10.{}.{}.{}\r\n{headers}", place / 62_500, place / 250 % 250, place % 250);
        let request = form_request(host, path, &from, &forms[*number]);
        let start = Instant::now();
        let answer = connection.send(&request)?;
        answers.push((*kind, answer.status, answer.body.len(), start.elapsed().as_secs_f64() * 1e3));
    }
    Ok(answers)
}
