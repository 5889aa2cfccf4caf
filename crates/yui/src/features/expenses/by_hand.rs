//! Changes of single claims by hand: they are collected in a batch that is published and withdrawn like a file (docs/decisions/0036).

mod act;

use yui_db::{Tx, Values};

pub(super) use self::act::ClaimAction;
use super::{
    incoming::Record,
    judging::JudgedRow,
    kind::ExpenseFiles,
    placing::MatchedPerson,
    queries::{self, hand},
};
use crate::{
    core::{
        app::App,
        scope::SystemScope,
        society::{Guarded, InSociety},
    },
    features::{
        approvals,
        imports::{self, HandChange},
    },
    ui::format,
};

/// A change of one claim.
pub(super) struct ClaimChange<'c> {
    pub(super) key: &'c [u8],
    pub(super) person: MatchedPerson,
    /// The content of the claim after the change.
    pub(super) record: &'c Record,
    pub(super) act: ClaimAction,
    pub(super) reason: &'c str,
}

/// Returns the batch that collects changes by hand; a new one if none waits, or if the one that waits is submitted for
/// approval.
pub(super) async fn batch(app: &App, tx: &mut Tx, scope: &SystemScope) -> anyhow::Result<i64> {
    if let Some(open) = imports::hand_batch_open(tx, scope, &ExpenseFiles).await?
        && approvals::open_about(app, scope, Guarded::Publication, open).await?.is_none()
    {
        return Ok(open);
    }
    let day = app.clock.today().strftime("%Y-%m-%d");
    imports::hand_batch(app, tx, scope, &ExpenseFiles, &format!("手作業の変更（{day}）")).await
}

/// Adds a change to the batch; one of the same claim that waits in it is replaced.
pub(super) async fn add(
    app: &App,
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    change: &ClaimChange<'_>,
) -> anyhow::Result<()> {
    let ClaimChange { key, person, record, act, reason } = change;
    remove(tx, scope, batch_id, key).await?;
    let corrects = !queries::versions_of(tx, scope, &[key.to_vec()]).await?.is_empty();
    let row =
        JudgedRow { key: key.to_vec(), person: *person, record, corrects, replaces: *act == ClaimAction::Withdrawn };
    let mut values = Values::default();
    row.push_to(&mut values, scope.society_id(), batch_id);
    tx.bulk_insert(&queries::EXPENSES, values).await?;
    let by = scope.actor.name.as_str();
    hand::change_insert(tx, scope, (batch_id, key), (act.as_str(), reason, by), app.clock.now()).await?;
    count(tx, scope, batch_id).await
}

/// Takes the change of a claim out of a batch that waits.
pub(super) async fn remove(tx: &mut Tx, scope: &SystemScope, batch_id: i64, key: &[u8]) -> anyhow::Result<()> {
    hand::change_delete(tx, scope, batch_id, key).await?;
    count(tx, scope, batch_id).await
}

/// Counts the batch's rows again.
pub(super) async fn count(tx: &mut Tx, scope: &SystemScope, batch_id: i64) -> anyhow::Result<()> {
    let counts = hand::counts(tx, scope, batch_id).await?;
    Ok(imports::hand_batch_count(tx, scope, batch_id, counts).await?)
}

/// Returns the first changes of a batch by hand; none of a batch that is a file.
pub(crate) async fn changes(app: &App, scope: &SystemScope, batch_id: i64) -> anyhow::Result<Vec<HandChange>> {
    let rows = hand::changes(&app.db, scope, batch_id, SHOWN).await?;
    Ok(rows.into_iter().filter_map(|row| shown(batch_id, row)).collect())
}

/// The number of changes on a page.
const SHOWN: i64 = 100;

fn shown(batch_id: i64, row: hand::ChangeRow) -> Option<HandChange> {
    let act = ClaimAction::parse(&row.act)?;
    let yen = |total: i64, self_pay: i64| format!("総額{}円・自己負担{}円", format::yen(total), format::yen(self_pay));
    let new = match act {
        ClaimAction::Withdrawn => "取消".to_owned(),
        ClaimAction::Assigned | ClaimAction::Corrected => yen(row.total, row.self_pay),
    };
    let amounts = match row.old_total.zip(row.old_self_pay) {
        Some((total, self_pay)) => format!("{} → {new}", yen(total, self_pay)),
        None => new,
    };
    Some(HandChange {
        path: super::claims::path(batch_id, &row.claim_key),
        act: act.label(),
        who: row.patient.clone(),
        care: row.care()?,
        amounts,
        reason: row.reason,
        by: row.changed_by,
        at: format::minute(row.changed_at),
    })
}
