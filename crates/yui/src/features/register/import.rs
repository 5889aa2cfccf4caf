//! A register file → households, members and coverage. A register is in force as soon as it is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use jiff::{Timestamp, civil::Date};
use kenpo_formats::{Fault, register_csv::RegisterCsv};
use yui_db::Tx;

use super::{
    answered_by_file::OpenQuestions,
    change_counter, changes,
    families::Families,
    file_kind::{Extent, SEARCHED_AT},
    full_file::{self, FileMembers},
    kind::RegisterFiles,
    queries::{self, Person, PersonFilter, RegisterChange},
    questions,
    row::{Family, Row},
    row_matcher::{Decision, RowMatcher, RowOutcome},
    seen::Seen,
    similarity::lookup_key,
};
use crate::{
    core::{clock::japan, scope::SystemScope, society::ids_take},
    features::imports::{
        Applied, ChunkFault, FULL_FILE, FaultKind, FileTotals, Importer, Kind, Read, RowQuestion, Source,
    },
};

/// The import of a register for one society.
#[derive(Debug)]
pub struct RegisterImport {
    scope: SystemScope,
    insurer_numbers: Vec<String>,
    now: Timestamp,
    /// The answers of staff in the preview, by line number.
    decided: BTreeMap<u64, Decision>,
    counts: RegisterCounts,
    /// The persons that a check has seen in the file: an import asks the database instead.
    seen: Seen,
    extent: Extent,
    file_members: FileMembers,
    /// The members that rows were matched to in a check.
    met: BTreeSet<i64>,
    /// The households of candidates of questions, of this file and of earlier ones.
    asked_households: BTreeSet<i64>,
    /// The last member that the search for members missing in the file has passed; none before it begins.
    searched_through: Option<i64>,
    /// The number of changes of the register when a check began to search.
    searched_at: Option<i64>,
    /// The number of missing members that a check has found and not yet reported.
    missing: i64,
}

#[derive(Debug, Default)]
struct RegisterCounts {
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
            counts: RegisterCounts::default(),
            seen: Seen::default(),
            extent: Extent::default(),
            file_members: FileMembers::default(),
            met: BTreeSet::new(),
            asked_households: BTreeSet::new(),
            searched_through: None,
            searched_at: None,
            missing: 0,
        }
    }

    /// Sets which members the file contains.
    pub(super) fn of_extent(self, extent: Extent) -> Self {
        Self { extent, ..self }
    }

    /// Sets the answers that staff gave in the preview, by line number.
    pub(super) fn with_decisions(self, decided: BTreeMap<u64, Decision>) -> Self {
        Self { decided, ..self }
    }

    fn owns(&self, number: &str) -> bool {
        self.insurer_numbers.iter().any(|own| own == number)
    }
}

impl Importer for RegisterImport {
    type Record = Family;
    type Finder = FileMembers;

    fn kind(&self) -> Kind {
        &RegisterFiles
    }

    fn finder(&self) -> FileMembers {
        self.file_members.clone()
    }

    fn weight(family: &Family) -> i64 {
        i64::try_from(family.rows.len()).unwrap_or(i64::MAX)
    }

    /// Yields unreadable rows first, in file order; then the readable rows grouped by family, independent of their order in the file.
    fn read(source: &Source, mut each: impl FnMut(Read<Family>) -> bool) -> Result<(), Vec<Fault>> {
        let file = source.open().map_err(|error| vec![unopened(&error)])?;
        let mut families = Families::default();
        let (mut troubled, mut told) = (None, 0);
        for row in RegisterCsv::open_as(file, source.layout())? {
            let go_on = match row {
                Err(faults) => each(Read::Wrong(faults)),
                Ok(mut row) => {
                    // All notices precede the first family in one chunk, so their number is limited.
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
            // After a read error the rows are incomplete: sorting them would give another order than on the retry.
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
        let open = OpenQuestions::of(tx, &self.scope, &families).await?;
        let mut person_filter = person_filter(&families);
        open.look_for(&mut person_filter);
        let mut persons = queries::persons(tx, &self.scope, &person_filter).await?;
        self.seen.complete(&mut persons, &person_filter);
        let rows = families.iter().map(Self::weight).sum::<i64>() + open.count();
        let (first_member, first_household) = self.seen.ids(rows);
        let created = persons.iter().map(|person| person.member_id).filter(|id| self.seen.is_new(*id)).collect();
        let row_matcher = RowMatcher::new(persons, first_member, first_household);
        let mut row_matcher = row_matcher.with_created_members(created).with_waiting(open.waiting().collect());
        let mut applied = Applied::default();
        let MatchedRows { asked, accepted } = self.take(&mut row_matcher, &families, &mut applied, faults)?;
        open.answered(&mut row_matcher, &accepted);
        // Members that this file itself creates have no number yet: the question about them comes after the import.
        let known = |id: &i64| row_matcher.before.get(id).filter(|_| !self.seen.is_new(*id));
        let mut persons: Vec<_> = asked.iter().flat_map(|(.., ids)| ids).filter_map(known).collect();
        persons.sort_unstable_by_key(|person| person.member_id);
        persons.dedup_by_key(|person| person.member_id);
        let candidates = questions::candidates(tx, &self.scope, &persons).await?;
        for (family, at, ids) in asked {
            let Some(row) = family.rows.get(at) else { continue };
            let candidates = questions::of_members(&candidates, &ids);
            applied.asked.push(RowQuestion { line: row.line, candidates, row: changes::facts(row) });
        }
        self.count(&row_matcher)?;
        applied.entries = changes::entries(&row_matcher);
        if let Extent::Full { .. } = self.extent {
            self.met.extend(row_matcher.about.keys());
            self.asked_households.extend(full_file::households(persons));
        }
        row_matcher.persons.into_iter().for_each(|person| self.seen.put(person));
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
        let open = OpenQuestions::of(tx, &self.scope, &families).await?;
        let mut person_filter = person_filter(&families);
        open.look_for(&mut person_filter);
        let rows = families.iter().map(Self::weight).sum::<i64>() + open.count();
        let persons = queries::persons(tx, &self.scope, &person_filter).await?;
        let first_member = ids_take(tx, &self.scope, "member", rows).await?;
        let first_household = ids_take(tx, &self.scope, "household", rows).await?;
        let created = queries::created_by_batch(tx, &self.scope, batch_id, &persons).await?;
        let row_matcher = RowMatcher::new(persons, first_member, first_household);
        let mut row_matcher = row_matcher.with_created_members(created).with_waiting(open.waiting().collect());
        let mut applied = Applied::default();
        let MatchedRows { asked, accepted } = self.take(&mut row_matcher, &families, &mut applied, faults)?;
        let answered = open.answered(&mut row_matcher, &accepted);
        self.count(&row_matcher)?;
        write(tx, &self.scope, batch_id, &row_matcher, self.now).await?;
        for question in answered {
            question.keep(tx, &self.scope, batch_id).await?;
        }
        questions::ask(tx, &self.scope, batch_id, &asked, self.now).await?;
        Ok(applied)
    }

    async fn checked(&mut self, tx: &mut Tx, wrong: i64) -> anyhow::Result<Option<Applied>> {
        let Extent::Full { as_of, end } = self.extent else { return Ok(None) };
        let mut applied = Applied::default();
        if self.searched_at.is_none() {
            self.searched_at = Some(change_counter::change_count(tx, &self.scope).await?);
        }
        if let Some(persons) = self.next_missing(tx, as_of).await? {
            let missing = persons.iter().filter(|person| !self.met.contains(&person.member_id));
            applied.entries.extend(missing.map(|person| changes::missing(person, as_of)));
            self.missing += i64::try_from(applied.entries.len())?;
            return Ok(Some(applied));
        }
        if self.missing == 0 {
            return Ok(None);
        }
        if end && wrong == 0 {
            self.counts.left += self.missing;
            self.counts.changed_members += self.missing;
        }
        if end && wrong > 0 {
            applied.notices.push(Fault::new(0, "ファイルにいない人", KEPT_FOR_MISTAKES));
        }
        applied.to_confirm.extend(self.too_many_missing());
        self.missing = 0;
        Ok(Some(applied))
    }

    async fn finish(&mut self, tx: &mut Tx, batch_id: i64, wrong: i64) -> anyhow::Result<bool> {
        let Extent::Full { as_of, end: true } = self.extent else { return Ok(false) };
        if wrong > 0 {
            return Ok(false);
        }
        let Some(mut persons) = self.next_missing(tx, as_of).await? else { return Ok(false) };
        // A file that came later and was imported at the same time knows these members better.
        let changed = queries::changed_after_batch(tx, &self.scope, batch_id, &persons).await?;
        persons.retain(|person| !changed.contains(&person.member_id));
        let mut row_matcher = RowMatcher::new(persons, 0, 0);
        row_matcher.end_all(as_of);
        self.counts.left += i64::try_from(row_matcher.persons.len())?;
        self.counts.changed_members += i64::try_from(row_matcher.persons.len())?;
        write(tx, &self.scope, batch_id, &row_matcher, self.now).await?;
        Ok(true)
    }

    fn details(&self) -> Vec<(&'static str, i64)> {
        let whole = matches!(self.extent, Extent::Full { .. });
        let mut details = vec![
            ("new households", self.counts.new_households),
            ("new members", self.counts.new_members),
            ("changed members", self.counts.changed_members),
            ("members who leave", self.counts.left),
            ("unchanged members", self.counts.unchanged),
            ("rows to ask about", self.counts.asked),
        ];
        details.extend(whole.then_some((FULL_FILE, 1)));
        details.extend(self.searched_at.map(|count| (SEARCHED_AT, count)));
        details
    }

    fn figures(&self) -> FileTotals {
        let RegisterCounts { new_members, changed_members, unchanged, .. } = self.counts;
        FileTotals { amount: None, people: Some(new_members + changed_members + unchanged) }
    }
}

const KEPT_FOR_MISTAKES: &str = "取り込めない行があるため、ファイルにいない人は喪失にしません。誤りを直したファイルで、もう一度取り込んでください。";

/// Above both limits, missing members have to be confirmed by staff: the file may be truncated.
const FEW_MISSING: i64 = 20;
const PERCENT_MISSING: i64 = 5;

/// The most notices of rows that are reported.
const NOTICES: usize = 10_000;

/// The most rows of one family; more are an error in the file.
const FAMILY: usize = 200;

/// A row in question: its family, its index there, and the candidate members; empty if the row waits for its insured
/// person's answer.
type AskedRow<'f> = (&'f Family, usize, Vec<i64>);

/// The rows of a chunk that were not refused.
struct MatchedRows<'f> {
    asked: Vec<AskedRow<'f>>,
    /// With the members that they describe.
    accepted: Vec<(&'f Row, i64)>,
}

/// Returns the keys by which the register is searched for these families.
pub(super) fn person_filter(families: &[Family]) -> PersonFilter {
    let rows = || families.iter().flat_map(|family| &family.rows);
    PersonFilter {
        person_keys: rows().filter_map(|row| row.person_key.clone()).collect(),
        holder_keys: families.iter().map(|family| family.holder_key.clone()).collect(),
        lookup_keys: rows().map(|row| lookup_key(row.birth_date, &row.sex, &row.kana)).collect(),
    }
}

impl RegisterImport {
    /// Returns the confirmation that is required if so many members are missing that the file may be truncated.
    fn too_many_missing(&self) -> Option<Fault> {
        let RegisterCounts { changed_members, unchanged, .. } = self.counts;
        let known = changed_members + unchanged + self.missing;
        (self.missing > FEW_MISSING && self.missing * 100 > known * PERCENT_MISSING).then(|| {
            let reason = format!(
                "台帳にいる{known}人のうち、{}人がファイルにいません。全件のファイルか、途中で切れていないかを確かめてください。",
                self.missing
            );
            Fault::new(0, "ファイルにいない人", reason)
        })
    }

    /// Returns the next portion of members that a full file does not contain; none at the end.
    async fn next_missing(&mut self, tx: &mut Tx, as_of: Date) -> anyhow::Result<Option<Vec<Person>>> {
        let after = match self.searched_through {
            Some(after) => after,
            None => {
                self.asked_households.extend(questions::households(tx, &self.scope).await?);
                0
            }
        };
        let Some((mut persons, last)) = full_file::missing(tx, &self.scope, &self.file_members, as_of, after).await?
        else {
            return Ok(None);
        };
        persons.retain(|person| !full_file::is_of(person, &self.asked_households));
        self.searched_through = Some(last);
        Ok(Some(persons))
    }

    /// Returns the families of the society's own insurer numbers.
    fn own(&self, records: Vec<Family>, faults: &mut Vec<ChunkFault>) -> Vec<Family> {
        let (records, huge): (Vec<_>, Vec<_>) = records.into_iter().partition(|family| family.rows.len() <= FAMILY);
        faults.extend(huge.iter().flat_map(|family| &family.rows).map(|row| {
            let reason = format!("同じ記号・番号の行が{FAMILY}を超えます。列がずれていないか確かめてください。");
            ChunkFault { kind: FaultKind::Rejected, fault: row.finding("番号", reason) }
        }));
        let own = |family: &Family| family.rows.first().is_some_and(|row| self.owns(&row.insurer_number));
        let (own, others): (Vec<_>, Vec<_>) = records.into_iter().partition(own);
        faults.extend(others.iter().flat_map(|family| &family.rows).map(|row| {
            let reason = format!("保険者番号 {} は、この組合のものではありません。", row.insurer_number);
            ChunkFault { kind: FaultKind::Rejected, fault: row.finding("保険者番号", reason) }
        }));
        own
    }

    /// Matches the families' rows; refused rows become faults.
    fn take<'f>(
        &mut self,
        row_matcher: &mut RowMatcher,
        families: &'f [Family],
        applied: &mut Applied,
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<MatchedRows<'f>> {
        let (mut asked, mut accepted) = (Vec::new(), Vec::new());
        let today = self.now.to_zoned(japan()).date();
        for family in families {
            let outcomes = row_matcher.take(family, &|line| self.decided.get(&line).copied());
            for (at, (row, outcome)) in family.rows.iter().zip(outcomes).enumerate() {
                match outcome {
                    RowOutcome::Accepted(member_id) => accepted.push((row, member_id)),
                    RowOutcome::Ambiguous(candidates) => asked.push((family, at, candidates)),
                    RowOutcome::Waiting => asked.push((family, at, Vec::new())),
                    RowOutcome::Refused(refusal) => {
                        let fault = row.finding(refusal.column(), refusal.reason());
                        faults.push(ChunkFault { kind: FaultKind::Rejected, fault });
                    }
                }
            }
            applied.notices.extend(changes::notices(row_matcher, family, today));
        }
        applied.accepted = i64::try_from(accepted.len())?;
        self.counts.asked += i64::try_from(asked.len())?;
        Ok(MatchedRows { asked, accepted })
    }

    /// Counts the changes of a chunk.
    fn count(&mut self, row_matcher: &RowMatcher) -> anyhow::Result<()> {
        let (old, new): (Vec<_>, Vec<_>) = row_matcher.persons.iter().partition(|person| row_matcher.existed(person));
        let unchanged = old.iter().filter(|person| row_matcher.before.get(&person.member_id) == Some(person)).count();
        // Of an old person whom no row is about, nothing is said.
        let about = old.iter().filter(|person| row_matcher.about.contains_key(&person.member_id)).count();
        let changed = old.len() - unchanged;
        let leaves =
            |person: &Person| !person.stays() && row_matcher.before.get(&person.member_id).is_some_and(Person::stays);
        self.counts.left += i64::try_from(old.iter().filter(|person| leaves(person)).count())?;
        self.counts.new_households += i64::try_from(row_matcher.new_households.len())?;
        self.counts.new_members += i64::try_from(new.len())?;
        self.counts.changed_members += i64::try_from(changed)?;
        self.counts.unchanged += i64::try_from(about.saturating_sub(changed))?;
        Ok(())
    }
}

/// Writes the persons as the row matcher has changed them, with the data from which a withdrawal of the batch restores
/// them.
pub(super) async fn write(
    tx: &mut Tx,
    scope: &SystemScope,
    batch_id: i64,
    row_matcher: &RowMatcher,
    now: Timestamp,
) -> anyhow::Result<()> {
    let (old, new): (Vec<_>, Vec<_>) = row_matcher.persons.iter().partition(|person| row_matcher.existed(person));
    queries::persons_insert(tx, scope, &row_matcher.new_households, &new, now).await?;
    let mut changes = Vec::new();
    let mut changed = |change_number, person: &Person, before: Option<&Person>| {
        let before_state = before.map(serde_json::to_string).transpose()?;
        let after_state = serde_json::to_string(person)?;
        changes.push(RegisterChange { change_number, member_id: person.member_id, before_state, after_state });
        anyhow::Ok(())
    };
    let mut number = queries::change_next(tx, scope, batch_id).await?;
    for person in &new {
        changed(number, person, None)?;
        number += 1;
    }
    for person in old {
        let Some(was) = row_matcher.before.get(&person.member_id).filter(|was| *was != person) else {
            continue;
        };
        queries::person_replace(tx, scope, was, person).await?;
        changed(number, person, Some(was))?;
        number += 1;
    }
    queries::changes_insert(tx, scope, batch_id, &changes).await?;
    if !changes.is_empty() {
        change_counter::changed(tx, scope).await?;
    }
    Ok(())
}

fn unopened(error: &io::Error) -> Fault {
    Fault::new(0, "", format!("ファイルを開けません: {error}"))
}

#[cfg(test)]
mod tests {
    use kenpo_formats::register_csv::template;

    use super::*;
    use crate::features::imports::Format;

    /// A retry reads and sorts the whole file: the records of a half-read file would stand in another order, and some
    /// would be skipped.
    #[test]
    fn after_a_read_error_no_family_is_handed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let header = template().lines().next().unwrap();
        std::fs::write(&path, format!("{header}\r\nwrong\r\n{}", template().split_once('\n').unwrap().1)).unwrap();
        for broken in [false, true] {
            let source = Source::known(path.clone(), "r.csv".into(), Format::Csv, [0; 32]);
            let mut families = 0;
            RegisterImport::read(&source, |read| {
                families += usize::from(matches!(read, Read::Record(_)));
                if broken && matches!(read, Read::Wrong(_)) {
                    source.fail(io::Error::other("the disk is gone"));
                }
                true
            })
            .unwrap();
            assert_eq!(families, usize::from(!broken));
        }
    }
}
