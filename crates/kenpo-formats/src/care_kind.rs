//! Kinds of care as a statement of medical expenses names them (診療区分).

use crate::text::fold;

/// The kind of care of one line of a statement.
///
/// ```
/// use kenpo_formats::CareKind;
///
/// assert_eq!(CareKind::Pharmacy.code(), "pharmacy");
/// assert_eq!(CareKind::Pharmacy.label(), "薬局");
/// assert_eq!(CareKind::Pharmacy.portal_label(), "調剤");
/// assert_eq!(CareKind::from_written("調剤"), Some(CareKind::Pharmacy));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CareKind {
    /// 入院
    Inpatient,
    /// 通院
    Outpatient,
    /// 歯科入院
    DentalInpatient,
    /// 歯科
    Dental,
    /// 薬局
    Pharmacy,
    /// 訪問看護
    HomeNursing,
    /// 柔道整復
    Judo,
    /// はり・きゅう
    Acupuncture,
    /// あん摩・マッサージ
    Massage,
    /// 治療用装具
    Orthosis,
    /// 療養費: care that was paid in full and refunded in part.
    Reimbursement,
    /// 海外療養費: care abroad that was refunded in part.
    OverseasReimbursement,
}

impl CareKind {
    /// Every kind, in the order a statement lists them.
    pub const ALL: [Self; 12] = [
        Self::Inpatient,
        Self::Outpatient,
        Self::DentalInpatient,
        Self::Dental,
        Self::Pharmacy,
        Self::HomeNursing,
        Self::Judo,
        Self::Acupuncture,
        Self::Massage,
        Self::Orthosis,
        Self::Reimbursement,
        Self::OverseasReimbursement,
    ];

    /// Returns the code that our tables keep.
    pub fn code(self) -> &'static str {
        match self {
            Self::Inpatient => "inpatient",
            Self::Outpatient => "outpatient",
            Self::DentalInpatient => "dental_inpatient",
            Self::Dental => "dental",
            Self::Pharmacy => "pharmacy",
            Self::HomeNursing => "home_nursing",
            Self::Judo => "judo",
            Self::Acupuncture => "acupuncture",
            Self::Massage => "massage",
            Self::Orthosis => "orthosis",
            Self::Reimbursement => "reimbursement",
            Self::OverseasReimbursement => "overseas_reimbursement",
        }
    }

    /// Returns the kind of a code of [`CareKind::code`].
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Returns the word that members see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Inpatient => "入院",
            Self::Outpatient => "通院",
            Self::DentalInpatient => "歯科入院",
            Self::Dental => "歯科",
            Self::Pharmacy => "薬局",
            Self::HomeNursing => "訪問看護",
            Self::Judo => "柔道整復",
            Self::Acupuncture => "はり・きゅう",
            Self::Massage => "あん摩・マッサージ",
            Self::Orthosis => "治療用装具",
            Self::Reimbursement => "療養費",
            Self::OverseasReimbursement => "海外療養費",
        }
    }

    /// Returns the word of the national portal's 医療費通知情報.
    ///
    /// 医科入院, 医科外来, 歯科外来 and 調剤 have been seen in files; the others are taken to be the same in shape.
    pub fn portal_label(self) -> &'static str {
        match self {
            Self::Inpatient => "医科入院",
            Self::Outpatient => "医科外来",
            Self::DentalInpatient => "歯科入院",
            Self::Dental => "歯科外来",
            Self::Pharmacy => "調剤",
            Self::HomeNursing => "訪問看護",
            Self::Judo => "柔道整復",
            Self::Acupuncture => "はり・きゅう",
            Self::Massage => "あん摩・マッサージ",
            Self::Orthosis => "治療用装具",
            Self::Reimbursement => "療養費",
            Self::OverseasReimbursement => "海外療養費",
        }
    }

    /// Returns the kind written by its label, the national portal's word or our code, in either width.
    pub fn from_written(text: &str) -> Option<Self> {
        let folded = fold(text);
        if folded.contains(char::is_whitespace) {
            return Self::from_written(&folded.split_whitespace().collect::<String>());
        }
        let word = folded.as_str();
        let named = |kind: &Self| [kind.label(), kind.portal_label(), kind.code()].contains(&word);
        Self::ALL.into_iter().find(named).or(match word {
            "外来" | "入院外" | "医科入院外" => Some(Self::Outpatient),
            "柔整" | "接骨" => Some(Self::Judo),
            "はりきゅう" | "はり・灸" | "鍼灸" | "鍼・灸" | "はり" | "きゅう" => {
                Some(Self::Acupuncture)
            }
            "あん摩マッサージ" | "あんま・マッサージ" | "あんまマッサージ" | "あん摩" | "マッサージ" => {
                Some(Self::Massage)
            }
            "装具" | "補装具" | "コルセット" => Some(Self::Orthosis),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for kind in CareKind::ALL {
            assert_eq!(CareKind::from_code(kind.code()), Some(kind));
            for word in [kind.code(), kind.label(), kind.portal_label()] {
                assert_eq!(CareKind::from_written(word), Some(kind));
            }
        }
        assert_eq!(CareKind::from_code("通院"), None);
        assert_eq!(CareKind::from_written(" 医科入院外 "), Some(CareKind::Outpatient));
        assert_eq!(CareKind::from_written("鍼灸"), Some(CareKind::Acupuncture));
        assert_eq!(CareKind::from_written("はり･きゅう"), Some(CareKind::Acupuncture));
        assert_eq!(CareKind::from_written(""), None);
    }
}
