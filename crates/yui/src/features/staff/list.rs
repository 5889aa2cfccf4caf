//! The list of staff, and inviting one more.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    admin,
    queries::{self, StaffLine},
};
use crate::{
    core::{app::App, audit::Subject, error::AppError, role::Role, scope::StaffScope, society::Guarded},
    features::{account::credentials::email_as_kept, approvals},
    ui::{FormState, Page, PageContext, format},
};

/// A member of staff in the list.
pub(crate) struct ListedStaff {
    staff_id: i64,
    name: String,
    email: String,
    role: &'static str,
    state: &'static str,
    last_login: String,
}

#[derive(Template)]
#[template(path = "features/staff/list.html")]
pub(crate) struct StaffListPage {
    page: Page,
    lines: Vec<ListedStaff>,
    done: &'static str,
}

#[derive(Template)]
#[template(path = "features/staff/invite.html")]
pub(crate) struct StaffInvitePage {
    page: Page,
    form: FormState,
    email: String,
    name: String,
    /// The role's word.
    role: String,
}

/// The query of the page's address: the change that was just made.
#[derive(Deserialize)]
pub(super) struct StaffListQuery {
    #[serde(default)]
    pub(super) done: String,
}

/// The form for an invitation.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct InviteStaffForm {
    email: String,
    name: String,
    role: String,
}

/// Returns the state in words.
pub(super) fn state(line: &StaffLine) -> &'static str {
    match (&line.stopped_at, line.answered, &line.locked_at) {
        (Some(_), ..) => "停止中",
        (None, false, _) if line.invited => "招待中",
        (None, false, _) => "招待していません",
        (None, true, Some(_)) => "ロック中",
        (None, true, None) if line.factors == 0 => "認証方法 未登録",
        (None, true, None) => "利用中",
    }
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(StaffListQuery { done }): Query<StaffListQuery>,
) -> Result<StaffListPage, AppError> {
    let lines = queries::staff_list(&app.db, &staff).await?;
    let lines = lines.iter().map(|line| ListedStaff {
        staff_id: line.staff_id,
        name: line.name.clone(),
        email: line.email.clone(),
        role: line.role().label(),
        state: state(line),
        last_login: line.last_login_at.map(format::minute).unwrap_or_default(),
    });
    let done = if done == "invited" {
        "招待のメールを送信しました。リンクは7日間有効です。"
    } else {
        ""
    };
    Ok(StaffListPage { page: context.console("職員"), lines: lines.collect(), done })
}

pub(super) async fn invite_show(context: PageContext) -> StaffInvitePage {
    let page = context.console("職員の招待");
    StaffInvitePage { page, form: FormState::default(), email: String::new(), name: String::new(), role: String::new() }
}

pub(super) async fn invite_submit(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<InviteStaffForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let (name, role) = (typed.name.trim().to_owned(), Role::parse(&typed.role));
    if name.is_empty() {
        form.error("name", "氏名を入力してください。");
    }
    let email = email_as_kept(&typed.email).inspect_err(|words| form.error("email", words)).ok();
    if role.is_none() {
        form.error("role", "役割を選んでください。");
    }
    if let (Some(email), Some(role), false) = (email, role, form.has_errors()) {
        let mut tx = app.db.begin().await?;
        let whom = (email.as_str(), name.as_str(), role);
        if role != Role::Viewer && approvals::needed(&staff, Guarded::Invitation) {
            if let Some(id) = admin::enter(&app, &mut tx, &staff.acting(), whom).await? {
                let subject = Subject::new("staff", id, &name);
                let detail = format!("{email} {}", role.label());
                approvals::request(&app, &mut tx, &staff, Guarded::Invitation, &subject, &detail).await?;
                tx.commit().await?;
                return Ok(Redirect::to("/console/approvals?done=asked").into_response());
            }
        } else if admin::invite_in(&app, &mut tx, &staff.acting(), whom).await?.is_some() {
            tx.commit().await?;
            app.mail.wake();
            return Ok(Redirect::to("/console/staff?done=invited").into_response());
        }
        form.error("email", "このメールアドレスの職員はすでに登録されています。");
    }
    let page = context.console_with_errors("職員の招待");
    Ok(StaffInvitePage { page, form, email: typed.email, name: typed.name, role: typed.role }.into_response())
}

crate::ui::console_pages! {
    StaffListPage => |context| Self {
        page: context.console("職員"),
        lines: vec![ListedStaff {
            staff_id: 1,
            name: "試験 花子".into(),
            email: "hanako@minato.example".into(),
            role: "管理者",
            state: "利用中",
            last_login: "2026/11/20 09:12".into(),
        }],
        done: "招待のメールを送信しました。リンクは7日間有効です。",
    },
    StaffInvitePage => |context| {
        let mut form = FormState::default();
        form.error("role", "役割を選んでください。");
        let page = context.console_with_errors("職員の招待");
        Self { page, form, email: "jiro@minato.example".into(), name: "見本 次郎".into(), role: String::new() }
    },
}
