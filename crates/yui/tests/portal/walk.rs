//! A random walk through logins, tabs and time beside a small model: no browser is ever signed in that has not made every
//! proof the model knows of.

use std::collections::HashSet;

use portal_test::portal_test;
use yui::{core::scope::SystemScope, features::account::staff};
use yui_db::Engine;

use crate::{
    enrolment::{NEW_PASSWORD, birth_date},
    support::{Browser, PASSWORD, Portal, encode},
};

/// Something a browser proved since it last began a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Proof {
    /// The password of the enrolled account.
    TaroPassword,
    /// A right code of its second factor.
    TaroCode,
    /// The temporary or the new password of the account that enrols.
    KariPassword,
    /// A right code mailed to that account, or the end of its enrolment in this browser.
    KariCode,
    /// The mailed link that sets a new password for the enrolled account.
    TaroLink,
}

/// The progress of the account that enrols, in any browser.
#[derive(Default)]
struct Enrolment {
    born: bool,
    agreed: bool,
    address: bool,
    chosen: bool,
    finished: bool,
}

struct Walk<'p> {
    portal: &'p Portal,
    rng: fastrand::Rng,
    browsers: Vec<(Browser, HashSet<Proof>)>,
    /// The account that each browser was signed in as after its last step.
    signed_in: Vec<Option<&'static str>>,
    enrolment: Enrolment,
    taro_password: &'static str,
    birth_date: String,
    trace: Vec<String>,
}

const PATHS: [&str; 16] = [
    "/",
    "/expenses",
    "/settings",
    "/login/continue",
    "/login/factor",
    "/login/password",
    "/login/terms",
    "/login/refused",
    "/factors",
    "/factors/later",
    "/enrolment/birth-date",
    "/enrolment/email",
    "/enrolment/email/sent",
    "/enrolment/user-id",
    "/enrolment/check",
    "/confirm",
];

impl Walk<'_> {
    /// Takes one random step in one random browser.
    async fn step(&mut self) {
        let at = self.rng.usize(..self.browsers.len());
        let (mut browser, mut proofs) = self.browsers[at].clone();
        let act = self.rng.u32(..19);
        self.trace.push(format!("browser {at}, act {act}"));
        match act {
            0 | 1 => {
                let answer = browser.log_in("testtaro01", self.taro_password).await;
                if answer.status == 303 && answer.location() != "/login" {
                    proofs.extend([Proof::TaroPassword]);
                    proofs.remove(&Proof::TaroCode);
                }
            }
            2 => drop(browser.log_in("testtaro01", "wrong-password").await),
            3 | 4 => {
                let (user_id, password) =
                    if self.enrolment.finished { ("own-id", NEW_PASSWORD) } else { ("kari000003", PASSWORD) };
                if browser.log_in(user_id, password).await.status == 303 {
                    proofs.insert(Proof::KariPassword);
                    proofs.remove(&Proof::KariCode);
                }
            }
            5 => {
                let right = self.rng.bool();
                let typed = if right { self.birth_date.clone() } else { "19500101".into() };
                let answer = browser.post("/enrolment/birth-date", &format!("birth_date={typed}")).await;
                self.enrolment.born |= right && answer.status == 303;
            }
            6 => {
                let page = browser.get("/login/terms").await;
                let version = page.attribute("input[name=version]", "value");
                let answer = browser.post("/login/terms", &format!("version={version}")).await;
                self.enrolment.agreed |= page.status == 200 && answer.status == 303;
            }
            7 => drop(browser.post("/enrolment/email", "email=kari.new%40mail.example").await),
            8 => {
                let mails = self.portal.mails().await;
                if mails.iter().any(|mail| mail["kind"] == "email_verify") {
                    let link = self.portal.mailed_link_of("email_verify").await;
                    let answer = browser.post(&link, "").await;
                    self.enrolment.address |= !answer.text().contains("リンクが無効です");
                }
            }
            9 => {
                let answer = browser.post("/enrolment/user-id", "user_id=own-id&factor=email").await;
                self.enrolment.chosen |= answer.location() == "/login/password";
            }
            10 => self.set_password(&mut browser, &mut proofs).await,
            11 | 12 => self.prove_app(&mut browser, &mut proofs).await,
            13 => self.prove_mail(&mut browser, &mut proofs).await,
            14 => {
                let mut stranger = self.portal.browser("minato");
                stranger.post("/forgotten/password", "user_id=testtaro01").await;
                let mails = self.portal.mails().await;
                if mails.iter().any(|mail| mail["kind"] == "password_reset") {
                    let link = self.portal.mailed_link_of("password_reset").await;
                    if browser.post(&link, "").await.status == 303 {
                        proofs.insert(Proof::TaroLink);
                        proofs.remove(&Proof::TaroCode);
                    }
                }
            }
            15 => {
                let seconds = *self.rng.choice(&[31, 120, 400, 1900, 90_000]).unwrap();
                assert!(self.portal.app.clock.advance(seconds));
            }
            16 => {
                browser.post("/logout", "").await;
                browser.post("/login/give-up", "").await;
            }
            17 => {
                let path = *self.rng.choice(&PATHS).unwrap();
                browser.get(path).await;
                browser.post(path, "version=1&user_id=x-y-z&factor=email&code=000000&device=1").await;
            }
            _ => {
                let scope = SystemScope::of_society(&self.portal.app, "minato").await.unwrap();
                for user_id in ["testtaro01", "kari000003", "own-id"] {
                    let _ = staff::unlock(&self.portal.app, &scope, user_id).await;
                }
            }
        }
        self.signed_in[at] = self.check(&mut browser, &proofs, self.signed_in[at]).await;
        self.browsers[at] = (browser, proofs);
    }

    async fn set_password(&mut self, browser: &mut Browser, proofs: &mut HashSet<Proof>) {
        let page = browser.get("/login/password").await;
        let whose = page.attribute("input[name=username]", "value");
        let new = if whose == "testtaro01" { "Yamabuki-3-rin" } else { NEW_PASSWORD };
        let typed = encode(new);
        let answer = browser.post("/login/password", &format!("new_password={typed}&new_password_again={typed}")).await;
        if page.status != 200 || answer.status != 303 {
            return;
        }
        if whose == "testtaro01" {
            assert!(proofs.contains(&Proof::TaroLink), "a password was set without the link: {:#?}", self.trace);
            self.taro_password = new;
            self.browsers.iter_mut().for_each(|(_, proofs)| {
                proofs.remove(&Proof::TaroPassword);
            });
        } else if answer.location() == "/" {
            self.enrolment.finished = true;
            // What others proved with the temporary pair proves nothing any more.
            self.browsers.iter_mut().for_each(|(_, proofs)| {
                proofs.remove(&Proof::KariPassword);
            });
            proofs.insert(Proof::KariCode);
        }
    }

    async fn prove_app(&mut self, browser: &mut Browser, proofs: &mut HashSet<Proof>) {
        let page = browser.get("/login/factor").await;
        let device = page.attribute("input[name=device]", "value");
        let right = self.rng.bool();
        let code = if right { self.portal.app_code(0) } else { "123456".into() };
        let answer = browser.post("/login/factor/app", &format!("device={device}&code={code}")).await;
        if right && !device.is_empty() && answer.status == 303 {
            proofs.insert(Proof::TaroCode);
        }
    }

    async fn prove_mail(&mut self, browser: &mut Browser, proofs: &mut HashSet<Proof>) {
        let page = browser.get("/login/factor?way=email").await;
        if !page.text().contains("/login/factor/email\"") {
            return;
        }
        let mails = self.portal.mails().await;
        if !mails.iter().any(|mail| mail["kind"] == "mail_code") {
            return;
        }
        let code = self.portal.mailed_code().await;
        let answer = browser.post("/login/factor/email", &format!("code={code}")).await;
        if answer.status == 303 && answer.location() != "/login" && answer.location() != "/login/refused" {
            proofs.insert(Proof::KariCode);
        }
    }

    /// A page behind the login is reached only after every proof.
    async fn check(
        &self,
        browser: &mut Browser,
        proofs: &HashSet<Proof>,
        before: Option<&'static str>,
    ) -> Option<&'static str> {
        let page = browser.get("/settings").await;
        if page.status != 200 {
            assert_eq!(page.status, 303);
            return None;
        }
        let whose = if page.text().contains("testtaro01") { "testtaro01" } else { "own-id" };
        let has = |proof| proofs.contains(&proof);
        let complete = if whose == "testtaro01" {
            (has(Proof::TaroPassword) || has(Proof::TaroLink)) && has(Proof::TaroCode)
        } else {
            let Enrolment { born, agreed, address, chosen, finished } = self.enrolment;
            born && agreed && address && chosen && finished && has(Proof::KariPassword) && has(Proof::KariCode)
        };
        let trace = &self.trace[self.trace.len().saturating_sub(40)..];
        assert!(before == Some(whose) || complete, "{whose} is signed in with {proofs:?} after {trace:#?}");
        Some(whose)
    }
}

#[portal_test]
async fn no_walk_reaches_a_session_without_every_proof(engine: Engine) {
    let mut reached = 0;
    for seed in 1..=2 {
        let portal = &Portal::demo(engine).await;
        for round in 0..2 {
            let fresh = || (portal.browser("minato"), HashSet::new());
            let mut walk = Walk {
                portal,
                rng: fastrand::Rng::with_seed(100 * seed + round),
                browsers: vec![fresh(), fresh(), fresh()],
                enrolment: Enrolment::default(),
                taro_password: PASSWORD,
                birth_date: birth_date(portal, "minato").await,
                trace: Vec::new(),
                signed_in: vec![None; 3],
            };
            if round > 0 {
                // The second walk meets what the first has left.
                walk.enrolment = Enrolment { born: true, agreed: true, address: true, chosen: true, finished: true };
            }
            for _ in 0..220 {
                walk.step().await;
                let (browser, _) = &walk.browsers[0];
                reached += usize::from(browser.clone().get("/settings").await.status == 200);
            }
        }
    }
    assert!(reached > 20, "the walks do get in now and then: {reached}");
}
