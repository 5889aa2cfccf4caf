//! Claims of nobody in the register (照合待ち): kept until the register has the person, or staff say whom a claim means
//! (docs/decisions/0036).

mod deciding;
mod matching;
mod pages;
mod queries;
mod withdrawing;

pub(super) use matching::match_next;
pub(super) use pages::{assign, refuse, refuse_all, show, wait_again};
pub(super) use withdrawing::{unplaced, withdrawn};

use kenpo_formats::Fault;
use yui_db::Tx;

use super::{incoming::Record, names::PERSON};
use crate::{
    core::{
        app::App,
        audit::acts,
        scope::SystemScope,
        society::{InSociety, ids_take},
    },
    features::register,
};

acts! {
    /// Waiting claims were examined.
    UNMATCHED_SEEN = "expenses.unmatched_seen" / "照合待ちの請求を表示";
    /// The register had the persons of waiting claims by then.
    MATCHED = "expenses.matched" / "照合待ちの請求を台帳と照合";
    /// Staff said whom a claim means.
    ASSIGNED = "expenses.assigned" / "照合待ちの請求を加入者に割当て";
    /// Claims are not wanted.
    NOT_WANTED = "expenses.not_wanted" / "照合待ちの請求を取り込まず";
    /// … or wait again.
    WAITS_AGAIN = "expenses.waits_again" / "請求を照合待ちに戻す";
}

/// Where the waiting claims are shown.
pub(super) const PATH: &str = "/console/imports/unmatched";

/// How many claims of a batch are kept; the others are faults of their rows only.
const KEPT: i64 = 10_000;

const NOT_KEPT: &str = "台帳にいない人の請求は、1万件までを照合待ちとして残します。この行から先のものは、台帳を直してから、この取込を取り下げてもう一度取り込んでください。";

/// Keeps claims that a batch brought and that mean nobody, as many as are kept of a batch. Returns a notice about the first one that is not.
pub(super) async fn keep(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    unmatched: &[(Vec<u8>, &Record, &'static str)],
) -> anyhow::Result<Option<Fault>> {
    if unmatched.is_empty() {
        return Ok(None);
    }
    let room = usize::try_from((KEPT - queries::count_of_batch(tx, scope, batch_id).await?).max(0))?;
    let kept = unmatched.get(..room).unwrap_or(unmatched);
    let left_out = unmatched.get(kept.len());
    let first = ids_take(tx, scope, "unmatched claim", i64::try_from(kept.len())?).await?;
    let tried_at = register::change_count(tx, scope).await?;
    let records: Vec<_> = kept.iter().map(|(_, record, _)| serde_json::to_string(record)).collect::<Result<_, _>>()?;
    queries::insert(tx, scope, (batch_id, first, tried_at), kept, &records).await?;
    Ok(left_out.map(|(_, record, _)| record.finding(PERSON, NOT_KEPT)))
}

/// Returns how many claims wait.
pub(super) async fn count(app: &App, scope: &impl InSociety) -> Result<i64, yui_db::DbError> {
    queries::count_waiting(&app.db, scope).await
}

/// Returns the societies with claims that wait for a register that has changed since.
pub(super) async fn societies_due(app: &App) -> anyhow::Result<Vec<i64>> {
    Ok(queries::societies_due(&app.db).await?)
}

/// A claim that waits, read from the database.
#[derive(Clone, Debug)]
pub(super) struct UnmatchedClaim {
    claim_id: i64,
    batch_id: i64,
    claim_key: Vec<u8>,
    record: Record,
    reason: String,
}
