//! A claim while its records come in.

use super::claim::{Claim, ClaimForm, Coverage, PublicExpense};
use super::claim_type::ClaimType;
use super::institution::{Institution, MONTH};
use super::layout::{DENTAL, HOME_NURSING, HOME_NURSING_IN_MEDICAL_ORDER, Layout, MEDICAL, PHARMACY};
use super::record::Record;
use crate::era;
use crate::fault::Fault;
use crate::month::TreatmentMonth;
use crate::person::Sex;
use crate::text::fold;
use jiff::civil::Date;

const CLAIM_TYPE: &str = "レセプト種別コード(4桁)";

/// Birth date, sex and treatment month.
pub(super) type Stay = (Date, Sex, TreatmentMonth);

/// A claim from its RE on, until the next claim or the end of its block.
pub(super) struct Draft {
    pub(super) line: u64,
    layout: &'static Layout,
    /// Whether home nursing is in an order that the specification does not have.
    pub(super) odd_order: bool,
    claim: Result<Box<Claim>, Fault>,
    /// 記号, 番号 and 枝番 of SN.
    confirmed: [Option<String>; 3],
}

impl Draft {
    pub(super) fn new(
        line: u64,
        record: &Record<'_>,
        institution: Option<&Result<Institution, Fault>>,
        admin_number: Option<String>,
        corrected: bool,
    ) -> Self {
        let (mut layout, mut odd_order) = (&MEDICAL, false);
        let mut claim = match institution {
            None => Err(Fault::new(line, "RE", "医療機関の情報(IR、YK、HM)より前にレセプトがあります。")),
            Some(Err(fault)) => {
                let reason = format!("医療機関情報を読み取れないため、このレセプトも読み取れません({fault})。");
                Err(Fault::new(line, "RE", reason))
            }
            Some(Ok(institution)) => {
                layout = match institution.form {
                    ClaimForm::Medical | ClaimForm::Dpc => &MEDICAL,
                    ClaimForm::Dental => &DENTAL,
                    ClaimForm::Pharmacy => &PHARMACY,
                    ClaimForm::HomeNursing if in_medical_order(record) => {
                        odd_order = true;
                        &HOME_NURSING_IN_MEDICAL_ORDER
                    }
                    ClaimForm::HomeNursing => &HOME_NURSING,
                };
                common(line, record, institution, layout, admin_number).map(Box::new)
            }
        };
        match &mut claim {
            Ok(claim) => claim.corrected = corrected,
            Err(fault) => *fault = fault.clone().with_person("", &record.text(4, "").unwrap_or_default()),
        }
        Self { line, layout, odd_order, claim, confirmed: [const { None }; 3] }
    }

    /// Whether the claim is only a part of another one (総括区分 2, 3), which has its points.
    pub(super) fn is_part_of_summary(&self) -> bool {
        self.claim.as_ref().is_ok_and(|claim| matches!(claim.summary_kind, Some('2' | '3')))
    }

    /// Whether the claim is the sum of others (総括区分 1).
    pub(super) fn is_summary(&self) -> bool {
        self.claim.as_ref().is_ok_and(|claim| claim.summary_kind == Some('1'))
    }

    /// Returns who the claim is about, as far as that tells claims of one stay from others.
    pub(super) fn stay(&self) -> Option<Stay> {
        self.claim.as_ref().ok().map(|claim| (claim.birth_date, claim.sex, claim.treatment_month))
    }

    /// Takes in a further record of the claim; the first fault stays.
    pub(super) fn add(&mut self, record: &Record<'_>) {
        let claim = match &mut self.claim {
            Ok(claim) => claim,
            Err(fault) => {
                if record.id() == "HO" {
                    *fault = fault.clone().with_person(&numbers(record), "");
                }
                return;
            }
        };
        let added = match record.id() {
            "HO" => coverage(record, self.layout).and_then(|coverage| match claim.coverage.replace(coverage) {
                None => Ok(()),
                Some(_) => Err(record.fault("保険者番号", "1件のレセプトに保険者(HO)が2つあります。")),
            }),
            "KO" => public_expense(record, self.layout).and_then(|public| {
                claim.public.push(public);
                if claim.public.len() <= 4 {
                    return Ok(());
                }
                Err(record.fault("公費負担者番号", "1件のレセプトに公費(KO)が5つ以上あります。"))
            }),
            "SN" => self.confirmed.confirm(record),
            "MF" => record.optional(1, "窓口負担額区分").map(|kind| claim.window_burden = kind),
            "BU" => {
                if claim.form == ClaimForm::Medical {
                    claim.form = ClaimForm::Dpc;
                    claim.search_number = None;
                }
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(fault) = added {
            self.spoil(if record.id() == "HO" { fault.with_person(&numbers(record), "") } else { fault });
        }
    }

    /// Makes the claim a broken one; an earlier fault stays.
    pub(super) fn spoil(&mut self, fault: Fault) {
        if let Ok(claim) = &self.claim {
            self.claim = Err(claim.about(fault));
        }
    }

    /// Returns something to look at in the claim.
    pub(super) fn notice(&self, column: &str, reason: &str) -> Fault {
        let fault = Fault::new(self.line, column, reason);
        self.claim.as_ref().map_or_else(|_| fault.clone(), |claim| claim.about(fault.clone()))
    }

    pub(super) fn finish(self) -> Result<Claim, Fault> {
        let mut claim = *self.claim?;
        if let Some(coverage) = &mut claim.coverage {
            let [symbol, number, branch] = self.confirmed;
            if coverage.number.is_empty() {
                coverage.number = number.unwrap_or_default();
                if coverage.symbol.is_empty() {
                    coverage.symbol = symbol.unwrap_or_default();
                }
            }
            coverage.branch = branch.map(two_digits);
        }
        if claim.coverage.is_none() && claim.public.is_empty() {
            let reason = "保険者(HO)も公費(KO)もありません。どちらかが必要です。";
            return Err(claim.about(Fault::new(self.line, "HO", reason)));
        }
        Ok(claim)
    }
}

/// Returns a 枝番 of digits in half width with a 0 in front where one is missing; anything else as it is.
fn two_digits(branch: String) -> String {
    let digits = fold(&branch);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { format!("{digits:0>2}") } else { branch }
}

trait Confirm {
    fn confirm(&mut self, record: &Record<'_>) -> Result<(), Fault>;
}

impl Confirm for [Option<String>; 3] {
    /// Takes 記号, 番号 and 枝番 of the health insurance; a later record completes and corrects an earlier one.
    fn confirm(&mut self, record: &Record<'_>) -> Result<(), Fault> {
        if record.text(1, "負担者種別")? != "1" {
            return Ok(());
        }
        for (place, (index, name)) in self.iter_mut().zip([(4, "記号"), (5, "番号"), (6, "枝番")]) {
            if let Some(text) = record.optional(index, name)? {
                *place = Some(text);
            }
        }
        Ok(())
    }
}

fn common(
    line: u64,
    record: &Record<'_>,
    institution: &Institution,
    layout: &Layout,
    admin_number: Option<String>,
) -> Result<Claim, Fault> {
    let claim_type = record.required(2, "レセプト種別", CLAIM_TYPE, ClaimType::parse)?;
    let Institution { mut form, agency, provider, billing_month } = institution.clone();
    let columns = &layout.re;
    let medical = matches!(form, ClaimForm::Medical | ClaimForm::Dpc);
    let kana = match form {
        _ if medical && record.len() > DPC_KANA => kana_from(record, DPC_KANA)?,
        _ => record.optional(columns.kana, "カタカナ氏名")?,
    };
    // Where medical claims have the search number, of 17 digits or more, DPC has 総括区分, of one.
    let search_number = record.optional(columns.search_number, "検索番号")?;
    let summary_kind = search_number.as_deref().and_then(|text| match text {
        "0" | "1" | "2" | "3" if medical && claim_type.inpatient() => text.chars().next(),
        _ => None,
    });
    if summary_kind.is_some() {
        form = ClaimForm::Dpc;
    }
    let search_number = search_number.filter(|_| form != ClaimForm::Dpc);
    let notes = record.text(columns.special_notes, "特記事項")?;
    let notes: Vec<char> = notes.chars().collect();
    Ok(Claim {
        line,
        form,
        agency,
        provider,
        billing_month,
        treatment_month: record.required(3, "診療年月", MONTH, era::month)?,
        receipt_number: record.text(1, "レセプト番号")?,
        admin_number,
        search_number,
        claim_type,
        name: record.text(4, "氏名")?,
        kana,
        sex: record.required(columns.sex, "男女区分", "1(男)か2(女)", |text| match text {
            "1" | "2" => Sex::parse(text),
            _ => None,
        })?,
        birth_date: record.required(columns.sex + 1, "生年月日", "日付(YYYYMMDDまたはGYYMMDD)", era::day)?,
        benefit_ratio: percent(record, columns.benefit_ratio, "給付割合")?,
        burden_category: record.optional(columns.burden_category, "一部負担金区分")?,
        special_notes: notes.chunks(2).map(|note| note.iter().collect()).collect(),
        coverage: None,
        public: Vec::new(),
        window_burden: None,
        unit_price: if medical { record.optional(UNIT_PRICE, "割引点数単価")? } else { None },
        summary_kind,
        corrected: false,
    })
}

/// The column of the kana name in DPC; medical claims have it behind.
const DPC_KANA: usize = 28;
/// The column of 割引点数単価 in medical claims and DPC.
const UNIT_PRICE: usize = 14;

/// Whether RE of home nursing has sex and birth date where the medical format has them.
fn in_medical_order(record: &Record<'_>) -> bool {
    let text = |index| record.text(index, "").unwrap_or_default();
    matches!(text(5).as_str(), "1" | "2") && era::day(&text(6)).is_some()
}

/// Returns the last field of kana from a column on: medical claims have it in column 36, DPC in 28.
fn kana_from(record: &Record<'_>, first: usize) -> Result<Option<String>, Fault> {
    for index in (first..record.len()).rev() {
        let text = record.text(index, "カタカナ氏名")?;
        if !text.is_empty() && text.chars().all(|c| matches!(c, 'ァ'..='ヾ' | '｡'..='ﾟ' | '\u{3000}' | ' ' | '－' | '−'))
        {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// Returns 記号-番号 of HO.
fn numbers(record: &Record<'_>) -> String {
    let text = |index| record.text(index, "").unwrap_or_default();
    format!("{}-{}", text(2), text(3))
}

fn percent(record: &Record<'_>, index: usize, name: &str) -> Result<Option<u8>, Fault> {
    match record.number(index, name)? {
        None => Ok(None),
        Some(ratio) => match u8::try_from(ratio) {
            Ok(ratio) if ratio <= 100 => Ok(Some(ratio)),
            _ => Err(record.fault(name, format!("{ratio}は割合ではありません。0から100までの数字が必要です。"))),
        },
    }
}

fn coverage(record: &Record<'_>, layout: &Layout) -> Result<Coverage, Fault> {
    let columns = &layout.ho;
    let (meal_count, meal_yen) = meals(record, columns.meals)?;
    let points = record.number(5, "合計点数")?;
    Ok(Coverage {
        insurer_number: record.required(1, "保険者番号", "保険者番号", |text| Some(text.to_owned()))?,
        symbol: record.text(2, "記号")?,
        number: record.text(3, "番号")?,
        branch: None,
        days: record.small(4, "診療実日数")?.unwrap_or(0),
        points: points.ok_or_else(|| record.fault("合計点数", "空です。半角数字が必要です。"))?,
        meal_count,
        meal_yen,
        work_reason: record.optional(columns.work_reason, "職務上の事由")?,
        self_pay: record.number(columns.self_pay, "負担金額")?,
        reduction_kind: record.optional(columns.reduction, "減免区分")?,
        reduction_ratio: percent(record, columns.reduction + 1, "減額割合")?.map(u32::from),
        reduction_yen: record.number(columns.reduction + 2, "減額金額")?,
    })
}

fn public_expense(record: &Record<'_>, layout: &Layout) -> Result<PublicExpense, Fault> {
    let columns = &layout.ko;
    let (meal_count, meal_yen) = meals(record, columns.meals)?;
    Ok(PublicExpense {
        payer_number: record
            .required(1, "公費負担者番号", "公費負担者番号", |text| Some(text.to_owned()))?,
        recipient_number: record.text(2, "受給者番号")?,
        days: record.small(4, "診療実日数")?.unwrap_or(0),
        points: record.number(5, "合計点数")?,
        self_pay: record.number(columns.self_pay, "負担金額")?,
        outpatient_part: record.number(columns.outpatient_part, "公費給付対象外来一部負担金")?,
        inpatient_part: record.number(columns.inpatient_part, "公費給付対象入院一部負担金")?,
        meal_count,
        meal_yen,
    })
}

fn meals(record: &Record<'_>, columns: Option<(usize, usize)>) -> Result<(u32, i64), Fault> {
    let Some((count, yen)) = columns else { return Ok((0, 0)) };
    let count = record.small(count, "食事療養・生活療養の回数")?.unwrap_or(0);
    Ok((count, record.number(yen, "食事療養・生活療養の合計金額")?.unwrap_or(0)))
}
