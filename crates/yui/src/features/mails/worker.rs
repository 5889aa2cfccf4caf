//! Delivering due mails. Any number of workers may run, in one process or many: a worker leases a mail before it sends
//! it.

use std::{convert::Infallible, time::Duration};

use anyhow::Context;
use futures::future::join_all;
use jiff::SignedDuration;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until},
};

use super::{
    queries::{self, LeasedMail, Settled},
    rules::{masked, wait_after},
    smtp::{DeliveryError, Envelope, SmtpSession, message},
};
use crate::core::{
    app::App,
    mail::{Sender, address::sender_address, mailer::Transport, outbox::opened},
    scope::SystemScope,
    society::InSociety,
};

/// The number of mails that a worker takes at a time.
const BATCH: i64 = 16;

/// The number of its connections to the mail server.
const LANES: usize = 4;

/// The time that a worker holds a mail without a heartbeat. A mail of a killed worker, perhaps with a code, waits at
/// most this long.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// The interval of heartbeats.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(8);

/// The time that a mail on its way may take once the process was told to stop; then it is put back.
const LAST: Duration = Duration::from_secs(5);

/// The interval at which it looks without being woken.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// The result of one delivery round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The number of mails delivered.
    pub sent: usize,
    /// The number of mails to be tried again.
    pub put_off: usize,
    /// The number of mails given up: they are on the list of `yui mail list --failed`.
    pub given_up: usize,
    /// Whether the round was cut short, as the mail server was not there or this process is to end: the other mails
    /// wait.
    pub stopped: bool,
}

impl Delivered {
    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.put_off += other.put_off;
        self.given_up += other.given_up;
        self.stopped |= other.stopped;
    }
}

/// Delivers until it is told to stop: when it is woken, and every few seconds.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    if matches!(app.mail.transport, Transport::Nobody) {
        tracing::warn!("YUI_SMTP_URL is not set: mail waits in the database");
    }
    let mut clock = tokio::time::interval(POLL_INTERVAL);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = app.mail.woken() => {}
            _ = clock.tick() => {}
        }
        if let Err(error) = deliver_until(&app, &stop).await {
            tracing::error!("mail delivery failed: {error:#}");
        }
        if *stop.borrow() {
            return;
        }
    }
}

/// Delivers all mail that is due, society after society, a few of each in turn.
///
/// # Errors
/// Where the database does not answer.
pub async fn deliver_due(app: &App) -> anyhow::Result<Delivered> {
    let (_, stop) = watch::channel(false);
    deliver_until(app, &stop).await
}

async fn deliver_until(app: &App, stop: &watch::Receiver<bool>) -> anyhow::Result<Delivered> {
    let mut all = Delivered::default();
    if matches!(app.mail.transport, Transport::Nobody) {
        return Ok(all);
    }
    let mut due = queries::societies_due(&app.db, app.clock.now()).await?;
    if due.is_empty() {
        return Ok(all);
    }
    let scopes = SystemScope::of_all(app, "mail worker").await?;
    while !due.is_empty() && !all.stopped {
        for scope in scopes.iter().filter(|scope| due.contains(&scope.society_id())) {
            all.add(deliver_batch(app, scope, stop).await?);
            if all.stopped {
                break;
            }
        }
        let left = queries::societies_due(&app.db, app.clock.now()).await?;
        // One whose society is left out for its broken policy stays due; it must not be asked for in vain for ever.
        due = left.into_iter().filter(|id| scopes.iter().any(|scope| scope.society_id() == *id)).collect();
    }
    Ok(all)
}

async fn deliver_batch(app: &App, scope: &SystemScope, stop: &watch::Receiver<bool>) -> anyhow::Result<Delivered> {
    let now = app.clock.now();
    let taken = queries::mails_take(&app.db, scope, now, now.checked_add(LEASE)?, BATCH).await?;
    let numbers: Vec<_> = taken.iter().map(|mail| (mail.mail_id, mail.tries)).collect();
    let mut lanes: Vec<Vec<LeasedMail>> = (0..LANES).map(|_| Vec::new()).collect();
    taken.into_iter().zip((0..LANES).cycle()).for_each(|(mail, lane)| lanes[lane].push(mail));
    let delivered = tokio::select! {
        delivered = join_all(lanes.into_iter().map(|lane| deliver_lane(app, scope, lane, stop))) => delivered,
        never = held(app, scope, &numbers) => match never {},
    };
    let mut all = Delivered::default();
    for lane in delivered {
        all.add(lane?);
    }
    Ok(all)
}

/// Sends heartbeats for the mails that are not settled yet.
async fn held(app: &App, scope: &SystemScope, mails: &[(i64, i32)]) -> Infallible {
    let mut clock = interval_at(Instant::now() + HEARTBEAT_INTERVAL, HEARTBEAT_INTERVAL);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let held = match app.clock.now().checked_add(LEASE) {
            Ok(until) => queries::mails_hold(&app.db, scope, mails, until).await,
            Err(_) => Ok(()),
        };
        if let Err(error) = held {
            tracing::warn!(society = scope.society_id(), "heartbeat failed for mails: {error}");
        }
    }
}

/// Delivers some mails one after the other, over one conversation as long as it lasts.
async fn deliver_lane(
    app: &App,
    scope: &SystemScope,
    mails: Vec<LeasedMail>,
    stop: &watch::Receiver<bool>,
) -> anyhow::Result<Delivered> {
    let mut delivered = Delivered::default();
    let mut session = None;
    for mail in mails {
        delivered.stopped |= *stop.borrow();
        let outcome = if delivered.stopped {
            None
        } else {
            tokio::select! {
                outcome = deliver(app, scope, &mail, &mut session) => Some(outcome),
                () = out_of_time(stop) => None,
            }
        };
        if let Some(Err(DeliveryError::NoServer(_))) = outcome {
            delivered.stopped = true;
        }
        let settled = settled(app, &mail, outcome)?;
        match &settled {
            Settled::Sent { .. } => delivered.sent += 1,
            Settled::PutOff { .. } => delivered.put_off += 1,
            Settled::GivenUp { .. } => delivered.given_up += 1,
            Settled::PutBack => {}
        }
        report(scope, &mail, &settled);
        if !queries::mail_settle(&app.db, scope, &mail, &settled).await? {
            tracing::warn!(
                society = scope.society_id(),
                mail = mail.mail_id,
                "another worker has taken this mail since"
            );
        }
    }
    if let Some(session) = session {
        SmtpSession::close(session).await;
    }
    Ok(delivered)
}

/// Returns some seconds after the process was told to stop.
async fn out_of_time(stop: &watch::Receiver<bool>) {
    let mut stop = stop.clone();
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody can tell any more.
        std::future::pending::<()>().await;
    }
    sleep_until(Instant::now() + LAST).await;
}

/// Sends one mail.
async fn deliver(
    app: &App,
    scope: &SystemScope,
    mail: &LeasedMail,
    session: &mut Option<SmtpSession>,
) -> Result<(), DeliveryError> {
    let Some(sealed) = &mail.sealed_content else { return Err(DeliveryError::Never("it has no content".into())) };
    let content = opened(app, scope, mail.mail_id, sealed)
        .context("unsealing")
        .map_err(|error| DeliveryError::NotNow(format!("{error:#}")))?;
    let Transport::Server(server, tls) = &app.mail.transport else { return Ok(()) };
    let envelope = Envelope {
        society: scope.society(),
        from: sender_address(app, scope.society(), Sender::parse(&mail.sender)),
        to: &mail.recipient,
        mail_id: mail.mail_id,
        created_at: mail.created_at,
        now: app.clock.now(),
        answered: Sender::parse(&mail.sender) != Sender::NoReply,
    };
    let message = message(&envelope, content).ok_or(DeliveryError::Never("its address is none".into()))?;
    let mut open = match session.take() {
        Some(open) => open,
        None => SmtpSession::open(app, scope.society(), server, tls.as_ref()).await?,
    };
    open.send(&message).await?;
    *session = Some(open);
    Ok(())
}

/// Returns the consequence of a try's result; none stands for a mail that was not tried.
fn settled(app: &App, mail: &LeasedMail, outcome: Option<Result<(), DeliveryError>>) -> anyhow::Result<Settled> {
    let now = app.clock.now();
    Ok(match outcome {
        None => Settled::PutBack,
        Some(Ok(())) => Settled::Sent { at: now, keep: app.demo.is_some() },
        Some(Err(DeliveryError::Never(why))) => Settled::GivenUp { at: now, why },
        Some(Err(DeliveryError::NotNow(why) | DeliveryError::NoServer(why))) => match wait_after(mail.tries) {
            Some(wait) => Settled::PutOff { due: now.checked_add(wait)?, why },
            None => Settled::GivenUp { at: now, why },
        },
    })
}

/// Logs the result of a try: never an address in full, a subject or a word of the mail.
fn report(scope: &SystemScope, mail: &LeasedMail, settled: &Settled) {
    let (society, id, kind, tries) = (scope.society_id(), mail.mail_id, &mail.kind, mail.tries);
    let to = masked(&mail.recipient);
    match settled {
        Settled::Sent { .. } => tracing::info!(society, mail = id, kind, to, tries, "mail delivered"),
        Settled::PutOff { due, why } => {
            tracing::warn!(society, mail = id, kind, to, tries, %due, "mail delayed: {why}");
        }
        Settled::GivenUp { why, .. } => tracing::error!(society, mail = id, kind, to, tries, "mail given up: {why}"),
        Settled::PutBack => {}
    }
}
