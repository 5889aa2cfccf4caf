//! Expenses as a kind of files.

use futures::future::BoxFuture;
use jiff::Timestamp;
use kenpo_formats::{TreatmentMonth, csv_table::Column, expense_csv};
use yui_db::Tx;

use super::{import::ExpenseImport, news::ExpenseNews, queries};
use crate::{
    app::App,
    features::{
        imports::{Figures, FileKind, Job, MonthRows, News, Report},
        societies,
    },
    scope::SystemScope,
};

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

    fn details(&self) -> &'static [(&'static str, &'static str)] {
        &[("shares worked out by rule", "自己負担額を計算で求めたもの"), ("claims taken back", "取り消された請求")]
    }

    fn reads_claims(&self) -> bool {
        true
    }

    fn columns(&self) -> &'static [Column] {
        expense_csv::columns()
    }

    fn takes_several(&self) -> bool {
        true
    }

    fn at_once(&self) -> bool {
        false
    }

    fn import<'a>(&'a self, job: Job<'a>) -> BoxFuture<'a, anyhow::Result<Report>> {
        Box::pin(async move {
            let numbers = societies::insurer_numbers(job.app, job.scope).await?;
            let this_month = TreatmentMonth::of(job.app.clock.today());
            let importer = ExpenseImport::new(job.scope.clone(), numbers, this_month);
            job.run(importer).await
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
