//! Everything a handler or a command may reach.

use std::{
    ops::Deref,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::sync::Notify;
use yui_auth::{
    password::{self, Cost, Hasher},
    seal::KeyRing,
};
use yui_db::{Db, Schema};
use yui_print::Fonts;

use super::{
    config::Config,
    files::Files,
    heavy::HeavyWork,
    mail::Mailer,
    rate_limit::RateLimiter,
    readiness::Readiness,
    slow_refusal::SlowRefusal,
    society::{Directory, Society},
    stopping::Stopping,
    work_signal::WorkSignal,
};
use crate::{
    core::{clock::Clock, random::Random},
    ui::Assets,
};

/// The running portal: shared, cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<AppParts>);

/// The parts of an [`App`].
#[derive(Debug)]
pub struct AppParts {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// The source of random numbers for secrets.
    pub random: Random,
    /// The queue of password checks.
    pub hasher: Hasher,
    /// The queue for whole logins.
    pub logins: HeavyWork,
    /// The queue for PDFs, workbooks and signatures.
    pub heavy: HeavyWork,
    /// The queue for searches and for lists of everything.
    pub searches: HeavyWork,
    /// The delay before the answer to a refused login.
    pub slow_refusal: SlowRefusal,
    /// The refusals that this process remembers without asking the database.
    pub rate_limiter: RateLimiter,
    /// The keys that seal secrets at rest; none if none are configured.
    pub keys: Option<KeyRing>,
    /// The fonts for PDFs; none if they are not installed, which is logged at the start.
    pub fonts: Option<Arc<Fonts>>,
    /// Style sheets and scripts.
    pub assets: Assets,
    /// The societies by host name.
    pub societies: Directory,
    /// The transport of mail, and the signal that wakes its worker.
    pub mail: Mailer,
    /// Wakes the worker that makes temporary credentials.
    pub pairs: Notify,
    /// Wakes the worker that writes announcements.
    pub announcements: Notify,
    /// The signal that wakes the workers on uploaded files.
    pub imports: WorkSignal,
    /// Uploaded files.
    pub files: Files,
    /// The result of the last write probe.
    pub readiness: Readiness,
    /// Whether this process was told to stop.
    pub stopping: Stopping,
    /// The installation's settings.
    pub config: Config,
    /// The demo's accounts and pages; none outside the demo.
    pub demo: Option<Demo>,
}

impl Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}

impl App {
    /// Connects to the database, brings it to this program's version and gathers the rest.
    ///
    /// # Errors
    /// Where the database cannot be reached or migrated, or the sealing keys or the mail server's roots cannot be read.
    pub async fn start(config: Config, demo: Option<Demo>) -> anyhow::Result<Self> {
        let clock = if demo.is_some() { Clock::Movable(AtomicI64::new(0)) } else { Clock::System };
        Self::start_with(config, demo, clock).await
    }

    /// As [`App::start`], with this clock.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_with(config: Config, demo: Option<Demo>, clock: Clock) -> anyhow::Result<Self> {
        let db = Db::at(config.database.address(true)).await?;
        db.migrate().await?;
        Self::on(db, config, demo, clock)
    }

    /// As [`App::start`], for commands that only read: makes no database and changes none.
    ///
    /// # Errors
    /// As [`App::start`], and where the database is not at this program's version.
    pub async fn start_reading(config: Config) -> anyhow::Result<Self> {
        let db = Db::at(config.database.address(false)).await?;
        if db.schema().await? != Schema::Current {
            bail!("the database is not at this program's version: run `yui migrate` first");
        }
        Self::on(db, config, None, Clock::System)
    }

    fn on(db: Db, config: Config, demo: Option<Demo>, clock: Clock) -> anyhow::Result<Self> {
        let folders = match config.fonts.as_slice() {
            [] => yui_print::DEFAULT_FONT_DIRS.iter().map(Into::into).collect(),
            folders => folders.to_vec(),
        };
        let fonts = Fonts::find(&folders).inspect_err(|error| tracing::warn!("no PDFs: {error}")).ok().map(Arc::new);
        let keys = config.keys.as_deref().map(KeyRing::parse).transpose().context("YUI_KEYS")?;
        let mail = Mailer::of(&config.mail, demo.is_some())?;
        let cost = demo.as_ref().map_or(Cost::Today, |demo| demo.password_cost);
        if cost == Cost::Today && password::engine() == password::Engine::Plain {
            tracing::warn!("the fast password hashing gives other digests on this machine: the plain one is used");
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let slow_refusal = SlowRefusal::new(&clock);
        Ok(Self(Arc::new(AppParts {
            db,
            clock,
            random: Random,
            hasher: Hasher::new(cores, cores * 32).with_cost(cost),
            logins: HeavyWork::of_logins(cores),
            // Half of the cores: the other half goes on with pages and passwords.
            heavy: HeavyWork::new((cores / 2).max(1)),
            searches: HeavyWork::new((cores / 2).max(1) + 1),
            slow_refusal,
            rate_limiter: RateLimiter::default(),
            keys,
            fonts,
            assets: Assets::gather(),
            societies: Directory::default(),
            mail,
            pairs: Notify::new(),
            announcements: Notify::new(),
            imports: WorkSignal::default(),
            files: Files::new(&config.files),
            readiness: Readiness::default(),
            stopping: Stopping::default(),
            config,
            demo,
        })))
    }

    /// Returns the address of a society's portal, without a slash at its end: `https://portal.example.jp`.
    pub fn portal_address(&self, society: &Society) -> String {
        let (http, host) = (&self.config.http, &society.host);
        let port = match &self.demo {
            Some(demo) => return format!("http://{host}:{}", demo.port),
            None => http.public_port.or((!http.https).then(|| http.listen.port())),
        };
        let (scheme, usual) = if http.https { ("https", 443) } else { ("http", 80) };
        match port.filter(|port| *port != usual) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }
    }
}

/// The part of a request's time limit that one statement of the database gets; the rest is for the work around it.
const OF_THE_DATABASE: f64 = 0.8;

impl AppParts {
    /// Returns how long a request waits for one statement.
    pub fn patience(&self) -> Duration {
        self.config.database.patience.mul_f64(OF_THE_DATABASE)
    }

    /// Returns the keys that seal secrets at rest.
    ///
    /// # Errors
    /// If none are configured.
    pub fn keys(&self) -> anyhow::Result<&KeyRing> {
        self.keys.as_ref().context("YUI_KEYS is not set, and secrets are only kept sealed: see docs/operating.md")
    }
}

/// The running demo.
#[derive(Clone, Debug)]
pub struct Demo {
    /// The port that the societies' addresses carry.
    pub port: u16,
    /// The cost of hashing the demo's passwords, which are on its first page.
    pub password_cost: Cost,
}
