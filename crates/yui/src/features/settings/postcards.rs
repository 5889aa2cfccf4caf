//! The society's own lines on its postcards with temporary IDs, and a sample card.

use askama::Template;
use axum::{
    Form,
    extract::State,
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use jiff::ToSpan;
use serde::Deserialize;
use yui_print::{
    PrintError,
    postcards::{Misfit, Part, Postcard, PostcardSheet, Why, write},
};

use super::keep::{CHANGED_MEANWHILE, newest, policy_keep};
use crate::{
    core::{
        app::App,
        error::AppError,
        heavy,
        scope::StaffScope,
        society::{InSociety, Policy, PostcardLines, Society},
    },
    features::{societies::acts::POLICY_CHANGED, temporary_ids::postcard_sheet},
    ui::{FormState, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/settings/postcards.html")]
pub(crate) struct PostcardsPage {
    page: Page,
    form: FormState,
    version: i64,
    typed: PostcardTextForm,
}

/// The form for the lines of a card.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct PostcardTextForm {
    version: i64,
    sender: String,
    postage: String,
    inquiry: String,
}

const TITLE: &str = "仮IDのハガキ";

/// The most characters of a field: more than any card has room for.
const LONGEST: usize = 1_000;

const NO_FONTS: &str =
    "PDFに使う書体がこのサーバーに入っていないため、ハガキに入るかを確かめられません。運営者にお知らせください。";

impl PostcardTextForm {
    /// Returns the fields' texts, each with its part of the card.
    fn fields(&self) -> [(Part, &str); 3] {
        [(Part::Sender, &self.sender), (Part::Postage, &self.postage), (Part::Inquiry, &self.inquiry)]
    }

    fn lines(&self) -> PostcardLines {
        let [sender, postage, inquiry] =
            self.fields().map(|(_, text)| numbered(text).map(|(_, line)| line.to_owned()).collect());
        PostcardLines { sender, postage, inquiry }
    }

    /// Returns the sentence about a line that does not fit on the card, by its number in the field.
    fn words(&self, Misfit { part, line, why }: Misfit) -> String {
        let text = self.fields().into_iter().find(|(one, _)| *one == part).map_or("", |(_, text)| text);
        if part == Part::Inquiry && numbered(text).next().is_none() {
            return "お問い合わせが空のときに印刷する、メールの返信先のアドレスが、ハガキに入りません。お問い合わせ先を入力してください。".into();
        }
        let number = numbered(text).nth(line).map_or(line + 1, |(number, _)| number);
        let place = format!("{}の{number}行目", label(part));
        match why {
            Why::Wide => format!("{place}が長すぎます。短くするか、2行に分けてください。"),
            Why::Low => format!("{place}から下が、ハガキに入りません。行を減らしてください。"),
            Why::Invisible(c) => {
                format!("{place}に、印刷できない制御文字（U+{:04X}）があります。消してください。", u32::from(c))
            }
            Why::Missing(c) => format!("{place}の「{c}」は、印刷に使う書体にない文字です。ほかの文字にしてください。"),
        }
    }
}

/// Returns the lines that are not blank, each with its number from 1 on.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines().map(str::trim_end)).filter(|(_, line)| !line.is_empty())
}

fn field(part: Part) -> &'static str {
    match part {
        Part::Sender => "sender",
        Part::Postage => "postage",
        Part::Inquiry => "inquiry",
    }
}

fn label(part: Part) -> &'static str {
    match part {
        Part::Sender => "差出人",
        Part::Postage => "料金の表示",
        Part::Inquiry => "お問い合わせ",
    }
}

fn page(context: &PageContext, form: FormState, version: i64, typed: PostcardTextForm) -> PostcardsPage {
    let page = if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) };
    PostcardsPage { page, form, version, typed }
}

pub(crate) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<PostcardsPage, AppError> {
    let (version, Policy { postcards, .. }) = newest(&app, &staff).await?;
    let PostcardLines { sender, postage, inquiry } = postcards;
    let [sender, postage, inquiry] = [sender, postage, inquiry].map(|lines| lines.join("\n"));
    Ok(page(&context, FormState::default(), version, PostcardTextForm { version, sender, postage, inquiry }))
}

pub(crate) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<PostcardTextForm>,
) -> Result<Response, AppError> {
    let (version, old) = newest(&app, &staff).await?;
    let before = old.postcards.clone();
    let new = Policy { postcards: typed.lines(), ..old };
    let mut form = FormState::default();
    for (part, _) in typed.fields().into_iter().filter(|(_, text)| text.chars().count() > LONGEST) {
        form.error(field(part), &format!("{}は{LONGEST}文字以内で入力してください。", label(part)));
    }
    if !form.has_errors() {
        match misfits(&app, staff.society(), postcard_sheet(&app, staff.society(), &new)).await? {
            Some(misfits) => misfits.into_iter().for_each(|one| form.error(field(one.part), &typed.words(one))),
            None => form.error("sender", NO_FONTS),
        }
    }
    if form.has_errors() {
        return Ok(page(&context, form, version, typed).into_response());
    }
    let detail = changes(&before, &new.postcards);
    if !policy_keep(&app, &staff, (typed.version, &new), POLICY_CHANGED, &detail).await? {
        form.error("sender", CHANGED_MEANWHILE);
        return Ok(page(&context, form, version, typed).into_response());
    }
    Ok(Redirect::to("/console/settings/postcards").into_response())
}

/// Returns the lines that do not fit on the card; none if there are no fonts to measure with.
async fn misfits(app: &App, society: &Society, sheet: PostcardSheet) -> Result<Option<Vec<Misfit>>, AppError> {
    let Some(fonts) = app.fonts.clone() else { return Ok(None) };
    Ok(Some(app.heavy.run(heavy::society(society), move || sheet.misfits(&fonts)).await??))
}

/// Returns the sentence about a card that a change of another setting would make unprintable; none if it would not, or
/// if there are no fonts to measure with.
pub(crate) async fn unprintable(app: &App, society: &Society, policy: &Policy) -> Result<Option<String>, AppError> {
    let misfits = misfits(app, society, postcard_sheet(app, society, policy)).await?;
    Ok(misfits.as_deref().and_then(<[_]>::first).map(|one| {
        let label = label(one.part);
        format!(
            "このままでは、仮IDのハガキの{label}が入らなくなります。短くするか、先に「{TITLE}」の設定を直してください。"
        )
    }))
}

/// Returns the changes, for the log: `ハガキの差出人: なし → 〒100-0000 / 見本区1-2-3`.
fn changes(old: &PostcardLines, new: &PostcardLines) -> String {
    let words = |lines: &[String]| if lines.is_empty() { "なし".to_owned() } else { lines.join(" / ") };
    [
        (Part::Sender, &old.sender, &new.sender),
        (Part::Postage, &old.postage, &new.postage),
        (Part::Inquiry, &old.inquiry, &new.inquiry),
    ]
    .into_iter()
    .filter(|(_, from, to)| from != to)
    .map(|(part, from, to)| format!("ハガキの{}: {} → {}", label(part), words(from), words(to)))
    .collect::<Vec<_>>()
    .join("、")
}

/// A card with the present settings, for an invented person with invented credentials.
pub(crate) async fn sample(State(app): State<App>, staff: StaffScope) -> Result<Response, AppError> {
    let Some(fonts) = app.fonts.clone() else {
        return Err(AppError::Unavailable("PDFに使う書体がこのサーバーに入っていないため、PDFを作れません。"));
    };
    let (_, policy) = newest(&app, &staff).await?;
    let sheet = PostcardSheet { sample: true, ..postcard_sheet(&app, staff.society(), &policy) };
    let card = Postcard {
        name: "見本 太郎".into(),
        address: None,
        key: "00000000".into(),
        user_id: "mhn2345678".into(),
        password: "mhnmhn23456789".into(),
        expires: app.clock.today().checked_add(i32::from(policy.temporary_days).days())?,
    };
    let mut pdf = Vec::new();
    let turn = heavy::account(&staff, "staff", staff.staff_id);
    let written = app.heavy.run(turn, move || write(&fonts, &sheet, [card], &mut pdf).map(|_| pdf)).await?;
    let pdf = match written {
        Err(PrintError::Misfits(_)) => {
            return Err(AppError::Unavailable("ハガキに入らない行があります。設定の画面で直してください。"));
        }
        written => written?,
    };
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"postcard-sample.pdf\""),
    ];
    Ok((headers, pdf).into_response())
}

crate::ui::console_pages! {
    PostcardsPage => |context| {
        let typed = PostcardTextForm {
            version: 3,
            sender: "〒100-0000\n東京都見本区みほん町1丁目2番3号 みほん健保会館 4階 適用課".into(),
            postage: "料金後納\n郵便".into(),
            inquiry: "電話 00-0000-0000".into(),
        };
        let mut form = FormState::default();
        form.error("sender", &typed.words(Misfit { part: Part::Sender, line: 1, why: Why::Wide }));
        page(context, form, 3, typed)
    },
}
