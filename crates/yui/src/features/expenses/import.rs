//! Claims and CSV rows → expense rows.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use kenpo_formats::{
    CareKind, Fault, TreatmentMonth,
    amounts::{self, Amounts, Basis},
    claims::{Claim, ClaimFile, Integrity},
    expense_csv::{ExpenseCsv, ExpenseRow},
    text::odd_characters,
};
use sha2::{Digest, Sha256};
use yui_db::{Db, DbError, Param, Tx};

use super::{files::ExpenseFiles, queries};
use crate::{
    features::{
        imports::{
            Applied, ChunkFault, FaultKind, Figures, Finder, Format, HISTORY, Importer, Kind, Members, Newest, Read,
            Source,
        },
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
    /// Whether the file is the history of an older portal.
    history: bool,
    derived: i64,
    cancelled: i64,
    /// Of a history: the claims that another batch has too.
    elsewhere: i64,
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
            history: false,
            derived: 0,
            cancelled: 0,
            elsewhere: 0,
            checked: Newest::new(CHECKED_KEPT),
            amount: 0,
            people: Members::default(),
        }
    }

    /// Returns the import of what an older portal showed, which supersedes no claim of another file.
    #[must_use]
    pub fn of_history(self) -> Self {
        Self { history: true, ..self }
    }
}

/// The name of the detail that counts the claims of a history that another batch has too.
pub(super) const ELSEWHERE: &str = "claims of other batches";

/// A record of either form, as far as an expense needs it.
#[derive(Debug)]
pub struct Incoming {
    line: u64,
    insurer_number: Option<String>,
    hint: Hint,
    identity: Identity,
    cancelled: bool,
    provider_code: Option<String>,
    provider_name: String,
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
    fn of_row(row: ExpenseRow) -> Result<Self, Fault> {
        if row.adjustment {
            let reason = "負の金額の行(調整)は、まだ取り込めません。";
            return Err(Fault::new(row.line, "医療費総額", reason));
        }
        let amounts = Amounts::new(row.total, row.insurer, row.public, row.self_pay).ok_or_else(|| Fault {
            line: row.line,
            column: "医療費総額".into(),
            reason: "医療費総額が、保険者負担額・公費負担額・自己負担額の合計と合いません。".into(),
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

    fn of_claim(claim: &Claim, doubts: &mut Vec<Fault>) -> Result<Self, Fault> {
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
        let file = source.open().map_err(|error| vec![Fault::new(0, "", format!("ファイルを開けません: {error}"))])?;
        match source.format {
            Format::Csv => {
                let _all = ExpenseCsv::open(file)?.all(|mut row| {
                    let notices = row.as_mut().map(|row| std::mem::take(&mut row.notices)).unwrap_or_default();
                    let row = row.and_then(|row| Incoming::of_row(row).map_err(|fault| vec![fault]));
                    let notices = if row.is_ok() { notices } else { Vec::new() };
                    notices.into_iter().map(Read::Notice).chain([row.into()]).all(&mut each)
                });
            }
            Format::Claims => claims_read(ClaimFile::open(file).map_err(|fault| vec![fault])?, each),
        }
        Ok(())
    }

    /// Claims that end in the middle, or other totals than their last record states.
    fn to_confirm(source: &Source) -> anyhow::Result<Vec<Fault>> {
        if source.format != Format::Claims {
            return Ok(Vec::new());
        }
        // An unreadable file is reported by `read`.
        let Ok(mut file) = ClaimFile::open(source.open()?) else { return Ok(Vec::new()) };
        file.by_ref().for_each(drop);
        Ok(doubtful(&file))
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

    fn is_history(&self) -> bool {
        self.history
    }

    fn details(&self) -> Vec<(&'static str, i64)> {
        let mut details = vec![("shares worked out by rule", self.derived), ("claims taken back", self.cancelled)];
        if self.history {
            details.extend([(ELSEWHERE, self.elsewhere), (HISTORY, 1)]);
        }
        details
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
                let first = claim_key(content, 1);
                let count = self.repeats.get(&first).map_or(1, |before| before + 1);
                self.repeats.insert(first, count);
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

/// Reads claims, and what the amounts' rules and the reader are not sure of.
fn claims_read<R: std::io::Read>(mut file: ClaimFile<R>, mut each: impl FnMut(Read<Incoming>) -> bool) {
    for claim in file.by_ref() {
        let mut doubts = Vec::new();
        let read = claim.and_then(|claim| Incoming::of_claim(&claim, &mut doubts)).map_err(|fault| vec![fault]);
        if let Ok(claim) = &read {
            doubts.extend(odd_characters(claim.line, "医療機関名", &claim.provider_name));
        }
        if !doubts.into_iter().map(Read::Notice).chain([read.into()]).all(&mut each) {
            return;
        }
    }
    let unknown = file.unknown_records().iter().map(|(id, count)| {
        Fault::new(0, id.as_str(), format!("知らない種類のレコードです。{count}件を読み飛ばしました。"))
    });
    let _all = file.notices().iter().cloned().chain(unknown).map(Read::Notice).all(&mut each);
}

/// Returns why the whole file may not be what it says it is.
fn doubtful<R: std::io::Read>(file: &ClaimFile<R>) -> Vec<Fault> {
    let totals = file.totals();
    match file.integrity() {
        Some(Integrity::Truncated { line, .. }) => {
            let reason =
                "ファイルが途中で終わっています。送り直してもらうか、途中までと分かったうえで取り込んでください。";
            vec![Fault::new(line, "GO", reason)]
        }
        Some(Integrity::Differs) => {
            let stated = |total: Option<i64>| total.map_or("—".to_owned(), |total| total.to_string());
            let reason = format!(
                "合計のレコード（GO）は{}件・{}点ですが、読み取れたのは{}件・{}点です。",
                stated(totals.stated_claims),
                stated(totals.stated_points),
                totals.claims,
                totals.points
            );
            vec![Fault::new(0, "GO", reason)]
        }
        Some(Integrity::Agrees | Integrity::Unstated) | None => Vec::new(),
    }
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
            let there = i64::from(before.is_some());
            if self.history {
                self.elsewhere += there;
            } else {
                applied.corrections += there;
            }
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
