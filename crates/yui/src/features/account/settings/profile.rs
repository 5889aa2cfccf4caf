//! プロフィール変更: the account's data, with the way to change each item.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    core::{
        app::App,
        error::AppError,
        scope::MemberScope,
        society::{Factor, InSociety},
    },
    features::account::{
        enrolment::{FactorChoice, choices},
        mail_wishes::{MAIL_WISHES, MailWishesForm},
        queries,
    },
    ui::{Lang, Page, PageContext, language},
};

/// A kind of news, and whether mail about it is wanted.
pub(crate) struct MailPreference {
    pub(crate) kind: String,
    pub(crate) label: String,
    pub(crate) wanted: bool,
}

#[derive(Template)]
#[template(path = "features/account/settings/profile.html")]
pub(crate) struct ProfilePage {
    page: Page,
    name: String,
    user_id: String,
    user_id_may_change: bool,
    email: Option<String>,
    choices: Vec<FactorChoice>,
    wishes: Vec<MailPreference>,
    done: Option<String>,
}

/// The query of the page's address: the change that was just made.
#[derive(Deserialize)]
pub(in super::super) struct ProfileQuery {
    #[serde(default)]
    done: String,
}

/// The profile form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct ProfileForm {
    lang: String,
    factor: String,
    #[serde(flatten)]
    wishes: MailWishesForm,
}

const TITLE: &str = "プロフィール変更";

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
    Query(ProfileQuery { done }): Query<ProfileQuery>,
) -> Result<ProfilePage, AppError> {
    let person = queries::person(&app.db, &member, member.account_id).await?;
    let account = queries::auth_account(&app.db, &member, member.account_id, app.clock.now()).await?;
    let account = account.map(|(account, _)| account).ok_or(AppError::NotFound)?;
    let known = queries::wishes(&app.db, &member, member.account_id).await?;
    let wish = |(kind, label): &(&str, &str)| MailPreference {
        kind: (*kind).to_owned(),
        label: context.t(label).to_owned(),
        wanted: known.iter().find(|(known, _)| known == kind).is_none_or(|(_, wanted)| *wanted),
    };
    let done = match done.as_str() {
        "email" => Some("メールアドレスを変更しました。"),
        "mailed" => {
            Some("新しいメールアドレスへ確認のメールを送信しました。メールのリンクを開くと、変更が終わります。")
        }
        "user_id" => Some("ユーザIDを変更しました。"),
        "saved" => Some("変更しました。"),
        _ => None,
    };
    let mut choices = choices(&context, &member, account.chosen_factor);
    // Who never chose is asked for the safest that is registered.
    let safest = [Factor::Passkey, Factor::App, Factor::Email].into_iter().find(|kind| account.factors.contains(kind));
    let first = account.chosen_factor.or(safest).map(Factor::as_str);
    choices.iter_mut().for_each(|choice| choice.chosen = first == Some(choice.word));
    Ok(ProfilePage {
        page: context.page(TITLE),
        name: person.name,
        user_id: person.user_id,
        user_id_may_change: member.society().policy.user_id.may_change,
        email: person.email,
        choices,
        wishes: MAIL_WISHES.iter().map(wish).collect(),
        done: done.map(|words| context.t(words).to_owned()),
    })
}

/// 変更. A factor that is not registered yet leads straight to its registration.
pub(in super::super) async fn submit(
    State(app): State<App>,
    member: MemberScope,
    Form(typed): Form<ProfileForm>,
) -> Result<Response, AppError> {
    let id = member.account_id;
    let account = queries::auth_account(&app.db, &member, id, app.clock.now()).await?;
    let account = account.map(|(account, _)| account).ok_or(AppError::NotFound)?;
    let lang = Lang::parse(&typed.lang).unwrap_or_default();
    let factor = Factor::parse(&typed.factor).filter(|factor| member.society().policy.factors.contains(factor));
    let registered = factor.is_some_and(|factor| account.factors.contains(&factor));
    let mut tx = app.db.begin().await?;
    queries::lang_set(&mut tx, &member, id, lang).await?;
    if registered {
        queries::chosen_factor_set(&mut tx, &member, id, factor).await?;
    }
    // Without an address there is nothing to choose, and nothing is changed.
    for (kind, _) in MAIL_WISHES {
        if let Some(wanted) = typed.wishes.wanted(kind) {
            queries::wish_set(&mut tx, &member, id, kind, wanted).await?;
        }
    }
    tx.commit().await?;
    let to = match factor {
        Some(factor) if !registered => format!("/factors/{}", factor.as_str()),
        _ => "/settings?done=saved".to_owned(),
    };
    Ok(([(header::SET_COOKIE, language::cookie(&app, lang))], Redirect::to(&to)).into_response())
}

crate::ui::pages! {
    ProfilePage => |context| Self {
        page: context.page(TITLE),
        name: "テスト タロウ".into(),
        user_id: "testtaro01".into(),
        user_id_may_change: true,
        email: Some("taro@mail.example".into()),
        choices: vec![FactorChoice {
            word: "passkey",
            label: context.t("生体認証").into(),
            hint: context.t("スマートフォンの認証アプリに表示される6桁の数字を入力します。").into(),
            recommended: true,
            chosen: true,
        }],
        wishes: vec![MailPreference { kind: "expenses".into(), label: context.t("医療費通知").into(), wanted: true }],
        done: Some(context.t("変更しました。").into()),
    },
}
