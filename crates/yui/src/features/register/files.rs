//! The register as a kind of files.

use futures::future::BoxFuture;
use jiff::Timestamp;
use kenpo_formats::register_csv;
use yui_db::Tx;

use super::{import::RegisterImport, revert::changes_revert};
use crate::{
    features::{
        imports::{FileKind, Job, Report},
        societies,
    },
    scope::SystemScope,
};

/// Files of households and members.
#[derive(Debug)]
pub struct RegisterFiles;

impl FileKind for RegisterFiles {
    fn word(&self) -> &'static str {
        "register"
    }

    fn label(&self) -> &'static str {
        "加入者台帳"
    }

    fn explanation(&self) -> &'static str {
        "世帯と加入者のCSV。取り込むと、すぐに台帳に反映されます。"
    }

    fn about(&self) -> &'static str {
        "Households and members, from a CSV; in force as soon as it is read"
    }

    fn template(&self) -> &'static str {
        register_csv::template()
    }

    fn details(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("new households", "新しい世帯"),
            ("new members", "新しい加入者"),
            ("changed members", "変更のある加入者"),
            ("members who leave", "うち資格を喪失する加入者"),
            ("unchanged members", "変更のない加入者"),
        ]
    }

    fn at_once(&self) -> bool {
        true
    }

    fn import<'a>(&'a self, job: Job<'a>) -> BoxFuture<'a, anyhow::Result<Report>> {
        Box::pin(async move {
            let numbers = societies::insurer_numbers(job.app, job.scope).await?;
            let importer = RegisterImport::new(job.scope.clone(), numbers, job.app.clock.now());
            job.run(importer).await
        })
    }

    fn withdrawn<'a>(
        &'a self,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        batch_id: i64,
        _now: Timestamp,
    ) -> BoxFuture<'a, anyhow::Result<i64>> {
        Box::pin(async move { changes_revert(tx, scope, batch_id).await.map(|()| 0) })
    }
}
