//! A record of a file of either form, as far as an expense needs it.

mod kept;

use kenpo_formats::{
    CareKind, Fault, TreatmentMonth,
    amounts::{self, Amounts, Basis},
    claims::Claim,
    expense_csv::ExpenseRow,
};
use serde::{Deserialize, Serialize};

use self::kept::StoredRecord;
use crate::features::register::{Hint, holder_key, sex_word};

/// A record with the identity of its claim.
#[derive(Debug)]
pub struct Incoming {
    pub(super) identity: Identity,
    pub(super) record: Record,
}

/// The identity of a claim: two records with the same identity are the same claim.
#[derive(Debug)]
pub(super) enum Identity {
    /// The number the source gives a claim; it lasts over corrections.
    Claim(String),
    /// All of the row's content: the same row again is the same expense, a different one is another.
    Content(String),
}

/// The data of a record about an expense. As JSON it is a [`StoredRecord`].
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(into = "StoredRecord", try_from = "StoredRecord")]
pub(super) struct Record {
    /// Its line, numbered through all parts of the file.
    pub(super) line: u64,
    pub(super) insurer_number: Option<String>,
    /// 記号-番号 as they are written.
    pub(super) numbers: String,
    pub(super) hint: Hint,
    pub(super) cancelled: bool,
    pub(super) provider_code: Option<String>,
    pub(super) provider_name: String,
    pub(super) care_kind: CareKind,
    pub(super) days: Option<u32>,
    pub(super) amounts: Amounts,
    pub(super) derived: bool,
    pub(super) note: String,
    /// The month in which an electronic claim was billed; none for a row of a CSV.
    pub(super) billed_in: Option<TreatmentMonth>,
}

impl Incoming {
    /// Returns the record of a CSV's row.
    ///
    /// # Errors
    /// If its amounts do not add up.
    pub(super) fn of_row(row: ExpenseRow) -> Result<Self, Fault> {
        let amounts = if row.adjustment { Amounts::adjustment } else { Amounts::new };
        let amounts = amounts(row.total, row.insurer, row.public, row.self_pay).ok_or_else(|| {
            let reason = "医療費総額が、保険者負担額・公費負担額・自己負担額の合計と合いません。";
            let name = row.name.as_ref().or(row.kana.as_ref()).map(String::as_str).unwrap_or_default();
            Fault::new(row.line, "医療費総額", reason).with_person(&format!("{}-{}", row.symbol, row.number), name)
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
        let record = Record {
            line: row.line,
            numbers: format!("{}-{}", row.symbol, row.number),
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
            cancelled: row.cancelled,
            provider_code: row.provider_code,
            provider_name: row.provider_name,
            care_kind: row.care_kind,
            days: row.days,
            amounts,
            derived: false,
            note: row.note,
            billed_in: None,
        };
        Ok(Self { identity, record })
    }

    /// Returns the record of an electronic claim; doubts of the rules about its amounts are added to `doubts`.
    ///
    /// # Errors
    /// Where no rule can work the amounts out.
    pub(super) fn of_claim(claim: &Claim, doubts: &mut Vec<Fault>) -> Result<Self, Fault> {
        let derivation = amounts::derive(claim).map_err(|fault| claim.about(fault))?;
        let doubt = |doubt: &amounts::Doubt| claim.about(Fault::new(claim.line, "金額", doubt.to_string()));
        doubts.extend(derivation.doubts.iter().map(doubt));
        let coverage = claim.coverage.as_ref();
        let provider = &claim.provider;
        let record = Record {
            line: claim.line,
            insurer_number: coverage.map(|coverage| coverage.insurer_number.clone()),
            numbers: coverage.map(|coverage| format!("{}-{}", coverage.symbol, coverage.number)).unwrap_or_default(),
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
            cancelled: false,
            provider_code: Some(format!("{}{}{}", provider.prefecture, provider.point_table, provider.code)),
            provider_name: provider.name.clone(),
            care_kind: claim.care_kind(),
            days: coverage.map(|coverage| coverage.days),
            derived: matches!(derivation.basis, Basis::Derived(_)),
            amounts: derivation.amounts,
            note: String::new(),
            billed_in: Some(claim.billing_month),
        };
        Ok(Self { identity: Identity::Claim(claim.key()), record })
    }
}

impl Record {
    /// Returns the person it is about, as the file states it.
    pub(super) fn who(&self) -> String {
        let Hint { name, kana, branch, birth_date, .. } = &self.hint;
        let named = name.as_ref().or(kana.as_ref()).filter(|name| !name.is_empty()).cloned();
        named
            .or_else(|| branch.as_ref().map(|branch| format!("枝番{branch}")))
            .or_else(|| birth_date.map(|date| format!("{date}生まれ")))
            .unwrap_or_default()
    }

    /// Returns a fault or notice of this record, with the person it is about.
    pub(super) fn finding(&self, column: &str, reason: impl Into<String>) -> Fault {
        Fault::new(self.line, column, reason).with_person(&self.numbers, &self.who())
    }

    /// Returns the month, the care and the provider: `2026-09 通院 みほん医院`.
    pub(super) fn care(&self) -> String {
        format!("{} {} {}", self.hint.month, self.care_kind.label(), self.provider_name)
    }
}

/// Returns the amounts of a row that was imported before, an adjustment or not.
pub(super) fn amounts_of(total: i64, insurer: i64, public: i64, self_pay: i64) -> Option<Amounts> {
    Amounts::new(total, insurer, public, self_pay).or_else(|| Amounts::adjustment(total, insurer, public, self_pay))
}
