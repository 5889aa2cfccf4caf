//! The page of the policy: every value on one page, then the changes and their consequences to confirm, then it takes
//! effect.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde_json::Value;

use super::{
    consequences,
    fields::{self, Field, FieldKind, GROUPS},
    keep::{differences, newest, policy_keep},
    loosen,
};
use crate::{
    core::{
        app::App,
        error::AppError,
        scope::StaffScope,
        society::{Policy, Preset},
    },
    features::societies::acts::POLICY_CHANGED,
    ui::{FormState, Page, PageContext},
};

/// A value on the page.
pub(crate) struct PolicyValue {
    field: &'static Field,
    /// The values in the form.
    values: Vec<String>,
}

impl PolicyValue {
    fn has(&self, word: &str) -> bool {
        self.values.iter().any(|value| value == word)
    }

    fn value(&self) -> &str {
        self.values.first().map(String::as_str).unwrap_or_default()
    }

    /// Returns the choices, with which of them are chosen; none if the input is another kind.
    fn choices(&self) -> Vec<(&'static str, &'static str, bool)> {
        let all = |choices: &'static [(&'static str, &'static str)]| {
            choices.iter().map(|(word, label)| (*word, *label, self.has(word))).collect()
        };
        match &self.field.form {
            FieldKind::Choice(choices) | FieldKind::Several(choices) => all(choices),
            FieldKind::OptionalChoice(choices) => {
                let none = ("", "なし", self.value().is_empty());
                std::iter::once(none).chain(all(choices)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn kind(&self) -> &'static str {
        match self.field.form {
            FieldKind::Number(..) | FieldKind::OptionalNumber(..) => "number",
            FieldKind::Choice(_) | FieldKind::OptionalChoice(_) => "radio",
            FieldKind::Several(_) => "checkbox",
            FieldKind::Switch => "switch",
        }
    }

    fn unit(&self) -> &'static str {
        match self.field.form {
            FieldKind::Number(_, _, unit) | FieldKind::OptionalNumber(_, _, unit) => unit,
            _ => "",
        }
    }

    /// Returns the identifier of its input, which may not contain dots.
    fn id(&self) -> String {
        self.field.path.replace('.', "-")
    }
}

/// A heading and its values.
pub(crate) struct ShownGroup {
    id: &'static str,
    heading: &'static str,
    shown: Vec<PolicyValue>,
}

#[derive(Template)]
#[template(path = "features/settings/policy.html")]
pub(crate) struct PolicyPage {
    page: Page,
    form: FormState,
    version: i64,
    groups: Vec<ShownGroup>,
}

#[derive(Template)]
#[template(path = "features/settings/policy_check.html")]
pub(crate) struct PolicyCheckPage {
    page: Page,
    version: i64,
    differences: Vec<(&'static str, String, String)>,
    consequences: Vec<String>,
    /// The new policy, which is sent back with the confirmation.
    json: String,
}

const TITLE: &str = "登録・ログイン・表示の決まり";

/// Returns the values of a field as its form has them.
fn values(value: &Value) -> Vec<String> {
    match value {
        Value::Null | Value::Bool(false) => Vec::new(),
        Value::Bool(true) => vec!["yes".to_owned()],
        Value::Array(words) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(word) => vec![word.clone()],
        other => vec![other.to_string()],
    }
}

fn page(context: &PageContext, form: FormState, version: i64, values_of: impl Fn(&Field) -> Vec<String>) -> PolicyPage {
    let group = |group: &'static fields::FieldGroup| ShownGroup {
        id: group.id,
        heading: group.heading,
        shown: group.fields.iter().map(|field| PolicyValue { field, values: values_of(field) }).collect(),
    };
    PolicyPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        version,
        groups: GROUPS.iter().map(group).collect(),
    }
}

/// Returns the page of the present settings.
async fn as_it_is(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    form: FormState,
) -> Result<PolicyPage, AppError> {
    let (version, policy) = newest(app, staff).await?;
    let json = fields::json(&policy)?;
    Ok(page(context, form, version, |field| values(fields::at(&json, field.path))))
}

/// Returns the same with a mistake at a field.
async fn refused(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    (field, words): (&'static str, &str),
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    form.error(field, words);
    Ok(as_it_is(app, context, staff, form).await?.into_response())
}

pub(crate) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
) -> Result<PolicyPage, AppError> {
    as_it_is(&app, &context, &staff, FormState::default()).await
}

/// Returns the contradictions in the policy as a whole, by field.
fn contradictions(policy: &Policy) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    if policy.user_id.min > policy.user_id.max {
        found.push(("user_id.max", "ユーザIDの最大文字数は、最小文字数以上にしてください。"));
    }
    if policy.password.min > policy.password.max {
        found.push(("password.max", "パスワードの最大文字数は、最小文字数以上にしてください。"));
    }
    if policy.recommended_factor.is_some_and(|factor| !policy.factors.contains(&factor)) {
        found.push(("recommended_factor", "おすすめの認証方法は、使える認証方法の中から選んでください。"));
    }
    let minutes = i64::from(policy.session.absolute_hours) * 60;
    if i64::from(policy.session.idle_minutes) > minutes {
        found.push(("session.idle_minutes", "操作がないときのログアウトは、ログインの最長時間より短くしてください。"));
    }
    found
}

pub(crate) async fn check(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    axum::Form(typed): axum::Form<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let (version, old) = newest(&app, &staff).await?;
    let old_json = fields::json(&old)?;
    let mut json = old_json.clone();
    let seen = typed.iter().find(|(name, _)| name == "version").and_then(|(_, value)| value.parse::<i64>().ok());
    if seen != Some(version) {
        return refused(&app, &context, &staff, CHANGED_MEANWHILE).await;
    }
    let mut form = FormState::default();
    for field in fields::all() {
        match field.read(&typed) {
            Ok(value) => fields::put(&mut json, field.path, value),
            Err(words) => form.error(field.path, &words),
        }
    }
    let again = |form| {
        let typed_of = |field: &Field| {
            typed.iter().filter(|(name, _)| name == field.path).map(|(_, value)| value.clone()).collect()
        };
        page(&context, form, version, typed_of).into_response()
    };
    if form.has_errors() {
        return Ok(again(form));
    }
    let new: Policy = serde_json::from_value(json.clone())?;
    for (field, words) in contradictions(&new) {
        form.error(field, words);
    }
    if form.has_errors() {
        return Ok(again(form));
    }
    Ok(PolicyCheckPage {
        page: context.console("変更の確認"),
        version,
        differences: differences(&old_json, &json),
        consequences: consequences::of(&app, &staff, &old, &new).await?,
        json: json.to_string(),
    }
    .into_response())
}

const CHANGED_MEANWHILE: (&str, &str) =
    ("enrolment", "ほかの職員が先に設定を変更しました。今の設定を表示しています。もう一度変更してください。");

const ASKED_BEFORE: (&str, &str) = ("two_person", "二人の確認を外す変更は、すでに承認を依頼しています。");

const ASKED_BEFORE_REST_KEPT: (&str, &str) =
    ("two_person", "二人の確認を外す変更は、すでに承認を依頼しています。ほかの項目の変更は保存しました。");

/// The form that the check sends back.
#[derive(serde::Deserialize)]
pub(crate) struct Checked {
    version: i64,
    policy: String,
}

pub(crate) async fn keep(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    axum::Form(Checked { version, policy }): axum::Form<Checked>,
) -> Result<Response, AppError> {
    let (_, old) = newest(&app, &staff).await?;
    let old_json = fields::json(&old)?;
    let Ok(new) = serde_json::from_str::<Policy>(&policy) else { return Err(AppError::NotFound) };
    if !contradictions(&new).is_empty() {
        return Err(AppError::NotFound);
    }
    // Only what this page shows is taken from what came back.
    let (mut json, came) = (old_json.clone(), fields::json(&new)?);
    for field in fields::all() {
        let value = fields::at(&came, field.path);
        let typed: Vec<_> = values(value).into_iter().map(|text| (field.path.to_owned(), text)).collect();
        let Ok(value) = field.read(&typed) else { return Err(AppError::NotFound) };
        fields::put(&mut json, field.path, value);
    }
    let mut new: Policy = serde_json::from_value(json)?;
    let alone = loosen::kept_apart(&old, &mut new);
    let changed = differences(&old_json, &fields::json(&new)?);
    let detail: Vec<_> = changed.iter().map(|(label, from, to)| format!("{label}: {from} → {to}")).collect();
    if !changed.is_empty() && !policy_keep(&app, &staff, (version, &new), POLICY_CHANGED, &detail.join("、")).await? {
        return refused(&app, &context, &staff, CHANGED_MEANWHILE).await;
    }
    if alone.is_empty() {
        return Ok(Redirect::to("/console/settings").into_response());
    }
    if !loosen::ask(&app, &staff, &alone).await? {
        let words = if changed.is_empty() { ASKED_BEFORE } else { ASKED_BEFORE_REST_KEPT };
        return refused(&app, &context, &staff, words).await;
    }
    Ok(Redirect::to("/console/approvals?done=asked").into_response())
}

fn sample_policy() -> Policy {
    match Preset::Minato.policy() {
        Ok(policy) => policy,
        Err(_) => unreachable!("a test reads every preset"),
    }
}

crate::ui::console_pages! {
    PolicyPage => |context| {
        let mut form = FormState::default();
        form.error("temporary_days", "仮パスワードの有効期間は1から365までの数字（日）で入力してください。");
        let json = fields::json(&sample_policy()).unwrap_or_default();
        page(context, form, 3, |field| values(fields::at(&json, field.path)))
    },
    PolicyCheckPage => |context| Self {
        page: context.console("変更の確認"),
        version: 3,
        differences: vec![("仮パスワードの有効期間", "90日".into(), "30日".into())],
        consequences: vec!["1,204人に、次のログインで二要素認証の登録を求めます。".into()],
        json: "{}".into(),
    },
}
