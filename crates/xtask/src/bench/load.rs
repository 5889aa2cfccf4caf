//! Load on a page: as much as it takes (wrk), or so much a second.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::http::{Connection, Target};
use super::program::said;

/// How a page did under load.
pub(super) struct Load {
    /// Requests answered a second.
    pub(super) per_second: f64,
    /// Half of them took at most so many milliseconds.
    pub(super) p50: f64,
    /// 99 of 100 did.
    pub(super) p99: f64,
}

/// As many requests as the page can take over so many connections.
pub(super) fn full(target: &Target, connections: u32, seconds: u32, more: &[&str]) -> Result<Load> {
    let url = format!("http://{}{}", target.address, target.path);
    let mut wrk = Command::new("wrk");
    wrk.args(["--latency", "--threads", "1", "--connections", &connections.to_string()]);
    wrk.args(["--duration", &format!("{seconds}s")]);
    wrk.args(["--header", &format!("Host: {}", target.host), "--header", &format!("Cookie: {}", target.cookie)]);
    let report = said(wrk.args(more).arg(url), "")?;
    if let Some(errors) = report.lines().find(|line| line.contains("Non-2xx") || line.contains("Socket errors")) {
        bail!("{}{}: {}", target.address, target.path, errors.trim());
    }
    let field = |name: &str| {
        let line = report.lines().find_map(|line| line.trim().strip_prefix(name));
        line.map(str::trim).with_context(|| format!("wrk did not tell {name}: {report}"))
    };
    Ok(Load {
        per_second: field("Requests/sec:")?.parse()?,
        p50: milliseconds(field("50%")?)?,
        p99: milliseconds(field("99%")?)?,
    })
}

/// Reads `1.23ms`, `45us` or `1.2s`.
fn milliseconds(text: &str) -> Result<f64> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let factor = match unit {
        "us" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        _ => bail!("wrk said {text:?}"),
    };
    let number: f64 = text.trim_end_matches(unit).parse()?;
    Ok(number * factor)
}

/// So many requests a second for so many seconds, each due at its own time: what comes late because the one before it was
/// slow counts as slow itself.
pub(super) fn steady(target: &Target, per_second: f64, seconds: f64) -> Result<Load> {
    const CONNECTIONS: u32 = 16;
    let step = Duration::from_secs_f64(f64::from(CONNECTIONS) / per_second);
    let start = Instant::now() + Duration::from_millis(100);
    let end = start + Duration::from_secs_f64(seconds);
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let target = target.clone();
            let first = start + step * number / CONNECTIONS;
            thread::spawn(move || one_of_many(&target, first, step, end))
        })
        .collect();
    let mut took = Vec::new();
    for thread in threads {
        match thread.join() {
            Ok(times) => took.extend(times?),
            Err(_) => bail!("a connection was given up"),
        }
    }
    let at = |share: f64| quantile(took.clone(), share);
    Ok(Load { per_second: took.len() as f64 / seconds, p50: at(0.5), p99: at(0.99) })
}

#[expect(clippy::disallowed_methods, reason = "a request is due at a time, not after an event")]
fn one_of_many(target: &Target, first: Instant, step: Duration, end: Instant) -> Result<Vec<f64>> {
    let mut connection = Connection::open(&target.address)?;
    let request = target.request();
    let (mut due, mut took) = (first, Vec::new());
    while due < end {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let answer = connection.send(&request)?;
        anyhow::ensure!(answer.status == 200, "{}: {}", target.path, answer.status);
        took.push(due.elapsed().as_secs_f64() * 1e3);
        due += step;
    }
    Ok(took)
}

/// An answer, and after how many milliseconds it came.
pub(super) struct Timed {
    pub(super) status: u16,
    pub(super) says_when: bool,
    pub(super) took: f64,
}

/// Sends these requests over so many connections, so many a second whatever the answers.
pub(super) fn storm(
    address: &str,
    connections: u32,
    per_second: f64,
    seconds: f64,
    request: impl Fn(u32) -> String + Clone + Send + 'static,
) -> Result<Vec<Timed>> {
    let step = Duration::from_secs_f64(f64::from(connections) / per_second);
    let start = Instant::now() + Duration::from_millis(100);
    let end = start + Duration::from_secs_f64(seconds);
    let threads: Vec<_> = (0..connections)
        .map(|number| {
            let (request, address) = (request.clone(), address.to_owned());
            let first = start + step * number / connections;
            thread::spawn(move || {
                let numbers = (0..).map(|round| round * connections + number);
                some_of_a_storm(&address, numbers.map(request), first, step, end)
            })
        })
        .collect();
    let mut answers = Vec::new();
    for thread in threads {
        match thread.join() {
            Ok(some) => answers.extend(some?),
            Err(_) => bail!("a connection was given up"),
        }
    }
    Ok(answers)
}

#[expect(clippy::disallowed_methods, reason = "a request is due at a time, not after an event")]
fn some_of_a_storm(
    address: &str,
    requests: impl Iterator<Item = String>,
    first: Instant,
    step: Duration,
    end: Instant,
) -> Result<Vec<Timed>> {
    let mut connection = Connection::open(address)?;
    let (mut due, mut answers) = (first, Vec::new());
    for request in requests {
        if due >= end {
            break;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let answer = connection.send(&request)?;
        let took = due.elapsed().as_secs_f64() * 1e3;
        answers.push(Timed { status: answer.status, says_when: answer.says_when, took });
        due += step;
    }
    Ok(answers)
}

/// The value that this share of the values does not exceed.
pub(super) fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn what_wrk_says_is_read() {
        let read: Vec<f64> = ["1.5ms", "250us", "2.0s"].into_iter().flat_map(milliseconds).collect();
        assert_eq!(read, [1.5, 0.25, 2000.0]);
        assert!(milliseconds("1.5h").is_err());
    }
}
