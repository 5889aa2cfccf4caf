//! The register as a kind of files.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use jiff::Timestamp;
use kenpo_formats::register_csv;
use yui_db::Tx;

use super::{backfill::backfill_of, changes, desk::Decision, import::RegisterImport, queries, revert::changes_revert};
use crate::{
    app::App,
    features::{
        imports::{Answers, FileKind, Job, Report, Waits},
        societies,
    },
    scope::SystemScope,
};

/// Returns what staff answered about rows, by line: `same-12` is `345`, a member, or `other`.
fn decisions(answers: &Answers) -> BTreeMap<u64, Decision> {
    let decision = |answer: &str| match answer {
        "other" => Some(Decision::Other),
        member => member.parse().ok().map(Decision::Same),
    };
    let of = |(name, answer): (&String, &String)| Some((name.strip_prefix(ANSWER)?.parse().ok()?, decision(answer)?));
    answers.iter().filter_map(of).collect()
}

/// What the names of answers about rows begin with; the line follows.
const ANSWER: &str = "same-";

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
            ("rows to ask about", "確認待ちの行"),
        ]
    }

    fn lists(&self) -> &'static [(&'static str, &'static str)] {
        changes::LISTS
    }

    fn at_once(&self) -> bool {
        true
    }

    fn import<'a>(&'a self, job: Job<'a>) -> BoxFuture<'a, anyhow::Result<Report>> {
        Box::pin(async move {
            // Whom a row may mean is found by the search keys, which members of old may not have yet.
            backfill_of(job.app, job.scope).await?;
            let numbers = societies::insurer_numbers(job.app, job.scope).await?;
            let importer = RegisterImport::new(job.scope.clone(), numbers, job.app.clock.now());
            let decided = decisions(job.answers);
            job.run(importer.with_decisions(decided)).await
        })
    }

    fn waits<'a>(&'a self, app: &'a App, scope: &'a SystemScope) -> BoxFuture<'a, anyhow::Result<Option<Waits>>> {
        Box::pin(async move {
            let count = queries::question_count(&app.db, scope).await?;
            let words = format!("台帳にいる人と同じ人か、確認待ちの行が{count}行あります。");
            Ok((count > 0).then_some(Waits { words, path: "/console/imports/questions" }))
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
