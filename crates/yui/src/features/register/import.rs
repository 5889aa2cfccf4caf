//! A register file → households, members and coverage. A register is in force as soon as it is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use jiff::Timestamp;
use kenpo_formats::{Fault, register_csv::RegisterCsv};
use yui_db::Tx;

use super::{
    changes,
    desk::{Decision, Desk, Verdict},
    families::Families,
    files::{Extent, RegisterFiles},
    likeness::likeness,
    queries::{self, Change, LookedFor, Person},
    questions,
    row::Family,
    seen::Seen,
    whole::{self, InFile},
};
use crate::{
    features::{
        imports::{Applied, Asked, ChunkFault, FaultKind, Figures, Importer, Kind, Read, Source, WHOLE_FILE},
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
    /// What staff answered beforehand, by the line of the row.
    decided: BTreeMap<u64, Decision>,
    counts: Counts,
    /// What a check has seen of the file: an import asks the database instead.
    seen: Seen,
    extent: Extent,
    in_file: InFile,
    /// The members whom a check saw rows of.
    met: BTreeSet<i64>,
    /// The households of those whom a check asks about.
    asked_households: BTreeSet<i64>,
    /// Up to which member was looked for those who are not in the file.
    looked_through: i64,
    /// How many are not in the file, and whether it was said what that means.
    missing: i64,
    extent_told: bool,
}

#[derive(Debug, Default)]
struct Counts {
    new_households: i64,
    new_members: i64,
    changed_members: i64,
    /// Of the changed ones, those whose coverage the file ends.
    left: i64,
    unchanged: i64,
    /// Rows that wait for an answer.
    asked: i64,
}

impl RegisterImport {
    /// Returns an import for this society, which owns these insurer numbers.
    pub fn new(scope: SystemScope, insurer_numbers: Vec<String>, now: Timestamp) -> Self {
        Self {
            scope,
            insurer_numbers,
            now,
            decided: BTreeMap::new(),
            counts: Counts::default(),
            seen: Seen::default(),
            extent: Extent::default(),
            in_file: InFile::default(),
            met: BTreeSet::new(),
            asked_households: BTreeSet::new(),
            looked_through: 0,
            missing: 0,
            extent_told: false,
        }
    }

    /// Returns it with what was said of whom the file tells.
    pub(super) fn of_extent(self, extent: Extent) -> Self {
        Self { extent, ..self }
    }

    /// Returns it with what staff answered beforehand, by the line of the row.
    pub(super) fn with_decisions(self, decided: BTreeMap<u64, Decision>) -> Self {
        Self { decided, ..self }
    }

    fn owns(&self, number: &str) -> bool {
        self.insurer_numbers.iter().any(|own| own == number)
    }
}

impl Importer for RegisterImport {
    type Record = Family;
    type Finder = InFile;

    fn kind(&self) -> Kind {
        &RegisterFiles
    }

    fn finder(&self) -> InFile {
        self.in_file.clone()
    }

    fn weight(family: &Family) -> i64 {
        i64::try_from(family.rows.len()).unwrap_or(i64::MAX)
    }

    /// Hands over what is wrong first, in the order of the file; then family by family, whatever the order of the rows.
    fn read(source: &Source, mut each: impl FnMut(Read<Family>) -> bool) -> Result<(), Vec<Fault>> {
        let file = source.open().map_err(|error| vec![unopened(&error)])?;
        let mut families = Families::default();
        let (mut troubled, mut told) = (None, 0);
        for row in RegisterCsv::open(file)? {
            let go_on = match row {
                Err(faults) => each(Read::Wrong(faults)),
                Ok(mut row) => {
                    // They all come before the first family: no more of them than are kept.
                    let notices = std::mem::take(&mut row.notices);
                    let notices = if told < NOTICES { notices } else { Vec::new() };
                    told += notices.len();
                    troubled = families.add(row.into()).err();
                    troubled.is_none() && notices.into_iter().map(Read::Notice).all(&mut each)
                }
            };
            if !go_on {
                break;
            }
        }
        let sorted = match troubled {
            Some(error) => Err(error),
            // What was not read is no end of the file.
            None if source.is_broken() => Ok(()),
            None => families.each(|family| each(Read::Record(family))),
        };
        if let Err(error) = sorted {
            source.fail(error);
        }
        Ok(())
    }

    async fn check(
        &mut self,
        tx: &mut Tx,
        records: Vec<Family>,
        (): (),
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Applied> {
        let families = self.own(records, faults);
        let looked_for = looked_for(&families);
        let mut persons = queries::persons(tx, &self.scope, &looked_for).await?;
        self.seen.complete(&mut persons, &looked_for);
        let rows = families.iter().map(Self::weight).sum();
        let (first_member, first_household) = self.seen.ids(rows);
        let newcomers = persons.iter().map(|person| person.member_id).filter(|id| self.seen.is_new(*id)).collect();
        let holders = families.iter().map(|family| &*family.holder_key);
        let waiting = questions::waiting(tx, &self.scope, holders).await?;
        let desk = Desk::new(persons, first_member, first_household);
        let mut desk = desk.with_newcomers(newcomers).with_waiting(waiting);
        let mut applied = Applied::default();
        let asked = self.take(&mut desk, &families, &mut applied, faults)?;
        for (family, at, candidates) in asked {
            let Some(row) = family.rows.get(at) else { continue };
            // Who came with this file itself has no number yet: that is asked after the import.
            let known = |id: &i64| desk.before.get(id).filter(|_| !self.seen.is_new(*id));
            let known: Vec<_> = candidates.iter().filter_map(known).collect();
            let candidates = questions::candidates(tx, &self.scope, &known).await?;
            applied.asked.push(Asked { line: row.line, candidates, row: changes::facts(row) });
        }
        self.count(&desk)?;
        applied.entries = changes::entries(&desk);
        if let Extent::Whole { .. } = self.extent {
            self.met.extend(desk.about.keys());
            let asked: BTreeSet<_> =
                applied.asked.iter().flat_map(|asked| &asked.candidates).map(|known| known.member_id).collect();
            let candidates = desk.before.values().filter(|person| asked.contains(&person.member_id));
            self.asked_households.extend(whole::households(candidates));
        }
        desk.persons.into_iter().for_each(|person| self.seen.put(person));
        Ok(applied)
    }

    async fn apply(
        &mut self,
        tx: &mut Tx,
        batch_id: i64,
        records: Vec<Family>,
        (): (),
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Applied> {
        let families = self.own(records, faults);
        let rows = families.iter().map(Self::weight).sum();
        let persons = queries::persons(tx, &self.scope, &looked_for(&families)).await?;
        let first_member = ids_take(tx, &self.scope, "member", rows).await?;
        let first_household = ids_take(tx, &self.scope, "household", rows).await?;
        let newcomers = queries::came_with(tx, &self.scope, batch_id, &persons).await?;
        let holders = families.iter().map(|family| &*family.holder_key);
        let waiting = questions::waiting(tx, &self.scope, holders).await?;
        let desk = Desk::new(persons, first_member, first_household);
        let mut desk = desk.with_newcomers(newcomers).with_waiting(waiting);
        let mut applied = Applied::default();
        let asked = self.take(&mut desk, &families, &mut applied, faults)?;
        self.count(&desk)?;
        write(tx, &self.scope, batch_id, &desk, self.now).await?;
        questions::ask(tx, &self.scope, batch_id, &asked, self.now).await?;
        Ok(applied)
    }

    async fn checked(&mut self, tx: &mut Tx, wrong: i64) -> anyhow::Result<Option<Applied>> {
        let Extent::Whole { as_of, end } = self.extent else { return Ok(None) };
        let (persons, last) = whole::missing(tx, &self.scope, &self.in_file, as_of, self.looked_through).await?;
        let mut applied = Applied::default();
        let Some(last) = last else {
            if !self.extent_told && self.missing > 0 {
                self.extent_told = true;
                if end && wrong > 0 {
                    applied.notices.push(Fault::new(0, "ファイルにいない人", KEPT_FOR_MISTAKES));
                }
                applied.to_confirm.extend(self.too_many_missing());
                return Ok(Some(applied));
            }
            return Ok(None);
        };
        self.looked_through = last;
        let missing = persons
            .iter()
            .filter(|person| !self.met.contains(&person.member_id) && !whole::is_of(person, &self.asked_households));
        applied.entries.extend(missing.map(|person| changes::missing(person, as_of)));
        self.missing += i64::try_from(applied.entries.len())?;
        Ok(Some(applied))
    }

    async fn finish(&mut self, tx: &mut Tx, batch_id: i64, wrong: i64) -> anyhow::Result<bool> {
        let Extent::Whole { as_of, end: true } = self.extent else { return Ok(false) };
        if wrong > 0 {
            return Ok(false);
        }
        let (persons, last) = whole::missing(tx, &self.scope, &self.in_file, as_of, self.looked_through).await?;
        let Some(last) = last else { return Ok(false) };
        self.looked_through = last;
        let mut desk = Desk::new(persons, 0, 0);
        desk.end_all(as_of);
        self.counts.left += i64::try_from(desk.persons.len())?;
        self.counts.changed_members += i64::try_from(desk.persons.len())?;
        write(tx, &self.scope, batch_id, &desk, self.now).await?;
        Ok(true)
    }

    fn details(&self) -> Vec<(&'static str, i64)> {
        let whole = matches!(self.extent, Extent::Whole { .. });
        let mut details = vec![
            ("new households", self.counts.new_households),
            ("new members", self.counts.new_members),
            ("changed members", self.counts.changed_members),
            ("members who leave", self.counts.left),
            ("unchanged members", self.counts.unchanged),
            ("rows to ask about", self.counts.asked),
        ];
        details.extend(whole.then_some((WHOLE_FILE, 1)));
        details
    }

    fn figures(&self) -> Figures {
        let Counts { new_members, changed_members, unchanged, .. } = self.counts;
        Figures { amount: None, people: Some(new_members + changed_members + unchanged) }
    }
}

const KEPT_FOR_MISTAKES: &str = "取り込めない行があるため、ファイルにいない人は喪失にしません。誤りを直したファイルで、もう一度取り込んでください。";

/// From how many on, and from which share of those who are known, missing people have to be confirmed.
const FEW_MISSING: i64 = 20;
const PERCENT_MISSING: i64 = 5;

/// How many notices of rows are told.
const NOTICES: usize = 10_000;

/// How many rows a family has at the most: more under one number are a mistake of the file.
const FAMILY: usize = 200;

/// A row that has to be asked about: its family, its place there, and whom it may mean; nobody where it waits for its insured person.
type Question<'f> = (&'f Family, usize, Vec<i64>);

/// Returns what has to be known to work these families in.
pub(super) fn looked_for(families: &[Family]) -> LookedFor {
    let rows = || families.iter().flat_map(|family| &family.rows);
    LookedFor {
        person_keys: rows().filter_map(|row| row.person_key.clone()).collect(),
        holder_keys: families.iter().map(|family| family.holder_key.clone()).collect(),
        likenesses: rows().map(|row| likeness(row.birth_date, &row.sex, &row.kana)).collect(),
    }
}

impl RegisterImport {
    /// Returns what has to be confirmed where so many are not in the file that it may be cut off.
    fn too_many_missing(&self) -> Option<Fault> {
        let Counts { changed_members, unchanged, .. } = self.counts;
        let known = changed_members + unchanged + self.missing;
        (self.missing > FEW_MISSING && self.missing * 100 > known * PERCENT_MISSING).then(|| {
            let reason = format!(
                "台帳にいる{known}人のうち、{}人がファイルにいません。全件のファイルか、途中で切れていないかを確かめてください。",
                self.missing
            );
            Fault::new(0, "ファイルにいない人", reason)
        })
    }

    /// Returns the families of the society's own insurer numbers.
    fn own(&self, records: Vec<Family>, faults: &mut Vec<ChunkFault>) -> Vec<Family> {
        let (records, huge): (Vec<_>, Vec<_>) = records.into_iter().partition(|family| family.rows.len() <= FAMILY);
        faults.extend(huge.iter().flat_map(|family| &family.rows).map(|row| {
            let reason = format!("同じ記号・番号の行が{FAMILY}を超えます。列がずれていないか確かめてください。");
            ChunkFault { kind: FaultKind::Rejected, fault: Fault::new(row.line, "番号", reason) }
        }));
        let own = |family: &Family| family.rows.first().is_some_and(|row| self.owns(&row.insurer_number));
        let (own, others): (Vec<_>, Vec<_>) = records.into_iter().partition(own);
        faults.extend(others.iter().flat_map(|family| &family.rows).map(|row| {
            let reason = format!("保険者番号 {} は、この組合のものではありません。", row.insurer_number);
            ChunkFault { kind: FaultKind::Rejected, fault: Fault::new(row.line, "保険者番号", reason) }
        }));
        own
    }

    /// Works the families in; what is refused becomes a fault. Returns what has to be asked.
    fn take<'f>(
        &mut self,
        desk: &mut Desk,
        families: &'f [Family],
        applied: &mut Applied,
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Vec<Question<'f>>> {
        let mut asked = Vec::new();
        for family in families {
            let verdicts = desk.take(family, &|line| self.decided.get(&line).copied());
            for (at, (row, verdict)) in family.rows.iter().zip(verdicts).enumerate() {
                match verdict {
                    Verdict::Taken(_) => applied.accepted += 1,
                    Verdict::Asked(candidates) => asked.push((family, at, candidates)),
                    Verdict::Waits => asked.push((family, at, Vec::new())),
                    Verdict::Refused(refusal) => {
                        let fault = Fault::new(row.line, refusal.column(), refusal.reason());
                        faults.push(ChunkFault { kind: FaultKind::Rejected, fault });
                    }
                }
            }
            applied.notices.extend(changes::notices(desk, family));
        }
        self.counts.asked += i64::try_from(asked.len())?;
        Ok(asked)
    }

    /// Counts what a chunk changes.
    fn count(&mut self, desk: &Desk) -> anyhow::Result<()> {
        let (old, new): (Vec<_>, Vec<_>) = desk.persons.iter().partition(|person| desk.knew(person));
        let unchanged = old.iter().filter(|person| desk.before.get(&person.member_id) == Some(person)).count();
        // Of an old person whom no row is about, nothing is said.
        let about = old.iter().filter(|person| desk.about.contains_key(&person.member_id)).count();
        let changed = old.len() - unchanged;
        let leaves = |person: &Person| !person.stays() && desk.before.get(&person.member_id).is_some_and(Person::stays);
        self.counts.left += i64::try_from(old.iter().filter(|person| leaves(person)).count())?;
        self.counts.new_households += i64::try_from(desk.new_households.len())?;
        self.counts.new_members += i64::try_from(new.len())?;
        self.counts.changed_members += i64::try_from(changed)?;
        self.counts.unchanged += i64::try_from(about.saturating_sub(changed))?;
        Ok(())
    }
}

/// Writes what the desk has made of the persons, and what of it a withdrawal of the batch restores.
pub(super) async fn write(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    desk: &Desk,
    now: Timestamp,
) -> anyhow::Result<()> {
    let (old, new): (Vec<_>, Vec<_>) = desk.persons.iter().partition(|person| desk.knew(person));
    queries::persons_insert(tx, scope, &desk.new_households, &new, now).await?;
    let mut changes = Vec::new();
    let mut changed = |change_number, person: &Person, before: Option<&Person>| {
        let before_state = before.map(serde_json::to_string).transpose()?;
        let after_state = serde_json::to_string(person)?;
        changes.push(Change { change_number, member_id: person.member_id, before_state, after_state });
        anyhow::Ok(())
    };
    let mut number = queries::change_next(tx, scope, batch_id).await?;
    for person in &new {
        changed(number, person, None)?;
        number += 1;
    }
    for person in old {
        let Some(was) = desk.before.get(&person.member_id).filter(|was| *was != person) else {
            continue;
        };
        queries::person_replace(tx, scope, was, person).await?;
        changed(number, person, Some(was))?;
        number += 1;
    }
    queries::changes_insert(tx, scope, batch_id, &changes).await?;
    Ok(())
}

fn unopened(error: &io::Error) -> Fault {
    Fault { line: 0, column: String::new(), reason: format!("ファイルを開けません: {error}") }
}
