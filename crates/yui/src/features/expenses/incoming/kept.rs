//! A record as it is kept in the database while its claim waits.

use anyhow::Context;
use jiff::civil::Date;
use kenpo_formats::{CareKind, TreatmentMonth};
use serde::{Deserialize, Serialize};

use super::{Record, amounts_of};
use crate::features::register::Hint;

/// A [`Record`] as JSON.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in super::super) struct StoredRecord {
    line: u64,
    insurer_number: Option<String>,
    numbers: String,
    holder_key: String,
    branch: Option<String>,
    birth_date: Option<Date>,
    sex: Option<String>,
    kana: Option<String>,
    name: Option<String>,
    month: i32,
    cancelled: bool,
    provider_code: Option<String>,
    provider_name: String,
    care_kind: String,
    days: Option<u32>,
    total: i64,
    insurer_share: i64,
    public_share: i64,
    self_pay: i64,
    derived: bool,
    note: String,
    billed_in: Option<i32>,
}

impl From<Record> for StoredRecord {
    fn from(record: Record) -> Self {
        let Hint { holder_key, branch, birth_date, sex, kana, name, month } = record.hint;
        Self {
            line: record.line,
            insurer_number: record.insurer_number,
            numbers: record.numbers,
            holder_key,
            branch,
            birth_date,
            sex: sex.map(str::to_owned),
            kana,
            name,
            month: month.number(),
            cancelled: record.cancelled,
            provider_code: record.provider_code,
            provider_name: record.provider_name,
            care_kind: record.care_kind.code().to_owned(),
            days: record.days,
            total: record.amounts.total,
            insurer_share: record.amounts.insurer,
            public_share: record.amounts.public,
            self_pay: record.amounts.self_pay,
            derived: record.derived,
            note: record.note,
            billed_in: record.billed_in.map(TreatmentMonth::number),
        }
    }
}

impl TryFrom<StoredRecord> for Record {
    type Error = anyhow::Error;

    fn try_from(kept: StoredRecord) -> Result<Self, Self::Error> {
        let month = |number| TreatmentMonth::from_number(number).context("a month");
        Ok(Self {
            line: kept.line,
            insurer_number: kept.insurer_number,
            numbers: kept.numbers,
            hint: Hint {
                holder_key: kept.holder_key,
                branch: kept.branch,
                birth_date: kept.birth_date,
                sex: kept.sex.and_then(|sex| ["male", "female"].into_iter().find(|word| *word == sex)),
                kana: kept.kana,
                name: kept.name,
                month: month(kept.month)?,
            },
            cancelled: kept.cancelled,
            provider_code: kept.provider_code,
            provider_name: kept.provider_name,
            care_kind: CareKind::from_code(&kept.care_kind).context("a kind of care")?,
            days: kept.days,
            amounts: amounts_of(kept.total, kept.insurer_share, kept.public_share, kept.self_pay)
                .context("amounts that add up")?,
            derived: kept.derived,
            note: kept.note,
            billed_in: kept.billed_in.map(month).transpose()?,
        })
    }
}
