//! One person: who they are, their household, their account and its history. Opening it is an entry of the log.

use askama::Template;
use axum::extract::{Path, Query, State};
use serde::Deserialize;

use super::{
    account_acts::{FactorsReset, PairReissue, Resume, SignOut, Stop, Unlock, UserIdChange},
    act::{ActionTarget, MemberAction, Words},
    acts::MEMBER_VIEWED,
    flags::{self, End, NonDisclosure, Objection, Set},
    queries::{self, About, AccountRow, FlagRow, MemberSpanRow},
    search::AccountFilter,
    statement,
};
use crate::{
    core::{
        app::App,
        audit::{self, AuditAction as LoggedAct, EntryRow},
        error::AppError,
        mail,
        role::Right,
        scope::StaffScope,
    },
    features::account::event_label,
    ui::{Page, PageContext, format},
};

/// A row of a table: its cells.
type TableRow = Vec<String>;

/// A person of the household.
pub(crate) struct Relative {
    member_id: i64,
    name: String,
    numbers: String,
    relationship: &'static str,
    birth_date: String,
    own: bool,
    left: bool,
    /// The flags that hide their expenses from the household's account.
    flags: Vec<&'static str>,
}

/// The account, in words.
pub(crate) struct AccountCard {
    user_id: String,
    state: &'static str,
    bad: bool,
    facts: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "features/members/detail.html")]
pub(crate) struct MemberPage {
    page: Page,
    member_id: i64,
    name: String,
    facts: Vec<(&'static str, String)>,
    in_force: Vec<&'static str>,
    done: &'static str,
    household: Vec<Relative>,
    spans: Vec<TableRow>,
    account: Option<AccountCard>,
    /// Whether the person could have an account.
    insured: bool,
    factors: Vec<TableRow>,
    sessions: Vec<TableRow>,
    events: Vec<TableRow>,
    mails: Vec<TableRow>,
    terms: Vec<TableRow>,
    flags: Vec<TableRow>,
    entries: Vec<TableRow>,
    /// The acts of the reader on the account, and on the flags.
    acts: Vec<Words>,
    flag_acts: Vec<Words>,
    /// Whether the reader may print the person's own statement.
    may_print: bool,
}

/// The query of the page's address: the change that was just made.
#[derive(Deserialize)]
pub(super) struct MemberQuery {
    #[serde(default)]
    done: String,
}

/// The number of events, mails and entries of the log on the page.
const SHOWN: i64 = 50;

fn minute(at: jiff::Timestamp) -> String {
    format::minute(at)
}

fn maybe(at: Option<jiff::Timestamp>) -> String {
    at.map_or_else(|| "—".to_owned(), minute)
}

fn day(date: jiff::civil::Date) -> String {
    date.strftime("%Y/%m/%d").to_string()
}

fn said(done: &str) -> &'static str {
    match done {
        "unlocked" => "ロックを解除しました。",
        "signed-out" => "全てのログインを終わらせました。",
        "factors-reset" => "認証方法を初期化しました。次のログインで、新しい認証方法の登録をお願いします。",
        "pair-reissued" => "再発行しました。次のハガキ・CSVの作成のときに書き出されます。",
        "user-id-changed" => "ユーザIDを変更しました。",
        "stopped" => "利用を停止し、全てのログインを終わらせました。",
        "resumed" => "利用を再開しました。",
        "flag-set" => "設定しました。この人の医療費は、世帯のアカウントにはもう表示されません。",
        "flag-ended" => "解除しました。",
        "changed" => "状態が変わっていたため、何もしていません。今の状態をご確認ください。",
        _ => "",
    }
}

pub(super) async fn show(
    State(app): State<App>,
    context: PageContext,
    staff: StaffScope,
    Path(id): Path<i64>,
    Query(MemberQuery { done }): Query<MemberQuery>,
) -> Result<MemberPage, AppError> {
    let target = ActionTarget::of(&app, &staff, id).await?;
    audit::seen(&app, &staff, MEMBER_VIEWED, Some(&target.subject()), "").await?;
    let today = app.clock.today();
    let spans = queries::spans(&app.db, &staff, &[id]).await?;
    let newest = spans.iter().find(|span| span.on(today)).or(spans.first());
    let household = relatives(&app, &staff, newest, id).await?;
    let insured = newest.is_some_and(|span| span.relationship == "insured" && span.on(today));
    let mut entries = audit::entries_of(&app.db, &staff, ("member", id), SHOWN).await?;
    let mut about = About::default();
    if let Some(account) = &target.account {
        about = queries::about(&app.db, &staff, account.account_id, app.clock.now(), SHOWN).await?;
        entries.extend(audit::entries_of(&app.db, &staff, ("account", account.account_id), SHOWN).await?);
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.entry_id));
        entries.truncate(usize::try_from(SHOWN)?);
    }
    let span_row = |span: &MemberSpanRow| {
        let until = span.to_date.map_or_else(|| "—".to_owned(), day);
        let from = day(span.from_date);
        vec![from, until, span.insurer_number.clone(), span.numbers(), span.relationship().to_owned()]
    };
    let title = format!("加入者: {}", target.member.name);
    let kinds = [Objection::as_str(), NonDisclosure::as_str()];
    Ok(MemberPage {
        page: context.console(&title),
        member_id: id,
        facts: facts(&target, newest),
        in_force: kinds.into_iter().filter(|kind| flags::in_force(&target, kind)).map(flags::label).collect(),
        done: said(&done),
        household,
        spans: spans.iter().map(span_row).collect(),
        account: target.account.as_ref().map(card),
        insured,
        factors: about
            .factors
            .iter()
            .map(|row| vec![factor(&row.kind), row.label.clone(), minute(row.created_at), maybe(row.last_used_at)])
            .collect(),
        sessions: about
            .sessions
            .iter()
            .map(|row| {
                vec![
                    row.device.clone().unwrap_or_else(|| "不明な端末".to_owned()),
                    row.address.clone().unwrap_or_default(),
                    minute(row.created_at),
                    minute(row.last_seen_at),
                ]
            })
            .collect(),
        events: about
            .events
            .iter()
            .map(|row| {
                vec![
                    minute(row.at),
                    event_label(&row.kind, row.detail.as_deref()),
                    actor(&row.actor),
                    row.address.clone().unwrap_or_default(),
                ]
            })
            .collect(),
        mails: about.mails.iter().map(mail).collect(),
        terms: about.terms.iter().map(|row| vec![format!("第{}版", row.version), minute(row.agreed_at)]).collect(),
        flags: target.flags.iter().map(flag).collect(),
        entries: entries.iter().map(entry).collect(),
        acts: account_acts(&staff, &target),
        flag_acts: flag_acts(&staff, &target),
        may_print: staff.role.has(Right::Help) && flags::any_in_force(&target),
        name: target.member.name,
    })
}

async fn relatives(
    app: &App,
    staff: &StaffScope,
    newest: Option<&MemberSpanRow>,
    own: i64,
) -> Result<Vec<Relative>, AppError> {
    let Some(newest) = newest else { return Ok(Vec::new()) };
    let people = queries::together(&app.db, staff, newest.household_id).await?;
    let ids: Vec<i64> = people.iter().map(|person| person.member_id).collect();
    let spans = queries::spans(&app.db, staff, &ids).await?;
    let flagged = queries::flagged(&app.db, staff, &ids, app.clock.today()).await?;
    let today = app.clock.today();
    let relative = |person: queries::TogetherRow| {
        let here =
            |span: &&MemberSpanRow| span.member_id == person.member_id && span.household_id == newest.household_id;
        let span = spans.iter().find(here)?;
        let flags = flagged.iter().filter(|row| row.member_id == person.member_id);
        Some(Relative {
            member_id: person.member_id,
            numbers: span.numbers(),
            relationship: span.relationship(),
            birth_date: day(person.birth_date),
            own: person.member_id == own,
            left: !span.on(today),
            flags: flags.map(|row| flags::label(&row.kind)).collect(),
            name: person.name,
        })
    };
    Ok(people.into_iter().filter_map(relative).collect())
}

fn facts(target: &ActionTarget, newest: Option<&MemberSpanRow>) -> Vec<(&'static str, String)> {
    let member = &target.member;
    let mut facts = vec![
        ("加入者番号", member.member_id.to_string()),
        ("カナ", member.kana.clone()),
        ("生年月日", day(member.birth_date)),
        ("性別", if member.sex == "male" { "男" } else { "女" }.to_owned()),
    ];
    if let Some(span) = newest {
        facts.push(("保険者番号", span.insurer_number.clone()));
        facts.push(("記号-番号-枝番", span.numbers()));
        facts.push(("続柄", span.relationship().to_owned()));
    }
    if let Some(email) = &member.email {
        facts.push(("台帳のメールアドレス", email.clone()));
    }
    facts
}

fn card(account: &AccountRow) -> AccountCard {
    let state = AccountFilter::of(Some(&account.state), account.locked_at.is_some(), true);
    let email = match (&account.email, account.email_verified_at) {
        (Some(email), Some(at)) => format!("{email}（{} に確認済み）", minute(at)),
        (Some(email), None) => format!("{email}（未確認）"),
        (None, _) => "—".to_owned(),
    };
    let mut facts = vec![("メールアドレス", email), ("最終ログイン", maybe(account.last_login_at))];
    if let Some(at) = account.locked_at {
        facts.push(("ロックされた日時", minute(at)));
    }
    facts.push(("作成", minute(account.created_at)));
    if let Some(at) = account.enrolled_at {
        facts.push(("初回登録", minute(at)));
    }
    if account.state == "temporary" {
        facts.push(("仮パスワードの期限", maybe(account.password_ends_at)));
        let waits =
            if account.pair_waits { "書き出し待ち（次のハガキ・CSV）" } else { "書き出し済み" };
        facts.push(("仮ID・仮パスワード", waits.to_owned()));
    }
    let bad = matches!(state, AccountFilter::Locked | AccountFilter::Stopped);
    AccountCard { user_id: account.user_id.clone(), state: state.label(), bad, facts }
}

fn factor(kind: &str) -> String {
    match kind {
        "passkey" => "生体認証",
        "app" => "OTPアプリ",
        _ => "OTPメール",
    }
    .to_owned()
}

fn actor(word: &str) -> String {
    if word == "member" { "本人" } else { "組合" }.to_owned()
}

fn mail(row: &queries::MailRow) -> TableRow {
    let state = match (row.sent_at, row.failed_at) {
        (Some(at), _) => format!("送信済み {}", minute(at)),
        (None, Some(at)) => format!("送れませんでした {}", minute(at)),
        (None, None) => format!("送信待ち {}", minute(row.due_at)),
    };
    vec![minute(row.created_at), mail::MailKind::label_of(&row.kind).to_owned(), row.recipient.clone(), state]
}

fn flag(row: &FlagRow) -> TableRow {
    let set = format!("{} {}: {}", minute(row.set_at), row.set_by, row.reason);
    let ended = row.ended_at.map(|at| {
        let (by, why) = (row.ended_by.as_deref().unwrap_or_default(), row.end_reason.as_deref().unwrap_or_default());
        format!("{} {by}: {why}", minute(at))
    });
    let ended = ended.unwrap_or_else(|| match row.until_date {
        Some(until) => format!("{}まで", day(until)),
        None => "期限なし".to_owned(),
    });
    vec![flags::label(&row.kind).to_owned(), set, ended]
}

fn entry(row: &EntryRow) -> TableRow {
    vec![minute(row.at), row.actor_name.clone(), LoggedAct::label_of(&row.act).to_owned(), row.detail.clone()]
}

/// Returns the words of the acts that the reader may perform on the account in its state.
fn account_acts(staff: &StaffScope, target: &ActionTarget) -> Vec<Words> {
    let of = |right: Right, possible: bool, words: Words| (staff.role.has(right) && possible).then_some(words);
    [
        of(Right::Help, statement::is_possible(staff, target), statement::WORDS),
        of(Right::Help, Unlock::is_possible(target), Unlock::WORDS),
        of(Right::Help, FactorsReset::is_possible(target), FactorsReset::WORDS),
        of(Right::Data, PairReissue::is_possible(target), PairReissue::WORDS),
        of(Right::Help, UserIdChange::is_possible(target), UserIdChange::WORDS),
        of(Right::Help, SignOut::is_possible(target), SignOut::WORDS),
        of(Right::Help, Stop::is_possible(target), Stop::WORDS),
        of(Right::Help, Resume::is_possible(target), Resume::WORDS),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns the words of the acts that the reader may perform on the flags.
fn flag_acts(staff: &StaffScope, target: &ActionTarget) -> Vec<Words> {
    let of = |possible: bool, words: Words| (staff.role.has(Right::Help) && possible).then_some(words);
    [
        of(Set::<Objection>::is_possible(target), Set::<Objection>::WORDS),
        of(End::<Objection>::is_possible(target), End::<Objection>::WORDS),
        of(Set::<NonDisclosure>::is_possible(target), Set::<NonDisclosure>::WORDS),
        of(End::<NonDisclosure>::is_possible(target), End::<NonDisclosure>::WORDS),
    ]
    .into_iter()
    .flatten()
    .collect()
}

crate::ui::console_pages! {
    MemberPage => |context| {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<TableRow>();
        let relative = |name: &str, branch: &str, own: bool| Relative {
            member_id: 7,
            name: name.into(),
            numbers: format!("800-1234-{branch}"),
            relationship: if own { "本人" } else { "家族" },
            birth_date: "1979/08/22".into(),
            own,
            left: !own,
            flags: if own { Vec::new() } else { vec![flags::label(NonDisclosure::as_str())] },
        };
        Self {
            page: context.console("加入者: テスト タロウ"),
            member_id: 7,
            name: "テスト タロウ".into(),
            facts: vec![("カナ", "テスト タロウ".into()), ("記号-番号-枝番", "800-1234-00".into())],
            in_force: vec![flags::label(Objection::as_str())],
            done: said("unlocked"),
            household: vec![relative("テスト タロウ", "00", true), relative("テスト ハナコ", "01", false)],
            spans: vec![row(&["2010/04/01", "—", "06139999", "800-1234-00", "本人"])],
            account: Some(AccountCard {
                user_id: "testtaro01".into(),
                state: AccountFilter::Locked.label(),
                bad: true,
                facts: vec![("メールアドレス", "testtaro01@minato.example（2026/11/01 09:00 に確認済み）".into())],
            }),
            insured: true,
            factors: vec![row(&["生体認証", "わたしのスマートフォン", "2026/11/01 09:05", "2026/11/20 08:00"])],
            sessions: vec![row(&["Chrome / Android", "192.0.2.1", "2026/11/19 21:00", "2026/11/20 08:00"])],
            events: vec![row(&["2026/11/20 08:00", "ログイン（生体認証）", "本人", "192.0.2.1"])],
            mails: vec![row(&["2026/11/20 08:00", mail::MailKind::label_of("notice"), "testtaro01@minato.example", "送信済み"])],
            terms: vec![row(&["第1版", "2026/11/01 09:03"])],
            flags: vec![row(&["異議申出", "2026/11/10 10:00 窓口 三枝: 本人の申出", "2027/11/09まで"])],
            entries: vec![row(&["2026/11/20 09:12", "窓口 三枝", "加入者の詳細を表示", ""])],
            acts: vec![statement::WORDS, Unlock::WORDS, FactorsReset::WORDS, Stop::WORDS],
            flag_acts: vec![End::<Objection>::WORDS, Set::<NonDisclosure>::WORDS],
            may_print: true,
        }
    },
}
