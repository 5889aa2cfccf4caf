//! The institution record that claims stand under.

use super::claim::{ClaimForm, Provider};
use super::record::Record;
use crate::era;
use crate::fault::Fault;
use crate::month::TreatmentMonth;

/// The expected form of a month.
pub(super) const MONTH: &str = "年月(YYYYMMまたはGYYMM)";

/// The institution record that claims stand under.
#[derive(Clone)]
pub(super) struct Institution {
    pub(super) form: ClaimForm,
    pub(super) agency: String,
    pub(super) provider: Provider,
    pub(super) billing_month: TreatmentMonth,
}

impl Institution {
    /// Reads IR, YK, HM or UK.
    ///
    /// IR of medical files has the name before the month; IR of dental files has no name, their UK has it. HM is as YK is; some files
    /// have it as IR is.
    pub(super) fn read(record: &Record<'_>) -> Result<Self, Fault> {
        let point_table = record.required(3, "点数表", "点数表コード", |text| Some(text.to_owned()))?;
        let form =
            match (record.id(), point_table.as_str()) {
                ("YK", _) => ClaimForm::Pharmacy,
                ("HM", _) | (_, "6") => ClaimForm::HomeNursing,
                (_, "1") => ClaimForm::Medical,
                (_, "2") => ClaimForm::Dpc,
                (_, "3") => ClaimForm::Dental,
                _ => return Err(record.fault(
                    "点数表",
                    format!(
                        "点数表{point_table}の請求ファイルには対応していません。医科、DPC、歯科、調剤、訪問看護を読み取れます。"
                    ),
                )),
            };
        let month = |index| record.required(index, "請求年月", MONTH, era::month);
        let (name_at, billing_month) = match (record.id(), form) {
            ("YK", _) => (Some(5), month(6)?),
            ("UK", _) => (Some(6), month(7)?),
            (_, ClaimForm::HomeNursing) => match month(6) {
                Ok(month) => (Some(5), month),
                Err(fault) => (Some(6), month(7).map_err(|_| fault)?),
            },
            (_, ClaimForm::Dental) => match month(6) {
                Ok(month) => (None, month),
                Err(fault) => (Some(6), month(7).map_err(|_| fault)?),
            },
            _ => (Some(6), month(7)?),
        };
        let provider = Provider {
            prefecture: record.text(2, "都道府県")?,
            point_table,
            code: record.required(4, "医療機関コード", "7桁の医療機関コード", |text| {
                (text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| text.to_owned())
            })?,
            name: name_at.map_or_else(|| Ok(String::new()), |at| record.text(at, "医療機関名称"))?,
        };
        Ok(Self { form, agency: record.text(1, "審査支払機関")?, provider, billing_month })
    }
}
