//! Users of an older system as a kind of files.

use anyhow::{Context, bail};
use futures::future::BoxFuture;
use jiff::{Timestamp, civil::Date};
use kenpo_formats::{csv_table::Column, older_users_csv};
use yui_db::Tx;

use super::{
    kind::OlderUserFiles,
    numbers,
    older_users::{FirstLogin, OlderUsers, Plan},
    withdraw::batch_withdraw,
};
use crate::{
    core::{app::App, scope::SystemScope},
    features::imports::{Answers, Choices, ChunkFault, FileKind, Job, Options, Outcome, Question, Report, Source},
};

const WAY: &str = "first_login";
const UNTIL: &str = "until";
const LINK: &str = "link";
const NUMBERS: &str = "numbers-and-birth-date";

const QUESTIONS: &[Question] = &[
    Question {
        name: WAY,
        option: "first-login",
        label: "最初のログインの方法",
        hint: "記号・番号と生年月日はほかの人も知っていることがあるため、リンクをおすすめします。メールアドレスのない方には、仮IDのハガキを発行してください。",
        about: "How they get in for the first time",
        choices: Choices::Among(&[
            (LINK, "メールで送るリンク（一度だけ使えます）"),
            (NUMBERS, "記号・番号と生年月日のパスワード（推測されやすい方法です）"),
        ]),
        again: false,
    },
    Question {
        name: UNTIL,
        option: "until",
        label: "最初のログインの期限",
        hint: "この日まで、最初のログインができます。",
        about: "The last day on which they can",
        choices: Choices::Day,
        again: false,
    },
];

/// Returns what the answers say.
fn plan(answers: &Answers) -> Option<Plan> {
    let first_login = match answers.get(WAY).map(String::as_str) {
        None | Some(LINK) => FirstLogin::Link,
        Some(NUMBERS) => FirstLogin::NumbersAndBirthDate,
        Some(_) => return None,
    };
    Some(Plan { first_login, until: answers.get(UNTIL)?.parse().ok()? })
}

/// Imports users of an older system. Run again after it was stopped, it goes on.
///
/// # Errors
/// As [`crate::features::imports::run`]; and where the last day is over.
pub async fn import(
    app: &App,
    scope: &SystemScope,
    source: &Source,
    options: Options,
    plan: Plan,
    mut on_fault: impl FnMut(&ChunkFault) + Send,
) -> anyhow::Result<Report> {
    let answers = Answers::new();
    go(Job { app, scope, source, options, answers: &answers, watch: &mut on_fault }, plan).await
}

async fn go(job: Job<'_>, plan: Plan) -> anyhow::Result<Report> {
    let (app, scope, dry_run) = (job.app, job.scope, job.options.dry_run);
    if plan.until < app.clock.today() {
        bail!("the last day, {}, is over", plan.until);
    }
    let report = job.run(OlderUsers::new(app, scope, plan).await?).await?;
    if !dry_run && matches!(report.outcome, Outcome::Done | Outcome::AlreadyThere) {
        numbers::passwords_make(app, scope).await?;
    }
    Ok(report)
}

impl FileKind for OlderUserFiles {
    fn as_str(&self) -> &'static str {
        "older_users"
    }

    fn command(&self) -> &'static str {
        "older-users"
    }

    fn label(&self) -> &'static str {
        "旧システム利用者"
    }

    fn explanation(&self) -> &'static str {
        "これまでのポータルの利用者のCSV。取り込むと、初回登録を待つアカウントができます。"
    }

    fn about(&self) -> &'static str {
        "Users of an older system, from a CSV: each gets an account that waits for enrolment"
    }

    fn template(&self) -> &'static str {
        older_users_csv::template()
    }

    fn columns(&self) -> &'static [Column] {
        older_users_csv::COLUMNS
    }

    fn details(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("had logged in", "ログインしたことのある方"),
            ("never logged in", "ログインしたことのない方"),
            ("without an address", "メールアドレスのない方"),
            ("unchanged", "取込済みの方"),
        ]
    }

    fn questions(&self) -> &'static [Question] {
        QUESTIONS
    }

    fn refused(&self, answers: &Answers, today: Date) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        match answers.get(UNTIL).map(|until| until.parse::<Date>()) {
            Some(Ok(until)) if until >= today => {}
            Some(Ok(_)) => wrong.push((UNTIL, "期限が過ぎています。今日以降の日付を入力してください。".to_owned())),
            _ => wrong.push((UNTIL, "期限の日付を入力してください。".to_owned())),
        }
        if !answers.get(WAY).is_none_or(|way| [LINK, NUMBERS].contains(&way.as_str())) {
            wrong.push((WAY, "最初のログインの方法を選んでください。".to_owned()));
        }
        wrong
    }

    fn at_once(&self) -> bool {
        true
    }

    fn import<'a>(&'a self, job: Job<'a>) -> BoxFuture<'a, anyhow::Result<Report>> {
        Box::pin(async move {
            let plan = plan(job.answers).context("how older users get in, and until when, is not said")?;
            go(job, plan).await
        })
    }

    fn withdrawn<'a>(
        &'a self,
        tx: &'a mut Tx,
        scope: &'a SystemScope,
        batch_id: i64,
        now: Timestamp,
    ) -> BoxFuture<'a, anyhow::Result<i64>> {
        Box::pin(batch_withdraw(tx, scope, batch_id, now))
    }
}
