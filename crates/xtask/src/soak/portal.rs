//! A portal under failure: asked as members and machines ask it, each answer noted.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::process::Process;
use super::{pause, until};
use crate::bench::crowd::user_id;
use crate::bench::data::Register;
use crate::bench::http::{Answer, Connection, Target, form_request};
use crate::bench::place::{Folder, HOST, PASSWORD, Place, USER};

/// The number of households of the society.
const HOUSEHOLDS: u64 = 200;

/// The time that a request waits for the database in these portals.
const PATIENCE_S: u32 = 2;

/// The time within which every request has to be answered: that, and the delay of a loaded machine.
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// The time within which a portal has to be well again once nothing fails any more.
pub(super) const WELL_WITHIN: Duration = Duration::from_secs(20);

/// A society of two hundred households, everybody enrolled.
pub(super) fn settled(folder: &Folder, program: &Path, url: String) -> Result<Place> {
    let place = Place::new(program, folder, url)
        .with("YUI_TRUSTED_PROXIES", "127.0.0.1")
        .with("YUI_DATABASE_TIMEOUT", PATIENCE_S.to_string());
    place.settle(&Register { households: HOUSEHOLDS }, &folder.path("register.csv"))?;
    place.enrol_everybody(1, "soak")?;
    Ok(place)
}

/// A portal that serves.
pub(super) struct Portal {
    pub(super) process: Process,
    pub(super) address: String,
    members: Vec<u64>,
    come: AtomicU32,
    noted: Mutex<Noted>,
}

/// The answers so far.
#[derive(Default)]
struct Noted {
    asked: u32,
    unavailable: u32,
    longest: Duration,
    wrong: Vec<String>,
    /// The cookies of those whose login was answered as good.
    sessions: Vec<String>,
}

impl Portal {
    /// Starts `yui serve` on the place, by this command.
    pub(super) fn start(place: &Place, members: Vec<u64>, command: &mut Command, log: &Path) -> Result<Self> {
        let process = Process::start(command, log).with_context(|| place.url.clone())?;
        let address = process.ready.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Ok(Self { process, address, members, come: AtomicU32::new(0), noted: Mutex::default() })
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request; notes how it was answered: a 503 has to say when to come again, and nothing else may be 5xx.
    fn ask(&self, what: &str, request: &str) -> Result<Answer> {
        let begun = Instant::now();
        let answer = Connection::open(&self.address).and_then(|mut open| open.send(request));
        let took = begun.elapsed();
        let answer = answer.with_context(|| format!("{what}, after {:.1} s", took.as_secs_f64()))?;
        let mut noted = self.noted();
        noted.asked += 1;
        noted.longest = noted.longest.max(took);
        noted.unavailable += u32::from(answer.status == 503);
        if took > ANSWERED_WITHIN {
            noted.wrong.push(format!("{what} was answered after {:.1} s", took.as_secs_f64()));
        }
        if answer.status >= 500 && answer.status != 503 {
            noted.wrong.push(format!("{what} was answered {}", answer.status));
        }
        drop(noted);
        Ok(answer)
    }

    fn members_answer(&self, what: &str, request: &str) -> Result<Answer> {
        let answer = self.ask(what, request)?;
        if answer.status == 503 && !answer.says_when {
            self.noted().wrong.push(format!("{what} was answered 503 without Retry-After"));
        }
        Ok(answer)
    }

    /// Logs in the next member; returns the status.
    pub(super) fn log_in(&self) -> Result<u16> {
        let come = self.come.fetch_add(1, Ordering::Relaxed);
        let member = self.members.get(come as usize % self.members.len().max(1)).context("members")?;
        self.log_in_as(&user_id("soak", *member), come)
    }

    /// Logs in whom the first household's account is of.
    pub(super) fn log_in_first(&self) -> Result<u16> {
        self.log_in_as(USER, self.come.fetch_add(1, Ordering::Relaxed))
    }

    fn log_in_as(&self, user_id: &str, come: u32) -> Result<u16> {
        let from = format!("X-Forwarded-For: 198.18.{}.{}\r\n", come / 250 % 250, come % 250);
        let form = format!("user_id={user_id}&password={PASSWORD}");
        let answer = self.members_answer("a login", &form_request(HOST, "/login", &from, &form))?;
        if answer.status == 303
            && let Some(cookie) = answer.cookies.iter().find(|cookie| cookie.starts_with("yui_session="))
        {
            self.noted().sessions.push(cookie.clone());
        }
        Ok(answer.status)
    }

    /// Asks for a page of the member who has this cookie; returns the status.
    pub(super) fn page(&self, cookie: &str) -> Result<u16> {
        Ok(self.members_answer("a member's page", &self.get("/expenses", cookie))?.status)
    }

    pub(super) fn login_page(&self) -> Result<u16> {
        Ok(self.members_answer("the login page", &self.get("/login", ""))?.status)
    }

    pub(super) fn ready(&self) -> Result<u16> {
        Ok(self.ask("/readyz", &self.get("/readyz", ""))?.status)
    }

    fn get(&self, path: &str, cookie: &str) -> String {
        let (address, host) = (self.address.clone(), HOST.to_owned());
        Target { address, host, path: path.to_owned(), cookie: cookie.to_owned() }.request()
    }

    /// A member who is signed in: the cookie.
    pub(super) fn member(&self) -> Result<String> {
        let status = self.log_in()?;
        anyhow::ensure!(status == 303, "a login was answered {status} before anything failed");
        self.noted().sessions.last().cloned().context("a login without a session")
    }

    /// Looks until logins, pages and readiness are as they were; returns how long that took.
    pub(super) fn well(&self, cookie: &str) -> Result<Duration> {
        until("logins, pages and /readyz are well again", WELL_WITHIN, || {
            Ok(self.log_in()? == 303 && self.page(cookie)? == 200 && self.ready()? == 200)
        })
    }

    /// Does this while /healthz is asked all the time, which always has to be 200, at once.
    pub(super) fn alive_during<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let health = scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let answered = self.ask("/healthz", &self.get("/healthz", ""));
                    match answered {
                        Ok(answer) if answer.status == 200 => {}
                        Ok(answer) => self.noted().wrong.push(format!("/healthz was answered {}", answer.status)),
                        Err(error) => self.noted().wrong.push(format!("{error:#}")),
                    }
                    pause(Duration::from_millis(100));
                }
            });
            let done = work();
            over.store(true, Ordering::Relaxed);
            let watched = health.join().is_ok();
            anyhow::ensure!(watched, "/healthz was not watched to the end");
            done
        })
    }

    /// Returns the checks of the answers, in words.
    ///
    /// # Errors
    /// If any of them was not as it has to be, or a session is lost whose login was answered as good.
    pub(super) fn verdict(&self) -> Result<Vec<String>> {
        let sessions = self.noted().sessions.clone();
        for session in &sessions {
            let status = self.page(session)?;
            anyhow::ensure!(status == 200, "a session is lost: its page is answered {status}");
        }
        let noted = self.noted();
        anyhow::ensure!(noted.wrong.is_empty(), "{}\n{}", noted.wrong.join("\n  "), self.process.said());
        Ok(vec![
            format!(
                "{} requests, {} of them 503 with Retry-After, none another 5xx; the slowest took {:.1} s",
                noted.asked,
                noted.unavailable,
                noted.longest.as_secs_f64()
            ),
            "/healthz 200 all the time".to_owned(),
            format!("{} sessions whose login was answered as good are there", sessions.len()),
        ])
    }
}
