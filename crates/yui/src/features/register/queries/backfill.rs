//! The SQL of search keys for members who were there before there were keys.

use yui_db::{DbError, Tx, statements};

use super::{MemberId, MemberRow, keys, with_spans};
use crate::core::society::InSociety;

statements! {
    fn backfill_next(society_id: i64) -> MemberId =
        "SELECT next_member_id AS member_id FROM member_search_backfill WHERE society_id = $1";
    fn backfill_set(society_id: i64, next_member_id: i64) =
        "UPDATE member_search_backfill SET next_member_id = $2 WHERE society_id = $1";
    fn backfill_done(society_id: i64) = "DELETE FROM member_search_backfill WHERE society_id = $1";
    // An UPDATE locks the rows on both engines: concurrent changes of these members wait until their keys are written.
    fn members_hold(society_id: i64, from: i64, most: i64) -> MemberRow = "
        UPDATE members SET name = name
        WHERE society_id = $1 AND member_id IN (
            SELECT next.member_id FROM members next
            WHERE next.society_id = $1 AND next.member_id >= $2
            ORDER BY next.member_id LIMIT $3)
        RETURNING member_id, person_key, name, kana, sex, birth_date, email";
}

/// Returns from which member on the keys of a society's members are still missing.
pub(in super::super) async fn backfill_next(tx: &mut Tx, scope: &impl InSociety) -> Result<Option<i64>, DbError> {
    let row: Option<MemberId> = tx.optional(Sql::backfill_next(scope.society_id())).await?;
    Ok(row.map(|row| row.member_id))
}

/// Writes the keys of the next so many members from this one on; returns how many that were and where to go on.
pub(in super::super) async fn backfill(
    tx: &mut Tx,
    scope: &impl InSociety,
    from: i64,
    most: i64,
) -> Result<(usize, Option<i64>), DbError> {
    let society = scope.society_id();
    let members: Vec<MemberRow> = tx.all(Sql::members_hold(society, from, most)).await?;
    let persons = with_spans(tx, scope, members).await?;
    let next = persons.iter().map(|person| person.member_id + 1).max();
    for person in &persons {
        for key in &keys(person) {
            tx.execute(super::Sql::key_keep(society, key, person.member_id)).await?;
        }
    }
    match next {
        Some(next) => tx.execute(Sql::backfill_set(society, next)).await?,
        None => tx.execute(Sql::backfill_done(society)).await?,
    };
    Ok((persons.len(), next))
}
