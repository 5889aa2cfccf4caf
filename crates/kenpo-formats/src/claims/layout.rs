//! Which column of a record holds what: it differs between the formats. Columns count from 0, the record id.
//!
//! Medical: two public readers and the sample file agree. Pharmacy: the 2018 edition. Dental: a public writer after the 2026
//! edition and an older public reader agree (they differ from the medical format). Home nursing: two public programs, one after the
//! 2024 and one after the 2026 edition, agree on RE, HO and KO.

/// Columns of RE that differ; 1 to 4 are the same in all formats.
pub(super) struct ReColumns {
    /// 男女区分; 生年月日 stands behind it.
    pub(super) sex: usize,
    pub(super) benefit_ratio: usize,
    pub(super) burden_category: usize,
    pub(super) special_notes: usize,
    pub(super) search_number: usize,
    pub(super) kana: usize,
}

/// Columns of HO; 1 to 5 are the same in all formats (of home nursing 5 is yen).
pub(super) struct HoColumns {
    pub(super) meals: Option<(usize, usize)>,
    pub(super) work_reason: usize,
    pub(super) self_pay: usize,
    pub(super) reduction: usize,
}

/// Columns of KO; 1 to 5 are the same in all formats.
pub(super) struct KoColumns {
    pub(super) self_pay: usize,
    pub(super) outpatient_part: usize,
    pub(super) inpatient_part: usize,
    pub(super) meals: Option<(usize, usize)>,
}

pub(super) struct Layout {
    pub(super) re: ReColumns,
    pub(super) ho: HoColumns,
    pub(super) ko: KoColumns,
}

pub(super) const MEDICAL: Layout = Layout {
    re: ReColumns { sex: 5, benefit_ratio: 7, burden_category: 10, special_notes: 11, search_number: 18, kana: 36 },
    ho: HoColumns { meals: Some((7, 8)), work_reason: 9, self_pay: 11, reduction: 12 },
    ko: KoColumns { self_pay: 6, outpatient_part: 7, inpatient_part: 8, meals: Some((10, 11)) },
};

pub(super) const DENTAL: Layout = Layout {
    re: ReColumns { sex: 5, benefit_ratio: 7, burden_category: 12, special_notes: 13, search_number: 19, kana: 25 },
    ho: HoColumns { meals: Some((6, 7)), work_reason: 8, self_pay: 10, reduction: 11 },
    ko: KoColumns { self_pay: 6, outpatient_part: 7, inpatient_part: 7, meals: Some((8, 9)) },
};

pub(super) const PHARMACY: Layout = Layout {
    re: ReColumns { sex: 5, benefit_ratio: 7, burden_category: 40, special_notes: 8, search_number: 37, kana: 41 },
    ho: HoColumns { meals: None, work_reason: 7, self_pay: 9, reduction: 11 },
    ko: KoColumns { self_pay: 7, outpatient_part: 9, inpatient_part: 9, meals: None },
};

pub(super) const HOME_NURSING: Layout = Layout {
    re: ReColumns { sex: 6, benefit_ratio: 10, burden_category: 12, special_notes: 11, search_number: 14, kana: 5 },
    ho: HoColumns { meals: None, work_reason: 6, self_pay: 8, reduction: 9 },
    ko: KoColumns { self_pay: 6, outpatient_part: 7, inpatient_part: 7, meals: None },
};

/// Home nursing whose RE stands in the order of the medical format, as some files have it; nothing is read of what lies behind the
/// birth date, because nobody has said what it is.
pub(super) const HOME_NURSING_IN_MEDICAL_ORDER: Layout = Layout {
    re: ReColumns {
        sex: 5,
        benefit_ratio: usize::MAX,
        burden_category: usize::MAX,
        special_notes: usize::MAX,
        search_number: usize::MAX,
        kana: usize::MAX,
    },
    ..HOME_NURSING
};
