//! New files: their kind, the kind's questions, and the files themselves, which are written to the folder of files as
//! they arrive.

use std::io;

use askama::Template;
use axum::{
    extract::{Multipart, Query, State, multipart::Field},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    paths::upload_path,
    receive::{Came, Receiving, Whole},
};
use crate::{
    core::{app::App, error::AppError, files::Stored, scope::StaffScope},
    features::imports::{
        self, Choices, Kind, NewUpload, Profile, Question, Source, format::Format, job::Answers, kind_of, kinds,
        part::Part, used_profile::UsedProfile,
    },
    ui::{FormState, Page, PageContext},
};

/// A kind to choose.
pub(crate) struct KindChoice {
    kind: Kind,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "features/imports/console/new.html")]
pub(crate) struct ImportNewPage {
    page: Page,
    form: FormState,
    kinds: Vec<KindChoice>,
    answers: Answers,
    /// The column profiles that can be chosen: number, words, and whether it is chosen.
    profiles: Vec<(i64, String, bool)>,
    /// The largest file, in words, and in bytes.
    limit: String,
    limit_bytes: u64,
}

impl ImportNewPage {
    fn answer(&self, question: &Question) -> &str {
        self.answers.get(question.name).map_or("", String::as_str)
    }

    /// Returns whether this answer is chosen; the first one is if none was sent.
    fn is_answer(&self, question: &Question, at: &usize, word: &str) -> bool {
        match self.answer(question) {
            "" => *at == 0,
            answer => answer == word,
        }
    }
}

/// The query of the page's address: the preselected kind.
#[derive(Deserialize)]
pub(super) struct NewImportQuery {
    #[serde(default)]
    kind: String,
}

const TITLE: &str = "新しいファイルの取込";

/// The longest answer that is read.
const ANSWER: usize = 200;

fn page(app: &App, context: &PageContext, form: FormState, typed: UploadForm, profiles: &[Profile]) -> ImportNewPage {
    let limit_bytes = app.config.files.limit;
    ImportNewPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        kinds: kinds()
            .map(|kind| KindChoice { kind, chosen: typed.kind.is_some_and(|chosen| chosen.as_str() == kind.as_str()) })
            .collect(),
        profiles: profiles
            .iter()
            .map(|profile| {
                let words = format!("{}（{}）", profile.name, profile.kind.label());
                (profile.profile_id, words, typed.profile == profile.profile_id.to_string())
            })
            .collect(),
        answers: typed.answers,
        limit: format!("{} MB", limit_bytes >> 20),
        limit_bytes,
    }
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(NewImportQuery { kind }): Query<NewImportQuery>,
) -> Result<ImportNewPage, AppError> {
    let typed = UploadForm { kind: kind_of(&kind), ..UploadForm::default() };
    Ok(page(&app, &context, FormState::default(), typed, &imports::profiles(&app, &staff).await?))
}

/// The fields that are sent beside the file.
#[derive(Default)]
struct UploadForm {
    kind: Option<Kind>,
    answers: Answers,
    /// The number of a column profile; empty if the header is to tell.
    profile: String,
}

pub(super) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    mut parts: Multipart,
) -> Result<Response, AppError> {
    let (mut typed, mut files) = (UploadForm::default(), None::<Receiving<'_>>);
    loop {
        let part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(_) => {
                // What came whole before the connection broke is nobody's.
                files.get_or_insert_with(|| Receiving::new(&app, &staff, typed.kind)).break_off().await;
                break;
            }
        };
        match part.name() {
            Some("file") => {
                files.get_or_insert_with(|| Receiving::new(&app, &staff, typed.kind)).take(part).await?;
            }
            Some("profile") => typed.profile = answer(part).await,
            Some("kind") => typed.kind = kind_of(&answer(part).await),
            Some(name) if kinds().any(|kind| kind.questions().iter().any(|question| question.name == name)) => {
                let name = name.to_owned();
                typed.answers.insert(name, answer(part).await);
            }
            _ => {}
        }
    }
    let mut form = FormState::default();
    if typed.kind.is_none() {
        form.error("kind", "ファイルの種類を選んでください。");
    }
    if let Some(kind) = typed.kind {
        typed.answers.retain(|name, _| kind.questions().iter().any(|question| question.name == name));
        kind.refused(&typed.answers, app.clock.today()).iter().for_each(|(name, why)| form.error(name, why));
    }
    let profiles = imports::profiles(&app, &staff).await?;
    let chosen = profiles.iter().find(|profile| profile.profile_id.to_string() == typed.profile);
    let is_of_kind = |profile: &Profile| typed.kind.is_some_and(|kind| kind.as_str() == profile.kind.as_str());
    if !typed.profile.is_empty() && !chosen.is_some_and(is_of_kind) {
        form.error("profile", "選んだ種類のファイルの「列の対応」を選んでください。");
    }
    let came = match files {
        Some(files) => files.finish().await?,
        None => Came::Not,
    };
    let whole = match came {
        Came::Whole(whole) => Some(whole),
        other => {
            form.error("file", &words(&app, &other));
            None
        }
    };
    match (whole, typed.kind) {
        (Some(Whole { name, stored, parts }), Some(kind)) if !form.has_errors() => {
            let profile = match chosen {
                Some(chosen) => Some(chosen.into()),
                None => recognised(&app, &staff, kind, (&stored, &parts), profiles.clone()).await?,
            };
            let answers = typed.answers;
            let new = NewUpload { kind, file_name: name, stored, parts, profile, answers, all_or_nothing: false };
            let upload_id = imports::upload(&app, &staff.acting(), new).await?;
            Ok(Redirect::to(&upload_path(upload_id)).into_response())
        }
        (whole, _) => {
            if let Some(Whole { stored, .. }) = whole {
                app.files.remove(&staff, &stored.name)?;
                form.error("file", "入力内容を直して、もう一度ファイルを選んでください。");
            }
            Ok(page(&app, &context, form, typed, &profiles).into_response())
        }
    }
}

/// Returns the profile that the header of the files fits.
async fn recognised(
    app: &App,
    staff: &StaffScope,
    kind: Kind,
    (stored, parts): (&Stored, &[Part]),
    profiles: Vec<Profile>,
) -> Result<Option<UsedProfile>, AppError> {
    let (path, format) = (app.files.path(staff, &stored.name), Format::told_by(&stored.head));
    let source = Source::known(path, String::new(), format, stored.content_hash).with_parts(parts);
    let fitting = move || imports::fitting(&profiles, kind, &source).map(UsedProfile::from);
    Ok(tokio::task::spawn_blocking(fitting).await?)
}

fn words(app: &App, came: &Came) -> String {
    match came {
        Came::Whole(_) => String::new(),
        Came::Not => "ファイルを選んでください。".to_owned(),
        Came::TooLarge => {
            let limit = app.config.files.limit >> 20;
            format!("ファイルが大きすぎます。{limit} MBまでです。期間や事業所で分けて取り込んでください。")
        }
        Came::WrongType(why) => why.clone(),
        Came::BrokenOff => "ファイルを最後まで受け取れませんでした。もう一度お試しください。".to_owned(),
        Came::Busy => "ほかのファイルを受け取っている途中です（ほかの職員の分を含め、同時に4件まで）。終わってから、もう一度お試しください。".to_owned(),
        Came::Disk(error) if error.kind() == io::ErrorKind::QuotaExceeded => {
            let limit = app.config.files.of_society >> 20;
            format!(
                "取り込んでいないファイルの合計が{limit} MBを超えます。不要なファイルを取りやめるか、取り込んでから、もう一度お試しください。"
            )
        }
        Came::Disk(error) => {
            tracing::error!("uploaded file could not be stored: {error}");
            "サーバーにファイルを保存できませんでした（空き容量などの問題です）。システムの管理者に連絡してください。"
                .to_owned()
        }
    }
}

/// Returns an answer; one over the limit counts as empty.
async fn answer(mut part: Field<'_>) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(piece)) = part.chunk().await {
        if bytes.len() + piece.len() > ANSWER {
            return String::new();
        }
        bytes.extend(piece);
    }
    String::from_utf8(bytes).map(|text| text.trim().to_owned()).unwrap_or_default()
}

crate::ui::console_pages! {
    ImportNewPage => |context| {
        let mut form = FormState::default();
        form.error("file", "ファイルを選んでください。");
        Self {
            page: context.console_with_errors(TITLE),
            form,
            kinds: kinds().zip([true, false, false]).map(|(kind, chosen)| KindChoice { kind, chosen }).collect(),
            answers: Answers::new(),
            profiles: vec![(3, "みほんシステムの医療費（医療費）".into(), false)],
            limit: "2048 MB".into(),
            limit_bytes: 2 << 30,
        }
    },
}
