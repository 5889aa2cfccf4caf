//! A register file → households, members and coverage. A register is in force as soon as it is read.

use std::collections::{BTreeSet, HashMap};

use jiff::{Timestamp, civil::Date};
use kenpo_formats::{
    Fault, InsurerNumber,
    register_csv::{RegisterCsv, RegisterRow, Relationship},
    text::search_key,
};
use yui_db::Tx;

use super::{
    files::RegisterFiles,
    holder_key,
    queries::{self, Change, Person, Span},
    seen::Seen,
    sex_word,
};
use crate::{
    features::{
        imports::{Applied, ChunkFault, FaultKind, Figures, Importer, Kind, Purpose, Read, Source},
        societies::ids_take,
    },
    scope::SystemScope,
};

/// The import of a register for one society.
#[derive(Debug)]
pub struct RegisterImport {
    scope: SystemScope,
    insurer_numbers: Vec<String>,
    now: Timestamp,
    new_households: i64,
    new_members: i64,
    changed_members: i64,
    /// Of the changed ones, those whose coverage the file ends.
    left: i64,
    unchanged: i64,
    /// What a check has seen of the file: an import asks the database instead.
    seen: Seen,
}

impl RegisterImport {
    /// Returns an import for this society, which owns these insurer numbers.
    pub fn new(scope: SystemScope, insurer_numbers: Vec<String>, now: Timestamp) -> Self {
        Self {
            scope,
            insurer_numbers,
            now,
            new_households: 0,
            new_members: 0,
            changed_members: 0,
            left: 0,
            unchanged: 0,
            seen: Seen::default(),
        }
    }

    fn owns(&self, number: &InsurerNumber) -> bool {
        self.insurer_numbers.iter().any(|own| own == number.as_str())
    }
}

impl Importer for RegisterImport {
    type Record = RegisterRow;
    type Finder = ();

    fn kind(&self) -> Kind {
        &RegisterFiles
    }

    fn finder(&self) {}

    const PASSES: u64 = 2;

    /// Hands over the insured persons of the whole file before the dependents, who belong into their households.
    fn read(
        source: &Source,
        purpose: Purpose,
        mut each: impl FnMut(Read<RegisterRow>) -> bool,
    ) -> Result<(), Vec<Fault>> {
        let open = || source.open().map_err(|error| vec![unopened(&error)]);
        if purpose == Purpose::Check {
            let _all = RegisterCsv::open(open()?)?.map(Read::from).all(&mut each);
            return Ok(());
        }
        let dependent = |row: &Read<_>| matches!(row, Read::Record(row) if is_dependent(row));
        if RegisterCsv::open(open()?)?.map(Read::from).filter(|row| !dependent(row)).all(&mut each) {
            let _all = RegisterCsv::open(open()?)?.map(Read::from).filter(dependent).all(&mut each);
        }
        Ok(())
    }

    async fn check(
        &mut self,
        tx: &mut Tx,
        records: Vec<RegisterRow>,
        (): (),
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Applied> {
        let own = self.own(records, faults);
        let accepted = i64::try_from(own.len())?;
        let mut persons = self.persons(tx, &own).await?;
        let (keys, holders) = looked_for(&own);
        self.seen.complete(&mut persons, &keys, &holders);
        let (first_member, first_household) = self.seen.ids(accepted);
        let desk = Desk::worked(persons, own, first_member, first_household);
        self.count(&desk)?;
        desk.persons.into_iter().for_each(|person| self.seen.put(person));
        Ok(Applied { accepted, ..Applied::default() })
    }

    async fn apply(
        &mut self,
        tx: &mut Tx,
        batch_id: i64,
        records: Vec<RegisterRow>,
        (): (),
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Applied> {
        let own = self.own(records, faults);
        let accepted = i64::try_from(own.len())?;
        let persons = self.persons(tx, &own).await?;
        let first_member = ids_take(tx, &self.scope, "member", accepted).await?;
        let first_household = ids_take(tx, &self.scope, "household", accepted).await?;
        let desk = Desk::worked(persons, own, first_member, first_household);
        self.count(&desk)?;
        self.write(tx, batch_id, desk).await?;
        Ok(Applied { accepted, ..Applied::default() })
    }

    fn details(&self) -> Vec<(&'static str, i64)> {
        vec![
            ("new households", self.new_households),
            ("new members", self.new_members),
            ("changed members", self.changed_members),
            ("members who leave", self.left),
            ("unchanged members", self.unchanged),
        ]
    }

    fn figures(&self) -> Figures {
        Figures { amount: None, people: Some(self.new_members + self.changed_members + self.unchanged) }
    }
}

fn is_dependent(row: &RegisterRow) -> bool {
    row.relationship == Relationship::Dependent
}

/// Returns the keys and the holder keys of these rows, each once.
fn looked_for(rows: &[RegisterRow]) -> (Vec<String>, Vec<String>) {
    let keys: BTreeSet<_> = rows.iter().filter_map(|row| row.person_key.clone()).collect();
    let holders: BTreeSet<_> = rows.iter().map(row_holder_key).collect();
    (keys.into_iter().collect(), holders.into_iter().collect())
}

impl RegisterImport {
    /// Returns the rows of the society's own persons.
    fn own(&self, records: Vec<RegisterRow>, faults: &mut Vec<ChunkFault>) -> Vec<RegisterRow> {
        let (own, others): (Vec<_>, Vec<_>) = records.into_iter().partition(|row| self.owns(&row.insurer_number));
        faults.extend(others.into_iter().map(|row| {
            let reason = format!("保険者番号 {} は、この組合のものではありません。", row.insurer_number.as_str());
            ChunkFault { kind: FaultKind::Rejected, fault: Fault::new(row.line, "保険者番号", reason) }
        }));
        own
    }

    /// Returns whom the register knows of those that the rows may be about.
    async fn persons(&self, tx: &mut Tx, rows: &[RegisterRow]) -> anyhow::Result<Vec<Person>> {
        let (keys, holders) = looked_for(rows);
        Ok(queries::persons(tx, &self.scope, &keys, &holders).await?)
    }

    /// Counts what the rows of a chunk change.
    fn count(&mut self, desk: &Desk) -> anyhow::Result<()> {
        let (old, new): (Vec<_>, Vec<_>) = desk.persons.iter().partition(|person| desk.knew(person));
        let unchanged = old.iter().filter(|person| desk.before.get(&person.member_id) == Some(person)).count();
        // Of an old person whom no row is about, nothing is said.
        let about = old.iter().filter(|person| desk.about.contains(&person.member_id)).count();
        let changed = old.len() - unchanged;
        let stays = |person: &Person| person.spans.iter().any(|span| span.to.is_none());
        let leaves = |person: &Person| !stays(person) && desk.before.get(&person.member_id).is_some_and(stays);
        self.left += i64::try_from(old.iter().filter(|person| leaves(person)).count())?;
        self.new_households += i64::try_from(desk.new_households.len())?;
        self.new_members += i64::try_from(new.len())?;
        self.changed_members += i64::try_from(changed)?;
        self.unchanged += i64::try_from(about.saturating_sub(changed))?;
        Ok(())
    }

    async fn write(&self, tx: &mut Tx, batch_id: i64, desk: Desk) -> anyhow::Result<()> {
        let Desk { persons, before, new_households, .. } = desk;
        let (old, new): (Vec<_>, Vec<_>) = persons.iter().partition(|person| before.contains_key(&person.member_id));
        queries::persons_insert(tx, &self.scope, &new_households, &new, self.now).await?;
        let mut changes = Vec::new();
        let mut changed = |change_number, person: &Person, before: Option<&Person>| {
            let before_state = before.map(serde_json::to_string).transpose()?;
            let after_state = serde_json::to_string(person)?;
            changes.push(Change { change_number, member_id: person.member_id, before_state, after_state });
            anyhow::Ok(())
        };
        let mut number = queries::change_next(tx, &self.scope, batch_id).await?;
        for person in &new {
            changed(number, person, None)?;
            number += 1;
        }
        for person in old {
            let Some(was) = before.get(&person.member_id).filter(|was| *was != person) else {
                continue;
            };
            queries::person_replace(tx, &self.scope, was, person).await?;
            changed(number, person, Some(was))?;
            number += 1;
        }
        queries::changes_insert(tx, &self.scope, batch_id, &changes).await?;
        Ok(())
    }
}

fn unopened(error: &std::io::Error) -> Fault {
    Fault { line: 0, column: String::new(), reason: format!("ファイルを開けません: {error}") }
}

fn row_holder_key(row: &RegisterRow) -> String {
    holder_key(row.insurer_number.as_str(), &row.symbol, &row.number)
}

/// The persons and households a chunk is about, while its rows are worked in.
struct Desk {
    /// The known persons whom the rows are about.
    about: BTreeSet<i64>,
    persons: Vec<Person>,
    before: HashMap<i64, Person>,
    by_key: HashMap<String, usize>,
    by_holder: HashMap<String, Vec<usize>>,
    new_households: Vec<i64>,
    next_household: i64,
}

impl Desk {
    /// Returns what a chunk's rows make of these persons; new ones and new households get ids from these on.
    fn worked(persons: Vec<Person>, rows: Vec<RegisterRow>, first_member: i64, first_household: i64) -> Self {
        let mut desk = Self::new(persons, first_household);
        // Insured persons first: their households are where the dependents belong.
        let mut rows: Vec<_> = rows.into_iter().zip(first_member..).collect();
        rows.sort_by_key(|(row, _)| is_dependent(row));
        rows.into_iter().for_each(|(row, member_id)| desk.take(row, member_id));
        desk
    }

    /// Returns whether the person was there before.
    fn knew(&self, person: &Person) -> bool {
        self.before.contains_key(&person.member_id)
    }

    fn new(persons: Vec<Person>, next_household: i64) -> Self {
        let mut desk = Self {
            about: BTreeSet::new(),
            before: persons.iter().map(|person| (person.member_id, person.clone())).collect(),
            persons: Vec::new(),
            by_key: HashMap::new(),
            by_holder: HashMap::new(),
            new_households: Vec::new(),
            next_household,
        };
        persons.into_iter().for_each(|person| desk.put(person));
        desk
    }

    fn put(&mut self, person: Person) {
        let at = self.persons.len();
        if let Some(key) = &person.person_key {
            self.by_key.insert(key.clone(), at);
        }
        for span in &person.spans {
            self.by_holder.entry(span.holder_key()).or_default().push(at);
        }
        self.persons.push(person);
    }

    /// Works one row in; a person who is new gets this id.
    fn take(&mut self, row: RegisterRow, member_id: i64) {
        let holder = row_holder_key(&row);
        let at = self.find(&row, &holder);
        let household_id = self.household(at, &row, &holder);
        let span = Span {
            from: row.from,
            to: row.to,
            household_id,
            insurer_number: row.insurer_number.as_str().to_owned(),
            symbol: row.symbol,
            number: row.number,
            branch: row.branch,
            insured: row.relationship == Relationship::Insured,
        };
        let Some(at) = at else {
            self.put(Person {
                member_id,
                person_key: row.person_key,
                name: row.name,
                kana: row.kana,
                sex: sex_word(row.sex).to_owned(),
                birth_date: row.birth_date,
                email: row.email,
                spans: vec![span],
            });
            return;
        };
        if let Some(person) = self.persons.get_mut(at) {
            self.about.insert(person.member_id);
            person.name = row.name;
            person.kana = row.kana;
            person.sex = sex_word(row.sex).to_owned();
            person.birth_date = row.birth_date;
            person.person_key = row.person_key.or(person.person_key.take());
            person.email = row.email.or(person.email.take());
            span_put(&mut person.spans, span);
            if let Some(key) = person.person_key.clone() {
                self.by_key.insert(key, at);
            }
            let known = self.by_holder.entry(holder).or_default();
            if !known.contains(&at) {
                known.push(at);
            }
        }
    }

    /// Returns the person a row is about: by the society's lasting key, else within the same symbol and number by
    /// branch number with birth date or kana, else by birth date, sex and kana.
    fn find(&self, row: &RegisterRow, holder: &str) -> Option<usize> {
        if let Some(at) = row.person_key.as_ref().and_then(|key| self.by_key.get(key)) {
            return Some(*at);
        }
        let household = self.by_holder.get(holder)?;
        let persons = || household.iter().filter_map(|at| Some((*at, self.persons.get(*at)?)));
        let other_key = |person: &Person| matches!((&person.person_key, &row.person_key), (Some(theirs), Some(ours)) if theirs != ours);
        let spelled = |person: &Person| search_key(&person.kana) == search_key(&row.kana);
        // A branch number may be given anew: with another birth date and another name it is another person.
        let branch = |person: &Person| {
            row.branch.is_some()
                && person.spans.iter().any(|span| span.branch == row.branch && span.holder_key() == holder)
                && (person.birth_date == row.birth_date || spelled(person))
        };
        let same =
            |person: &Person| person.birth_date == row.birth_date && person.sex == sex_word(row.sex) && spelled(person);
        persons()
            .find(|(_, person)| branch(person) && !other_key(person))
            .or_else(|| persons().find(|(_, person)| same(person) && !other_key(person)))
            .map(|(at, _)| at)
    }

    /// Returns the household of a row: the one the person had under this symbol and number; or the one that somebody
    /// covered at the same time has under them (a number that was given anew after a gap is another household's); or, where
    /// an insured person's numbers changed, the one that person had; or a new one.
    fn household(&mut self, at: Option<usize>, row: &RegisterRow, holder: &str) -> i64 {
        let person = at.and_then(|at| self.persons.get(at));
        let under = |span: &&Span| span.holder_key() == holder;
        let own = person.and_then(|person| person.spans.iter().rev().find(under));
        let others = self.by_holder.get(holder).into_iter().flatten().filter_map(|at| self.persons.get(*at));
        let together = others
            .flat_map(|person| person.spans.iter().filter(under))
            .find(|span| open_at(span, row.from) && row.to.is_none_or(|to| to > span.from));
        let moved = person
            .and_then(|person| person.spans.last())
            .filter(|span| span.insured && row.relationship == Relationship::Insured);
        if let Some(span) = own.or(together).or(moved) {
            return span.household_id;
        }
        let fresh = self.next_household;
        self.next_household += 1;
        self.new_households.push(fresh);
        fresh
    }
}

/// Puts a span where its first day belongs; a span before it that was still open ends there.
fn span_put(spans: &mut Vec<Span>, span: Span) {
    match spans.iter_mut().find(|known| known.from == span.from) {
        Some(known) => *known = span,
        None => {
            if let Some(before) = spans.iter_mut().rfind(|known| known.from < span.from && open_at(known, span.from)) {
                before.to = Some(span.from);
            }
            spans.push(span);
            spans.sort_by_key(|span| span.from);
        }
    }
}

fn open_at(span: &Span, date: Date) -> bool {
    span.to.is_none_or(|to| to > date)
}
