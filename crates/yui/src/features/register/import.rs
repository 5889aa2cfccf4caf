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
        imports::{Applied, ChunkFault, FaultKind, Figures, Importer, Kind, Purpose, Read, Source, Unreadable},
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
    /// The holder keys of refused rows of insured persons: dependents under them belong to nobody who is known.
    refused: BTreeSet<String>,
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
            refused: BTreeSet::new(),
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

    const PASSES: u64 = 3;

    /// Hands over the ended coverages of insured persons first, whose numbers may be another's by now; then the other insured
    /// persons; then the dependents, who belong to their households. A check takes the last two together, in the order of the
    /// file, so that it has to remember one family at a time.
    fn read(
        source: &Source,
        purpose: Purpose,
        mut each: impl FnMut(Read<RegisterRow>) -> bool,
    ) -> Result<(), Vec<Fault>> {
        let mut pass = |wanted: &dyn Fn(Turn) -> bool| -> Result<bool, Vec<Fault>> {
            let file = source.open().map_err(|error| vec![unopened(&error)])?;
            let turn = |row: &Read<_>| if let Read::Record(row) = row { Turn::of(row) } else { Turn::Insured };
            let rows = RegisterCsv::open(file)?.map(Read::from).filter(|row| wanted(turn(row)));
            Ok(rows.into_iter().all(|mut row| {
                let notices =
                    if let Read::Record(row) = &mut row { std::mem::take(&mut row.notices) } else { Vec::new() };
                notices.into_iter().map(Read::Notice).chain([row]).all(&mut each)
            }))
        };
        let _all = match purpose {
            Purpose::Check => pass(&|turn| turn == Turn::Ended)? && pass(&|turn| turn != Turn::Ended)?,
            Purpose::Apply => {
                pass(&|turn| turn == Turn::Ended)?
                    && pass(&|turn| turn == Turn::Insured)?
                    && pass(&|turn| turn == Turn::Dependent)?
            }
        };
        Ok(())
    }

    /// Finds the refused insured persons again, whose dependents may be in the rest of the file.
    fn resume(&mut self, source: &Source, faults: &BTreeSet<i64>) -> anyhow::Result<()> {
        if faults.is_empty() {
            return Ok(());
        }
        let rows = RegisterCsv::open(source.open()?).map_err(Unreadable)?.filter_map(Result::ok);
        let refused =
            rows.filter(|row| !is_dependent(row) && i64::try_from(row.line).is_ok_and(|line| faults.contains(&line)));
        self.refused.extend(refused.map(|row| row_holder_key(&row)));
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
        let rows = i64::try_from(own.len())?;
        let mut persons = self.persons(tx, &own).await?;
        let (keys, holders) = looked_for(&own);
        self.seen.complete(&mut persons, &keys, &holders);
        let (first_member, first_household) = self.seen.ids(rows);
        let mut desk = Desk::new(persons, first_household);
        let accepted = self.take(&mut desk, own, first_member, faults)?;
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
        let rows = i64::try_from(own.len())?;
        let persons = self.persons(tx, &own).await?;
        let first_member = ids_take(tx, &self.scope, "member", rows).await?;
        let first_household = ids_take(tx, &self.scope, "household", rows).await?;
        let mut desk = Desk::new(persons, first_household);
        let accepted = self.take(&mut desk, own, first_member, faults)?;
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

/// When a row's turn comes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// An insured person whose coverage ended.
    Ended,
    /// Another insured person.
    Insured,
    /// A dependent.
    Dependent,
}

impl Turn {
    fn of(row: &RegisterRow) -> Self {
        match (row.relationship, row.to) {
            (Relationship::Insured, Some(_)) => Self::Ended,
            (Relationship::Insured, None) => Self::Insured,
            (Relationship::Dependent, _) => Self::Dependent,
        }
    }
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

    /// Works the rows in; new persons get ids from this one on. Returns how many were taken; the others become faults.
    fn take(
        &mut self,
        desk: &mut Desk,
        rows: Vec<RegisterRow>,
        first_member: i64,
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<i64> {
        let mut rows: Vec<_> = rows.into_iter().zip(first_member..).collect();
        rows.sort_by_key(|(row, _)| Turn::of(row));
        let mut taken = 0;
        for (row, member_id) in rows {
            let (line, holder, dependent) = (row.line, row_holder_key(&row), is_dependent(&row));
            let result = if dependent && self.refused.contains(&holder) {
                Err(Refusal::OfInsured)
            } else {
                desk.take(row, member_id)
            };
            match result {
                Ok(()) => taken += 1,
                Err(refused) => {
                    if !dependent {
                        self.refused.insert(holder);
                    }
                    let fault = Fault::new(line, refused.column(), refused.reason());
                    faults.push(ChunkFault { kind: FaultKind::Rejected, fault });
                }
            }
        }
        Ok(taken)
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
    /// Returns whether the person was there before.
    fn knew(&self, person: &Person) -> bool {
        self.before.contains_key(&person.member_id)
    }

    /// Returns a desk with these persons; new households get ids from this one on.
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
    ///
    /// # Errors
    /// Why the row is refused; then nothing changed.
    fn take(&mut self, row: RegisterRow, member_id: i64) -> Result<(), Refusal> {
        let holder = row_holder_key(&row);
        let at = self.find(&row, &holder)?;
        self.only_insured(at, &row, &holder)?;
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
            return Ok(());
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
        Ok(())
    }

    /// Returns the person a row is about: by the society's lasting key, else within the same symbol and number by
    /// branch number with birth date or kana, else by birth date, sex and kana.
    fn find(&self, row: &RegisterRow, holder: &str) -> Result<Option<usize>, Refusal> {
        let spelled = |person: &Person| search_key(&person.kana) == search_key(&row.kana);
        let named = |person: &Person| search_key(&person.name) == search_key(&row.name);
        let of_sex = |person: &Person| person.sex == sex_word(row.sex);
        if let Some(at) = row.person_key.as_ref().and_then(|key| self.by_key.get(key)) {
            let anybody_else = |person: &Person| {
                !named(person) && !spelled(person) && person.birth_date != row.birth_date && !of_sex(person)
            };
            return if self.persons.get(*at).is_some_and(anybody_else) {
                Err(Refusal::KeyOfAnother)
            } else {
                Ok(Some(*at))
            };
        }
        let Some(household) = self.by_holder.get(holder) else { return Ok(None) };
        let persons = || household.iter().filter_map(|at| Some((*at, self.persons.get(*at)?)));
        let other_key = |person: &Person| matches!((&person.person_key, &row.person_key), (Some(theirs), Some(ours)) if theirs != ours);
        let branches = |person: &Person| -> Vec<Option<String>> {
            let under = person.spans.iter().filter(|span| span.holder_key() == holder);
            under.map(|span| span.branch.clone()).collect()
        };
        // A branch number may be given anew: with another birth date and another name it is another person.
        let branch = |person: &Person| {
            row.branch.is_some()
                && branches(person).contains(&row.branch)
                && (person.birth_date == row.birth_date || spelled(person))
        };
        // Twins may be read alike: with their own branch numbers and names written differently they are two.
        let twin = |person: &Person| {
            let branches = branches(person);
            row.branch.is_some()
                && !named(person)
                && !branches.contains(&row.branch)
                && branches.iter().all(Option::is_some)
        };
        let same =
            |person: &Person| person.birth_date == row.birth_date && of_sex(person) && spelled(person) && !twin(person);
        Ok(persons()
            .find(|(_, person)| branch(person) && !other_key(person))
            .or_else(|| persons().find(|(_, person)| same(person) && !other_key(person)))
            .map(|(at, _)| at))
    }

    /// Refuses an insured person's row where somebody else is insured under its symbol and number at the same time.
    fn only_insured(&self, at: Option<usize>, row: &RegisterRow, holder: &str) -> Result<(), Refusal> {
        if is_dependent(row) {
            return Ok(());
        }
        let others = self.by_holder.get(holder).into_iter().flatten().filter(|other| Some(**other) != at);
        let mut spans = others.filter_map(|other| self.persons.get(*other)).flat_map(|person| &person.spans);
        let in_force = |span: &Span| span.insured && span.holder_key() == holder && overlaps(span, row);
        if spans.any(in_force) { Err(Refusal::AnotherInsured) } else { Ok(()) }
    }

    /// Returns the household of a row: the one the person had under this symbol and number; or the one that somebody
    /// covered at the same time has under them (a number that was given anew after a gap is another household's); or, where
    /// an insured person's numbers changed, the one that person had; or a new one. An insured person never joins a household
    /// whose insured person is or was somebody else.
    fn household(&mut self, at: Option<usize>, row: &RegisterRow, holder: &str) -> i64 {
        let person = at.and_then(|at| self.persons.get(at));
        let under = |span: &&Span| span.holder_key() == holder;
        let insured_elsewhere = |span: &Span| {
            !is_dependent(row)
                && self.persons.iter().enumerate().any(|(other, person)| {
                    let theirs = |known: &Span| known.insured && known.household_id == span.household_id;
                    Some(other) != at && person.spans.iter().any(theirs)
                })
        };
        let own = person.and_then(|person| person.spans.iter().rev().find(under));
        let own = own.filter(|span| span.insured || !insured_elsewhere(span));
        let others = self.by_holder.get(holder).into_iter().flatten().filter_map(|at| self.persons.get(*at));
        // The insured person's household counts more than that of dependents whom nobody has signed off.
        let together = others
            .flat_map(|person| person.spans.iter().filter(under))
            .filter(|span| overlaps(span, row) && !insured_elsewhere(span))
            .max_by_key(|span| (span.insured, std::cmp::Reverse(span.household_id)));
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

/// Why a row is refused although it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// The society's own key is known for somebody whose name, birth date and sex are all different.
    KeyOfAnother,
    /// Somebody else is insured under the same symbol and number at the same time.
    AnotherInsured,
    /// The row of the insured person under the same symbol and number is refused.
    OfInsured,
}

impl Refusal {
    fn column(self) -> &'static str {
        match self {
            Self::KeyOfAnother => "個人コード",
            Self::AnotherInsured | Self::OfInsured => "番号",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::KeyOfAnother => {
                "この個人コードは、氏名・生年月日・性別がすべて異なる別の人のものです。個人コードを確かめてください。"
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

fn overlaps(span: &Span, row: &RegisterRow) -> bool {
    open_at(span, row.from) && row.to.is_none_or(|to| to > span.from)
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
