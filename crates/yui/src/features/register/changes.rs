//! The changes that a register file makes, in words for staff.

use jiff::{ToSpan, civil::Date};
use kenpo_formats::Fault;

use super::{
    queries::{Person, Span},
    row::{self, Family, Row},
    row_matcher::RowMatcher,
    similarity::is_newer_version,
};
use crate::features::imports::{Change, Entry, Facts};

/// The lists of a register's preview: the word and the label.
pub(super) const LISTS: &[(&str, &str)] =
    &[(JOIN, "加入"), (LEAVE, "喪失"), (MOVE, "移動"), (CHANGE, "変更"), (MISSING, "ファイルにいない人")];

/// The list of members missing in a full file.
pub(crate) const MISSING: &str = "missing";

const JOIN: &str = "join";
const LEAVE: &str = "leave";
const MOVE: &str = "move";
const CHANGE: &str = "change";

/// Returns one entry for each member that was created or changed.
pub(super) fn entries(row_matcher: &RowMatcher) -> Vec<Entry> {
    row_matcher.persons.iter().filter_map(|person| entry(row_matcher, person)).collect()
}

fn entry(row_matcher: &RowMatcher, person: &Person) -> Option<Entry> {
    let entry = |list, changes, why: &str| {
        let numbers = person.spans.last().map(numbers).unwrap_or_default();
        Entry { list, who: person.name.clone(), numbers, changes, why: why.to_owned() }
    };
    let Some(before) = row_matcher.before.get(&person.member_id) else {
        let span = person.spans.last();
        let of = |what, now: String| Change::new(what, "", now);
        let changes = span.map(|span| {
            let ended = span.to.map(|to| of("資格喪失日", to.to_string()));
            [of("続柄", role(span).to_owned()), of("資格取得日", span.from.to_string())]
                .into_iter()
                .chain(ended)
                .collect()
        });
        return Some(entry(JOIN, changes.unwrap_or_default(), ""));
    };
    let changes = differences(before, person);
    if changes.is_empty() {
        return None;
    }
    let why = row_matcher.about.get(&person.member_id).map(|how| how.words()).unwrap_or_default();
    let moved = changes.iter().any(|change| matches!(&*change.what, NUMBERS | ROLE));
    let list = match (before.stays(), person.stays()) {
        (true, false) => LEAVE,
        _ if moved => MOVE,
        _ => CHANGE,
    };
    Some(entry(list, changes, why))
}

const NUMBERS: &str = "記号・番号";
const ROLE: &str = "続柄";

/// Returns the entry of a member missing in a full file, whose coverage would end on this day.
pub(super) fn missing(person: &Person, as_of: jiff::civil::Date) -> Entry {
    let span = person.spans.last();
    Entry {
        list: MISSING,
        who: person.name.clone(),
        numbers: span.map(numbers).unwrap_or_default(),
        changes: vec![
            Change::new("続柄", "", span.map(role).unwrap_or_default()),
            Change::new("喪失にするときの資格喪失日", "", as_of.to_string()),
        ],
        why: String::new(),
    }
}

/// Returns what differs, the old beside the new.
fn differences(before: &Person, after: &Person) -> Vec<Change> {
    let (old, new) = (before.spans.last(), after.spans.last());
    let of = |what: fn(&Span) -> String| {
        let text = |span: Option<&Span>| span.map(what).unwrap_or_default();
        (text(old), text(new))
    };
    let day = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let pairs = [
        ("氏名", (before.name.clone(), after.name.clone())),
        ("カナ氏名", (before.kana.clone(), after.kana.clone())),
        ("生年月日", (before.birth_date.to_string(), after.birth_date.to_string())),
        ("性別", (sex(&before.sex).to_owned(), sex(&after.sex).to_owned())),
        (NUMBERS, of(numbers)),
        ("枝番", of(|span| span.branch.clone().unwrap_or_default())),
        (ROLE, of(|span| role(span).to_owned())),
        ("資格取得日", of(|span| span.from.to_string())),
        ("資格喪失日", (day(old.and_then(|span| span.to)), day(new.and_then(|span| span.to)))),
        ("個人コード", (text(&before.person_key), text(&after.person_key))),
        ("メールアドレス", (text(&before.email), text(&after.email))),
    ];
    let changes: Vec<_> = pairs
        .into_iter()
        .filter(|(_, (old, new))| old != new)
        .map(|(what, (old, new))| Change::new(what, old, new))
        .collect();
    // Only an earlier span differs.
    if changes.is_empty() && before != after {
        let spans = |person: &Person| person.spans.iter().map(in_words).collect::<Vec<_>>().join("、");
        return vec![Change::new("これまでの資格", spans(before), spans(after))];
    }
    changes
}

fn in_words(span: &Span) -> String {
    let to = span.to.map(|to| to.to_string()).unwrap_or_default();
    format!("{} {} {}～{to}", numbers(span), role(span), span.from)
}

/// Returns 記号-番号, as written.
pub(super) fn numbers(span: &Span) -> String {
    row::numbers(&span.symbol, &span.number)
}

fn role(span: &Span) -> &'static str {
    role_of(span.insured)
}

fn role_of(insured: bool) -> &'static str {
    if insured { "本人" } else { "家族" }
}

fn sex(word: &str) -> &'static str {
    if word == "male" { "男" } else { "女" }
}

/// Returns what a row says of its person.
pub(super) fn facts(row: &Row) -> Facts {
    Facts {
        name: row.name.clone(),
        kana: row.kana.clone(),
        birth_date: row.birth_date.to_string(),
        sex: sex(&row.sex).to_owned(),
        numbers: row::numbers(&row.symbol, &row.number),
        role: role_of(row.insured).to_owned(),
        from: row.from.to_string(),
        to: row.to.map(|to| to.to_string()).unwrap_or_default(),
    }
}

/// Returns what the register knows of a person, in the same shape.
pub(super) fn facts_known(person: &Person) -> Facts {
    let span = person.spans.last();
    Facts {
        name: person.name.clone(),
        kana: person.kana.clone(),
        birth_date: person.birth_date.to_string(),
        sex: sex(&person.sex).to_owned(),
        numbers: span.map(numbers).unwrap_or_default(),
        role: span.map(role).unwrap_or_default().to_owned(),
        from: span.map(|span| span.from.to_string()).unwrap_or_default(),
        to: span.and_then(|span| span.to).map(|to| to.to_string()).unwrap_or_default(),
    }
}

/// Returns what staff should look at in a family though its rows are taken: dependents who stay covered though their insured person
/// leaves, dependents without an insured person, two persons with one branch number.
pub(super) fn notices(row_matcher: &RowMatcher, family: &Family, today: Date) -> Vec<Fault> {
    let line = family.rows.iter().map(|row| row.line).min().unwrap_or_default();
    let left = row_matcher.left_behind(family).into_iter().map(|(person, ended)| {
        let numbers = person.spans.last().map(numbers).unwrap_or_default();
        let reason = format!(
            "本人が{ended}に資格を喪失しますが、被扶養者の{}さん（{numbers}）の資格は続きます。喪失する場合は、その行も取り込んでください。",
            person.name
        );
        Fault::new(line, "資格喪失日", reason).with_person(&numbers, &person.name)
    });
    let alone = row_matcher.alone(family).into_iter().map(|person| {
        let reason = format!("{}さんの資格の間に、この記号・番号の本人がいません。", person.name);
        let numbers = person.spans.last().map(numbers).unwrap_or_default();
        Fault::new(line, "続柄", reason).with_person(&numbers, &person.name)
    });
    let branches = row_matcher.branch_twice(family).into_iter().map(|(branch, one, other)| {
        let reason = format!("枝番{branch}が、{}さんと{}さんの2人に付いています。", one.name, other.name);
        let numbers = one.spans.last().map(numbers).unwrap_or_default();
        Fault::new(line, "枝番", reason).with_person(&numbers, &one.name)
    });
    let far = family.rows.iter().filter(|row| row.from > today.saturating_add(1.year())).map(|row| {
        row.finding("資格取得日", format!("{}は1年以上先の日付です。書きまちがいでないか確認してください。", row.from))
    });
    left.chain(alone).chain(branches).chain(far).chain(contradictions(family)).collect()
}

/// Returns a notice for each row that says something else of the same person and time than another one.
fn contradictions(family: &Family) -> impl Iterator<Item = Fault> + '_ {
    let rows = family.rows.iter().enumerate();
    rows.filter_map(|(at, row)| {
        let mut earlier = family.rows.iter().take(at);
        let says = |row: &Row| (row.from, row.to, row.name.clone(), row.branch.clone(), row.person_key.clone());
        let other = earlier.find(|other| is_newer_version(row, other) && says(row) != says(other))?;
        let reason = format!(
            "同じ人の、期間が重なる行が{}行目にもあり、資格取得日・資格喪失日・氏名などが違います。どちらが正しいか確かめてください。",
            other.line
        );
        Some(row.finding("資格取得日", reason))
    })
}
