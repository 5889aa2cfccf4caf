//! The SQL of the faults and notices of batches.

use kenpo_formats::Fault;
use yui_db::{BulkTable, Db, DbError, Tx, Values, push, statements};

use crate::{core::society::InSociety, features::imports::fault::ChunkFault};

statements! {
    fn fault_next(society_id: i64, batch_id: i64) -> Number = "
        SELECT COALESCE(MAX(fault_number), -1) + 1 AS number FROM import_faults WHERE society_id = $1 AND batch_id = $2";
    fn fault_list(society_id: i64, batch_id: i64, most: i64) -> FaultRow = "
        SELECT file_name, line, numbers, person, column_name, reason FROM import_faults
        WHERE society_id = $1 AND batch_id = $2
        ORDER BY file_name, line, fault_number LIMIT $3";
    fn notice_next(society_id: i64, batch_id: i64) -> Number = "
        SELECT COALESCE(MAX(notice_number), -1) + 1 AS number FROM import_notices
        WHERE society_id = $1 AND batch_id = $2";
    fn notice_list(society_id: i64, batch_id: i64, most: i64) -> FaultRow = "
        SELECT file_name, line, numbers, person, column_name, reason FROM import_notices
        WHERE society_id = $1 AND batch_id = $2
        ORDER BY file_name, line, notice_number LIMIT $3";
}

static FAULTS: BulkTable = BulkTable {
    name: "import_faults",
    columns: &[
        "society_id",
        "batch_id",
        "fault_number",
        "kind",
        "file_name",
        "line",
        "line_among_all",
        "numbers",
        "person",
        "column_name",
        "reason",
    ],
};

static NOTICES: BulkTable = BulkTable {
    name: "import_notices",
    columns: &[
        "society_id",
        "batch_id",
        "notice_number",
        "file_name",
        "line",
        "numbers",
        "person",
        "column_name",
        "reason",
    ],
};

/// How many faults, and how many notices, of a batch are kept: the first ones. A file of which more is wrong is another file.
pub(in super::super) const KEPT: i64 = 10_000;

#[derive(yui_db::Row)]
struct Number {
    number: i64,
}

/// Returns the numbers of the batch's next fault and of its next notice.
pub(in super::super) async fn fault_next(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
) -> Result<(i64, i64), DbError> {
    let fault: Number = tx.one(Sql::fault_next(scope.society_id(), batch_id)).await?;
    let notice: Number = tx.one(Sql::notice_next(scope.society_id(), batch_id)).await?;
    Ok((fault.number, notice.number))
}

/// Inserts the faults of a chunk, numbered from `first`, with their lines among those of all files that came as one; those above
/// [`KEPT`] are left out.
pub(in super::super) async fn faults_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    first: i64,
    faults: &[(u64, ChunkFault)],
) -> Result<(), DbError> {
    let mut values = Values::default();
    for ((line_among_all, ChunkFault { kind, fault }), number) in faults.iter().zip(first..KEPT) {
        push!(
            &mut values;
            scope.society_id(),
            batch_id,
            number,
            kind.as_str(),
            &fault.file,
            line(fault.line),
            line(*line_among_all),
            fault.numbers.as_ref(),
            fault.name.as_ref(),
            &fault.column,
            &fault.reason,
        );
    }
    tx.bulk_insert(&FAULTS, values).await.map(drop)
}

/// Inserts the notices of a chunk, numbered from `first`; those above [`KEPT`] are left out.
pub(in super::super) async fn notices_insert(
    tx: &mut Tx,
    scope: &impl InSociety,
    batch_id: i64,
    first: i64,
    notices: &[Fault],
) -> Result<(), DbError> {
    let mut values = Values::default();
    for (notice, number) in notices.iter().zip(first..KEPT) {
        push!(
            &mut values;
            scope.society_id(),
            batch_id,
            number,
            &notice.file,
            line(notice.line),
            notice.numbers.as_ref(),
            notice.name.as_ref(),
            &notice.column,
            &notice.reason,
        );
    }
    tx.bulk_insert(&NOTICES, values).await.map(drop)
}

fn line(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

#[derive(yui_db::Row)]
struct FaultRow {
    file_name: String,
    line: i64,
    numbers: String,
    person: String,
    column_name: String,
    reason: String,
}

impl From<FaultRow> for Fault {
    fn from(row: FaultRow) -> Self {
        let line = u64::try_from(row.line).unwrap_or_default();
        let fault = Self::new(line, row.column_name, row.reason).with_person(&row.numbers, &row.person);
        Self { file: row.file_name, ..fault }
    }
}

/// Returns so many faults of a batch, by file and line.
pub(in super::super) async fn fault_list(
    db: &Db,
    scope: &impl InSociety,
    batch_id: i64,
    most: i64,
) -> Result<Vec<Fault>, DbError> {
    let rows: Vec<FaultRow> = db.all(Sql::fault_list(scope.society_id(), batch_id, most)).await?;
    Ok(rows.into_iter().map(Fault::from).collect())
}

/// Returns so many notices of a batch, by file and line.
pub(in super::super) async fn notice_list(
    db: &Db,
    scope: &impl InSociety,
    batch_id: i64,
    most: i64,
) -> Result<Vec<Fault>, DbError> {
    let rows: Vec<FaultRow> = db.all(Sql::notice_list(scope.society_id(), batch_id, most)).await?;
    Ok(rows.into_iter().map(Fault::from).collect())
}
