//! Expenses as a kind of files.

use futures::future::BoxFuture;
use jiff::Timestamp;
use kenpo_formats::{TreatmentMonth, csv_table::Column, expense_csv};
use yui_db::Tx;

use super::{
    import::{ELSEWHERE, ExpenseImport},
    news::ExpenseNews,
    queries,
};
use crate::{
    app::App,
    features::{
        imports::{Choices, Figures, FileKind, HISTORY, Job, MonthRows, News, Question, Report, YES},
        societies,
    },
    scope::SystemScope,
};

const QUESTIONS: &[Question] = &[Question {
    name: HISTORY,
    option: "history",
    label: "以前のシステムの履歴",
    hint: "以前のシステムに載っていた過去の医療費のときに選びます。公開してもお知らせメールを送りません。同じ請求がほかの取込にもあれば、そちらを表示します。",
    about: "The expenses that an older portal showed: nobody is mailed of their publication, and a claim that another file has too is \
        shown as that file has it",
    choices: Choices::Yes,
    again: false,
}];

/// Files of medical expenses.
#[derive(Debug)]
pub struct ExpenseFiles;

impl FileKind for ExpenseFiles {
    fn word(&self) -> &'static str {
        "expenses"
    }

    fn label(&self) -> &'static str {
        "医療費"
    }

    fn explanation(&self) -> &'static str {
        "医療費のCSV、または電子レセプト（UKE）ファイル。取り込んだあと、公開すると加入者に見えます。"
    }

    fn about(&self) -> &'static str {
        "Medical expenses, from a CSV or an electronic claim file (UKE); seen by members after `yui publish`"
    }

    fn template(&self) -> &'static str {
        expense_csv::template()
    }

    fn columns(&self) -> &'static [Column] {
        expense_csv::COLUMNS
    }

    fn details(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("shares worked out by rule", "自己負担額を計算で求めたもの"),
            ("claims taken back", "取り消された請求"),
            (ELSEWHERE, "ほかの取込にもある請求"),
        ]
    }

    fn reads_claims(&self) -> bool {
        true
    }

    fn questions(&self) -> &'static [Question] {
        QUESTIONS
    }

    fn at_once(&self) -> bool {
        false
    }

    fn import<'a>(&'a self, job: Job<'a>) -> BoxFuture<'a, anyhow::Result<Report>> {
        Box::pin(async move {
            let numbers = societies::insurer_numbers(job.app, job.scope).await?;
            let this_month = TreatmentMonth::of(job.app.clock.today());
            let importer = ExpenseImport::new(job.scope.clone(), numbers, this_month);
            let history = job.answers.get(HISTORY).is_some_and(|answer| answer == YES);
            job.run(if history { importer.of_history() } else { importer }).await
        })
    }

    fn figures<'a>(
        &'a self,
        app: &'a App,
        scope: &'a SystemScope,
        batch_id: i64,
    ) -> BoxFuture<'a, anyhow::Result<Figures>> {
        Box::pin(async move { Ok(queries::figures(&app.db, scope, batch_id).await?) })
    }

    fn months<'a>(
        &'a self,
        app: &'a App,
        scope: &'a SystemScope,
        batch_id: i64,
    ) -> BoxFuture<'a, anyhow::Result<Vec<MonthRows>>> {
        Box::pin(async move { Ok(queries::months(&app.db, scope, batch_id).await?) })
    }

    fn published<'a>(
        &'a self,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        batch_id: i64,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move { Ok(queries::versions_settle(tx, scope, batch_id).await.map(drop)?) })
    }

    fn withdrawn<'a>(
        &'a self,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        batch_id: i64,
        _now: Timestamp,
    ) -> BoxFuture<'a, anyhow::Result<i64>> {
        Box::pin(async move { Ok(queries::versions_settle(tx, scope, batch_id).await.map(|_| 0)?) })
    }

    fn clear<'a>(
        &'a self,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        batch_id: i64,
        most: i64,
    ) -> BoxFuture<'a, anyhow::Result<u64>> {
        Box::pin(async move { Ok(queries::batch_delete(tx, scope, batch_id, most).await?) })
    }

    fn news(&self) -> Option<&'static dyn News> {
        Some(&ExpenseNews)
    }
}
