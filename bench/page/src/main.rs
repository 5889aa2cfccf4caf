//! The statement of a year drawn from memory: what a page costs that asks no database and knows no session. One template
//! (which the Django page shares), 30 rows, the same server library as Yui.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

#[derive(Template)]
#[template(path = "statement.html")]
struct Statement<'a> {
    heading: String,
    path: String,
    user_name: &'a str,
    society: &'a str,
    total: String,
    insurer: String,
    public: String,
    self_pay: String,
    insurer_width: i64,
    public_width: i64,
    self_width: i64,
    months: Vec<Month>,
    rankings: Vec<Ranking<'a>>,
    rows: Vec<Row<'a>>,
    changed: &'a str,
    pending: bool,
    members: Vec<Member<'a>>,
    min: &'a str,
    max: &'a str,
}

struct Month {
    name: String,
    short: String,
    x: i64,
    y: i64,
    height: i64,
    paid: String,
}

struct Ranking<'a> {
    title: &'a str,
    bars: Vec<Bar<'a>>,
}

struct Bar<'a> {
    name: &'a str,
    width: i64,
    paid: String,
}

struct Row<'a> {
    month: String,
    patient: &'a str,
    provider: &'a str,
    care: String,
    total: String,
    insurer: String,
    public: String,
    self_pay: String,
    note: &'a str,
    has_note: bool,
}

struct Member<'a> {
    id: i64,
    name: &'a str,
}

/// A line as a database would have given it.
struct Line {
    month: i64,
    patient: &'static str,
    provider: String,
    care: &'static str,
    days: i64,
    amounts: [i64; 4],
    note: String,
}

fn lines() -> Vec<Line> {
    let line = |row: i64| {
        let total = 10 * (200 + row * 7_919 % 4_000);
        let burden = total * 3 / 10;
        Line {
            month: 1 + row * 12 / 30,
            patient: ["見本 一郎", "見本 花子"][usize::from(row % 3 == 0)],
            provider: format!("みほん内科クリニック{}", row * 31 % 900),
            care: ["通院", "歯科", "薬局"][usize::try_from(row % 3).unwrap_or_default()],
            days: 1 + row % 5,
            amounts: [total, total - burden, 0, burden],
            note: String::new(),
        }
    };
    (0..30).map(line).collect()
}

fn yen(amount: i64) -> String {
    let digits = amount.to_string();
    let mut text = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn shares<'a>(title: &'a str, lines: &'a [Line], of: fn(&Line) -> &str) -> Ranking<'a> {
    let mut sums = BTreeMap::<&str, i64>::new();
    lines.iter().for_each(|line| *sums.entry(of(line)).or_default() += line.amounts[3]);
    let most = sums.values().copied().max().unwrap_or(1).max(1);
    let bars = sums.into_iter().map(|(name, sum)| Bar { name, width: 60 * sum / most, paid: yen(sum) });
    Ranking { title, bars: bars.collect() }
}

fn page(lines: &[Line]) -> askama::Result<String> {
    let sum = |at: usize| lines.iter().map(|line| line.amounts[at]).sum::<i64>();
    let (total, insurer, public, self_pay) = (sum(0), sum(1), sum(2), sum(3));
    let by_month: Vec<i64> = (1..=12)
        .map(|month| lines.iter().filter(|line| line.month == month).map(|line| line.amounts[3]).sum())
        .collect();
    let most = by_month.iter().copied().max().unwrap_or(1).max(1);
    let whole = total.max(1);
    let months = by_month.into_iter().zip(1..).map(|(paid, month)| Month {
        name: format!("2025年{month}月"),
        short: format!("{month}月"),
        x: 10 + 50 * (month - 1),
        y: 150 - 120 * paid / most,
        height: 120 * paid / most,
        paid: yen(paid),
    });
    let rows = lines.iter().map(|line| Row {
        month: format!("2025/{:02}", line.month),
        patient: line.patient,
        provider: &line.provider,
        care: format!("{}／{}日", line.care, line.days),
        total: yen(line.amounts[0]),
        insurer: yen(line.amounts[1]),
        public: yen(line.amounts[2]),
        self_pay: yen(line.amounts[3]),
        note: &line.note,
        has_note: !line.note.is_empty(),
    });
    Statement {
        heading: "2025年の医療費明細".into(),
        path: "/expenses/statement?year=2025".into(),
        user_name: "見本 一郎",
        society: "みほん健康保険組合",
        total: yen(total),
        insurer: yen(insurer),
        public: yen(public),
        self_pay: yen(self_pay),
        insurer_width: 1000 * insurer / whole,
        public_width: 1000 * public / whole,
        self_width: 1000 * self_pay / whole,
        months: months.collect(),
        rankings: vec![
            shares("受診者ごとの自己負担額", lines, |line| line.patient),
            shares("診療区分ごとの自己負担額", lines, |line| line.care),
        ],
        rows: rows.collect(),
        changed: "2025年12月20日",
        pending: false,
        members: vec![Member { id: 1, name: "見本 一郎" }, Member { id: 2, name: "見本 花子" }],
        min: "2021-12",
        max: "2026-11",
    }
    .render()
}

async fn statement(State(lines): State<Arc<Vec<Line>>>, headers: HeaderMap) -> Response {
    if !headers.contains_key(header::COOKIE) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match page(&lines) {
        Ok(html) => Html(html).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("ready: http://{}/", listener.local_addr()?);
    let router = Router::new().route("/expenses/statement", get(statement)).with_state(Arc::new(lines()));
    axum::serve(listener, router).await
}
