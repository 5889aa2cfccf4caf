//! Matches register rows to members and households and updates their coverage. The rules are a table in docs/decisions/0033.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    queries::{Person, Span},
    row::{Family, Row},
    similarity::{
        at_the_time, born_as, given_name, is_corrected, is_unbranched, lookup_key, named, of_branch, of_name, open_at,
        other_key, overlaps, same_person, span_put, spelled, twin,
    },
};

/// Staff's answer to whether a row describes a registered member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It describes this member.
    Same(i64),
    /// It describes a person who is not registered yet.
    Other,
}

/// The members and households that a chunk of families concerns, while its rows are applied to them.
#[derive(Debug)]
pub(super) struct RowMatcher {
    pub(super) persons: Vec<Person>,
    /// The members as they are in the register.
    pub(super) before: HashMap<i64, Person>,
    /// The members that rows were matched to, and the ground of each match.
    pub(super) about: BTreeMap<i64, MatchedBy>,
    pub(super) new_households: Vec<i64>,
    by_key: HashMap<String, usize>,
    by_holder: HashMap<String, Vec<usize>>,
    by_lookup_key: HashMap<String, Vec<usize>>,
    by_member: HashMap<i64, usize>,
    /// The persons who are or were insured in each household.
    insured_in: HashMap<i64, Vec<usize>>,
    /// The members that an earlier chunk of the same file created.
    created_earlier: BTreeSet<i64>,
    /// The holder keys under which a question about an insured person is open: rows of dependents wait.
    waiting: BTreeSet<String>,
    next_member: i64,
    next_household: i64,
}

/// The ground on which a row was matched to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MatchedBy {
    /// By the society's own lasting key.
    Key,
    /// Under the same symbol and number, by branch number or by name, birth date and sex.
    Numbers,
    /// As the only match in the household of the insured person that staff confirmed.
    WithInsured,
    /// By staff's answer.
    Answer,
}

impl MatchedBy {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Key => "個人コードが一致",
            Self::Numbers => "記号・番号と氏名・生年月日が一致",
            Self::WithInsured => "本人と一緒に移動",
            Self::Answer => "同じ人と確認",
        }
    }
}

/// The result of matching a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RowOutcome {
    /// It was applied to this member.
    Accepted(i64),
    /// It may describe one of these members: staff are asked.
    Ambiguous(Vec<i64>),
    /// It waits for the answer about its family's insured person.
    Waiting,
    /// It is refused.
    Refused(RowRefusal),
}

/// The member that a row describes.
enum PersonMatch {
    Certain(usize, MatchedBy),
    None,
    Possible(Vec<i64>),
}

impl RowMatcher {
    /// Returns a matcher for these members; new members and households are numbered from the given numbers on.
    pub(super) fn new(persons: Vec<Person>, next_member: i64, next_household: i64) -> Self {
        let mut row_matcher = Self {
            before: persons.iter().map(|person| (person.member_id, person.clone())).collect(),
            persons: Vec::new(),
            about: BTreeMap::new(),
            new_households: Vec::new(),
            by_key: HashMap::new(),
            by_holder: HashMap::new(),
            by_lookup_key: HashMap::new(),
            by_member: HashMap::new(),
            insured_in: HashMap::new(),
            created_earlier: BTreeSet::new(),
            waiting: BTreeSet::new(),
            next_member,
            next_household,
        };
        persons.into_iter().for_each(|person| row_matcher.put(person));
        row_matcher
    }

    /// Sets which members an earlier chunk of the same file created.
    pub(super) fn with_created_members(self, created_earlier: BTreeSet<i64>) -> Self {
        Self { created_earlier, ..self }
    }

    /// Sets the holder keys under which a question about an insured person is open.
    pub(super) fn with_waiting(self, waiting: BTreeSet<String>) -> Self {
        Self { waiting, ..self }
    }

    /// Returns whether this file created the member.
    fn is_created_by_file(&self, person: &Person) -> bool {
        !self.existed(person) || self.created_earlier.contains(&person.member_id)
    }

    fn put(&mut self, person: Person) {
        let at = self.persons.len();
        if let Some(key) = &person.person_key {
            self.by_key.insert(key.clone(), at);
        }
        let holders: BTreeSet<_> = person.spans.iter().map(Span::holder_key).collect();
        holders.into_iter().for_each(|holder| self.by_holder.entry(holder).or_default().push(at));
        let like = lookup_key(person.birth_date, &person.sex, &person.kana);
        self.by_lookup_key.entry(like).or_default().push(at);
        self.by_member.insert(person.member_id, at);
        let insured: BTreeSet<_> =
            person.spans.iter().filter(|span| span.insured).map(|span| span.household_id).collect();
        insured.into_iter().for_each(|household| self.insured_in.entry(household).or_default().push(at));
        self.persons.push(person);
    }

    /// Applies a family's rows; returns the result of each, in their order.
    pub(super) fn take(&mut self, family: &Family, decided: &dyn Fn(u64) -> Option<Decision>) -> Vec<RowOutcome> {
        self.take_with(family, decided, None)
    }

    /// Applies the rows of dependents that waited until their insured person was known to be this member.
    pub(super) fn take_dependents(&mut self, family: &Family, insured: i64) -> Vec<RowOutcome> {
        self.waiting.remove(&family.holder_key);
        self.take_with(family, &|_| None, Some(Decision::Same(insured)))
    }

    fn take_with(
        &mut self,
        family: &Family,
        decided: &dyn Fn(u64) -> Option<Decision>,
        mut insured_is: Option<Decision>,
    ) -> Vec<RowOutcome> {
        // Dependents join the insured person's household. It is unknown while that row is in question or refused, so they wait or are
        // refused too.
        let mut asked = self.waiting.contains(&family.holder_key) && family.rows.iter().all(|row| !row.insured);
        let mut refused = false;
        let mut outcomes = Vec::with_capacity(family.rows.len());
        for row in &family.rows {
            let outcome = match (row.insured, asked, refused) {
                (false, _, true) => RowOutcome::Refused(RowRefusal::OfInsured),
                (false, true, _) => RowOutcome::Waiting,
                _ => self.row(family, row, decided(row.line), insured_is),
            };
            if row.insured {
                insured_is = decided(row.line).or(insured_is);
                asked |= matches!(outcome, RowOutcome::Ambiguous(_));
                refused |= matches!(outcome, RowOutcome::Refused(_));
            }
            outcomes.push(outcome);
        }
        outcomes
    }

    fn row(
        &mut self,
        family: &Family,
        row: &Row,
        decided: Option<Decision>,
        insured_is: Option<Decision>,
    ) -> RowOutcome {
        let meant = match self.meant(family, row, decided, insured_is) {
            Ok(PersonMatch::Possible(members)) => return RowOutcome::Ambiguous(members),
            Ok(PersonMatch::Certain(at, how)) => Some((at, how)),
            Ok(PersonMatch::None) => None,
            Err(refusal) => return RowOutcome::Refused(refusal),
        };
        let at = meant.map(|(at, _)| at);
        if self.another_insured(at, row, &family.holder_key) {
            return RowOutcome::Refused(RowRefusal::AnotherInsured);
        }
        let household_id = self.household(at, row, &family.holder_key);
        let span = Span {
            from: row.from,
            to: row.to,
            household_id,
            insurer_number: row.insurer_number.clone(),
            symbol: row.symbol.clone(),
            number: row.number.clone(),
            branch: row.branch.clone(),
            insured: row.insured,
        };
        let Some((at, how)) = meant else {
            let member_id = self.next_member;
            self.next_member += 1;
            self.put(Person {
                member_id,
                person_key: row.person_key.clone(),
                name: row.name.clone(),
                kana: row.kana.clone(),
                sex: row.sex.clone(),
                birth_date: row.birth_date,
                email: row.email.clone(),
                spans: vec![span],
            });
            return RowOutcome::Accepted(member_id);
        };
        let mut member_id = 0;
        if let Some(person) = self.persons.get_mut(at) {
            member_id = person.member_id;
            let known = self.about.entry(person.member_id).or_insert(how);
            *known = if *known == MatchedBy::Numbers { how } else { *known };
            person.person_key = row.person_key.clone().or(person.person_key.take());
            // A row about an earlier coverage may have an outdated name: only the latest coverage updates personal data.
            if person.spans.iter().all(|known| known.from <= row.from || is_corrected(known, &span)) {
                person.name.clone_from(&row.name);
                person.kana.clone_from(&row.kana);
                person.sex.clone_from(&row.sex);
                person.birth_date = row.birth_date;
                person.email = row.email.clone().or(person.email.take());
            }
            span_put(&mut person.spans, span);
            if let Some(key) = person.person_key.clone() {
                self.by_key.insert(key, at);
            }
            let known = self.by_holder.entry(family.holder_key.clone()).or_default();
            if !known.contains(&at) {
                known.push(at);
            }
            if row.insured {
                let insured = self.insured_in.entry(household_id).or_default();
                if !insured.contains(&at) {
                    insured.push(at);
                }
            }
        }
        RowOutcome::Accepted(member_id)
    }

    /// Returns the member that a row describes: by 個人コード; else under the same 記号・番号 by branch number or by name, birth date and
    /// sex; else the candidates anywhere in the register.
    fn meant(
        &self,
        family: &Family,
        row: &Row,
        decided: Option<Decision>,
        insured_is: Option<Decision>,
    ) -> Result<PersonMatch, RowRefusal> {
        let holder = &family.holder_key;
        if let Some(at) = row.person_key.as_ref().and_then(|key| self.by_key.get(key)) {
            return self.by_person_key(*at, row, decided);
        }
        let family = self.by_holder.get(holder).into_iter().flatten();
        let persons = || family.clone().filter_map(|at| Some((*at, self.persons.get(*at)?)));
        let of_branch = || persons().filter(|(_, person)| of_branch(person, row, holder) && !other_key(person, row));
        // Without branch numbers on one side, the name with birth date and sex, or with the kana, identifies the member.
        let unbranched =
            || persons().filter(|(_, person)| is_unbranched(person, row, holder) && !other_key(person, row));
        let certain = |person: &Person| named(person, row) && (born_as(person, row) || spelled(person, row));
        let known = of_branch().find(|(_, person)| of_name(person, row));
        let known = known.or_else(|| unbranched().find(|(_, person)| certain(person))).or_else(|| {
            let same = |person: &Person| {
                same_person(person, row)
                    && !twin(person, row, holder)
                    && (named(person, row) || at_the_time(person, row, holder).next().is_some())
            };
            persons().find(|(_, person)| same(person) && !other_key(person, row))
        });
        if let Some((at, _)) = known {
            return Ok(PersonMatch::Certain(at, MatchedBy::Numbers));
        }
        // With the same branch number and only birth date and sex, or only the kana, in common, it is a correction or a new holder.
        let doubtful = of_branch().filter(|(_, person)| born_as(person, row) || spelled(person, row));
        let given = |person: &Person| given_name(&person.kana) == given_name(&row.kana);
        let renamed = unbranched().filter(|(_, person)| born_as(person, row) && given(person));
        let mut candidates: Vec<_> = doubtful.chain(renamed).map(|(at, _)| at).collect();
        candidates.extend(self.alike(row, holder));
        candidates.sort_unstable();
        candidates.dedup();
        match decided {
            Some(Decision::Same(member_id)) => {
                if let Some(at) = candidates.iter().find(|at| self.member(**at) == Some(member_id)) {
                    return Ok(PersonMatch::Certain(*at, MatchedBy::Answer));
                }
            }
            Some(Decision::Other) => return Ok(PersonMatch::None),
            None => {}
        }
        if let (false, Some(Decision::Same(member_id))) = (row.insured, insured_is) {
            let mut with = candidates.iter().filter(|at| self.in_household_of(member_id, **at));
            if let (Some(at), None) = (with.next(), with.next()) {
                return Ok(PersonMatch::Certain(*at, MatchedBy::WithInsured));
            }
        }
        if candidates.is_empty() {
            return Ok(PersonMatch::None);
        }
        Ok(PersonMatch::Possible(candidates.iter().filter_map(|at| self.member(*at)).collect()))
    }

    /// Returns whether the person was ever in a household of this member.
    fn in_household_of(&self, member_id: i64, at: usize) -> bool {
        let households = |person: &Person| person.spans.iter().map(|span| span.household_id).collect::<BTreeSet<_>>();
        let member = self.by_member.get(&member_id).and_then(|at| self.persons.get(*at)).map(households);
        member.zip(self.persons.get(at)).is_some_and(|(theirs, person)| !theirs.is_disjoint(&households(person)))
    }

    fn member(&self, at: usize) -> Option<i64> {
        self.persons.get(at).map(|person| person.member_id)
    }

    /// Returns the member of the row's 個人コード. Where name, kana and birth date all differ, staff are asked; where the sex differs as
    /// well, the row is refused.
    fn by_person_key(&self, at: usize, row: &Row, decided: Option<Decision>) -> Result<PersonMatch, RowRefusal> {
        let Some(person) = self.persons.get(at) else { return Ok(PersonMatch::None) };
        let strange = !named(person, row) && !spelled(person, row) && person.birth_date != row.birth_date;
        match decided {
            _ if strange && person.sex != row.sex => Err(RowRefusal::KeyOfAnother),
            Some(Decision::Same(member_id)) if member_id == person.member_id => {
                Ok(PersonMatch::Certain(at, MatchedBy::Answer))
            }
            Some(Decision::Other) if strange => Err(RowRefusal::KeyOfAnother),
            _ if strange => Ok(PersonMatch::Possible(vec![person.member_id])),
            _ => Ok(PersonMatch::Certain(at, MatchedBy::Key)),
        }
    }

    /// Returns the candidates under other numbers: the same birth date and sex with the same kana or the same name; or, as after a
    /// marriage, with the same given name, if their coverage had ended or their role (insured, dependent) changes. Members that the same file has in force
    /// at the same time are different persons and no candidates.
    fn alike(&self, row: &Row, holder: &str) -> Vec<usize> {
        let like = lookup_key(row.birth_date, &row.sex, &row.kana);
        let persons = self.by_lookup_key.get(&like).into_iter().flatten();
        let alike = |person: &Person| {
            let in_force = || person.spans.iter().filter(|span| overlaps(span, row));
            let given = || given_name(&person.kana) == given_name(&row.kana);
            let other_role = || in_force().all(|span| span.insured != row.insured);
            let called = || spelled(person, row) || named(person, row) || (given() && other_role());
            let elsewhere = !in_force().any(|span| span.holder_key() == holder);
            elsewhere
                && born_as(person, row)
                && !other_key(person, row)
                && !(in_force().next().is_some() && self.is_created_by_file(person))
                && called()
        };
        persons.copied().filter(|at| self.persons.get(*at).is_some_and(alike)).collect()
    }

    /// Returns whether somebody else is insured under the symbol and number of an insured person's row at the same time.
    fn another_insured(&self, at: Option<usize>, row: &Row, holder: &str) -> bool {
        let others = self.by_holder.get(holder).into_iter().flatten().filter(|other| Some(**other) != at);
        let mut spans = others.filter_map(|other| self.persons.get(*other)).flat_map(|person| &person.spans);
        row.insured && spans.any(|span| span.insured && span.holder_key() == holder && overlaps(span, row))
    }

    /// Returns the household of a row: the one the person had under this symbol and number; or, where an insured person's numbers
    /// changed, the one that person had; or the one that somebody covered at the same time has under them (a number that was given anew
    /// after a gap is another household's); or a new one. An insured person never joins a household whose insured person is or was
    /// somebody else; a dependent never one whose insured person is not there at the time.
    fn household(&mut self, at: Option<usize>, row: &Row, holder: &str) -> i64 {
        let person = at.and_then(|at| self.persons.get(at));
        let under = |span: &&Span| span.holder_key() == holder;
        let own = person.and_then(|person| person.spans.iter().rev().find(under));
        // A dependent who comes to the numbers once more may come to another family.
        let own = own.filter(|span| row.insured || span.from == row.from || overlaps(span, row));
        let own = own.filter(|span| span.insured || !row.insured || self.is_open_to(at, row, span, holder));
        let moved = || person.and_then(|person| person.spans.last()).filter(|span| span.insured && row.insured);
        let known = own.or_else(moved).or_else(|| self.together(at, row, holder)).map(|span| span.household_id);
        let household_id = known.unwrap_or_else(|| {
            let fresh = self.next_household;
            self.next_household += 1;
            self.new_households.push(fresh);
            fresh
        });
        if row.insured {
            self.gather(household_id, row, holder);
        }
        household_id
    }

    /// Returns the coverage at the same time under these numbers whose household the row's person joins. The insured person's
    /// household counts more than that of dependents who came before theirs.
    fn together(&self, at: Option<usize>, row: &Row, holder: &str) -> Option<&Span> {
        let others = self.by_holder.get(holder).into_iter().flatten().filter_map(|at| self.persons.get(*at));
        others
            .flat_map(|person| person.spans.iter().filter(|span| span.holder_key() == holder))
            .filter(|span| overlaps(span, row) && self.is_open_to(at, row, span, holder))
            .max_by_key(|span| (span.insured, std::cmp::Reverse(span.household_id)))
    }

    /// Whether the row's person may join the household of this coverage: nobody else is or was insured in it, or, for a dependent,
    /// its insured person is there at the time.
    fn is_open_to(&self, at: Option<usize>, row: &Row, span: &Span, holder: &str) -> bool {
        let mut insured = self.insured_spans(span.household_id, at).peekable();
        (insured.peek().is_none() && !(row.insured && self.began_before(span.household_id, at, row, holder)))
            || (!row.insured && insured.any(|known| known.holder_key() == holder && overlaps(known, row)))
    }

    /// Returns whether somebody else of the household was covered under these numbers before the insured person's row begins: their insured
    /// person was another one.
    fn began_before(&self, household_id: i64, at: Option<usize>, row: &Row, holder: &str) -> bool {
        let others = self.by_holder.get(holder).into_iter().flatten().filter(|other| Some(**other) != at);
        let mut spans = others.filter_map(|other| self.persons.get(*other)).flat_map(|person| &person.spans);
        spans.any(|span| span.household_id == household_id && span.holder_key() == holder && span.from < row.from)
    }

    /// Returns the coverage of everybody who is or was insured in a household, but for one person.
    fn insured_spans(&self, household_id: i64, but: Option<usize>) -> impl Iterator<Item = &Span> {
        let at = self.insured_in.get(&household_id).into_iter().flatten().filter(move |at| Some(**at) != but);
        let spans = at.filter_map(|at| self.persons.get(*at)).flat_map(|person| &person.spans);
        spans.filter(move |span| span.insured && span.household_id == household_id)
    }

    /// Moves dependents that were registered before their insured person into this household: those in households without one.
    fn gather(&mut self, household_id: i64, row: &Row, holder: &str) {
        let under = self.by_holder.get(holder).cloned().unwrap_or_default();
        let alone: BTreeSet<_> = under
            .iter()
            .filter_map(|at| self.persons.get(*at))
            .flat_map(|person| &person.spans)
            .filter(|span| !span.insured && span.holder_key() == holder && span.household_id != household_id)
            .map(|span| span.household_id)
            .filter(|household| self.insured_spans(*household, None).next().is_none())
            .filter(|household| !self.began_before(*household, None, row, holder))
            .collect();
        for at in under {
            let Some(person) = self.persons.get_mut(at) else { continue };
            let spans = person.spans.iter_mut().filter(|span| span.holder_key() == holder && overlaps(span, row));
            spans.filter(|span| alone.contains(&span.household_id)).for_each(|span| span.household_id = household_id);
        }
    }

    /// Ends all open coverage on this day.
    pub(super) fn end_all(&mut self, day: jiff::civil::Date) {
        let spans = self.persons.iter_mut().flat_map(|person| &mut person.spans);
        spans.filter(|span| span.to.is_none() && span.from < day).for_each(|span| span.to = Some(day));
    }

    /// Returns whether the member was registered before.
    pub(super) fn existed(&self, person: &Person) -> bool {
        self.before.contains_key(&person.member_id)
    }

    /// Returns everybody who is or was covered under the family's numbers.
    fn under(&self, family: &Family) -> impl Iterator<Item = &Person> + Clone {
        let at = self.by_holder.get(&family.holder_key).into_iter().flatten();
        at.filter_map(|at| self.persons.get(*at))
    }

    /// Returns the family's dependents without an insured person under the same numbers at any time of their coverage.
    pub(super) fn alone(&self, family: &Family) -> Vec<&Person> {
        let of = |person: &Person, insured: bool| -> Vec<Span> {
            let under = |span: &&Span| span.insured == insured && span.holder_key() == family.holder_key;
            person.spans.iter().filter(under).cloned().collect()
        };
        let insured: Vec<_> = self.under(family).flat_map(|person| of(person, true)).collect();
        let with_insured = |span: &Span| {
            insured.iter().any(|insured| open_at(insured, span.from) && span.to.is_none_or(|to| to > insured.from))
        };
        let rows = || family.rows.iter().filter(|row| !row.insured);
        let alone = |person: &&Person| {
            rows().any(|row| same_person(person, row)) && of(person, false).iter().any(|span| !with_insured(span))
        };
        self.under(family).filter(alone).collect()
    }

    /// Returns branch numbers that two persons have at once under the family's numbers.
    pub(super) fn branch_twice(&self, family: &Family) -> Vec<(String, &Person, &Person)> {
        let spans = self.under(family).flat_map(|person| person.spans.iter().map(move |span| (person, span)));
        let spans: Vec<_> =
            spans.filter(|(_, span)| span.branch.is_some() && span.holder_key() == family.holder_key).collect();
        let mut twice = Vec::new();
        for (at, (person, span)) in spans.iter().enumerate() {
            let other = spans.iter().skip(at + 1).find(|(other, theirs)| {
                let at_once = open_at(span, theirs.from) && theirs.to.is_none_or(|to| to > span.from);
                other.member_id != person.member_id && theirs.branch == span.branch && at_once
            });
            if let Some((other, _)) = other {
                twice.push((span.branch.clone().unwrap_or_default(), *person, *other));
            }
        }
        twice
    }

    /// Returns the dependents who stay covered after the last row of the family ended the insured person's coverage, with that day.
    pub(super) fn left_behind(&self, family: &Family) -> Vec<(&Person, jiff::civil::Date)> {
        let ended = family.rows.iter().filter(|row| row.insured).filter_map(|row| row.to).max();
        let Some(ended) = ended else { return Vec::new() };
        let persons = || self.under(family);
        let spans = |person: &'_ Person, insured: bool| -> Vec<i64> {
            let in_force = person.spans.iter().filter(|span| span.insured == insured && open_at(span, ended));
            in_force.filter(|span| span.holder_key() == family.holder_key).map(|span| span.household_id).collect()
        };
        let insured: BTreeSet<_> = persons().flat_map(|person| spans(person, true)).collect();
        let behind = |person: &&Person| spans(person, false).iter().any(|household| !insured.contains(household));
        persons().filter(behind).map(|person| (person, ended)).collect()
    }
}

/// The reason why a readable row is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowRefusal {
    /// The society's own key belongs to somebody else.
    KeyOfAnother,
    /// Somebody else is insured under the same symbol and number at the same time.
    AnotherInsured,
    /// The row of the insured person under the same symbol and number is refused.
    OfInsured,
}

impl RowRefusal {
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::KeyOfAnother => "個人コード",
            Self::AnotherInsured | Self::OfInsured => "番号",
        }
    }

    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::KeyOfAnother => {
                "この個人コードは、氏名・生年月日の異なる別の人のものです。個人コードを確かめてください。"
            }
            Self::AnotherInsured => {
                "この記号・番号には、同じ期間に別の本人がいます。前の本人の資格喪失日を入れた行を、同じファイルか先のファイルで取り込んでください。"
            }
            Self::OfInsured => {
                "この記号・番号の本人の行を取り込めないため、家族の行も取り込めません。本人の行を直してください。"
            }
        }
    }
}
