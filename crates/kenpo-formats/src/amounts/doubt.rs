//! The doubts that a claim leaves about its amounts.

use std::fmt;

/// Something that the claim does not state, with the assumption made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// High-cost benefit in kind is marked (MF 01), but no amount is stated; the plain ratio was taken.
    HighCostAmountMissing,
    /// Special costs are marked (MF 04).
    SpecialCosts,
    /// A public payer states no patient's part; 0 was taken.
    PublicSelfPayMissing,
    /// A public payer states no points; the whole claim was taken.
    PublicPointsMissing,
    /// A public payer states more points than the insurance; the insurance's were taken.
    PublicPointsExceed,
    /// The patient's part towards a public payer is above the insured's share; the share was taken.
    PublicSelfPayExceeds,
    /// Several public payers with different points; how they overlap was assumed.
    SeveralPublicPayers,
    /// Tuberculosis care (payer 10) states no patient's part; the 5 % of the law were taken.
    PublicFivePercent,
    /// The insurance states 0 points and a public payer some; the public payer's are not counted.
    PublicPointsOnly,
    /// The patient's part of meals is not stated; the standard amount per meal was taken.
    MealShareAssumed,
    /// The same, by the standard amount of a low income (標準負担額区分).
    MealShareOfIncome,
    /// The same, by the standard amount of a designated disease.
    MealShareOfDisease,
    /// The 標準負担額区分 is none that we know; the standard amount of general income was taken.
    MealCategoryUnknown,
    /// The standard amounts of the month are not confirmed; those before were taken.
    MealRateNotConfirmed,
    /// A public payer covers meals; it was taken to pay the patient's part of them.
    MealPublicAssumed,
    /// A reduction or exemption applies (減免).
    Reduction,
    /// A cause at work is recorded (職務上の事由).
    WorkReason,
    /// Age and patient class do not fit; the class was taken.
    AgeAndClassDisagree,
    /// The patient was born after the month of treatment.
    BornAfterTreatment,
    /// A unit price of points is stated (割引点数単価); 10 yen were taken.
    UnitPrice,
    /// More days of treatment than the month has.
    MoreDaysThanTheMonth,
    /// The month of treatment is after the month of billing.
    TreatedAfterBilling,
    /// A DPC claim does not say whether it is one of several of a stay (総括区分); it was counted.
    SummaryKindMissing,
    /// The payer agency corrected the claim (JY); the amounts are those after that.
    Corrected,
    /// The claim is of the scheme of retired members of national health insurance (退職).
    RetiredScheme,
}

impl Doubt {
    /// Whether a share was assumed that the claim does not state.
    pub(super) fn is_of_a_share(self) -> bool {
        matches!(
            self,
            Self::PublicSelfPayMissing
                | Self::PublicFivePercent
                | Self::MealShareAssumed
                | Self::MealShareOfIncome
                | Self::MealShareOfDisease
                | Self::MealCategoryUnknown
                | Self::MealPublicAssumed
        )
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HighCostAmountMissing => {
                "高額療養費の現物給付がありますが負担金額が書かれていないため、負担割合で計算しました。"
            }
            Self::SpecialCosts => "窓口負担額に特別の費用の記載があります。",
            Self::PublicSelfPayMissing => "公費の患者負担額が書かれていないため、0円としました。",
            Self::PublicPointsMissing => "公費の点数が書かれていないため、全部が公費の対象としました。",
            Self::PublicPointsExceed => "公費の点数が医療保険の点数より多いため、医療保険の点数までとしました。",
            Self::PublicSelfPayExceeds => "公費の患者負担額が一部負担金より多いため、一部負担金までとしました。",
            Self::SeveralPublicPayers => "公費が2つ以上あり、点数の重なり方を推定しました。",
            Self::MealShareAssumed => {
                "食事の患者負担額が書かれていないため、1食あたりの標準負担額(一般)で計算しました。"
            }
            Self::MealPublicAssumed => "公費の対象の食事は、患者負担分を公費が払うものとしました。",
            Self::Reduction => "一部負担金の減免または猶予があります。",
            Self::WorkReason => "職務上の事由の記載があります。",
            Self::AgeAndClassDisagree => {
                "年齢とレセプト種別(本人・未就学者・家族・高齢)が合わないため、レセプト種別で計算しました。"
            }
            Self::BornAfterTreatment => "生年月日が診療年月より後です。",
            Self::PublicFivePercent => "公費10（結核）の患者負担額が書かれていないため、法律の定める5%で計算しました。",
            Self::PublicPointsOnly => {
                "医療保険の点数が0点で、公費に点数があります。公費だけの点数は医療費総額に入れていません。"
            }
            Self::MealShareOfIncome => {
                "食事の患者負担額が書かれていないため、標準負担額区分（低所得）の1食あたりの額で計算しました。"
            }
            Self::MealShareOfDisease => {
                "食事の患者負担額が書かれていないため、指定難病などの1食あたりの標準負担額で計算しました。"
            }
            Self::MealCategoryUnknown => {
                "標準負担額区分が1から4のどれでもないため、1食あたりの標準負担額(一般)で計算しました。"
            }
            Self::MealRateNotConfirmed => {
                "2026年6月からの1食あたりの標準負担額は確認できていないため、それまでの額で計算しました。"
            }
            Self::UnitPrice => "割引点数単価が書かれていますが、1点10円で計算しました。",
            Self::MoreDaysThanTheMonth => "診療実日数が、診療年月の日数より多くなっています。",
            Self::TreatedAfterBilling => "診療年月が請求年月より後です。",
            Self::SummaryKindMissing => {
                "DPCのレセプトですが総括区分が書かれていないため、1件のレセプトとして数えました。"
            }
            Self::Corrected => "審査支払機関の補正（査定など）を反映した金額です。",
            Self::RetiredScheme => "退職者医療のレセプトです。健康保険組合のレセプトか確認してください。",
        })
    }
}
