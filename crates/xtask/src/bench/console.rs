//! The console with a million members and twenty million rows of expenses, on PostgreSQL: looking somebody up in every way,
//! their page, the overview; a million rows more through it.

use std::time::Instant;

use anyhow::{Context, Result};

use super::console_import::{self, Desk};
use super::crowd::user_id;
use super::data::{Register, mix};
use super::figures::{Figures, Goal};
use super::http::{Connection, Target, form_request};
use super::import::{database, psql};
use super::place::{Folder, HOST, Place};
use super::program::build_yui;
use crate::postgres::Cluster;
use crate::workspace::setting;

/// One to four persons each: a million members.
const HOUSEHOLDS: u64 = 400_000;
const EXPENSES: u64 = 20_000_000;
/// The number of expenses that are imported; the rest are the same with other keys.
const IMPORTED: u64 = 400_000;
/// The number of further ones that are imported through the console.
const UPLOADED: u64 = 1_000_000;
/// The number of requests for each page.
const TRIES: u64 = 1_000;
/// A smaller installation, to try the bench: everything divided by this.
const SMALLER: &str = "BENCH_CONSOLE_SMALLER";

/// A signed-in member of staff: `token` is the content of the cookie.
const STAFF: &str = "
    INSERT INTO staff (society_id, staff_id, email, name, role, handle, revision, wrong_codes, created_at)
    VALUES (1, 1, 'bench@mail.invalid', '見本 職員', 'admin', 'bench', 1, 0, now());
    INSERT INTO staff_sessions (society_id, token_hash, staff_id, created_at, last_seen_at, ends_at, proved_at, device, address)
    SELECT 1, sha256(sha256('bench staff')), 1, now(), now(), now() + interval '8 hours', now() + interval '8 hours', 'bench', '10.0.0.1';
    SELECT rtrim(translate(encode(sha256('bench staff'), 'base64'), '+/', '-_'), '=');";

/// A request of the bench.
enum Asked {
    /// A page by its path.
    Page(String),
    /// The results of a search: the form is sent, and the address it leads to fetched.
    Search(String),
}

/// A kind of page, with its Nth request.
type Kind<'a> = (&'static str, f64, Box<dyn Fn(u64) -> Asked + 'a>);

pub(super) fn run(figures: &mut Figures) -> Result<()> {
    let smaller: u64 = match setting(SMALLER) {
        Some(text) => text.parse().with_context(|| format!("{SMALLER}: {text:?} is no number"))?,
        None => 1,
    };
    let yui = build_yui()?;
    let folder = Folder::new()?;
    let cluster = Cluster::start()?;
    psql(&cluster.url(), "CREATE DATABASE portal")?;
    let place = Place::new(&yui, &folder, database(&cluster, "portal"));
    let register = Register { households: HOUSEHOLDS / smaller };
    let cost = place.furnish(&register, &folder.path("register.csv"))?;
    let count =
        |table: &str| -> Result<f64> { Ok(place.sql(&format!("SELECT count(*) FROM {table};"))?.trim().parse()?) };
    let members = count("members")?;
    figures.add("members", members, "");
    figures.add("import of the register", members / cost.wall, "/s");
    figures.add("search keys of a member", count("member_search_keys")? / members, "");
    figures.add("search keys on disk", size(&place, "member_search_keys")?, "MB");
    place.enrol_everybody(1, "bench")?;
    expenses(&place, &folder, &register, smaller)?;
    figures.add("expenses", count("expenses")?, "");
    let token = place.sql(STAFF)?;
    place.sql("VACUUM ANALYZE;")?;

    let accounts = place.members(1)?;
    let account = |round: u64| usize::try_from(mix(round)).map_or(0, |at| accounts[at % accounts.len()]);
    let holder = |round: u64| Register::holder(mix(round) % register.households);
    let search = |typed: &str| Asked::Search(format!("q={}", encoded(typed)));
    let pages: Vec<Kind<'_>> = vec![
        (
            "search by 記号-番号",
            100.0,
            Box::new(|round| {
                let (symbol, number) = holder(round);
                search(&format!("{symbol}-{number}"))
            }),
        ),
        ("search by 番号 alone", 100.0, Box::new(|round| search(&holder(round).1))),
        (
            "search by kana, a part",
            100.0,
            Box::new(|round| search(["みほん", "ﾊﾅ", "シケン ケ", "ンシュウサ"][(round % 4) as usize])),
        ),
        (
            "search by name, a part",
            100.0,
            Box::new(|round| search(["見本", "花", "試験 健", "習桜"][(round % 4) as usize])),
        ),
        ("search by user ID", 100.0, Box::new(|round| search(&user_id("bench", account(round))))),
        (
            "search by address",
            100.0,
            Box::new(|round| search(&format!("{}@mail.invalid", user_id("bench", account(round))))),
        ),
        (
            "nobody found",
            100.0,
            Box::new(|round| search(["ヌルヌル", "999-99999", "nobody", "龍"][(round % 4) as usize])),
        ),
        ("everybody enrolled", 100.0, Box::new(|_| Asked::Search("q=&state=enrolled".to_owned()))),
        ("a member's page", 100.0, Box::new(|round| Asked::Page(format!("/console/members/{}", account(round))))),
        ("overview", 300.0, Box::new(|_| Asked::Page("/console".to_owned()))),
    ];
    let server = place.serve()?;
    let mut connection = Connection::open(&server.address)?;
    let page = Target {
        address: server.address.clone(),
        host: HOST.to_owned(),
        path: String::new(),
        cookie: format!("yui_console={}", token.trim()),
    };
    for (name, most, asked) in pages {
        let mut took = Vec::new();
        for round in 0..TRIES {
            let asked = asked(round);
            let start = Instant::now();
            let path = match asked {
                Asked::Page(path) => path,
                Asked::Search(form) => {
                    let cookie = format!("Cookie: {}\r\nSec-Fetch-Site: same-origin\r\n", page.cookie);
                    let answer = connection.send(&form_request(HOST, "/console/members", &cookie, &form))?;
                    answer.location.with_context(|| format!("{name}: {} for {form}", answer.status))?
                }
            };
            let answer = connection.send(&Target { path, ..page.clone() }.request())?;
            took.push(start.elapsed().as_secs_f64() * 1e3);
            anyhow::ensure!(answer.status == 200, "{name}: {} in round {round}", answer.status);
        }
        took.sort_by(f64::total_cmp);
        let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
        figures.add(format!("{name}: median"), at(0.5), "ms");
        figures.hold(format!("{name}: p99"), at(0.99), "ms", Goal::AtMost(most));
    }
    figures.add("resident", server.memory("VmRSS")?, "MB");
    let desk = Desk { place: &place, portal: &server.address, staff: &page };
    console_import::run(figures, &desk, &folder, &register, UPLOADED / smaller, &server)
}

/// A table with its indexes, MB.
fn size(place: &Place, table: &str) -> Result<f64> {
    let bytes: f64 = place.sql(&format!("SELECT pg_total_relation_size('{table}');"))?.trim().parse()?;
    Ok(bytes / 1e6)
}

fn expenses(place: &Place, folder: &Folder, register: &Register, smaller: u64) -> Result<()> {
    let file = folder.path("expenses.csv");
    register.write_expenses(0..IMPORTED / smaller, &file)?;
    let (_, batch) = place.import(&file)?;
    place.publish(&batch)?;
    let copies = EXPENSES / IMPORTED - 1;
    place.sql(&format!(
        "INSERT INTO expenses (society_id, household_id, treatment_month, claim_key, batch_id, member_id, provider_code,
             provider_name, care_kind, days, total, insurer_share, public_share, self_pay, derived, note, cancelled, superseded_by)
         SELECT society_id, household_id, treatment_month, substr(sha256(claim_key || n::text::bytea), 1, length(claim_key)), batch_id,
             member_id, provider_code, provider_name, care_kind, days, total, insurer_share, public_share, self_pay, derived, note,
             cancelled, superseded_by
         FROM expenses, generate_series(1, {copies}) n;"
    ))
    .map(drop)
}

fn encoded(typed: &str) -> String {
    typed.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
