//! Clients that send half a head, half a body, or nothing, by the dozen: everybody else is served, and a stop ends in time.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};

use super::portal::{Portal, settled};
use super::{Length, Recovery, ground};

/// How many there are of each kind.
const CLIENTS: usize = 60;

/// How long requests under way have once the server was told to stop.
const STOP_S: u64 = 6;

/// How long the end may take in all: that, the last mail's time, and what a loaded machine adds.
const ENDED_WITHIN: Duration = Duration::from_secs(STOP_S + 4);

pub(super) fn run(length: Length) -> Result<Vec<(&'static str, Recovery)>> {
    let (folder, program) = ground()?;
    let place = settled(&folder, &program, format!("sqlite://{}", folder.path("yui.db").display()))?
        .with("YUI_STOP_TIMEOUT", STOP_S.to_string());
    let members = place.members(1)?;
    let serve = || Portal::start(&place, members.clone(), &mut place.command(&["serve"]), &folder.path("serve.log"));
    let mut portal = serve()?;
    let mut recoveries = Vec::new();
    for _ in 0..if length == Length::Whole { 3 } else { 1 } {
        let cookie = portal.member()?;
        let slow = slow(&portal.address)?;
        let checked = portal.alive_during(|| {
            for _ in 0..10 {
                let (page, login) = (portal.page(&cookie)?, portal.log_in()?);
                anyhow::ensure!((page, login) == (200, 303), "beside slow clients: a page {page}, a login {login}");
            }
            portal.verdict()
        });
        let mut checked = checked.context("slow clients")?;
        let (status, took) = portal.process.stop(ENDED_WITHIN)?;
        anyhow::ensure!(status.success(), "told to stop, it ended with {status}");
        checked.push(format!(
            "{} slow clients, pages 200 and logins 303 beside them; SIGTERM ended all after {:.1} s of {STOP_S} s",
            slow.len(),
            took.as_secs_f64()
        ));
        drop(slow);
        portal = serve()?;
        let after = portal.well(&cookie)?;
        recoveries.push(("slow clients and a stop", Recovery { after: took + after, checked }));
    }
    Ok(recoveries)
}

/// Connections that do not get on.
fn slow(address: &str) -> Result<Vec<TcpStream>> {
    let body = "POST /login HTTP/1.1\r\nHost: bench.localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Content-Length: 60\r\n\r\nuser";
    let mut slow = Vec::new();
    for words in ["GET /login HTTP/1.1\r\nhost: ", body, ""] {
        for _ in 0..CLIENTS {
            let mut stream = TcpStream::connect(address)?;
            stream.write_all(words.as_bytes())?;
            slow.push(stream);
        }
    }
    Ok(slow)
}
