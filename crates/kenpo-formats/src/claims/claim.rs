//! One claim, as far as a statement of medical expenses needs it.

use super::{ClaimType, Sex};
use crate::care_kind::CareKind;
use crate::fault::Fault;
use crate::month::TreatmentMonth;
use jiff::civil::Date;
use std::fmt;

/// Which of the formats a claim is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClaimForm {
    /// 医科
    Medical,
    /// DPC (inpatients paid by diagnosis group)
    Dpc,
    /// 歯科
    Dental,
    /// 調剤
    Pharmacy,
    /// 訪問看護: its amounts are yen, not points.
    HomeNursing,
}

impl ClaimForm {
    /// Returns a short lasting name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Medical => "medical",
            Self::Dpc => "dpc",
            Self::Dental => "dental",
            Self::Pharmacy => "pharmacy",
            Self::HomeNursing => "home_nursing",
        }
    }

    /// Returns the yen of one unit of [`Coverage::points`]: 10 of a point, 1 where the claim states yen.
    pub fn yen_per_unit(self) -> i64 {
        if self == Self::HomeNursing { 1 } else { 10 }
    }
}

/// The institution that claims (IR, YK, HM).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// 都道府県, 2 digits.
    pub prefecture: String,
    /// 点数表, 1 character.
    pub point_table: String,
    /// 医療機関コード, 7 digits.
    pub code: String,
    /// 医療機関名称; may be empty.
    pub name: String,
}

/// One claim of a file. Its `Debug` shows only where it stands, because the rest is about a person's health.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    /// Line of its RE record, from 1.
    pub line: u64,
    /// Which of the formats it is in.
    pub form: ClaimForm,
    /// 審査支払機関: `1` 支払基金, `2` 国保連.
    pub agency: String,
    /// The institution.
    pub provider: Provider,
    /// 請求年月
    pub billing_month: TreatmentMonth,
    /// 診療年月
    pub treatment_month: TreatmentMonth,
    /// レセプト番号: the number within the institution's file.
    pub receipt_number: String,
    /// レセプト管理番号 (MN), the payer agency's own key.
    pub admin_number: Option<String>,
    /// 検索番号
    pub search_number: Option<String>,
    /// レセプト種別
    pub claim_type: ClaimType,
    /// 氏名
    pub name: String,
    /// カタカナ氏名
    pub kana: Option<String>,
    /// 男女区分
    pub sex: Sex,
    /// 生年月日
    pub birth_date: Date,
    /// 給付割合, percent that the insurer bears.
    pub benefit_ratio: Option<u8>,
    /// 一部負担金・食事療養費・生活療養費標準負担額区分
    pub burden_category: Option<String>,
    /// レセプト特記事項, two characters each.
    pub special_notes: Vec<String>,
    /// Health insurance (HO); none when public expense alone pays.
    pub coverage: Option<Coverage>,
    /// Public expense (KO) in order, at most four.
    pub public: Vec<PublicExpense>,
    /// 窓口負担額区分 (MF): `00` none, `01` high-cost benefit in kind, `02` the same for the fourth time, `04` special costs.
    pub window_burden: Option<String>,
    /// 割引点数単価 as written, where one point is not 10 yen.
    pub unit_price: Option<String>,
    /// レセプト総括区分 of DPC: `0` one claim, `1` the sum of several. The claims that it sums are no claims of their own.
    pub summary_kind: Option<char>,
    /// Whether the payer agency corrected the claim (JY); what stands here is what is left.
    pub corrected: bool,
}

/// The health insurance of a claim (HO, completed by SN).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// 保険者番号 as written, without spaces.
    pub insurer_number: String,
    /// 記号; may be empty.
    pub symbol: String,
    /// 番号
    pub number: String,
    /// 枝番, from SN: 2 digits.
    pub branch: Option<String>,
    /// 診療実日数; of pharmacies the prescriptions received.
    pub days: u32,
    /// 合計点数; of home nursing 合計金額, yen.
    pub points: i64,
    /// 食事療養・生活療養 回数
    pub meal_count: u32,
    /// 食事療養・生活療養 合計金額, yen.
    pub meal_yen: i64,
    /// 職務上の事由
    pub work_reason: Option<String>,
    /// 負担金額, yen: stated only where it does not follow from the ratio.
    pub self_pay: Option<i64>,
    /// 減免区分: `1` 減額, `2` 免除, `3` 支払猶予.
    pub reduction_kind: Option<String>,
    /// 減額割合, percent.
    pub reduction_ratio: Option<u32>,
    /// 減額金額, yen.
    pub reduction_yen: Option<i64>,
}

/// Public expense of a claim (KO).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicExpense {
    /// 公費負担者番号
    pub payer_number: String,
    /// 受給者番号
    pub recipient_number: String,
    /// 診療実日数
    pub days: u32,
    /// 合計点数; of home nursing 合計金額, yen.
    pub points: Option<i64>,
    /// 負担金額: what the patient pays, yen.
    pub self_pay: Option<i64>,
    /// 公費給付対象外来一部負担金, yen: the insured's share of the points that this payer covers.
    pub outpatient_part: Option<i64>,
    /// 公費給付対象入院一部負担金, yen.
    pub inpatient_part: Option<i64>,
    /// 食事療養・生活療養 回数
    pub meal_count: u32,
    /// 食事療養・生活療養 合計金額, yen.
    pub meal_yen: i64,
}

impl Claim {
    /// Returns a fault of the claim with the person whom it is about.
    #[must_use]
    pub fn about(&self, fault: Fault) -> Fault {
        let numbers = self.coverage.as_ref().map(|coverage| format!("{}-{}", coverage.symbol, coverage.number));
        fault.with_person(&numbers.unwrap_or_default(), &self.name)
    }

    /// Returns the key by which the same claim is known when a file comes again.
    ///
    /// With a payer agency's number: agency, billing month, number. Without: form, point table, prefecture, institution,
    /// billing month, receipt number, search number. The form is in it because the medical and the DPC file of one hospital
    /// both count from 1.
    pub fn key(&self) -> String {
        let month = self.billing_month.number();
        match &self.admin_number {
            Some(number) => format!("mn:{}:{month}:{number}", self.agency),
            None => {
                let Provider { prefecture, point_table, code, .. } = &self.provider;
                let (form, receipt) = (self.form.code(), &self.receipt_number);
                let search = self.search_number.as_deref().unwrap_or_default();
                format!("re:{form}:{point_table}:{prefecture}:{code}:{month}:{receipt}:{search}")
            }
        }
    }

    /// Returns the kind of care.
    pub fn care_kind(&self) -> CareKind {
        match (self.form, self.claim_type.inpatient()) {
            (ClaimForm::Medical | ClaimForm::Dpc, true) => CareKind::Inpatient,
            (ClaimForm::Medical | ClaimForm::Dpc, false) => CareKind::Outpatient,
            (ClaimForm::Dental, true) => CareKind::DentalInpatient,
            (ClaimForm::Dental, false) => CareKind::Dental,
            (ClaimForm::Pharmacy, _) => CareKind::Pharmacy,
            (ClaimForm::HomeNursing, _) => CareKind::HomeNursing,
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("line", &self.line).field("form", &self.form).finish_non_exhaustive()
    }
}
