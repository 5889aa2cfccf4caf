//! The register as a kind of files.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use jiff::{Timestamp, ToSpan, civil::Date};
use kenpo_formats::{csv_table::Column, register_csv};
use yui_db::Tx;

use super::{
    backfill::backfill_of,
    change_counter,
    changes::{self, MISSING},
    import::RegisterImport,
    kind::RegisterFiles,
    queries,
    revert::changes_revert,
    row_matcher::Decision,
};
use crate::{
    core::{app::App, scope::SystemScope},
    features::{
        imports::{self, Answers, Choices, FileKind, Job, PendingWork, Question, Report, Unconfirmed},
        societies,
    },
};

/// Returns staff's answers by line number: `same-12` is a member number or `other`.
fn decisions(answers: &Answers) -> BTreeMap<u64, Decision> {
    let decision = |answer: &str| match answer {
        "other" => Some(Decision::Other),
        member => member.parse().ok().map(Decision::Same),
    };
    let of = |(name, answer): (&String, &String)| Some((name.strip_prefix(ANSWER)?.parse().ok()?, decision(answer)?));
    answers.iter().filter_map(of).collect()
}

/// The prefix of the names of these answers; the line number follows.
const ANSWER: &str = "same-";

const QUESTIONS: &[Question] = &[
    Question {
        name: "extent",
        option: "extent",
        label: "ファイルの範囲",
        hint: "全件のときは、台帳にいてファイルにいない人を調べます。",
        about: "Whether the file has only those who changed, or everybody who is covered",
        choices: Choices::Among(&[
            (CHANGES, "異動（加入・変更・喪失した人だけ）"),
            (ALL, "全件（資格のある人すべて）"),
        ]),
        again: false,
    },
    Question {
        name: "as_of",
        option: "as-of",
        label: "全件の基準日",
        hint: "全件のときだけ入力します。ファイルにいない人を喪失にするときの資格喪失日にもなります。",
        about: "Of a file with everybody: on which day they are covered",
        choices: Choices::DayIfAny,
        again: false,
    },
    Question {
        name: MISSING,
        option: "missing",
        label: "ファイルにいない人",
        hint: "全件のときだけ選びます。取り込む前の確認画面で、だれのことかを見て選び直せます。",
        about: "Of a file with everybody: whether who is not in it keeps their coverage, or loses it on that day",
        choices: Choices::Among(&[(KEEP, "そのままにする"), (END, "基準日で喪失にする")]),
        again: true,
    },
];

/// Under this word a check of a full file counts how many changes the register had had when the missing members were searched for.
pub(super) const SEARCHED_AT: &str = "changes of the register so far";

const CHANGED_SINCE: &str = "確認のあとに台帳が変わったため、もう一度確認しました。喪失になる「ファイルにいない人」を見直してから取り込んでください。";

const CHANGES: &str = "changes";
const ALL: &str = "all";
const KEEP: &str = "keep";
const END: &str = "end";

/// Which members a file contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Extent {
    /// Only those who joined, left or changed (異動).
    #[default]
    Changes,
    /// Every member covered on `as_of` (全件); with `end`, the coverage of members missing in the file ends on that day.
    Full { as_of: Date, end: bool },
}

impl Extent {
    /// Returns the extent that the answers state, or the name of the wrong answer and the reason.
    fn of(answers: &Answers) -> Result<Self, (&'static str, &'static str)> {
        let answer = |name: &str| answers.get(name).map_or("", String::as_str);
        let end = answer(MISSING) == END;
        if answer("extent") != ALL {
            let why =
                "異動のファイルでは選べません。「そのままにする」にするか、ファイルの範囲を「全件」にしてください。";
            return if end { Err((MISSING, why)) } else { Ok(Self::Changes) };
        }
        let day = answer("as_of");
        let as_of = day.parse().ok().filter(|_| !day.is_empty());
        let why = "全件のファイルでは、いつの時点かを入力してください（例: 2026-12-01）。";
        as_of.map(|as_of| Self::Full { as_of, end }).ok_or(("as_of", why))
    }
}

impl FileKind for RegisterFiles {
    fn as_str(&self) -> &'static str {
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

    fn takes_profiles(&self) -> bool {
        true
    }

    fn columns(&self) -> &'static [Column] {
        register_csv::COLUMNS
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

    fn questions(&self) -> &'static [Question] {
        QUESTIONS
    }

    fn refused(&self, answers: &Answers, today: Date) -> Vec<(&'static str, String)> {
        match Extent::of(answers) {
            Ok(Extent::Full { as_of, .. }) if as_of > today.saturating_add(1.month()) => {
                vec![("as_of", "今日から1か月以内の日付を入力してください。".to_owned())]
            }
            Ok(_) => Vec::new(),
            Err((name, why)) => vec![(name, why.to_owned())],
        }
    }

    fn at_once(&self) -> bool {
        true
    }

    fn comes_again(&self) -> bool {
        true
    }

    fn import<'a>(&'a self, job: Job<'a>) -> BoxFuture<'a, anyhow::Result<Report>> {
        Box::pin(async move {
            // Matching looks members up by search keys, which older members may not have yet.
            backfill_of(job.app, job.scope).await?;
            let numbers = societies::insurer_numbers(job.app, job.scope).await?;
            // Wrong answers were rejected before the import.
            let extent = Extent::of(job.answers).unwrap_or_default();
            let importer = || {
                let importer = RegisterImport::new(job.scope.clone(), numbers.clone(), job.app.clock.now());
                importer.with_decisions(decisions(job.answers)).of_extent(extent)
            };
            if matches!(extent, Extent::Full { end: true, .. }) && !job.options.dry_run && !job.options.confirmed {
                let faults = imports::confirmations(job.app, job.scope, importer(), job.source).await?;
                if !faults.is_empty() {
                    return Err(Unconfirmed(faults).into());
                }
            }
            let importer = importer();
            job.run(importer).await
        })
    }

    fn about_withdrawal(&self) -> &'static str {
        "この取込で加わった人に、アカウントや医療費がある場合と、あとの取込で変わった場合は、取り下げられません。"
    }

    fn is_outdated<'a>(
        &'a self,
        app: &'a App,
        scope: &'a SystemScope,
        answers: &'a Answers,
        details: &'a [(String, i64)],
    ) -> BoxFuture<'a, anyhow::Result<Option<&'static str>>> {
        Box::pin(async move {
            if !matches!(Extent::of(answers), Ok(Extent::Full { end: true, .. })) {
                return Ok(None);
            }
            let mut tx = app.db.begin_reading().await?;
            let changes = change_counter::change_count(&mut tx, scope).await?;
            let shown = details.iter().find(|(word, _)| word == SEARCHED_AT);
            Ok(shown.filter(|(_, count)| *count != changes).map(|_| CHANGED_SINCE))
        })
    }

    fn waits<'a>(&'a self, app: &'a App, scope: &'a SystemScope) -> BoxFuture<'a, anyhow::Result<Option<PendingWork>>> {
        Box::pin(async move {
            let count = queries::question_count(&app.db, scope).await?;
            let words = format!("台帳にいる人と同じ人か、確認待ちの行が{count}行あります。");
            Ok((count > 0).then_some(PendingWork { words, path: "/console/imports/questions" }))
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
