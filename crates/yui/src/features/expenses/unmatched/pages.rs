//! 照合待ちの請求: unmatched claims, until staff have assigned or refused each.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    KEPT, PATH, UNMATCHED_SEEN, UnmatchedClaim,
    deciding::{Unassigned, assign_to, discard_claim, discard_claims_of_batch, reopen_claim},
    queries::{self, DecisionRow},
};
use crate::{
    core::{app::App, audit, error::AppError, scope::StaffScope},
    features::{
        imports::Source,
        register::{self, Coverage},
    },
    ui::{FormState, Page, PageContext, format},
};

/// A claim on the page.
pub(crate) struct Card {
    claim_id: i64,
    batch_id: i64,
    place: String,
    who: String,
    numbers: String,
    born: String,
    care: String,
    total: String,
    self_pay: String,
    reason: String,
    /// The persons it may be about: member number and label.
    candidates: Vec<(i64, String)>,
    /// The decision, with its author and time.
    decision: String,
}

#[derive(Template)]
#[template(path = "features/expenses/unmatched/claims.html")]
pub(crate) struct UnmatchedClaimsPage {
    page: Page,
    form: FormState,
    /// The batches with unmatched claims, and their numbers.
    batches: Vec<(i64, i64)>,
    cards: Vec<Card>,
    /// Whether the page shows refused claims.
    refused: bool,
    next: Option<i64>,
    done: &'static str,
    typed: AssignmentForm,
}

const TITLE: &str = "照合待ちの請求";

/// The number of claims on a page.
const ON_A_PAGE: i64 = 25;

/// The most characters of a reason.
const LONGEST: usize = 500;

/// The query of the address.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct UnmatchedQuery {
    /// `refused` for refused claims.
    state: String,
    /// The last claim of the page before.
    after: i64,
    done: String,
}

/// The form for the decision about a claim.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct AssignmentForm {
    /// The chosen candidate, or `other`.
    member: String,
    /// The number of another member.
    other: String,
    reason: String,
    /// The number of the claim.
    #[serde(skip)]
    claim_id: i64,
}

impl AssignmentForm {
    /// Returns whether the form is the one for this claim.
    fn is_of(&self, card: &Card) -> bool {
        self.claim_id == card.claim_id
    }
}

pub(in super::super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(asked): Query<UnmatchedQuery>,
) -> Result<UnmatchedClaimsPage, AppError> {
    page(&app, &context, &staff, &asked, FormState::default(), AssignmentForm::default()).await
}

async fn page(
    app: &App,
    context: &PageContext,
    staff: &StaffScope,
    asked: &UnmatchedQuery,
    form: FormState,
    typed: AssignmentForm,
) -> Result<UnmatchedClaimsPage, AppError> {
    let refused = asked.state == "refused";
    let state = if refused { "refused" } else { "waiting" };
    let mut claims = queries::page(&app.db, staff, state, asked.after, ON_A_PAGE + 1).await?;
    let more = claims.len() > usize::try_from(ON_A_PAGE)?;
    claims.truncate(usize::try_from(ON_A_PAGE)?);
    let next = claims.last().filter(|_| more).map(|(claim, _)| claim.claim_id);
    let hints: Vec<_> = claims.iter().map(|(claim, _)| &claim.record.hint).collect();
    let mut tx = app.db.begin_reading().await?;
    let alike = register::alike(&mut tx, staff, &hints).await?;
    drop(tx);
    if !claims.is_empty() {
        audit::seen(app, staff, UNMATCHED_SEEN, None, &format!("{}件", claims.len())).await?;
    }
    Ok(UnmatchedClaimsPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        batches: queries::batches(&app.db, staff).await?,
        cards: claims.iter().map(|(claim, decision)| card(claim, decision.as_ref(), &alike)).collect(),
        refused,
        next,
        done: match asked.done.as_str() {
            "assigned" => "加入者に割り当てました。",
            "refused" => "取り込まないことにしました。",
            "again" => "照合待ちに戻しました。まもなく台帳と照合します。",
            _ => "",
        },
        typed,
    })
}

fn card(claim: &UnmatchedClaim, decision: Option<&DecisionRow>, alike: &[Coverage]) -> Card {
    let record = &claim.record;
    let hint = &record.hint;
    let mut candidates: Vec<(i64, String)> = Vec::new();
    let likely = |who: &&Coverage| {
        who.is_in(hint.month)
            && (who.holder_key == hint.holder_key || hint.birth_date.is_some_and(|date| who.birth_date == date))
    };
    for who in alike.iter().filter(likely) {
        if candidates.iter().all(|(member_id, _)| *member_id != who.member_id) {
            let born = who.birth_date.strftime("%Y/%m/%d");
            candidates.push((who.member_id, format!("{}（{}）{} {born}生まれ", who.name, who.kana, who.numbers())));
        }
    }
    Card {
        claim_id: claim.claim_id,
        batch_id: claim.batch_id,
        place: Source::line_in_words(record.line),
        who: record.who(),
        numbers: match &hint.branch {
            Some(branch) => format!("{}-{branch}", record.numbers),
            None => record.numbers.clone(),
        },
        born: hint.birth_date.map(|date| date.strftime("%Y/%m/%d").to_string()).unwrap_or_default(),
        care: record.care(),
        total: format::yen(record.amounts.total),
        self_pay: format::yen(record.amounts.self_pay),
        reason: claim.reason.clone(),
        candidates,
        decision: decision
            .map(|(at, by, why)| format!("{} {by} {why}", format::minute(*at)).trim_end().to_owned())
            .unwrap_or_default(),
    }
}

/// Checks a reason; adds its mistakes to the form.
fn reason(form: &mut FormState, typed: &str) -> String {
    let reason = typed.trim().to_owned();
    if reason.is_empty() {
        form.error("claims", "理由を入力してください。");
    } else if reason.chars().count() > LONGEST {
        form.error("claims", "理由は500文字以内で入力してください。");
    }
    reason
}

pub(in super::super) async fn assign(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(typed): Form<AssignmentForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let whom = if typed.member == "other" { typed.other.trim() } else { typed.member.as_str() };
    let member_id: Option<i64> = kenpo_formats::text::fold(whom).parse().ok();
    if member_id.is_none() {
        form.error("claims", "だれの請求かを選ぶか、加入者番号を入力してください。");
    }
    let why = reason(&mut form, &typed.reason);
    if let Some(member_id) = member_id.filter(|_| !form.has_errors()) {
        match assign_to(&app, &staff, id, member_id, &why).await {
            Ok(batch_id) => {
                let path = format!("/console/imports/{batch_id}?done=claim-assigned");
                return Ok(Redirect::to(&path).into_response());
            }
            Err(error) => match error.downcast::<Unassigned>()? {
                Unassigned::NotWaiting => return Err(AppError::NotFound),
                Unassigned::Refused(words) => form.error("claims", &words),
            },
        }
    }
    let asked = UnmatchedQuery { after: id - 1, ..UnmatchedQuery::default() };
    let typed = AssignmentForm { claim_id: id, ..typed };
    Ok(page(&app, &context, &staff, &asked, form, typed).await?.into_response())
}

pub(in super::super) async fn refuse(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Form(typed): Form<AssignmentForm>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let why = reason(&mut form, &typed.reason);
    if form.has_errors() {
        let asked = UnmatchedQuery { after: id - 1, ..UnmatchedQuery::default() };
        let typed = AssignmentForm { claim_id: id, ..typed };
        return Ok(page(&app, &context, &staff, &asked, form, typed).await?.into_response());
    }
    match discard_claim(&app, &staff, id, &why).await {
        Ok(()) => Ok(Redirect::to(&format!("{PATH}?done=refused")).into_response()),
        Err(error) if error.is::<Unassigned>() => Err(AppError::NotFound),
        Err(error) => Err(error.into()),
    }
}

/// The form for refusing all claims of a batch.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct TypedForAll {
    batch: i64,
    reason: String,
}

pub(in super::super) async fn refuse_all(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Form(typed): Form<TypedForAll>,
) -> Result<Response, AppError> {
    let mut form = FormState::default();
    let why = reason(&mut form, &typed.reason);
    if form.has_errors() {
        return Ok(page(&app, &context, &staff, &UnmatchedQuery::default(), form, AssignmentForm::default())
            .await?
            .into_response());
    }
    if discard_claims_of_batch(&app, &staff, typed.batch, &why).await? == 0 {
        return Err(AppError::NotFound);
    }
    Ok(Redirect::to(&format!("{PATH}?done=refused")).into_response())
}

pub(in super::super) async fn wait_again(
    State(app): State<App>,
    staff: StaffScope,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    match reopen_claim(&app, &staff, id).await {
        Ok(()) => {
            app.imports.wake();
            Ok(Redirect::to(&format!("{PATH}?done=again")).into_response())
        }
        Err(error) if error.is::<Unassigned>() => Err(AppError::NotFound),
        Err(error) => Err(error.into()),
    }
}

crate::ui::console_pages! {
    UnmatchedClaimsPage => |context| {
        let mut form = FormState::default();
        form.error("claims", "理由を入力してください。");
        let card = |claim_id, candidates, decision: &str| Card {
            claim_id,
            batch_id: 7,
            place: "12行目".into(),
            who: "見本 太郎".into(),
            numbers: "12-345-00".into(),
            born: "1980/01/01".into(),
            care: "2026-09 通院 みほん医院".into(),
            total: "12,000".into(),
            self_pay: "3,600".into(),
            reason: "この保険者番号・記号・番号の世帯は台帳にありません。".into(),
            candidates,
            decision: decision.into(),
        };
        let candidate = (5, "見本 太郎（ミホン タロウ）12-346-00 1980/01/01生まれ".to_owned());
        Self {
            page: context.console_with_errors(TITLE),
            form,
            batches: vec![(7, 2), (8, KEPT)],
            cards: vec![card(1, vec![candidate], ""), card(2, Vec::new(), "")],
            refused: false,
            next: Some(2),
            done: "",
            typed: AssignmentForm { claim_id: 1, member: "5".into(), ..AssignmentForm::default() },
        }
    },
}
