//! The SQL of which months have arrived.

use kenpo_formats::TreatmentMonth;
use yui_db::{Db, DbError, Tx, statements};

use crate::{
    core::society::InSociety,
    features::imports::{BatchState, Kind},
};

statements! {
    fn through_set(society_id: i64, batch_id: i64, through: Option<i32>, state: &str) = "
        UPDATE import_batches SET through_month = $3 WHERE society_id = $1 AND batch_id = $2 AND state = $4";
    fn arrived_with(society_id: i64, kind: &str) -> ArrivedWith = "
        SELECT batch_id, through_month AS month FROM import_batches
        WHERE society_id = $1 AND kind = $2 AND state = 'published' AND through_month IS NOT NULL
        ORDER BY through_month DESC, batch_id LIMIT 1";
}

/// Sets up to which month everything has arrived with a batch; returns false where it is not in this state.
pub(in super::super) async fn through_set(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    state: BatchState,
    through: Option<TreatmentMonth>,
) -> Result<bool, DbError> {
    Ok(tx
        .execute(Sql::through_set(scope.society_id(), batch_id, through.map(TreatmentMonth::number), state.as_str()))
        .await?
        == 1)
}

#[derive(yui_db::Row)]
struct ArrivedWith {
    batch_id: i64,
    month: Option<i32>,
}

/// Returns the published batch of a kind with which the newest month arrived, and that month.
pub(in super::super) async fn arrived_with(
    db: &Db,
    scope: &impl InSociety,
    kind: Kind,
) -> Result<Option<(i64, TreatmentMonth)>, DbError> {
    let row: Option<ArrivedWith> = db.optional(Sql::arrived_with(scope.society_id(), kind.as_str())).await?;
    Ok(row.and_then(|row| Some((row.batch_id, row.month.and_then(TreatmentMonth::from_number)?))))
}
