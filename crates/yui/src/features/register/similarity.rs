//! Comparisons between a row and a member, and between two coverages.

use kenpo_formats::text::{fold, search_key};

use super::{
    queries::{Person, Span},
    row::Row,
};

/// Returns the search key by which candidates are looked up: birth date, sex and the last two kana of the name. Names that differ only
/// in the family name have the same key.
pub(super) fn lookup_key(birth_date: jiff::civil::Date, sex: &str, kana: &str) -> String {
    let kana = search_key(kana);
    let end: String =
        kana.char_indices().rev().nth(1).map_or(&*kana, |(at, _)| kana.get(at..).unwrap_or_default()).into();
    format!("!{birth_date}{}{end}", sex.get(..1).unwrap_or_default())
}

pub(super) fn named(person: &Person, row: &Row) -> bool {
    search_key(&person.name) == search_key(&row.name)
}

pub(super) fn spelled(person: &Person, row: &Row) -> bool {
    search_key(&person.kana) == search_key(&row.kana)
}

pub(super) fn same_person(person: &Person, row: &Row) -> bool {
    born_as(person, row) && spelled(person, row)
}

/// Whether a row describes the person of another row, under the same numbers at the same time.
pub(super) fn is_newer_version(row: &Row, earlier: &Row) -> bool {
    let begins_before_end = |one: &Row, other: &Row| other.to.is_none_or(|to| one.from < to);
    row.holder_key() == earlier.holder_key()
        && (row.birth_date, &row.sex, row.insured) == (earlier.birth_date, &earlier.sex, earlier.insured)
        && search_key(&row.kana) == search_key(&earlier.kana)
        && !matches!((&row.branch, &earlier.branch), (Some(ours), Some(theirs)) if ours != theirs)
        && begins_before_end(row, earlier)
        && begins_before_end(earlier, row)
}

pub(super) fn other_key(person: &Person, row: &Row) -> bool {
    matches!((&person.person_key, &row.person_key), (Some(theirs), Some(ours)) if theirs != ours)
}

pub(super) fn branches<'p>(person: &'p Person, holder: &str) -> Vec<Option<&'p str>> {
    let under = person.spans.iter().filter(|span| span.holder_key() == holder);
    under.map(|span| span.branch.as_deref()).collect()
}

/// Whether the person is covered with the row's branch number while it lasts. After a gap it may be anybody's.
pub(super) fn of_branch(person: &Person, row: &Row, holder: &str) -> bool {
    row.branch.is_some() && at_the_time(person, row, holder).any(|span| span.branch == row.branch)
}

/// Whether the person or the row has no branch number while the row's coverage lasts.
pub(super) fn is_unbranched(person: &Person, row: &Row, holder: &str) -> bool {
    let mut spans = at_the_time(person, row, holder).peekable();
    spans.peek().is_some() && (row.branch.is_none() || spans.all(|span| span.branch.is_none()))
}

/// Returns what the person was covered by under these numbers while the row's coverage lasts.
pub(super) fn at_the_time<'p>(person: &'p Person, row: &Row, holder: &str) -> impl Iterator<Item = &'p Span> {
    person
        .spans
        .iter()
        .filter(move |span| span.holder_key() == *holder && (span.from == row.from || overlaps(span, row)))
}

/// Whether a person of the row's branch number is certainly meant: by name and kana, or by birth date and sex with one of them or, as
/// after a marriage, with the given name.
pub(super) fn of_name(person: &Person, row: &Row) -> bool {
    let (named, spelled) = (named(person, row), spelled(person, row));
    let given = || given_name(&person.kana) == given_name(&row.kana);
    (named && spelled) || (born_as(person, row) && (named || spelled || given()))
}

pub(super) fn born_as(person: &Person, row: &Row) -> bool {
    person.birth_date == row.birth_date && person.sex == row.sex
}

/// Whether the row is about a twin who is read alike: with own branch numbers and names written differently they are two.
pub(super) fn twin(person: &Person, row: &Row, holder: &str) -> bool {
    let branches = branches(person, holder);
    row.branch.is_some()
        && !named(person, row)
        && !branches.contains(&row.branch.as_deref())
        && branches.iter().all(Option::is_some)
}

/// Returns the part of a name in kana after its last space; the whole where it has none.
pub(super) fn given_name(kana: &str) -> String {
    search_key(fold(kana).split_whitespace().next_back().unwrap_or_default())
}

pub(super) fn overlaps(span: &Span, row: &Row) -> bool {
    open_at(span, row.from) && row.to.is_none_or(|to| to > span.from)
}

pub(super) fn open_at(span: &Span, date: jiff::civil::Date) -> bool {
    span.to.is_none_or(|to| to > date)
}

/// Puts a span in. It replaces those in the same role under the same numbers that it overlaps, whose dates were corrected, and the one
/// of the same first day. A person is covered once at a time: an earlier span ends where a later one begins.
pub(super) fn span_put(spans: &mut Vec<Span>, span: Span) {
    spans.retain(|known| known.from != span.from && !is_corrected(known, &span));
    spans.push(span);
    spans.sort_by_key(|span| span.from);
    let begins: Vec<_> = spans.iter().map(|span| span.from).collect();
    for (span, next) in spans.iter_mut().zip(begins.into_iter().skip(1)) {
        if open_at(span, next) {
            span.to = Some(next);
        }
    }
}

/// Whether a known span is the one whose dates the new one corrects.
pub(super) fn is_corrected(known: &Span, span: &Span) -> bool {
    let together = span.to.is_none_or(|to| to > known.from) && known.to.is_none_or(|to| to > span.from);
    together && known.insured == span.insured && known.holder_key() == span.holder_key()
}
