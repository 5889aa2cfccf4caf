//! The decisions of staff about an unmatched claim.

use anyhow::Context;

use super::{
    ASSIGNED, NOT_WANTED, WAITS_AGAIN,
    matching::{covered, place},
    queries,
};
use crate::{
    core::{
        app::App,
        audit::{self, Subject},
        scope::StaffScope,
    },
    features::{
        expenses::{by_hand, judging::why_not_taken},
        imports::{self, BatchState, Source},
    },
};

/// The reason why a claim was not assigned.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unassigned {
    /// It does not wait any more.
    #[error("the claim does not wait")]
    NotWaiting,
    /// In words for staff.
    #[error("{0}")]
    Refused(String),
}

/// Assigns a claim to a member with coverage in its month. Returns the batch of the new row: the claim's own batch if it is staged,
/// otherwise the batch that collects changes by hand.
///
/// # Errors
/// [`Unassigned`], or if the database does not answer.
pub(super) async fn assign_to(
    app: &App,
    staff: &StaffScope,
    claim_id: i64,
    member_id: i64,
    reason: &str,
) -> anyhow::Result<i64> {
    let scope = &staff.acting();
    let refused = |words: &str| anyhow::Error::from(Unassigned::Refused(words.to_owned()));
    let mut tx = app.db.begin().await?;
    imports::one_chunk_at_a_time(&mut tx, scope).await?;
    let claim = queries::waiting(&mut tx, scope, claim_id).await?.ok_or(Unassigned::NotWaiting)?;
    let person = covered(&mut tx, scope, member_id, claim.record.hint.month).await?;
    let (person, name) = person.ok_or_else(|| refused("この人は、診療年月に資格がありません。"))?;
    let state = imports::batch_state(&mut tx, scope, claim.batch_id).await?.context("the claim's batch")?;
    let placed_in = match state {
        BatchState::Staged => {
            let placed = place(app, &mut tx, scope, claim.batch_id, &[(&claim, person)]).await?;
            if let Some(why) = placed.refused.first() {
                return Err(refused(why));
            }
            claim.batch_id
        }
        BatchState::Published => {
            let meant = (claim.claim_key.clone(), person, &claim.record);
            if let Some(why) = why_not_taken(&mut tx, scope, meant).await? {
                return Err(refused(&why));
            }
            let batch_id = by_hand::batch(app, &mut tx, scope).await?;
            let change = by_hand::ClaimChange {
                key: &claim.claim_key,
                person,
                record: &claim.record,
                act: by_hand::ClaimAction::Assigned,
                reason,
            };
            by_hand::add(app, &mut tx, scope, batch_id, &change).await?;
            queries::placed(&mut tx, scope, batch_id, app.clock.now(), [claim_id].into_iter()).await?;
            imports::no_longer_unmatched(&mut tx, scope, claim.batch_id, claim.record.line).await?;
            batch_id
        }
        BatchState::Reading | BatchState::Withdrawn => {
            return Err(refused("この請求を取り込んだファイルは、まだ取込中か、取り下げられています。"));
        }
    };
    queries::decided(&mut tx, scope, claim_id, (&staff.name, reason), app.clock.now()).await?;
    let detail = format!("取込{} {}、理由: {reason}", claim.batch_id, Source::line_in_words(claim.record.line));
    audit::record(app, &mut tx, scope, ASSIGNED, Some(&Subject::new("member", member_id, name)), &detail).await?;
    tx.commit().await?;
    Ok(placed_in)
}

/// Refuses an unmatched claim, for this reason: it waits no more.
///
/// # Errors
/// [`Unassigned::NotWaiting`], or where the database does not answer.
pub(super) async fn discard_claim(app: &App, staff: &StaffScope, claim_id: i64, reason: &str) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    imports::one_chunk_at_a_time(&mut tx, &staff.acting()).await?;
    let claim = queries::waiting(&mut tx, staff, claim_id).await?.ok_or(Unassigned::NotWaiting)?;
    queries::refuse(&mut tx, staff, claim_id, (&staff.name, reason), app.clock.now()).await?;
    let subject = Subject::new("batch", claim.batch_id, format!("取込{}", claim.batch_id));
    let detail = format!("{}、理由: {reason}", Source::line_in_words(claim.record.line));
    audit::record(app, &mut tx, staff, NOT_WANTED, Some(&subject), &detail).await?;
    Ok(tx.commit().await?)
}

/// Refuses all unmatched claims of a batch, for this reason; returns their number.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn discard_claims_of_batch(
    app: &App,
    staff: &StaffScope,
    batch_id: i64,
    reason: &str,
) -> anyhow::Result<u64> {
    let mut tx = app.db.begin().await?;
    imports::one_chunk_at_a_time(&mut tx, &staff.acting()).await?;
    let count = queries::refuse_batch(&mut tx, staff, batch_id, (&staff.name, reason), app.clock.now()).await?;
    let subject = Subject::new("batch", batch_id, format!("取込{batch_id}"));
    audit::record(app, &mut tx, staff, NOT_WANTED, Some(&subject), &format!("{count}件、理由: {reason}")).await?;
    tx.commit().await?;
    Ok(count)
}

/// Lets a refused claim wait again.
///
/// # Errors
/// [`Unassigned::NotWaiting`] if it was not refused, or if the database does not answer.
pub(super) async fn reopen_claim(app: &App, staff: &StaffScope, claim_id: i64) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    let batch_id = queries::wait_again(&mut tx, staff, claim_id).await?.ok_or(Unassigned::NotWaiting)?;
    let subject = Subject::new("batch", batch_id, format!("取込{batch_id}"));
    audit::record(app, &mut tx, staff, WAITS_AGAIN, Some(&subject), "").await?;
    Ok(tx.commit().await?)
}
