//! The senders of mails.

use askama::Template;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    keep::{CHANGED_MEANWHILE, newest, policy_keep},
    postcards::unprintable,
};
use crate::{
    core::{
        app::App,
        error::AppError,
        mail,
        scope::StaffScope,
        society::{InSociety, Policy, Senders},
    },
    features::{account::credentials::email_as_kept, societies::acts::POLICY_CHANGED},
    ui::{FormState, Page, PageContext},
};

#[derive(Template)]
#[template(path = "features/settings/mail.html")]
pub(crate) struct MailSettingsPage {
    page: Page,
    form: FormState,
    domain: String,
    typed: TestMailForm,
}

/// The form for the senders of mails.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TestMailForm {
    no_reply: String,
    info: String,
    webmaster: String,
    reply_to: String,
}

const TITLE: &str = "メールの差出人";

fn page(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    form: FormState,
    typed: TestMailForm,
) -> MailSettingsPage {
    MailSettingsPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        domain: mail::domain(app, staff.society()).to_owned(),
        typed,
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<MailSettingsPage, AppError> {
    let (_, Policy { senders, .. }) = newest(&app, &staff).await?;
    let Senders { no_reply, info, webmaster, reply_to } = senders;
    let typed = TestMailForm { no_reply, info, webmaster, reply_to: reply_to.unwrap_or_default() };
    Ok(page(&app, &context, &staff, FormState::default(), typed))
}

/// Returns whether this may stand before the `@`.
fn is_local_part(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'))
        && !text.starts_with('.')
        && !text.ends_with('.')
        && !text.contains("..")
}

pub(crate) async fn submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<TestMailForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    for (field, text) in [("no_reply", &typed.no_reply), ("info", &typed.info), ("webmaster", &typed.webmaster)] {
        if !is_local_part(text.trim()) {
            form.error(field, "@の前は、半角の英小文字・数字・- _ . で、32文字以内で入力してください。");
        }
    }
    let reply_to = match typed.reply_to.trim() {
        "" => None,
        address => email_as_kept(address).inspect_err(|words| form.error("reply_to", words)).ok(),
    };
    if form.has_errors() {
        return Ok(page(&app, &context, &staff, form, typed).into_response());
    }
    let (version, old) = newest(&app, &staff).await?;
    let part = |text: &str| text.trim().to_owned();
    let senders = Senders {
        no_reply: part(&typed.no_reply),
        info: part(&typed.info),
        webmaster: part(&typed.webmaster),
        reply_to,
    };
    let detail = format!(
        "メールの差出人: {} / {} / {}、返信先 {}",
        senders.no_reply,
        senders.info,
        senders.webmaster,
        senders.reply_to.as_deref().unwrap_or("なし")
    );
    let before = old.senders.reply_to.clone();
    let new = Policy { senders, ..old };
    if new.senders.reply_to != before
        && let Some(words) = unprintable(&app, staff.society(), &new).await?
    {
        form.error("reply_to", &words);
    } else if !policy_keep(&app, &staff, (version, &new), POLICY_CHANGED, &detail).await? {
        form.error("no_reply", CHANGED_MEANWHILE);
    }
    if form.has_errors() {
        return Ok(page(&app, &context, &staff, form, typed).into_response());
    }
    Ok(Redirect::to("/console/settings").into_response())
}

crate::ui::console_pages! {
    MailSettingsPage => |context| {
        let mut form = FormState::default();
        form.error("info", "@の前は、半角の英小文字・数字・- _ . で、32文字以内で入力してください。");
        let typed = TestMailForm { no_reply: "no-reply".into(), info: "イ".into(), webmaster: "webmaster".into(), reply_to: String::new() };
        Self { page: context.console_with_errors(TITLE), form, domain: "minato.example".into(), typed }
    },
}
