//! The SQL of coverages by member, and of those whom a claim may mean.

use std::collections::BTreeSet;

use yui_db::{DbError, Tx, statements};

use super::{Coverage, CoverageRow, MemberId};
use crate::{
    core::society::InSociety,
    features::register::{Hint, similarity::lookup_key},
};

statements! {
    fn covered_after(society_id: i64, after: i64, most: i64) -> MemberId = "
        SELECT DISTINCT member_id FROM coverages
        WHERE society_id = $1 AND member_id > $2 AND to_date IS NULL
        ORDER BY member_id LIMIT $3";
    fn coverage_of_member(society_id: i64, members: &[i64]) -> CoverageRow = "
        SELECT c.member_id, c.household_id, c.holder_key, c.branch, c.relationship, c.from_date, c.to_date,
            m.name, m.kana, m.sex, m.birth_date
        FROM coverages c
        JOIN members m ON m.society_id = c.society_id AND m.member_id = c.member_id
        WHERE c.society_id = $1 AND c.member_id IN ($2)";
}

/// Returns the coverages of these members.
pub(crate) async fn coverages_of(
    tx: &mut Tx,
    scope: &impl InSociety,
    members: &[i64],
) -> Result<Vec<Coverage>, DbError> {
    let covered: Vec<CoverageRow> = tx.all(Sql::coverage_of_member(scope.society_id(), members)).await?;
    Ok(covered.into_iter().map(Coverage::from).collect())
}

/// Returns the coverages of everybody whom these hints may mean: known under their numbers, or of their birth date, sex and name.
pub(crate) async fn alike(tx: &mut Tx, scope: &impl InSociety, hints: &[&Hint]) -> Result<Vec<Coverage>, DbError> {
    let holders: BTreeSet<_> = hints.iter().map(|hint| hint.holder_key.clone()).collect();
    let keys: BTreeSet<_> =
        hints.iter().filter_map(|hint| Some(lookup_key(hint.birth_date?, hint.sex?, hint.kana.as_deref()?))).collect();
    let under: Vec<MemberId> = tx.all(super::Sql::member_of_holder(scope.society_id(), &holders)).await?;
    let named: Vec<MemberId> = tx.all(super::Sql::member_of_keys(scope.society_id(), &keys)).await?;
    let members: BTreeSet<_> = under.iter().chain(&named).map(|row| row.member_id).collect();
    coverages_of(tx, scope, &members.into_iter().collect::<Vec<_>>()).await
}

/// Returns the next members after this one whose coverage has no end, in order, up to this number.
pub(in super::super) async fn covered_after(
    tx: &mut Tx,
    scope: &impl InSociety,
    after: i64,
    most: i64,
) -> Result<Vec<i64>, DbError> {
    let rows: Vec<MemberId> = tx.all(Sql::covered_after(scope.society_id(), after, most)).await?;
    Ok(rows.into_iter().map(|row| row.member_id).collect())
}
