//! The own account of a member of staff: factors, password, other sessions.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use yui_auth::password::Password;

use super::{
    acts::{STAFF_FACTOR_REMOVED, STAFF_OTHERS_ENDED, STAFF_PASSWORD_CHANGED},
    devices,
    events::{StaffEvent, tell},
    invitation::{InvitationForm, PASSWORD_RULE, checked, own_words},
    list::StaffListQuery,
    login::OF_EMAIL,
    queries,
};
use crate::{
    core::{
        app::App,
        audit,
        error::AppError,
        heavy::{self, busy},
        scope::StaffScope,
        security,
    },
    features::account::credentials::{Attempt, password_as_kept},
    ui::{FormState, Page, PageContext, format},
};

/// A factor in the list.
pub(crate) struct StaffFactorLine {
    factor_id: i64,
    kind: &'static str,
    label: String,
    since: String,
    used: String,
}

#[derive(Template)]
#[template(path = "features/staff/me.html")]
pub(crate) struct StaffMePage {
    page: Page,
    form: FormState,
    name: String,
    email: String,
    role: &'static str,
    explanation: &'static str,
    factors: Vec<StaffFactorLine>,
    rule: &'static str,
    done: &'static str,
}

const TITLE: &str = "自分のアカウント";

async fn page(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    form: FormState,
    done: &str,
) -> Result<StaffMePage, AppError> {
    let row = queries::staff_by_id(&app.db, staff, staff.staff_id).await?.ok_or(AppError::NotFound)?;
    let factors = queries::factors(&app.db, staff, staff.staff_id).await?.into_iter().map(|factor| StaffFactorLine {
        factor_id: factor.factor_id,
        kind: if factor.kind == "app" { "認証アプリ" } else { "パスキー" },
        label: factor.label,
        since: format::minute(factor.created_at),
        used: factor.last_used_at.map(format::minute).unwrap_or_default(),
    });
    Ok(StaffMePage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        name: row.name.clone(),
        role: row.role().label(),
        explanation: row.role().explanation(),
        email: row.email,
        factors: factors.collect(),
        rule: PASSWORD_RULE,
        done: match done {
            "factor" => "認証方法を登録しました。",
            "removed" => "認証方法を削除しました。",
            "password" => "パスワードを変更し、ほかの端末のログインを終わらせました。",
            "others" => "ほかの端末のログインを終わらせました。",
            _ => "",
        },
    })
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(StaffListQuery { done }): Query<StaffListQuery>,
) -> Result<StaffMePage, AppError> {
    page(&app, &context, &staff, FormState::default(), &done).await
}

pub(super) async fn factor_delete(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(factor_id): Path<i64>,
) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    // A concurrent removal waits here.
    queries::staff_hold(&mut tx, &staff, staff.staff_id).await?;
    let factors = queries::factors_in(&mut tx, &staff, staff.staff_id).await?;
    let Some(factor) = factors.iter().find(|factor| factor.factor_id == factor_id) else {
        return Err(AppError::NotFound);
    };
    if factors.len() == 1 {
        drop(tx);
        let mut form = FormState::default();
        form.error("factors", "最後の認証方法は削除できません。先に、ほかの認証方法を登録してください。");
        return Ok(page(&app, &context, &staff, form, "").await?.into_response());
    }
    queries::factor_delete(&mut tx, &staff, staff.staff_id, factor_id).await?;
    tell(&app, &mut tx, &staff, staff.staff_id, StaffEvent::FactorRemoved(&factor.label)).await?;
    audit::record(&app, &mut tx, &staff, STAFF_FACTOR_REMOVED, None, &factor.label).await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(Redirect::to("/console/me?done=removed").into_response())
}

pub(super) async fn password_submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<InvitationForm>,
) -> Result<Response, AppError> {
    let row = queries::staff_by_id(&app.db, &staff, staff.staff_id).await?.ok_or(AppError::NotFound)?;
    let mut form = FormState::default();
    let mut attempt = Attempt::new(&app, &staff);
    if let Some(seconds) = attempt.take(&[OF_EMAIL.of(&row.email)]).await? {
        form.error("password", &format!("入力の誤りが続いたため、{seconds}秒たってから、もう一度お試しください。"));
        return Ok(page(&app, &context, &staff, form, "").await?.into_response());
    }
    let current = Password::new(password_as_kept(&typed.password));
    let turn = heavy::account(&staff, "staff", staff.staff_id);
    let matches = app.hasher.verify(turn, current, row.password_hash.as_deref()).await.map_err(busy)?.matches;
    if !matches {
        attempt.wrong();
        security::staff_refused(&staff, "password", Some(staff.staff_id));
        form.error("password", "今のパスワードが正しくありません。");
        return Ok(page(&app, &context, &staff, form, "").await?.into_response());
    }
    attempt.right().await?;
    let own = own_words(&staff, &row.email, &row.name);
    let Some(hash) = checked(&app, &mut form, &typed, &own, turn).await? else {
        return Ok(page(&app, &context, &staff, form, "").await?.into_response());
    };
    let mut tx = app.db.begin().await?;
    if !queries::password_set(&mut tx, &staff, (staff.staff_id, row.revision), &hash).await? {
        // An administrator has reset or changed the account meanwhile.
        return Ok(Redirect::to("/console/me").into_response());
    }
    queries::sessions_delete_of(&mut tx, &staff, staff.staff_id, &staff.session).await?;
    tell(&app, &mut tx, &staff, staff.staff_id, StaffEvent::PasswordChanged).await?;
    audit::record(&app, &mut tx, &staff, STAFF_PASSWORD_CHANGED, None, "").await?;
    tx.commit().await?;
    app.mail.wake();
    Ok(Redirect::to("/console/me?done=password").into_response())
}

pub(super) async fn sign_out_others(State(app): State<App>, staff: StaffScope) -> Result<Response, AppError> {
    let mut tx = app.db.begin().await?;
    queries::sessions_delete_of(&mut tx, &staff, staff.staff_id, &staff.session).await?;
    devices::forget(&mut tx, &staff, staff.staff_id).await?;
    audit::record(&app, &mut tx, &staff, STAFF_OTHERS_ENDED, None, "").await?;
    tx.commit().await?;
    Ok(Redirect::to("/console/me?done=others").into_response())
}

crate::ui::console_pages! {
    StaffMePage => |context| {
        let mut form = FormState::default();
        form.error("new_password", "パスワードは12文字以上128文字以内で入力してください。");
        Self {
            page: context.console_with_errors(TITLE),
            form,
            name: "試験 花子".into(),
            email: "hanako@minato.example".into(),
            role: "管理者",
            explanation: crate::core::role::Role::Admin.explanation(),
            factors: vec![StaffFactorLine {
                factor_id: 1,
                kind: "認証アプリ",
                label: "スマートフォン".into(),
                since: "2026/11/01 09:00".into(),
                used: "2026/11/20 09:12".into(),
            }],
            rule: PASSWORD_RULE,
            done: "認証方法を登録しました。",
        }
    },
}
