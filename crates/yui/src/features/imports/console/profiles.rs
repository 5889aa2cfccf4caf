//! Column profiles: the list, a new one from the header of a file, and the assignment of columns.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    Form,
    extract::{Multipart, Path, Query, State, multipart::MultipartError},
    response::{IntoResponse, Redirect, Response},
};
use kenpo_formats::csv_table::{Column, Layout, first_line};
use serde::Deserialize;

use crate::{
    core::{app::App, error::AppError, scope::StaffScope},
    features::imports::{Kind, Profile, kind::named, kind_of, kinds, profile_delete, profile_save, profiles},
    ui::{FormState, Page, PageContext, format},
};

#[derive(Template)]
#[template(path = "features/imports/console/profiles.html")]
pub(crate) struct ProfileListPage {
    page: Page,
    profiles: Vec<Profile>,
    done: &'static str,
}

#[derive(Template)]
#[template(path = "features/imports/console/profile_new.html")]
pub(crate) struct ProfileNewPage {
    page: Page,
    form: FormState,
    /// The kinds that have columns, each with whether it is chosen.
    kinds: Vec<(Kind, bool)>,
    name: String,
}

#[derive(Template)]
#[template(path = "features/imports/console/profile.html")]
pub(crate) struct ColumnProfilePage {
    page: Page,
    form: FormState,
    profile: Profile,
    name: String,
    rows: Vec<ColumnRow>,
}

/// A column of ours with its assignment.
pub(crate) struct ColumnRow {
    column: &'static Column,
    /// The name of their column.
    theirs: String,
    constant: String,
    /// Their values with ours, as `M=男、F=女`.
    values: String,
}

impl ProfileListPage {
    fn changed(&self, profile: &Profile) -> String {
        changed(profile)
    }
}

impl ColumnRow {
    fn is_theirs(&self, name: &str) -> bool {
        self.theirs == name
    }

    fn is_empty(&self) -> bool {
        self.theirs == EMPTY
    }
}

fn changed(profile: &Profile) -> String {
    let (at, by) = &profile.changed;
    format!("{} {by}", format::minute(*at))
}

impl ColumnProfilePage {
    fn path(&self) -> String {
        path(self.profile.profile_id)
    }

    fn changed(&self) -> String {
        changed(&self.profile)
    }
}

const LIST: &str = "/console/imports/profiles";

fn path(profile_id: i64) -> String {
    format!("{LIST}/{profile_id}")
}

/// The query of the page's address: the change that was just made.
#[derive(Deserialize)]
pub(super) struct ProfilesQuery {
    #[serde(default)]
    done: String,
}

const TITLE: &str = "列の対応";

pub(super) async fn list(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(ProfilesQuery { done }): Query<ProfilesQuery>,
) -> Result<ProfileListPage, AppError> {
    let done = match done.as_str() {
        "saved" => "列の対応を保存しました。",
        "deleted" => "列の対応を削除しました。",
        _ => "",
    };
    Ok(ProfileListPage { page: context.console(TITLE), profiles: profiles(&app, &staff).await?, done })
}

const NEW: &str = "新しい列の対応";

/// The longest name, in characters.
const LONGEST: usize = 60;

/// The number of bytes of a file that are searched for its header.
const HEAD: usize = 64 << 10;

/// The query of the page's address: the preselected kind.
#[derive(Deserialize)]
pub(super) struct NewProfileQuery {
    #[serde(default)]
    kind: String,
}

fn new_page(context: &PageContext, form: FormState, kind: Option<Kind>, name: String) -> ProfileNewPage {
    let with_columns = kinds().filter(|kind| kind.takes_profiles());
    let is_chosen = |other: Kind| kind.is_some_and(|kind| kind.as_str() == other.as_str());
    ProfileNewPage {
        page: if form.has_errors() { context.console_with_errors(NEW) } else { context.console(NEW) },
        form,
        kinds: with_columns.map(|kind| (kind, is_chosen(kind))).collect(),
        name,
    }
}

pub(super) async fn new(
    context: PageContext,
    _staff: StaffScope,
    Query(NewProfileQuery { kind }): Query<NewProfileQuery>,
) -> ProfileNewPage {
    new_page(&context, FormState::default(), kind_of(&kind), String::new())
}

/// The form for a new column profile.
#[derive(Default)]
struct ColumnProfileForm {
    kind: String,
    name: String,
    head: Vec<u8>,
}

impl ColumnProfileForm {
    async fn read(mut parts: Multipart) -> Result<Self, MultipartError> {
        let mut sent = Self::default();
        while let Some(mut part) = parts.next_field().await? {
            let name = part.name().unwrap_or_default().to_owned();
            let mut bytes = Vec::new();
            // What comes after the header may be as long as it likes.
            while let Some(piece) = part.chunk().await? {
                bytes.extend(piece.iter().take(HEAD - bytes.len()));
            }
            match name.as_str() {
                "kind" => sent.kind = String::from_utf8_lossy(&bytes).trim().to_owned(),
                "name" => sent.name = String::from_utf8_lossy(&bytes).trim().to_owned(),
                "file" => sent.head = bytes,
                _ => {}
            }
        }
        Ok(sent)
    }
}

pub(super) async fn create(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    parts: Multipart,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let sent = ColumnProfileForm::read(parts).await.unwrap_or_default();
    let kind = kind_of(&sent.kind).filter(|kind| kind.takes_profiles());
    if kind.is_none() {
        form.error("kind", "ファイルの種類を選んでください。");
    }
    let known = profiles(&app, &staff).await?;
    name_checked(&mut form, &known, kind, &sent.name, 0);
    // The end of what was read may be in the middle of a character: only its first line is looked at.
    let line = sent.head.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(sent.head.len());
    let header = match first_line(sent.head.get(..line).unwrap_or_default()) {
        Ok(header) if header.len() > 1 => header,
        Ok(_) => {
            form.error("file", "1行目に見出しがあるCSVファイルを選んでください。");
            Vec::new()
        }
        Err(fault) => {
            form.error("file", &fault.reason);
            Vec::new()
        }
    };
    let Some(kind) = kind.filter(|_| !form.has_errors()) else {
        return Ok(new_page(&context, form, kind, sent.name).into_response());
    };
    let layout = Layout::guessed(&header, kind.columns());
    let changed = (app.clock.now(), String::new());
    let new = Profile { profile_id: 0, kind, name: sent.name, header, layout, changed };
    let profile_id = profile_save(&app, &staff.acting(), &new).await?;
    Ok(Redirect::to(&path(profile_id)).into_response())
}

fn name_checked(form: &mut FormState, known: &[Profile], kind: Option<Kind>, name: &str, own: i64) {
    let same = |profile: &&Profile| {
        profile.profile_id != own
            && profile.name == name
            && kind.is_some_and(|kind| kind.as_str() == profile.kind.as_str())
    };
    if name.is_empty() || name.chars().count() > LONGEST || name.chars().any(char::is_control) {
        form.error("name", "名前を60文字以内で入力してください。");
    } else if known.iter().any(|profile| same(&profile)) {
        form.error("name", "同じ名前の列の対応があります。別の名前を入力してください。");
    }
}

async fn of_number(app: &App, staff: &StaffScope, id: i64) -> Result<Profile, AppError> {
    let all = profiles(app, staff).await?;
    all.into_iter().find(|profile| profile.profile_id == id).ok_or(AppError::NotFound)
}

fn page(context: &PageContext, form: FormState, profile: Profile, name: String, layout: &Layout) -> ColumnProfilePage {
    let row = |column: &'static Column| {
        let value = |values: &BTreeMap<String, String>| values.get(column.name).cloned().unwrap_or_default();
        let values = layout.values.get(column.name).into_iter().flatten();
        ColumnRow {
            column,
            theirs: match layout.constants.get(column.name) {
                Some(constant) if constant.is_empty() => EMPTY.to_owned(),
                _ => value(&layout.columns),
            },
            constant: value(&layout.constants),
            values: values.map(|(theirs, ours)| format!("{theirs}={ours}")).collect::<Vec<_>>().join("、"),
        }
    };
    ColumnProfilePage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        rows: profile.kind.columns().iter().map(row).collect(),
        profile,
        name,
    }
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<ColumnProfilePage, AppError> {
    let profile = of_number(&app, &staff, id).await?;
    let (name, layout) = (profile.name.clone(), profile.layout.clone());
    Ok(page(&context, FormState::default(), profile, name, &layout))
}

/// The choice for a column that their files do not have and that is read as empty.
const EMPTY: &str = "（空欄）";

/// The longest constant or value, in characters.
const VALUE: usize = 100;
/// The most values of one column.
const VALUES: usize = 100;

pub(super) async fn save(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(typed): Form<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let profile = of_number(&app, &staff, id).await?;
    let text = |name: &str| typed.iter().find(|(typed, _)| typed == name).map_or("", |(_, value)| value.trim());
    let mut form = FormState::default();
    let name = text("name").to_owned();
    name_checked(&mut form, &profiles(&app, &staff).await?, Some(profile.kind), &name, id);
    let layout = typed_layout(&mut form, &profile, text);
    if form.has_errors() {
        return Ok(page(&context, form, profile, name, &layout).into_response());
    }
    profile_save(&app, &staff.acting(), &Profile { name, layout, ..profile }).await?;
    Ok(Redirect::to(&format!("{LIST}?done=saved")).into_response())
}

/// Returns the layout of the form, with its mistakes in `form`.
fn typed_layout<'t>(form: &mut FormState, profile: &Profile, text: impl Fn(&str) -> &'t str) -> Layout {
    let mut layout = Layout::default();
    for (number, column) in profile.kind.columns().iter().enumerate() {
        let (theirs, constant) = (text(&format!("column-{number}")), text(&format!("constant-{number}")));
        if theirs == EMPTY {
            layout.constants.insert(column.name.to_owned(), String::new());
        } else if !theirs.is_empty() {
            if !profile.header.iter().any(|name| name == theirs) {
                form.error(column.name, &format!("{}: ファイルにある列を選んでください。", column.name));
            } else if let Some((other, _)) = layout.columns.iter().find(|(_, taken)| *taken == theirs) {
                form.error(column.name, &format!("{}: 「{theirs}」は「{other}」に使われています。", column.name));
            }
            layout.columns.insert(column.name.to_owned(), theirs.to_owned());
        }
        if !constant.is_empty() {
            if !theirs.is_empty() {
                form.error(column.name, &format!("{}: 列か固定の値の、どちらかだけを決めてください。", column.name));
            }
            if constant.chars().count() > VALUE || constant.chars().any(char::is_control) {
                form.error(column.name, &format!("{}: 固定の値は100文字以内で入力してください。", column.name));
            }
            layout.constants.insert(column.name.to_owned(), constant.to_owned());
        }
        let values = typed_values(form, column, text(&format!("values-{number}")));
        if !values.is_empty() {
            layout.values.insert(column.name.to_owned(), values);
        }
    }
    for column in
        profile.kind.columns().iter().filter(|column| layout.missing(std::slice::from_ref(*column)).len() == 1)
    {
        form.error(column.name, &format!("{}: 列を選ぶか、固定の値を入力してください。", column.name));
    }
    layout
}

/// Returns the meanings of their values of a column: pairs with theirs before the sign of equality.
fn typed_values(form: &mut FormState, column: &'static Column, typed: &str) -> BTreeMap<String, String> {
    let pairs = typed.split(['、', ',', '，', '\n']).map(str::trim).filter(|pair| !pair.is_empty());
    let pairs: Option<BTreeMap<_, _>> = pairs
        .map(|pair| {
            let (theirs, ours) = pair.split_once(['=', '＝'])?;
            let is_short = [theirs, ours].iter().all(|value| value.chars().count() <= VALUE);
            is_short.then(|| (theirs.trim().to_owned(), ours.trim().to_owned()))
        })
        .collect();
    let values = pairs.filter(|pairs| pairs.len() <= VALUES);
    if values.is_none() {
        form.error(column.name, &format!("{}: 値の読み替えは「M=男、F=女」のように入力してください。", column.name));
    }
    values.unwrap_or_default()
}

pub(super) async fn delete(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Redirect, AppError> {
    let profile = of_number(&app, &staff, id).await?;
    profile_delete(&app, &staff.acting(), &profile).await?;
    Ok(Redirect::to(&format!("{LIST}?done=deleted")))
}

/// Returns an invented profile.
fn sample() -> Profile {
    let header = ["被保険者証記号", "被保険者証番号", "受診年月", "性別コード"].map(str::to_owned).to_vec();
    let kind = named("expenses");
    let mut layout = Layout::guessed(&header, kind.columns());
    layout.constants = [("保険者番号".to_owned(), "06139018".to_owned())].into();
    layout.values = [("性別".to_owned(), [("M".to_owned(), "男".to_owned())].into())].into();
    let changed = (jiff::Timestamp::UNIX_EPOCH, "試験 花子".to_owned());
    Profile { profile_id: 3, kind, name: "みほんシステムの医療費".into(), header, layout, changed }
}

crate::ui::console_pages! {
    ProfileListPage => |context| Self { page: context.console(TITLE), profiles: vec![sample()], done: "列の対応を保存しました。" },
    ProfileNewPage => |context| {
        let mut form = FormState::default();
        form.error("file", "1行目に見出しがあるCSVファイルを選んでください。");
        new_page(context, form, kind_of("expenses"), "みほんシステムの医療費".into())
    },
    ColumnProfilePage => |context| {
        let mut form = FormState::default();
        form.error("番号", "番号: 列を選ぶか、固定の値を入力してください。");
        let profile = sample();
        let (name, layout) = (profile.name.clone(), profile.layout.clone());
        page(context, form, profile, name, &layout)
    },
}
