//! An act on a person or their account: a page with its effects and a form, and the act itself.

use std::future::Future;

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::civil::Date;
use serde::Deserialize;

use super::{
    acts::MEMBER_VIEWED,
    queries::{self, AccountRow, FlagRow, MemberDetailRow},
};
use crate::{
    core::{
        app::App,
        audit::{self, Subject},
        error::AppError,
        scope::StaffScope,
    },
    ui::{FormState, Page, PageContext},
};

/// The inputs that an act asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// An optional note.
    Note,
    /// A reason.
    Reason,
    /// A reason, and how the asking person's identity was verified.
    Identity,
    /// As [`Asks::Identity`], and the last day on which it is to be in force, if any.
    Until,
    /// A reason and the new user ID.
    UserId,
}

/// The words of an act.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    /// Its part of the address.
    pub(super) path: &'static str,
    pub(super) title: &'static str,
    pub(super) button: &'static str,
    /// Whether the person loses something by it.
    pub(super) danger: bool,
    pub(super) asks: Asks,
}

/// The result of an act.
pub(super) enum ActionOutcome {
    /// It was done; the word selects the message on the person's page.
    Done(&'static str),
    /// It waits for a second person.
    ApprovalRequested,
    /// The input is refused: the field and the reason.
    Refused(&'static str, String),
}

/// An act.
pub(super) trait MemberAction: Send + Sync + 'static {
    /// Its words.
    const WORDS: Words;

    /// Returns whether it is possible for this person.
    fn is_possible(target: &ActionTarget) -> bool;

    /// Returns its effects, sentence by sentence.
    fn effects(staff: &StaffScope, target: &ActionTarget) -> Vec<String>;

    /// Performs the act.
    fn run(
        app: &App,
        staff: &StaffScope,
        target: &ActionTarget,
        typed: &MemberActionForm,
    ) -> impl Future<Output = Result<ActionOutcome, AppError>> + Send;
}

/// The person that an act is about.
pub(super) struct ActionTarget {
    pub(super) member: MemberDetailRow,
    pub(super) account: Option<AccountRow>,
    pub(super) flags: Vec<FlagRow>,
    pub(super) today: Date,
}

impl ActionTarget {
    pub(super) async fn of(app: &App, staff: &StaffScope, member_id: i64) -> Result<Self, AppError> {
        let member = queries::member(&app.db, staff, member_id).await?.ok_or(AppError::NotFound)?;
        let account = queries::account(&app.db, staff, member_id).await?;
        let flags = queries::flags(&app.db, staff, member_id).await?;
        Ok(Self { member, account, flags, today: app.clock.today() })
    }

    /// Returns the account, for acts that are possible only with one.
    pub(super) fn account(&self) -> Result<&AccountRow, AppError> {
        self.account.as_ref().ok_or(AppError::NotFound)
    }

    /// Returns whether the account is in this state.
    pub(super) fn is(&self, state: &str) -> bool {
        self.account.as_ref().is_some_and(|account| account.state == state)
    }

    /// Returns the person as a subject of the log.
    pub(super) fn subject(&self) -> Subject {
        Subject::new("member", self.member.member_id, &self.member.name)
    }
}

/// The form of an act.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MemberActionForm {
    pub(super) reason: String,
    pub(super) identity: String,
    pub(super) user_id: String,
    /// As in 2027-03-31.
    pub(super) until: String,
}

impl MemberActionForm {
    /// Returns reason and identity check in the words of the log.
    pub(super) fn told(&self) -> String {
        let (reason, identity) = (self.reason.trim(), self.identity.trim());
        if identity.is_empty() { reason.to_owned() } else { format!("{reason}（本人確認: {identity}）") }
    }
}

#[derive(Template)]
#[template(path = "features/members/act.html")]
pub(crate) struct MemberActPage {
    page: Page,
    form: FormState,
    member_id: i64,
    name: String,
    words: Words,
    effects: Vec<String>,
    typed: MemberActionForm,
}

/// The most characters of a reason.
const LONGEST: usize = 500;

fn page<A: MemberAction>(
    context: &PageContext,
    staff: &StaffScope,
    target: ActionTarget,
    form: FormState,
    typed: MemberActionForm,
) -> MemberActPage {
    let words = A::WORDS;
    MemberActPage {
        page: if form.has_errors() { context.console_with_errors(words.title) } else { context.console(words.title) },
        form,
        effects: A::effects(staff, &target),
        member_id: target.member.member_id,
        name: target.member.name,
        words,
        typed,
    }
}

/// Redirects back to the person, whose state has changed since the page was shown.
fn changed(member_id: i64) -> Response {
    Redirect::to(&format!("/console/members/{member_id}?done=changed")).into_response()
}

pub(super) async fn show<A: MemberAction>(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let target = ActionTarget::of(&app, &staff, id).await?;
    if !A::is_possible(&target) {
        return Ok(changed(id));
    }
    audit::seen(&app, &staff, MEMBER_VIEWED, Some(&target.subject()), A::WORDS.title).await?;
    Ok(page::<A>(&context, &staff, target, FormState::default(), MemberActionForm::default()).into_response())
}

pub(super) async fn submit<A: MemberAction>(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(typed): Form<MemberActionForm>,
) -> Result<Response, AppError> {
    let target = ActionTarget::of(&app, &staff, id).await?;
    if !A::is_possible(&target) {
        return Ok(changed(id));
    }
    let mut form = mistakes(A::WORDS.asks, &typed);
    if !form.has_errors() {
        match A::run(&app, &staff, &target, &typed).await? {
            ActionOutcome::Done(word) => {
                return Ok(Redirect::to(&format!("/console/members/{id}?done={word}")).into_response());
            }
            ActionOutcome::ApprovalRequested => {
                return Ok(Redirect::to("/console/approvals?done=asked").into_response());
            }
            ActionOutcome::Refused(field, words) => form.error(field, &words),
        }
    }
    Ok(page::<A>(&context, &staff, target, form, typed).into_response())
}

/// Returns the mistakes in reason and identity check.
pub(super) fn mistakes(asks: Asks, typed: &MemberActionForm) -> FormState {
    let mut form = FormState::default();
    let mut needed = |field, text: &str, missing: &str| {
        if text.trim().is_empty() && !missing.is_empty() {
            form.error(field, missing);
        } else if text.chars().count() > LONGEST {
            form.error(field, "500文字以内で入力してください。");
        }
    };
    if matches!(asks, Asks::Identity | Asks::Until) {
        needed("identity", &typed.identity, "本人確認の方法を入力してください。");
    }
    needed("reason", &typed.reason, if asks == Asks::Note { "" } else { "理由を入力してください。" });
    form
}

crate::ui::console_pages! {
    MemberActPage => |context| {
        let words = Words { asks: Asks::Until, ..<super::FactorsReset as MemberAction>::WORDS };
        let typed = MemberActionForm { reason: String::new(), identity: "電話で生年月日と記号・番号を確認".into(), ..MemberActionForm::default() };
        Self {
            page: context.console_with_errors(words.title),
            form: mistakes(words.asks, &typed),
            member_id: 7,
            name: "テスト タロウ".into(),
            words,
            effects: vec!["登録されている認証方法がすべて削除されます。".into(), "本人にメールで知らせます。".into()],
            typed,
        }
    },
}
