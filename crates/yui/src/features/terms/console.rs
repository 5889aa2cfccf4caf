//! The console's pages on terms: versions, a new one, agreements.

use askama::Template;
use axum::{
    Form,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

use super::{
    acts::{TERMS_AGREEMENTS_EXPORTED, TERMS_AGREEMENTS_VIEWED},
    queries,
};
use crate::{
    core::{
        app::App,
        audit::{self, Subject},
        clock::japan,
        error::AppError,
        heavy,
        scope::StaffScope,
    },
    ui::{FormState, Page, PageContext, csv, format},
};

/// A version in the list.
pub(crate) struct TermsLine {
    version: i64,
    from: String,
    agreed: i64,
    state: &'static str,
}

#[derive(Template)]
#[template(path = "features/terms/list.html")]
pub(crate) struct TermsListPage {
    page: Page,
    lines: Vec<TermsLine>,
    enrolled: i64,
}

#[derive(Template)]
#[template(path = "features/terms/new.html")]
pub(crate) struct TermsNewPage {
    page: Page,
    form: FormState,
    typed: TermsForm,
}

#[derive(Template)]
#[template(path = "features/terms/check.html")]
pub(crate) struct TermsCheckPage {
    page: Page,
    typed: TermsForm,
    from: String,
    enrolled: i64,
}

#[derive(Template)]
#[template(path = "features/terms/one.html")]
pub(crate) struct TermsOnePage {
    page: Page,
    version: i64,
    body: String,
    agreed: Vec<(String, String, String)>,
}

/// The form for new terms.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TermsForm {
    body: String,
    from: String,
}

/// The number of agreements on a page.
const SHOWN: i64 = 100;

/// The number of agreements that are read together for an export.
const PORTION: i64 = 1_000;

/// The longest text, in characters.
const LONGEST: usize = 100_000;

pub(super) async fn list(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<TermsListPage, AppError> {
    let now = app.clock.now();
    let versions = super::versions(&app.db, &staff).await?;
    let current = versions.iter().rev().find(|version| version.valid_from <= now).map(|version| version.version);
    let line = |version: &super::TermsVersion| TermsLine {
        version: version.version,
        from: format::minute(version.valid_from),
        agreed: version.agreed,
        state: match current {
            Some(current) if current == version.version => "適用中",
            Some(current) if current > version.version => "過去の版",
            _ => "適用前",
        },
    };
    Ok(TermsListPage {
        page: context.console("利用規約"),
        lines: versions.iter().rev().map(line).collect(),
        enrolled: queries::enrolled(&app.db, &staff).await?,
    })
}

const NEW: &str = "利用規約の新しい版";

pub(super) async fn new(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<TermsNewPage, AppError> {
    let current = queries::current(&app.db, &staff, app.clock.now()).await?;
    let body = current.map(|terms| terms.body).unwrap_or_default();
    Ok(TermsNewPage {
        page: context.console(NEW),
        form: FormState::default(),
        typed: TermsForm { body, from: String::new() },
    })
}

/// Goes back from the check to the filled-in form.
pub(super) async fn rewrite(context: PageContext, Form(typed): Form<TermsForm>) -> TermsNewPage {
    TermsNewPage { page: context.console(NEW), form: FormState::default(), typed }
}

/// Returns the text and the time from which it counts; adds mistakes to the form.
async fn checked(
    app: &App,
    staff: &StaffScope,
    form: &mut FormState,
    typed: &TermsForm,
) -> Result<Option<Timestamp>, AppError> {
    let length = typed.body.trim().chars().count();
    if length == 0 {
        form.error("body", "利用規約の本文を入力してください。");
    } else if length > LONGEST {
        form.error("body", "本文は100,000文字以内で入力してください。");
    }
    let now = app.clock.now();
    let from = match typed.from.trim().parse::<Date>() {
        Err(_) => {
            form.error("from", "適用日を 2026-04-01 のように入力してください。");
            None
        }
        Ok(date) if date < app.clock.today() => {
            form.error("from", "適用日は今日以降の日付を入力してください。");
            None
        }
        // Today means from now on: nobody has agreed to it before.
        Ok(date) => Some(date.to_zoned(japan())?.timestamp().max(now)),
    };
    if let Some(newest) = queries::newest(&app.db, staff).await?
        && from.is_some_and(|from| newest.valid_from > from)
    {
        form.error("from", "適用前の版より後の日付を入力してください。");
    }
    Ok(from.filter(|_| !form.has_errors()))
}

/// Returns the text as it is stored: browsers send line ends as two characters.
fn kept(typed: &TermsForm) -> String {
    typed.body.replace("\r\n", "\n")
}

pub(super) async fn check(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<TermsForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let from = checked(&app, &staff, &mut form, &typed).await?;
    if queries::newest(&app.db, &staff).await?.is_some_and(|newest| newest.body == kept(&typed)) {
        form.error("body", "最新の版と同じ本文です。変更した本文を入力してください。");
    }
    let Some(from) = from.filter(|_| !form.has_errors()) else {
        return Ok(TermsNewPage { page: context.console_with_errors(NEW), form, typed }.into_response());
    };
    let enrolled = queries::enrolled(&app.db, &staff).await?;
    let page = context.console("利用規約の確認");
    Ok(TermsCheckPage { page, typed, from: format::minute(from), enrolled }.into_response())
}

pub(super) async fn publish(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<TermsForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let Some(from) = checked(&app, &staff, &mut form, &typed).await? else {
        return Ok(TermsNewPage { page: context.console_with_errors(NEW), form, typed }.into_response());
    };
    super::publish::publish(&app, &staff.acting(), &kept(&typed), from).await?;
    Ok(Redirect::to("/console/terms").into_response())
}

pub(super) async fn one(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(version): Path<i64>,
) -> Result<TermsOnePage, AppError> {
    let terms = queries::version(&app.db, &staff, version).await?.ok_or(AppError::NotFound)?;
    let agreed = queries::agreements_after(&app.db, &staff, version, 0, SHOWN).await?;
    let subject = Subject::new("terms", version, format!("第{version}版"));
    audit::seen(&app, &staff, TERMS_AGREEMENTS_VIEWED, Some(&subject), "").await?;
    let line = |one: queries::Agreement| (one.name, one.user_id, format::minute(one.agreed_at));
    Ok(TermsOnePage {
        page: context.console(&format!("利用規約 第{version}版")),
        version,
        body: terms.body,
        agreed: agreed.into_iter().map(line).collect(),
    })
}

/// Exports the agreements to the version, with time and network address.
pub(super) async fn agreements(
    State(app): State<App>,
    staff: StaffScope,
    Path(version): Path<i64>,
) -> Result<Response, AppError> {
    queries::version(&app.db, &staff, version).await?.ok_or(AppError::NotFound)?;
    let subject = Subject::new("terms", version, format!("第{version}版"));
    audit::seen(&app, &staff, TERMS_AGREEMENTS_EXPORTED, Some(&subject), "").await?;
    const HEAD: &str = "氏名,ユーザID,同意日時,接続元\r\n";
    let lines = futures::stream::unfold((Some(0), HEAD), move |(after, head)| {
        let (app, staff) = (app.clone(), staff.clone());
        async move {
            let after = after?;
            let turn = heavy::account(&staff, "staff", staff.staff_id);
            // Held for one portion at a time, however slowly the file is taken.
            let (Ok(_place), Ok(rows)) = (
                app.searches.place(turn).await,
                queries::agreements_after(&app.db, &staff, version, after, PORTION).await,
            ) else {
                return Some((Err(std::io::Error::other("the agreements cannot be read")), (None, "")));
            };
            let text = rows.iter().fold(head.to_owned(), |text, one| {
                text + &csv::line(&[&one.name, &one.user_id, &format::minute(one.agreed_at), &one.address])
            });
            Some((Ok(Bytes::from(text)), (rows.last().map(|last| last.account_id), "")))
        }
    });
    Ok(csv::download(&format!("agreements-{version}.csv"), lines))
}

crate::ui::console_pages! {
    TermsListPage => |context| Self {
        page: context.console("利用規約"),
        lines: vec![TermsLine { version: 2, from: "2026/11/20 00:00".into(), agreed: 811, state: "適用中" }],
        enrolled: 1_204,
    },
    TermsNewPage => |context| {
        let mut form = FormState::default();
        form.error("from", "適用日は今日以降の日付を入力してください。");
        let typed = TermsForm { body: "第1条".into(), from: "2026-01-01".into() };
        Self { page: context.console_with_errors(NEW), form, typed }
    },
    TermsCheckPage => |context| Self {
        page: context.console("利用規約の確認"),
        typed: TermsForm { body: "第1条".into(), from: "2026-12-01".into() },
        from: "2026/12/01 00:00".into(),
        enrolled: 1_204,
    },
    TermsOnePage => |context| Self {
        page: context.console("利用規約 第2版"),
        version: 2,
        body: "第1条".into(),
        agreed: vec![("テスト タロウ".into(), "testtaro01".into(), "2026/11/20 09:12".into())],
    },
}
