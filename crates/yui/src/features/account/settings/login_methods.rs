//! ログイン方法変更: the password, and every registered factor.

use askama::Template;
use axum::extract::{Query, State};
use serde::Deserialize;

use crate::{
    core::{
        app::App,
        error::AppError,
        scope::MemberScope,
        society::{Factor, InSociety},
    },
    features::account::queries::{self, FactorRecord},
    ui::{Page, PageContext, format::day_of},
};

/// A registered factor on the page.
pub(crate) struct FactorLine {
    pub(crate) id: i64,
    pub(crate) label: String,
    pub(crate) kind: String,
    pub(crate) since: String,
    pub(crate) used: Option<String>,
    pub(crate) synced: Option<bool>,
    pub(crate) deletable: bool,
    /// Whether it is replaced instead of deleted: OTPメール goes once there is another.
    pub(crate) replaceable: bool,
}

#[derive(Template)]
#[template(path = "features/account/settings/login_methods.html")]
pub(crate) struct LoginMethodsPage {
    page: Page,
    password_since: String,
    factors: Vec<FactorLine>,
    /// The kinds that may be added: word and name.
    addable: Vec<(&'static str, String)>,
    recovery_codes: Option<usize>,
    done: Option<String>,
}

/// The query of the page's address: the change that was just made.
#[derive(Deserialize)]
pub(in super::super) struct LoginMethodsQuery {
    #[serde(default)]
    done: String,
}

const TITLE: &str = "ログイン方法変更";

/// Returns a factor as the page shows it.
pub(super) fn line(context: &PageContext, factor: &FactorRecord, others: bool) -> FactorLine {
    FactorLine {
        id: factor.factor_id,
        label: if factor.kind == Factor::Email { context.t("OTPメール").to_owned() } else { factor.label.clone() },
        kind: context.t(factor.kind.label()).to_owned(),
        since: day_of(context.lang, factor.created_at),
        used: factor.last_used_at.map(|used| day_of(context.lang, used)),
        synced: factor.synced,
        deletable: factor.kind != Factor::Email,
        replaceable: factor.kind == Factor::Email && others,
    }
}

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    member: MemberScope,
    Query(LoginMethodsQuery { done }): Query<LoginMethodsQuery>,
) -> Result<LoginMethodsPage, AppError> {
    let id = member.account_id;
    let account = queries::auth_account(&app.db, &member, id, app.clock.now()).await?;
    let (account, _) = account.ok_or(AppError::NotFound)?;
    let factors = queries::factors(&app.db, &member, id).await?;
    let has_email = factors.iter().any(|factor| factor.kind == Factor::Email);
    let policy = &member.society().policy;
    let addable = policy.factors.iter().filter(|factor| **factor != Factor::Email || !has_email);
    let unused = queries::recovery_unused(&app.db, &member, id).await?.len();
    let done = match done.as_str() {
        "added" => Some("認証方法を登録しました。"),
        "removed" => Some("認証方法を削除しました。"),
        "renamed" => Some("名前を変更しました。"),
        "password" => Some("パスワードを変更しました。"),
        _ => None,
    };
    Ok(LoginMethodsPage {
        page: context.page(TITLE),
        password_since: day_of(context.lang, account.password_set_at),
        factors: factors.iter().map(|factor| line(&context, factor, factors.len() > 1)).collect(),
        addable: addable.map(|factor| (factor.as_str(), context.t(factor.label()).to_owned())).collect(),
        recovery_codes: (policy.recovery_codes && !factors.is_empty()).then_some(unused),
        done: done.map(|words| context.t(words).to_owned()),
    })
}

crate::ui::pages! {
    LoginMethodsPage => |context| Self {
        page: context.page(TITLE),
        password_since: "2026/11/20".into(),
        factors: vec![
            FactorLine {
                id: 1,
                label: "iCloud Keychain".into(),
                kind: context.t("生体認証").into(),
                since: "2026/11/20".into(),
                used: Some("2026/11/21".into()),
                synced: Some(true),
                deletable: true,
                replaceable: false,
            },
            FactorLine {
                id: 2,
                label: context.t("OTPメール").into(),
                kind: context.t(Factor::Email.label()).into(),
                since: "2026/11/20".into(),
                used: None,
                synced: None,
                deletable: false,
                replaceable: true,
            },
        ],
        addable: vec![("app", context.t(Factor::App.label()).into())],
        recovery_codes: Some(3),
        done: Some(context.t("認証方法を登録しました。").into()),
    },
}
