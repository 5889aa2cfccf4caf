//! Expenses as a kind of files.

use futures::future::BoxFuture;
use jiff::Timestamp;
use kenpo_formats::{TreatmentMonth, csv_table::Column, expense_csv};
use yui_db::Tx;

use super::{
    by_hand, claims,
    import::{ELSEWHERE, ExpenseImport, OTHER_FORM, WAITING},
    judging,
    kind::ExpenseFiles,
    names::SAME_VISIT,
    news::ExpenseNews,
    queries, unmatched,
};
use crate::{
    core::{app::App, scope::SystemScope},
    features::{
        imports::{
            Choices, FileKind, FileTotals, HISTORY, HandChange, Job, MonthRows, News, PendingWork, Question, Report,
            YES,
        },
        societies,
    },
};

const SKIP: &str = "skip";
const TAKE: &str = "take";

const QUESTIONS: &[Question] = &[
    Question {
        name: HISTORY,
        option: "history",
        label: "以前のシステムの履歴",
        hint: "以前のシステムに載っていた過去の医療費のときに選びます。公開してもお知らせメールを送りません。同じ請求がほかの取込にもあれば、そちらを表示します。",
        about: "The expenses that an older portal showed: nobody is mailed of their publication, and a claim that another file has too is \
        shown as that file has it",
        choices: Choices::Yes,
        again: false,
    },
    Question {
        name: SAME_VISIT,
        option: "same-visit",
        label: "別の形式で取込済みの診療",
        hint: "同じ人・月・医療機関・金額の診療が、CSVと電子レセプトの両方にあるときの扱いです。取り込む前の確認画面で、どの診療かを見て選び直せます。",
        about: "Whether care that has come in the other form already (CSV beside UKE) is left out or taken as further care",
        choices: Choices::Among(&[(SKIP, "同じ診療とみて取り込まない"), (TAKE, "別の診療として取り込む")]),
        again: true,
    },
];

impl FileKind for ExpenseFiles {
    fn as_str(&self) -> &'static str {
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

    fn takes_profiles(&self) -> bool {
        true
    }

    fn columns(&self) -> &'static [Column] {
        expense_csv::COLUMNS
    }

    fn details(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("shares worked out by rule", "自己負担額を計算で求めたもの"),
            ("claims taken back", "取り消された請求"),
            ("claims billed again", "再請求と入れ替えた請求"),
            (OTHER_FORM, "別の形式で取込済みの診療"),
            (WAITING, "照合待ちになる請求"),
            (ELSEWHERE, "ほかの取込にもある請求"),
        ]
    }

    fn about_withdrawal(&self) -> &'static str {
        "この取込の請求を職員が1件ずつ訂正・取消していた場合、その内容は、「手作業の変更」の取込を取り下げるまで残ります。照合待ちから割り当てた請求は、いっしょに取り下げます。"
    }

    fn worth_importing(&self) -> &'static [&'static str] {
        &[OTHER_FORM, WAITING]
    }

    fn lists(&self) -> &'static [(&'static str, &'static str)] {
        judging::LISTS
    }

    fn questions(&self) -> &'static [Question] {
        QUESTIONS
    }

    fn reads_claims(&self) -> bool {
        true
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
            let beside = queries::beside(&job.app.db, job.scope, job.source).await?;
            let takes_other_form = job.answers.get(SAME_VISIT).is_some_and(|answer| answer == TAKE);
            let importer = ExpenseImport::new(job.scope.clone(), numbers, this_month);
            let importer = importer.beside(beside).of_parts(job.source).taking_other_form(takes_other_form);
            let history = job.answers.get(HISTORY).is_some_and(|answer| answer == YES);
            job.run(if history { importer.of_history() } else { importer }).await
        })
    }

    fn figures<'a>(
        &'a self,
        app: &'a App,
        scope: &'a SystemScope,
        batch_id: i64,
    ) -> BoxFuture<'a, anyhow::Result<FileTotals>> {
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
        Box::pin(async move {
            queries::versions_settle(tx, scope, batch_id).await?;
            unmatched::withdrawn(tx, scope, batch_id).await?;
            Ok(0)
        })
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

    fn rows_path(&self, batch_id: i64) -> Option<String> {
        Some(claims::list_path(batch_id))
    }

    fn changes_by_hand<'a>(
        &'a self,
        app: &'a App,
        scope: &'a SystemScope,
        batch_id: i64,
    ) -> BoxFuture<'a, anyhow::Result<Vec<HandChange>>> {
        Box::pin(by_hand::changes(app, scope, batch_id))
    }

    fn waits<'a>(&'a self, app: &'a App, scope: &'a SystemScope) -> BoxFuture<'a, anyhow::Result<Option<PendingWork>>> {
        Box::pin(async move {
            let count = unmatched::count(app, scope).await?;
            let words = format!("台帳に該当者がいない請求が{count}件、照合を待っています。");
            Ok((count > 0).then_some(PendingWork { words, path: unmatched::PATH }))
        })
    }

    fn societies_to_catch_up<'a>(&'a self, app: &'a App) -> BoxFuture<'a, anyhow::Result<Vec<i64>>> {
        Box::pin(async move { unmatched::societies_due(app).await })
    }

    fn catch_up<'a>(&'a self, app: &'a App, scope: &'a SystemScope) -> BoxFuture<'a, anyhow::Result<bool>> {
        Box::pin(unmatched::match_next(app, scope))
    }

    fn news(&self) -> Option<&'static dyn News> {
        Some(&ExpenseNews)
    }
}
