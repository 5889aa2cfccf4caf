//! A claim of a batch, with its versions.

use kenpo_formats::{CareKind, TreatmentMonth};
use yui_db::Tx;

use super::key_of;
use crate::{
    core::{audit::Subject, error::AppError, scope::StaffScope},
    features::{
        expenses::{
            incoming::{Record, amounts_of},
            placing::MatchedPerson,
            queries::hand::{self, ClaimVersionRow},
        },
        register::Hint,
    },
};

/// A claim of a batch.
pub(super) struct Claim {
    pub(super) batch_id: i64,
    pub(super) key: Vec<u8>,
    /// The newest first; never empty.
    pub(super) versions: Vec<ClaimVersionRow>,
}

impl Claim {
    pub(super) async fn of(tx: &mut Tx, staff: &StaffScope, batch_id: i64, digits: &str) -> Result<Self, AppError> {
        let key = key_of(digits).ok_or(AppError::NotFound)?;
        let versions = hand::versions(tx, staff, &key).await?;
        if versions.iter().all(|version| version.batch_id != batch_id) {
            return Err(AppError::NotFound);
        }
        Ok(Self { batch_id, key, versions })
    }

    pub(super) fn newest(&self) -> Result<&ClaimVersionRow, AppError> {
        self.versions.first().ok_or(AppError::NotFound)
    }

    pub(super) fn subject(&self) -> Result<Subject, AppError> {
        let newest = self.newest()?;
        Ok(Subject::new("member", newest.member_id, newest.patient.clone()))
    }

    pub(super) fn person(&self) -> Result<MatchedPerson, AppError> {
        let ClaimVersionRow { member_id, household_id, .. } = *self.newest()?;
        Ok(MatchedPerson { member_id, household_id })
    }

    /// Returns what the newest version says.
    pub(super) fn record(&self) -> Result<Record, AppError> {
        let newest = self.newest()?;
        let unknown = || AppError::from(anyhow::anyhow!("an expense of kind {}", newest.care_kind));
        Ok(Record {
            line: 0,
            insurer_number: None,
            numbers: String::new(),
            hint: Hint {
                holder_key: String::new(),
                branch: None,
                birth_date: None,
                sex: None,
                kana: None,
                name: Some(newest.patient.clone()),
                month: TreatmentMonth::from_number(newest.treatment_month).ok_or_else(unknown)?,
            },
            cancelled: newest.cancelled,
            provider_code: newest.provider_code.clone(),
            provider_name: newest.provider_name.clone(),
            care_kind: CareKind::from_code(&newest.care_kind).ok_or_else(unknown)?,
            days: newest.days.and_then(|days| u32::try_from(days).ok()),
            amounts: amounts_of(newest.total, newest.insurer_share, newest.public_share, newest.self_pay)
                .ok_or_else(unknown)?,
            derived: newest.derived,
            note: newest.note.clone(),
            billed_in: newest.billing_month.and_then(TreatmentMonth::from_number),
        })
    }
}
