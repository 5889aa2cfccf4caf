//! Claims and CSV rows → expense rows.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use kenpo_formats::{
    CareKind, Fault, TreatmentMonth,
    amounts::{self, Amounts, Basis},
    claims::Claim,
    expense_csv::ExpenseRow,
};
use sha2::{Digest, Sha256};
use yui_db::{Db, DbError, Param, Tx};

use super::{files::ExpenseFiles, queries, read};
use crate::{
    features::{
        imports::{Applied, ChunkFault, FaultKind, Figures, Finder, Importer, Kind, Members, Newest, Read, Source},
        register::{Coverage, Hint, candidates, holder_key, matched, sex_word},
    },
    scope::{InSociety, SystemScope},
};

/// The import of expenses for one society.
#[derive(Debug)]
pub struct ExpenseImport {
    scope: SystemScope,
    insurer_numbers: Vec<String>,
    this_month: TreatmentMonth,
    derived: i64,
    cancelled: i64,
    /// The claims that a check has seen: an import asks the database instead. Of two equal claims further apart than what is
    /// remembered, only the import finds the second.
    checked: Newest<Vec<u8>, ()>,
    amount: i64,
    people: Members,
}

const CHECKED_KEPT: usize = 300_000;

impl ExpenseImport {
    /// Returns an import for this society, which owns these insurer numbers.
    pub fn new(scope: SystemScope, insurer_numbers: Vec<String>, this_month: TreatmentMonth) -> Self {
        Self {
            scope,
            insurer_numbers,
            this_month,
            derived: 0,
            cancelled: 0,
            checked: Newest::new(CHECKED_KEPT),
            amount: 0,
            people: Members::default(),
        }
    }
}

/// A record of either form, as far as an expense needs it.
#[derive(Debug)]
pub struct Incoming {
    /// Its line, numbered among those of all files that came as one.
    pub(super) line: u64,
    insurer_number: Option<String>,
    hint: Hint,
    identity: Identity,
    cancelled: bool,
    provider_code: Option<String>,
    pub(super) provider_name: String,
    care_kind: CareKind,
    days: Option<u32>,
    amounts: Amounts,
    derived: bool,
    note: String,
}

/// What makes two records the same claim.
#[derive(Debug)]
enum Identity {
    /// The number the source gives a claim; it lasts over corrections.
    Claim(String),
    /// All of the row's content: the same row again is the same expense, a different one is another.
    Content(String),
}

/// The column or record that a fault about the person is shown at.
const PERSON: &str = "記号・番号";

impl Incoming {
    pub(super) fn of_row(row: ExpenseRow) -> Result<Self, Fault> {
        let amounts = if row.adjustment { Amounts::adjustment } else { Amounts::new };
        let amounts = amounts(row.total, row.insurer, row.public, row.self_pay).ok_or_else(|| {
            let reason = "医療費総額が、保険者負担額・公費負担額・自己負担額の合計と合いません。";
            Fault::new(row.line, "医療費総額", reason)
        })?;
        let number = row.insurer_number.as_str().to_owned();
        let identity = match row.claim_key {
            Some(key) => Identity::Claim(format!("{key}|csv|{number}")),
            None => Identity::Content(format!(
                "{}|{number}|{}|{}|{:?}|{:?}|{:?}|{:?}|{:?}|{}|{}|{:?}|{:?}|{}",
                row.treatment_month,
                row.symbol,
                row.number,
                row.branch,
                row.birth_date,
                row.kana,
                row.name,
                row.provider_code,
                row.provider_name,
                row.care_kind.code(),
                row.days,
                amounts,
                row.note
            )),
        };
        Ok(Self {
            line: row.line,
            hint: Hint {
                holder_key: holder_key(&number, &row.symbol, &row.number),
                branch: row.branch,
                birth_date: row.birth_date,
                sex: row.sex.map(sex_word),
                kana: row.kana,
                name: row.name,
                month: row.treatment_month,
            },
            insurer_number: Some(number),
            identity,
            cancelled: row.cancelled,
            provider_code: row.provider_code,
            provider_name: row.provider_name,
            care_kind: row.care_kind,
            days: row.days,
            amounts,
            derived: false,
            note: row.note,
        })
    }

    pub(super) fn of_claim(claim: &Claim, doubts: &mut Vec<Fault>) -> Result<Self, Fault> {
        let derivation = amounts::derive(claim)?;
        doubts.extend(derivation.doubts.iter().map(|doubt| Fault::new(claim.line, "金額", doubt.to_string())));
        let coverage = claim.coverage.as_ref();
        let number = coverage.map(|coverage| coverage.insurer_number.clone());
        let provider = &claim.provider;
        Ok(Self {
            line: claim.line,
            hint: Hint {
                holder_key: coverage
                    .map(|coverage| holder_key(&coverage.insurer_number, &coverage.symbol, &coverage.number))
                    .unwrap_or_default(),
                branch: coverage.and_then(|coverage| coverage.branch.clone()),
                birth_date: Some(claim.birth_date),
                sex: Some(sex_word(claim.sex)),
                kana: claim.kana.clone(),
                name: Some(claim.name.clone()),
                month: claim.treatment_month,
            },
            insurer_number: number,
            identity: Identity::Claim(claim.key()),
            cancelled: false,
            provider_code: Some(format!("{}{}{}", provider.prefecture, provider.point_table, provider.code)),
            provider_name: provider.name.clone(),
            care_kind: claim.care_kind(),
            days: coverage.map(|coverage| coverage.days),
            derived: matches!(derivation.basis, Basis::Derived(_)),
            amounts: derivation.amounts,
            note: String::new(),
        })
    }
}

impl Importer for ExpenseImport {
    type Record = Incoming;
    type Finder = Placing;

    fn kind(&self) -> Kind {
        &ExpenseFiles
    }

    fn finder(&self) -> Placing {
        Placing {
            scope: self.scope.clone(),
            insurer_numbers: self.insurer_numbers.clone(),
            this_month: self.this_month,
            repeats: Newest::new(REPEATS_KEPT),
            households: Newest::new(HOUSEHOLDS_KEPT),
        }
    }

    fn read(source: &Source, mut each: impl FnMut(Read<Incoming>) -> bool) -> Result<(), Vec<Fault>> {
        read::read(source, &mut each)
    }

    fn to_confirm(source: &Source) -> anyhow::Result<Vec<Fault>> {
        read::to_confirm(source)
    }

    async fn check(
        &mut self,
        tx: &mut Tx,
        records: Vec<Incoming>,
        placed: Vec<Placed>,
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Applied> {
        let judged = self.judged(tx, None, placed, &records, faults).await?;
        for JudgedRow { key, person, incoming, .. } in judged.rows {
            self.checked.insert(key, ());
            self.amount += incoming.amounts.total;
            self.people.insert(person.member_id);
        }
        Ok(judged.applied)
    }

    async fn apply(
        &mut self,
        tx: &mut Tx,
        batch_id: i64,
        records: Vec<Incoming>,
        placed: Vec<Placed>,
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Applied> {
        let Judged { applied, rows } = self.judged(tx, Some(batch_id), placed, &records, faults).await?;
        let mut values = Vec::with_capacity(rows.len() * queries::EXPENSES.columns.len());
        for row in &rows {
            values.extend(row.values(self.scope.society_id(), batch_id));
        }
        tx.bulk_insert(&queries::EXPENSES, &values).await?;
        Ok(applied)
    }

    fn details(&self) -> Vec<(&'static str, i64)> {
        vec![("shares worked out by rule", self.derived), ("claims taken back", self.cancelled)]
    }

    fn figures(&self) -> Figures {
        Figures { amount: Some(self.amount), people: Some(self.people.count()) }
    }
}

/// Finds whom a file's records mean.
#[derive(Debug)]
pub struct Placing {
    scope: SystemScope,
    insurer_numbers: Vec<String>,
    this_month: TreatmentMonth,
    /// How often each row without a claim number came in this file, by its key; equal rows are as many expenses. Equal
    /// rows further apart than what is remembered are taken for one and reported as repeated.
    repeats: Newest<Vec<u8>, u32>,
    /// Who is or was covered under a symbol and number, by holder key.
    households: Newest<String, Arc<[Coverage]>>,
}

const REPEATS_KEPT: usize = 100_000;
const HOUSEHOLDS_KEPT: usize = 20_000;

/// What was found of a record: its claim's key, and whom it means.
#[derive(Debug)]
pub struct Placed {
    key: Vec<u8>,
    person: Result<Person, Refusal>,
}

/// Whom a record means.
#[derive(Clone, Copy, Debug)]
struct Person {
    member_id: i64,
    household_id: i64,
}

type Refusal = (FaultKind, &'static str, String);

impl Finder<Incoming> for Placing {
    type Found = Vec<Placed>;

    fn skip(&mut self, record: &Incoming) {
        self.key(record);
    }

    async fn find(&mut self, db: &Db, records: &[Incoming]) -> Result<Vec<Placed>, DbError> {
        let known = self.known(db, records).await?;
        let placed = |incoming: &Incoming| Placed { key: self.key(incoming), person: self.person(&known, incoming) };
        Ok(records.iter().map(placed).collect())
    }
}

impl Placing {
    /// Returns everybody who is or was covered under the records' symbols and numbers.
    async fn known(&mut self, db: &Db, records: &[Incoming]) -> Result<HashMap<String, Arc<[Coverage]>>, DbError> {
        let holders: BTreeSet<_> = records.iter().map(|incoming| incoming.hint.holder_key.as_str()).collect();
        let mut known = HashMap::with_capacity(holders.len());
        let mut unknown = Vec::new();
        for holder in holders {
            match self.households.get(holder) {
                Some(household) => drop(known.insert(holder.to_owned(), Arc::clone(household))),
                None => unknown.push(holder.to_owned()),
            }
        }
        let mut read: HashMap<String, Vec<Coverage>> = HashMap::with_capacity(unknown.len());
        let mut tx = db.begin_reading().await?;
        for coverage in candidates(&mut tx, &self.scope, &unknown).await? {
            read.entry(coverage.holder_key.clone()).or_default().push(coverage);
        }
        for holder in unknown {
            let household: Arc<[_]> = read.remove(&holder).unwrap_or_default().into();
            self.households.insert(holder.clone(), Arc::clone(&household));
            known.insert(holder, household);
        }
        Ok(known)
    }

    /// Returns the person a record is about.
    fn person(&self, known: &HashMap<String, Arc<[Coverage]>>, incoming: &Incoming) -> Result<Person, Refusal> {
        let Some(number) = &incoming.insurer_number else {
            let reason = "医療保険の記載がない請求（公費単独）です。組合の医療費ではありません。".into();
            return Err((FaultKind::Unmatched, "HO", reason));
        };
        if !self.insurer_numbers.contains(number) {
            let reason = format!("保険者番号 {number} は、この組合のものではありません。");
            return Err((FaultKind::Unmatched, "保険者番号", reason));
        }
        if incoming.hint.month > self.this_month {
            let reason = format!("診療年月 {} は未来です。", incoming.hint.month);
            return Err((FaultKind::Rejected, "診療年月", reason));
        }
        let household = known.get(&incoming.hint.holder_key).map(AsRef::as_ref).unwrap_or_default();
        matched(household, &incoming.hint)
            .map(|coverage| Person { member_id: coverage.member_id, household_id: coverage.household_id })
            .map_err(|mismatch| (FaultKind::Unmatched, PERSON, mismatch.reason().to_owned()))
    }

    fn key(&mut self, incoming: &Incoming) -> Vec<u8> {
        match &incoming.identity {
            Identity::Claim(identity) => claim_key(identity, 0),
            Identity::Content(content) => {
                // Equal rows of one file are as many expenses; those of two files are the same one, told twice.
                let mut in_file = claim_key(content, 1);
                in_file.extend(Source::file_of_line(incoming.line).to_be_bytes());
                let count = self.repeats.get(&in_file).map_or(1, |before| before + 1);
                self.repeats.insert(in_file, count);
                claim_key(content, count)
            }
        }
    }
}

/// The records of a chunk that are taken.
struct Judged<'r> {
    applied: Applied,
    rows: Vec<JudgedRow<'r>>,
}

/// A record with its key and its person.
struct JudgedRow<'r> {
    key: Vec<u8>,
    person: Person,
    incoming: &'r Incoming,
    /// Whether another batch has this claim already.
    corrects: bool,
}

impl ExpenseImport {
    /// Returns which of the records are taken: by the batch of this number or, in a check, by none.
    async fn judged<'r>(
        &mut self,
        tx: &mut Tx,
        batch_id: Option<i64>,
        placed: Vec<Placed>,
        records: &'r [Incoming],
        faults: &mut Vec<ChunkFault>,
    ) -> anyhow::Result<Judged<'r>> {
        let mut meant = Vec::with_capacity(records.len());
        for (Placed { key, person }, incoming) in placed.into_iter().zip(records) {
            match person {
                Ok(person) => meant.push((key, person, incoming)),
                Err((kind, column, reason)) => {
                    faults.push(ChunkFault { kind, fault: Fault::new(incoming.line, column, reason) });
                }
            }
        }
        let keys: Vec<_> = meant.iter().map(|(key, ..)| key.clone()).collect();
        let there = queries::claims_there(tx, &self.scope, &keys).await?;
        let (here, elsewhere): (Vec<_>, Vec<_>) = there.iter().partition(|claim| Some(claim.batch_id) == batch_id);
        let in_this_batch: HashSet<_> = here.into_iter().map(|claim| claim.claim_key.as_slice()).collect();
        let elsewhere: HashMap<_, _> = elsewhere
            .into_iter()
            .map(|claim| (claim.claim_key.as_slice(), (claim.member_id, claim.treatment_month)))
            .collect();

        let mut seen = HashSet::new();
        let mut judged = Judged { applied: Applied::default(), rows: Vec::with_capacity(meant.len()) };
        for (key, person, incoming) in meant {
            let mut refuse = |reason: &str| {
                let fault = Fault::new(incoming.line, "請求番号", reason);
                faults.push(ChunkFault { kind: FaultKind::Rejected, fault });
            };
            let before_in_file = in_this_batch.contains(key.as_slice()) || self.checked.get(&key).is_some();
            if before_in_file || !seen.insert(key.clone()) {
                refuse("同じ請求がこのファイルの前の行にもあります。");
                continue;
            }
            let before = elsewhere.get(key.as_slice());
            if before.is_some_and(|before| *before != (person.member_id, incoming.hint.month.number())) {
                refuse("この請求番号は、別の人または別の月の請求で使われています。");
                continue;
            }
            if incoming.cancelled && before.is_none() {
                refuse("取り消す請求が見つかりません。請求番号を確かめてください。");
                continue;
            }
            let applied = &mut judged.applied;
            applied.accepted += 1;
            applied.corrections += i64::from(before.is_some());
            let month = incoming.hint.month;
            let (first, last) = applied.months.unwrap_or((month, month));
            applied.months = Some((first.min(month), last.max(month)));
            self.derived += i64::from(incoming.derived);
            self.cancelled += i64::from(incoming.cancelled);
            judged.rows.push(JudgedRow { key, person, incoming, corrects: before.is_some() });
        }
        Ok(judged)
    }
}

/// Returns the key of a claim: the first bytes of what identifies it, so that claims that come together lie together, then a
/// hash of all of it.
fn claim_key(identity: &str, count: u32) -> Vec<u8> {
    let digest = Sha256::digest(format!("{count}|{identity}"));
    let start = identity.bytes().chain(std::iter::repeat(0)).take(KEY_START);
    start.chain(digest.into_iter().take(KEY_HASH)).collect()
}

const KEY_START: usize = 8;
const KEY_HASH: usize = 12;

impl JudgedRow<'_> {
    /// Returns the row as [`queries::EXPENSES`] takes it.
    fn values(&self, society_id: i64, batch_id: i64) -> [Param<'_>; 18] {
        let Self { key, person, incoming, corrects } = self;
        let days = incoming.days.and_then(|days| i32::try_from(days).ok());
        [
            Param::from(society_id),
            Param::from(person.household_id),
            Param::from(incoming.hint.month.number()),
            Param::from(key.as_slice()),
            Param::from(batch_id),
            Param::from(person.member_id),
            Param::from(incoming.provider_code.as_deref()),
            Param::from(&incoming.provider_name),
            Param::from(incoming.care_kind.code()),
            Param::from(days),
            Param::from(incoming.amounts.total),
            Param::from(incoming.amounts.insurer),
            Param::from(incoming.amounts.public),
            Param::from(incoming.amounts.self_pay),
            Param::from(incoming.derived),
            Param::from(&incoming.note),
            Param::from(incoming.cancelled),
            Param::from(*corrects),
        ]
    }
}
