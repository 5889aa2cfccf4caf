//! The anchors of account events in the society's audit log. Members write `account_events` many at a time and cannot
//! wait for the end of one chain, so each hour the housekeeping hashes the events since the last anchor and writes one
//! entry of the log with the last event's number and the hash of all of them. A change or removal after that hour is
//! found ([`verify_events`]).

use yui_db::DbError;

use super::queries::{self, EventRow};
use crate::core::{
    app::App,
    audit::{self, BEGINNING, EntryContent, Subject},
    random::hex,
    scope::SystemScope,
    society::InSociety,
};

audit::acts! {
    /// The events of accounts up to one of them were tied to the log.
    EVENTS_BOUND = "account.events_bound" / "アカウントの履歴を固定";
}

/// The subject of the log's entries about anchors.
const SUBJECT: &str = "account_events";

/// The number of events that are read together.
const PORTION: i64 = 2_000;

/// The result of verifying the events of a society's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    /// Unchanged up to the event of this number; later events are not anchored yet.
    Whole(i64),
    /// One of the events from the first number to the second, both included, was changed, removed or inserted.
    Changed(i64, i64),
}

/// Anchors the events of every society's accounts in its log. Without sealing keys there is no log. An error at one
/// society is logged and does not stop the others.
///
/// # Errors
/// Where the database does not answer, or it went wrong at a society.
pub async fn anchor_events(app: &App) -> anyhow::Result<()> {
    if app.keys().is_err() {
        return Ok(());
    }
    let mut failed = 0;
    for scope in SystemScope::of_all(app, "housekeeping").await? {
        if let Err(error) = bind(app, &scope).await {
            let society = scope.society_id();
            tracing::error!(society, "account events could not be anchored: {error:#}");
            failed += 1;
        }
    }
    anyhow::ensure!(failed == 0, "it went wrong at {failed} societies");
    Ok(())
}

async fn bind(app: &App, scope: &SystemScope) -> anyhow::Result<()> {
    let newest = audit::newest_of(&app.db, scope, SUBJECT).await?;
    let (from, before) = newest.map_or((0, hex(&BEGINNING)), |entry| (entry.subject_id.unwrap_or(0), entry.detail));
    let (through, hash) = follow(app, scope, (from, before), i64::MAX).await?;
    if through > from {
        let subject = Subject::new(SUBJECT, through, format!("{through}件目まで"));
        audit::seen(app, scope, EVENTS_BOUND, Some(&subject), &hash).await?;
    }
    Ok(())
}

/// Hashes the events of the society's accounts and compares the result with the log's anchors.
///
/// # Errors
/// Where the database does not answer.
pub async fn verify_events(app: &App, scope: &SystemScope) -> Result<Events, DbError> {
    let (mut through, mut hash) = (0, hex(&BEGINNING));
    while let Some(entry) = audit::next_of(&app.db, scope, SUBJECT, through).await? {
        let bound = entry.subject_id.unwrap_or(through);
        let (_, found) = follow(app, scope, (through, hash), bound).await?;
        if found != entry.detail {
            return Ok(Events::Changed(through + 1, bound));
        }
        (through, hash) = (bound, found);
    }
    Ok(Events::Whole(through))
}

/// Hashes the events after this one, whose hash is known, up to that one; returns the last event and its hash.
async fn follow(
    app: &App,
    scope: &SystemScope,
    (mut last, mut hash): (i64, String),
    through: i64,
) -> Result<(i64, String), DbError> {
    loop {
        let events = queries::events_after(&app.db, scope, (last, through), PORTION).await?;
        for event in &events {
            hash = hex(&entry_content(scope, event).hash(hash.as_bytes()));
            last = event.event_id;
        }
        if events.is_empty() {
            return Ok((last, hash));
        }
    }
}

fn entry_content<'a>(scope: &SystemScope, event: &'a EventRow) -> EntryContent<'a> {
    EntryContent {
        society_id: scope.society_id(),
        entry_id: event.event_id,
        at: event.at,
        actor_kind: &event.actor,
        actor_id: None,
        actor_name: "",
        address: event.address.as_deref(),
        act: &event.kind,
        subject_kind: Some("account"),
        subject_id: Some(event.account_id),
        subject_name: None,
        detail: event.detail.as_deref(),
    }
}
