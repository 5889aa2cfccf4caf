//! The search for a member: one field that recognises its text, and filters.

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    response::Redirect,
};
use serde::{Deserialize, Serialize};

use super::{
    acts::MEMBERS_SEARCHED,
    flags,
    queries::{self, FoundRow, MemberSpanRow},
    recognise::{Lookup, Meaning, SearchTerms, recognised},
};
use crate::{
    core::{
        app::App,
        audit,
        error::AppError,
        heavy,
        scope::StaffScope,
        sealed_query::{self, SealedQuery},
    },
    features::{
        register::{SearchKey, name_key},
        societies,
    },
    ui::{FormState, Page, PageContext, format},
};

/// The most people that a search examines. With more, staff have to narrow the search.
const CANDIDATES: i64 = 1_000;

/// The number up to which results are counted.
const COUNTED: usize = 200;

/// The number of results on a page.
const ON_A_PAGE: usize = 50;

/// The state of an account, for the filter and the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccountFilter {
    Enrolled,
    Temporary,
    Locked,
    Stopped,
    /// An insured person without an account.
    Missing,
    /// A dependent, who can have no account.
    NotOwn,
}

impl AccountFilter {
    /// The states of the filter, with the word in the address.
    const FILTER: [(&'static str, Self); 5] = [
        ("enrolled", Self::Enrolled),
        ("temporary", Self::Temporary),
        ("locked", Self::Locked),
        ("stopped", Self::Stopped),
        ("none", Self::Missing),
    ];

    /// Returns the state of an account, or of its absence.
    pub(super) fn of(state: Option<&str>, locked: bool, insured: bool) -> Self {
        match state {
            Some("stopped") => Self::Stopped,
            Some(_) if locked => Self::Locked,
            Some("temporary") => Self::Temporary,
            Some(_) => Self::Enrolled,
            None if insured => Self::Missing,
            None => Self::NotOwn,
        }
    }

    /// Returns it in words.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Enrolled => "登録済み",
            Self::Temporary => "登録待ち",
            Self::Locked => "ロック中",
            Self::Stopped => "停止中",
            Self::Missing => "アカウントなし",
            Self::NotOwn => "—",
        }
    }
}

/// The search form.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct MemberSearchForm {
    q: String,
    state: String,
    /// `yes` to include those who have left.
    left: String,
    /// The last person of the page before.
    after: Option<i64>,
}

/// A person in the table.
pub(crate) struct MemberLine {
    member_id: i64,
    name: String,
    kana: String,
    numbers: String,
    relationship: &'static str,
    birth_date: String,
    state: &'static str,
    bad: bool,
    last_login: String,
    left: bool,
    /// The flags that hide their expenses from the household's account.
    flags: Vec<&'static str>,
}

/// The results of a search.
pub(crate) struct SearchResult {
    lines: Vec<MemberLine>,
    count: String,
    /// Whether there are more people than a search examines.
    cut: bool,
    /// The address of the next page, if there is one.
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "features/members/search.html")]
pub(crate) struct MembersPage {
    page: Page,
    form: FormState,
    typed: MemberSearchForm,
    states: Vec<(&'static str, &'static str)>,
    found: Option<SearchResult>,
}

const TITLE: &str = "加入者";

const PATH: &str = "/console/members";

/// Redirects to the results, at an address that does not reveal the search words.
pub(super) async fn submit(
    State(app): State<App>,
    staff: StaffScope,
    Form(typed): Form<MemberSearchForm>,
) -> Result<Redirect, AppError> {
    Ok(Redirect::to(&sealed_query::address(&app, &staff, PATH, &typed)?))
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Query(looked_for): Query<SealedQuery>,
) -> Result<MembersPage, AppError> {
    let typed: MemberSearchForm = looked_for.typed(&app, &staff, PATH).unwrap_or_default();
    let mut form = FormState::default();
    let state = AccountFilter::FILTER.iter().find(|(word, _)| *word == typed.state).map(|(_, state)| *state);
    let insurers = societies::insurer_numbers(&app, &staff).await?;
    let wanted = recognised(&typed.q, &insurers).inspect_err(|words| form.error("q", words)).ok();
    let found = match wanted {
        Some(wanted) if wanted.meanings.is_empty() && state == Some(AccountFilter::Missing) => {
            form.error("q", "アカウントなしは、氏名や記号・番号と合わせて検索してください。");
            None
        }
        Some(wanted) if !wanted.meanings.is_empty() || state.is_some() => {
            let _place = app.searches.place(heavy::account(&staff, "staff", staff.staff_id)).await?;
            let found = find(&app, &staff, &wanted, state, &typed).await?;
            let left = if typed.left == "yes" { " 資格喪失者を含む" } else { "" };
            let state = state.map(|state| format!(" {}", state.label())).unwrap_or_default();
            let whom: String = found.lines.iter().map(|line| format!(" {}", line.member_id)).collect();
            let detail = format!("「{}」{state}{left}: {}（表示した加入者番号{whom}）", typed.q.trim(), found.count);
            audit::seen(&app, &staff, MEMBERS_SEARCHED, None, &detail).await?;
            Some(found)
        }
        _ => None,
    };
    Ok(page(&context, form, typed, found))
}

fn page(context: &PageContext, form: FormState, typed: MemberSearchForm, found: Option<SearchResult>) -> MembersPage {
    MembersPage {
        page: if form.has_errors() { context.console_with_errors(TITLE) } else { context.console(TITLE) },
        form,
        typed,
        states: AccountFilter::FILTER.iter().map(|(word, state)| (*word, state.label())).collect(),
        found,
    }
}

/// Returns the members that this lookup finds.
async fn looked_up(app: &App, staff: &StaffScope, lookup: &Lookup) -> Result<Vec<i64>, yui_db::DbError> {
    let keyed = async |piece: SearchKey<'_>| {
        let (from, to) = piece.range();
        queries::by_key(&app.db, staff, (&from, &to), CANDIDATES + 1).await
    };
    match lookup {
        Lookup::Name(name) => keyed(SearchKey::Name(name)).await,
        Lookup::Numbers(numbers) => keyed(SearchKey::Numbers(numbers)).await,
        Lookup::Insurer(number) => keyed(SearchKey::Insurer(number)).await,
        Lookup::Login(begins) => {
            let mut found = queries::by_login(&app.db, staff, begins, CANDIDATES + 1).await?;
            if begins.contains('@') {
                found.extend(keyed(SearchKey::Address(begins)).await?);
            }
            Ok(found)
        }
    }
}

/// A candidate of the search.
struct SearchHit {
    row: FoundRow,
    kana: String,
    /// The span in force, else the newest.
    span: MemberSpanRow,
    covered: bool,
    state: AccountFilter,
}

async fn find(
    app: &App,
    staff: &StaffScope,
    wanted: &SearchTerms,
    state: Option<AccountFilter>,
    typed: &MemberSearchForm,
) -> Result<SearchResult, AppError> {
    let mut cut = false;
    let mut meant: HashMap<i64, Vec<&Meaning>> = HashMap::new();
    let most = usize::try_from(CANDIDATES)?;
    for meaning in &wanted.meanings {
        let mut ids = looked_up(app, staff, &meaning.lookup).await?;
        cut |= ids.len() > most;
        ids.truncate(most);
        ids.into_iter().for_each(|id| meant.entry(id).or_default().push(meaning));
    }
    let mut ids: BTreeSet<i64> = meant.keys().copied().collect();
    if wanted.meanings.is_empty() {
        let word = AccountFilter::FILTER.iter().find(|(_, known)| Some(*known) == state).map(|(word, _)| *word);
        let word = word.filter(|word| *word != "locked");
        let mut of_state = queries::by_state(&app.db, staff, word, CANDIDATES + 1).await?;
        cut |= of_state.len() > most;
        of_state.truncate(most);
        ids.extend(of_state);
    }
    let ids: Vec<i64> = ids.into_iter().collect();
    let fits = |candidate: &SearchHit| {
        let name = name_key(&candidate.row.name);
        let named = |meaning: &&Meaning| {
            meaning.name.as_ref().is_none_or(|part| name.contains(part) || candidate.kana.contains(part))
        };
        let meanings = meant.get(&candidate.row.member_id);
        meanings.is_none_or(|meanings| meanings.iter().any(named))
            && (candidate.covered || typed.left == "yes")
            && state.is_none_or(|state| candidate.state == state)
            && wanted.insurer.as_ref().is_none_or(|number| *number == candidate.span.insurer_number)
    };
    let mut candidates = candidates(app, staff, &ids).await?;
    candidates.retain(fits);
    candidates.sort_by(|one, other| (&one.kana, one.row.member_id).cmp(&(&other.kana, other.row.member_id)));
    let (mut found, last) = found(candidates, cut, typed.after);
    let shown: Vec<i64> = found.lines.iter().map(|line| line.member_id).collect();
    let flagged = queries::flagged(&app.db, staff, &shown, app.clock.today()).await?;
    for line in &mut found.lines {
        let own = flagged.iter().filter(|row| row.member_id == line.member_id);
        line.flags = own.map(|row| flags::label(&row.kind)).collect();
    }
    let next = last.map(|after| MemberSearchForm { after: Some(after), ..typed.clone() });
    let next = next.map(|next| sealed_query::address(app, staff, PATH, &next)).transpose()?;
    Ok(SearchResult { next, ..found })
}

async fn candidates(app: &App, staff: &StaffScope, ids: &[i64]) -> Result<Vec<SearchHit>, AppError> {
    let today = app.clock.today();
    let mut spans: HashMap<i64, MemberSpanRow> = HashMap::new();
    for span in queries::spans(&app.db, staff, ids).await? {
        match spans.get(&span.member_id) {
            Some(kept) if kept.on(today) || !span.on(today) => {}
            _ => drop(spans.insert(span.member_id, span)),
        }
    }
    let rows = queries::found(&app.db, staff, ids).await?;
    let candidate = |row: FoundRow| {
        let span = spans.remove(&row.member_id)?;
        let (covered, insured) = (span.on(today), span.relationship == "insured");
        let state = AccountFilter::of(row.state.as_deref(), row.locked_at.is_some(), insured && covered);
        Some(SearchHit { kana: name_key(&row.kana), row, span, covered, state })
    };
    Ok(rows.into_iter().filter_map(candidate).collect())
}

/// Returns the page of those after this one, and the last on it if more follow.
fn found(candidates: Vec<SearchHit>, cut: bool, after: Option<i64>) -> (SearchResult, Option<i64>) {
    let count = match candidates.len() {
        few if cut => format!("先頭の1,000人のうち{few}件"),
        few if few <= COUNTED => format!("{few}件"),
        _ => format!("{COUNTED}件以上"),
    };
    let after = after.and_then(|id| candidates.iter().position(|candidate| candidate.row.member_id == id));
    let begins = after.map_or(0, |at| at + 1);
    let rest = candidates.get(begins..).unwrap_or_default();
    let shown = rest.get(..ON_A_PAGE.min(rest.len())).unwrap_or_default();
    let last = shown.last().filter(|_| rest.len() > shown.len());
    let found = SearchResult { lines: shown.iter().map(line).collect(), count, cut, next: None };
    (found, last.map(|last| last.row.member_id))
}

fn line(candidate: &SearchHit) -> MemberLine {
    let SearchHit { row, span, covered, state, .. } = candidate;
    MemberLine {
        member_id: row.member_id,
        name: row.name.clone(),
        kana: row.kana.clone(),
        numbers: span.numbers(),
        relationship: span.relationship(),
        birth_date: row.birth_date.strftime("%Y/%m/%d").to_string(),
        state: state.label(),
        bad: matches!(state, AccountFilter::Locked | AccountFilter::Stopped),
        last_login: row.last_login_at.map(format::minute).unwrap_or_default(),
        left: !covered,
        flags: Vec::new(),
    }
}

crate::ui::console_pages! {
    MembersPage => |context| {
        let line = |name: &str, kana: &str, branch: &str, state: AccountFilter| MemberLine {
            member_id: 7,
            name: name.into(),
            kana: kana.into(),
            numbers: format!("800-1234-{branch}"),
            relationship: if branch == "00" { "本人" } else { "家族" },
            birth_date: "1979/08/22".into(),
            state: state.label(),
            bad: state == AccountFilter::Locked,
            last_login: if branch == "00" { "2026/11/20 09:12".into() } else { String::new() },
            left: branch != "00",
            flags: if branch == "00" { Vec::new() } else { vec!["情報非開示"] },
        };
        let lines = vec![
            line("テスト タロウ", "テスト タロウ", "00", AccountFilter::Locked),
            line("テスト ハナコ", "テスト ハナコ", "01", AccountFilter::NotOwn),
        ];
        let typed = MemberSearchForm { q: "テスト".into(), left: "yes".into(), ..MemberSearchForm::default() };
        let next = Some(format!("{PATH}?s=AQEx"));
        page(context, FormState::default(), typed, Some(SearchResult { lines, count: "200件以上".into(), cut: true, next }))
    },
}
