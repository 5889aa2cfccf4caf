//! 監査ログ: searching and exporting it. Both are entries of it themselves.

use askama::Template;
use axum::{
    Form,
    body::Bytes,
    extract::{Query, State},
    response::{Redirect, Response},
};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    core::{
        app::App,
        audit::{
            AuditAction, EntryRow,
            queries::{self, EntryFilter},
            seen,
        },
        clock::japan,
        error::AppError,
        heavy,
        scope::StaffScope,
        sealed_query::{self, SealedQuery},
    },
    ui::{FormState, Page, PageContext, csv},
};

crate::core::audit::acts! {
    /// The log was looked at.
    AUDIT_VIEWED = "audit.viewed" / "監査ログを表示";
    /// The log was exported.
    AUDIT_EXPORTED = "audit.exported" / "監査ログを書き出し";
}

/// An entry in the table.
pub(crate) struct AuditLine {
    entry_id: i64,
    at: String,
    actor: String,
    act: String,
    subject: String,
    detail: String,
    address: String,
}

impl From<&EntryRow> for AuditLine {
    fn from(row: &EntryRow) -> Self {
        Self {
            entry_id: row.entry_id,
            at: row.at.to_zoned(japan()).strftime("%Y/%m/%d %H:%M:%S").to_string(),
            actor: row.actor(),
            act: AuditAction::label_of(&row.act).to_owned(),
            subject: row.subject_name.clone().unwrap_or_default(),
            detail: row.detail.clone(),
            address: row.address.clone().unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "features/audit_log/log.html")]
pub(crate) struct AuditLogPage {
    page: Page,
    form: FormState,
    typed: AuditLogQuery,
    acts: Vec<&'static AuditAction>,
    lines: Vec<AuditLine>,
    /// The address of the next page, if there is one.
    older: Option<String>,
    /// The address of the same search's export.
    export: String,
}

/// The search form of the log.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct AuditLogQuery {
    from: String,
    until: String,
    act: String,
    actor: String,
    text: String,
    before: Option<i64>,
}

const TITLE: &str = "監査ログ";

const PATH: &str = "/console/audit";
const EXPORT: &str = "/console/audit.csv";

/// The number of entries on a page.
const ON_A_PAGE: i64 = 100;

/// The number of entries that are read together for an export.
const PORTION: i64 = 1_000;

/// A search with valid dates.
#[derive(Clone)]
struct Search {
    from: Timestamp,
    until: Timestamp,
    act: String,
    actor: String,
    text: String,
}

impl Search {
    fn of(typed: &AuditLogQuery) -> Result<Self, (&'static str, &'static str)> {
        let day = |text: &str, words: (&'static str, &'static str)| match text.trim() {
            "" => Ok(None),
            text => text.parse::<Date>().map(Some).map_err(|_| words),
        };
        let begins = |date: Date| date.to_zoned(japan()).map(|zoned| zoned.timestamp());
        let from = day(&typed.from, ("from", "開始日は 2026-04-01 のように入力してください。"))?;
        let until = day(&typed.until, ("until", "終了日は 2026-04-30 のように入力してください。"))?;
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            return Err(("until", "終了日が開始日より前になっています。"));
        }
        // To the end of the last day.
        let until = until.and_then(|date| date.checked_add(1.day()).ok()).and_then(|date| begins(date).ok());
        let (most, least) = ("9999-01-01T00:00:00Z".parse().unwrap_or(Timestamp::MAX), Timestamp::UNIX_EPOCH);
        let text = typed.text.trim();
        Ok(Self {
            from: from.and_then(|date| begins(date).ok()).unwrap_or(least),
            until: until.unwrap_or(most),
            act: typed.act.clone(),
            actor: match typed.actor.trim() {
                "" => String::new(),
                "コマンド操作" => "command".to_owned(),
                "自動処理" => "worker".to_owned(),
                name => yui_db::containing(name),
            },
            text: if text.is_empty() { String::new() } else { yui_db::containing(text) },
        })
    }

    async fn portion(&self, app: &App, staff: &StaffScope, before: i64, most: i64) -> Result<Vec<EntryRow>, AppError> {
        let Self { from, until, act, actor, text } = self;
        let wanted = EntryFilter { before, from: *from, until: *until, act, actor, text };
        Ok(queries::entries_found(&app.db, staff, &wanted, most).await?)
    }
}

impl AuditLogQuery {
    /// Returns the search in words, for the entry about it: `開始日 2026-11-01、対象・内容 テスト`.
    fn words(&self) -> String {
        let pairs = [
            ("開始日", self.from.as_str()),
            ("終了日", &self.until),
            ("操作", AuditAction::label_of(&self.act)),
            ("職員", &self.actor),
            ("対象・内容", &self.text),
        ];
        let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
        pairs.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join("、")
    }
}

/// Redirects to the results, at an address that does not reveal the search words.
pub(crate) async fn submit(
    State(app): State<App>,
    staff: StaffScope,
    Form(typed): Form<AuditLogQuery>,
) -> Result<Redirect, AppError> {
    Ok(Redirect::to(&sealed_query::address(&app, &staff, PATH, &typed)?))
}

pub(crate) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(looked_for): Query<SealedQuery>,
) -> Result<AuditLogPage, AppError> {
    let typed: AuditLogQuery = looked_for.typed(&app, &staff, PATH).unwrap_or_default();
    let mut form = FormState::default();
    let _place = app.searches.place(heavy::account(&staff, "staff", staff.staff_id)).await?;
    let mut rows = match Search::of(&typed) {
        Ok(search) => search.portion(&app, &staff, typed.before.unwrap_or(i64::MAX), ON_A_PAGE + 1).await?,
        Err((field, words)) => {
            form.error(field, words);
            Vec::new()
        }
    };
    let more = rows.len() > usize::try_from(ON_A_PAGE)?;
    rows.truncate(usize::try_from(ON_A_PAGE)?);
    seen(&app, &staff, AUDIT_VIEWED, None, &typed.words()).await?;
    let older = rows.last().filter(|_| more).map(|last| AuditLogQuery { before: Some(last.entry_id), ..typed.clone() });
    Ok(AuditLogPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        acts: AuditAction::all(),
        lines: rows.iter().map(AuditLine::from).collect(),
        older: older.map(|older| sealed_query::address(&app, &staff, PATH, &older)).transpose()?,
        export: sealed_query::address(&app, &staff, EXPORT, &typed)?,
        typed,
    })
}

/// Exports the results of the search, the newest first.
pub(crate) async fn csv(
    State(app): State<App>,
    staff: StaffScope,
    Query(looked_for): Query<SealedQuery>,
) -> Result<Response, AppError> {
    // An address that is not this person's exports nothing, rather than everything.
    let typed: Option<AuditLogQuery> = looked_for.typed(&app, &staff, EXPORT);
    let typed = typed.or_else(|| looked_for.is_nothing().then(AuditLogQuery::default)).ok_or(AppError::NotFound)?;
    let search = Search::of(&typed).map_err(|_| AppError::NotFound)?;
    seen(&app, &staff, AUDIT_EXPORTED, None, &typed.words()).await?;
    Ok(csv::download("audit.csv", portions(app, staff, search)))
}

/// Returns the export in portions, so that a log of any length is never held whole. An export that an error cuts short
/// does not look complete: the connection breaks.
fn portions(
    app: App,
    staff: StaffScope,
    search: Search,
) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send {
    const HEAD: &str = "番号,日時,職員,操作,対象,内容,接続元\r\n";
    futures::stream::unfold((Some(i64::MAX), HEAD), move |(before, head)| {
        let (app, staff, search) = (app.clone(), staff.clone(), search.clone());
        async move {
            let before = before?;
            let rows = match searched(&app, &staff, &search, before).await {
                Ok(rows) => rows,
                Err(_) => return Some((Err(std::io::Error::other("the log cannot be read")), (None, ""))),
            };
            let text = rows.iter().map(AuditLine::from).fold(head.to_owned(), |text, line| text + &line.csv());
            Some((Ok(Bytes::from(text)), (rows.last().map(|last| last.entry_id), "")))
        }
    })
}

/// Returns a portion of the export; a place in the queue is held for one portion at a time, however slowly the client
/// reads.
async fn searched(app: &App, staff: &StaffScope, search: &Search, before: i64) -> Result<Vec<EntryRow>, AppError> {
    let _place = app.searches.place(heavy::account(staff, "staff", staff.staff_id)).await?;
    search.portion(app, staff, before, PORTION).await
}

impl AuditLine {
    fn csv(self) -> String {
        let Self { entry_id, at, actor, act, subject, detail, address } = self;
        csv::line(&[&entry_id.to_string(), &at, &actor, &act, &subject, &detail, &address])
    }
}

crate::ui::console_pages! {
    AuditLogPage => |context| Self {
        page: context.console(TITLE),
        form: FormState::default(),
        typed: AuditLogQuery::default(),
        acts: vec![&AUDIT_EXPORTED],
        lines: vec![AuditLine {
            entry_id: 12,
            at: "2026/11/20 09:12:01".into(),
            actor: "試験 花子".into(),
            act: "加入者の詳細を表示".into(),
            subject: "テスト タロウ".into(),
            detail: String::new(),
            address: "192.0.2.1".into(),
        }],
        older: Some(format!("{PATH}?s=AQEx")),
        export: format!("{EXPORT}?s=AQEx"),
    },
}
