//! The SQL of coverages by member, and of those whom a claim may mean.

use std::collections::BTreeSet;

use yui_db::{DbError, Param, Tx, params, statements};

use super::{Coverage, CoverageRow, MEMBER_OF_HOLDER, MEMBER_OF_KEYS, MemberId};
use crate::{
    core::society::InSociety,
    features::register::{Hint, similarity::lookup_key},
};

statements! {
    COVERAGE_OF_MEMBER = "
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
    let members: Vec<_> = members.iter().copied().map(Param::from).collect();
    let covered: Vec<CoverageRow> = tx.all_among(&COVERAGE_OF_MEMBER, params![scope.society_id()], &members).await?;
    Ok(covered.into_iter().map(Coverage::from).collect())
}

/// Returns the coverages of everybody whom these hints may mean: known under their numbers, or of their birth date, sex and name.
pub(crate) async fn alike(tx: &mut Tx, scope: &impl InSociety, hints: &[&Hint]) -> Result<Vec<Coverage>, DbError> {
    let holders: BTreeSet<_> = hints.iter().map(|hint| hint.holder_key.clone()).collect();
    let holders: Vec<_> = holders.into_iter().map(Param::from).collect();
    let keys: BTreeSet<_> =
        hints.iter().filter_map(|hint| Some(lookup_key(hint.birth_date?, hint.sex?, hint.kana.as_deref()?))).collect();
    let keys: Vec<_> = keys.into_iter().map(Param::from).collect();
    let under: Vec<MemberId> = tx.all_among(&MEMBER_OF_HOLDER, params![scope.society_id()], &holders).await?;
    let named: Vec<MemberId> = tx.all_among(&MEMBER_OF_KEYS, params![scope.society_id()], &keys).await?;
    let members: BTreeSet<_> = under.iter().chain(&named).map(|row| row.member_id).collect();
    coverages_of(tx, scope, &members.into_iter().collect::<Vec<_>>()).await
}
