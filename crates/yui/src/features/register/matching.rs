//! Matching claims with the persons of the register.

use jiff::civil::Date;
use kenpo_formats::{
    TreatmentMonth,
    text::{fold, search_key},
};

use super::Coverage;

/// The data of a record about its patient.
#[derive(Clone, Debug)]
pub(crate) struct Hint {
    /// Insurer number, symbol and number, folded.
    pub(crate) holder_key: String,
    /// The branch number.
    pub(crate) branch: Option<String>,
    /// The birth date.
    pub(crate) birth_date: Option<Date>,
    /// `male` or `female`.
    pub(crate) sex: Option<&'static str>,
    /// The name in kana.
    pub(crate) kana: Option<String>,
    /// The name.
    pub(crate) name: Option<String>,
    /// The month of the care: only persons covered then can be meant.
    pub(crate) month: TreatmentMonth,
}

impl Coverage {
    /// Returns whether it is in force on any day of the month.
    pub(crate) fn is_in(&self, month: TreatmentMonth) -> bool {
        self.from <= month.last_day() && self.to.is_none_or(|to| to > month.first_day())
    }

    /// Returns 記号-番号 as they are compared, with the 枝番 if there is one.
    pub(crate) fn numbers(&self) -> String {
        let mut parts = self.holder_key.splitn(3, ':').skip(1);
        let (symbol, number) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let branch = self.branch.as_ref().map(|branch| format!("-{branch}")).unwrap_or_default();
        format!("{symbol}-{number}{branch}")
    }
}

/// The reason why no person matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// No household has this symbol and number.
    UnknownHolder,
    /// The household was not covered in that month.
    NotCovered,
    /// Nobody in the household matches.
    UnknownPerson,
    /// More than one matches, or the marks contradict each other.
    Ambiguous,
}

impl Mismatch {
    /// Returns the sentence for staff.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::UnknownHolder => "この保険者番号・記号・番号の世帯は台帳にありません。",
            Self::NotCovered => "診療年月に資格のある人が、この記号・番号にいません。",
            Self::UnknownPerson => "この世帯に、枝番・生年月日・氏名の合う人がいません。",
            Self::Ambiguous => "この世帯の誰のことか決められません。枝番と生年月日を確かめてください。",
        }
    }
}

/// Returns the one person meant, out of those known under the holder key. By branch number if the record has one, then
/// by birth date with sex, then by kana, then by name; never by name across households.
///
/// # Errors
/// [`Mismatch`] if nobody or more than one matches.
pub(crate) fn matched<'c>(known: &'c [Coverage], hint: &Hint) -> Result<&'c Coverage, Mismatch> {
    let household: Vec<_> = known.iter().filter(|coverage| coverage.holder_key == hint.holder_key).collect();
    if household.is_empty() {
        return Err(Mismatch::UnknownHolder);
    }
    let covered: Vec<_> = household.into_iter().filter(|coverage| coverage.is_in(hint.month)).collect();
    if covered.is_empty() {
        return Err(Mismatch::NotCovered);
    }
    let born = |coverage: &&Coverage| {
        hint.birth_date.is_none_or(|date| coverage.birth_date == date) && hint.sex.is_none_or(|sex| coverage.sex == sex)
    };
    let by_branch: Vec<_> = match &hint.branch {
        Some(branch) => covered.iter().copied().filter(|who| who.branch.as_ref() == Some(branch)).collect(),
        None => Vec::new(),
    };
    if let Some(meant) = one(&by_branch) {
        let is_other = hint.birth_date.is_none() && !is_named_like(meant, hint);
        return if born(&meant) && !is_other { Ok(meant) } else { Err(Mismatch::Ambiguous) };
    }
    // Who is known to have another branch number is not meant.
    let other = |who: &&Coverage| matches!((&hint.branch, &who.branch), (Some(ours), Some(theirs)) if ours != theirs);
    let covered: Vec<_> = covered.into_iter().filter(|who| !other(who)).collect();
    let spelled = |coverage: &&Coverage| {
        let same = |theirs: &str, ours: &Option<String>| {
            ours.as_ref().is_some_and(|ours| search_key(ours) == search_key(theirs))
        };
        same(&coverage.kana, &hint.kana) || same(&coverage.name, &hint.name)
    };
    let marked = hint.birth_date.is_some() || hint.sex.is_some();
    let by_birth: Vec<_> = covered.iter().copied().filter(|who| marked && born(who)).collect();
    if let Some(meant) = one(&by_birth).filter(|_| hint.birth_date.is_some()) {
        return Ok(meant);
    }
    let among = if marked { by_birth } else { covered };
    let by_name: Vec<_> = among.iter().copied().filter(spelled).collect();
    let nobody = among.len() < 2 || (hint.branch.is_some() && !marked);
    match one(&by_name) {
        Some(meant) => Ok(meant),
        None if by_name.is_empty() && nobody => Err(Mismatch::UnknownPerson),
        None => Err(Mismatch::Ambiguous),
    }
}

/// Returns whether the record's name may be the person's: it has none, or the kana or the name agrees, or at least the
/// given name, as after a marriage. A branch number alone may be that of an earlier or later holder of the number.
fn is_named_like(person: &Coverage, hint: &Hint) -> bool {
    let given = |name: &str| fold(name).split_whitespace().last().map(search_key);
    let alike = |ours: &Option<String>, theirs: &str| {
        let ours = ours.as_ref().filter(|name| !name.trim().is_empty())?;
        Some(search_key(ours) == search_key(theirs) || given(ours) == given(theirs))
    };
    let said = [alike(&hint.kana, &person.kana), alike(&hint.name, &person.name)];
    let mut said = said.into_iter().flatten().peekable();
    said.peek().is_none() || said.any(|alike| alike)
}

/// Returns the one person in the list, who may be in it with several spans.
fn one<'c>(list: &[&'c Coverage]) -> Option<&'c Coverage> {
    let first = *list.first()?;
    list.iter().all(|coverage| coverage.member_id == first.member_id).then_some(first)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn coverage(member_id: i64, branch: &str, sex: &str, birth_date: Date, name: &str, kana: &str) -> Coverage {
        Coverage {
            member_id,
            household_id: 1,
            holder_key: "06139018:12:34".into(),
            branch: (!branch.is_empty()).then(|| branch.into()),
            insured: member_id == 1,
            from: date(2020, 4, 1),
            to: (member_id == 4).then(|| date(2024, 4, 1)),
            name: name.into(),
            kana: kana.into(),
            sex: sex.into(),
            birth_date,
        }
    }

    fn family() -> Vec<Coverage> {
        vec![
            coverage(1, "00", "male", date(1979, 8, 22), "テスト 太郎", "テスト タロウ"),
            coverage(2, "01", "female", date(1981, 3, 3), "テスト 花子", "テスト ハナコ"),
            coverage(3, "", "male", date(2012, 5, 5), "テスト 一郎", "テスト イチロウ"),
            coverage(4, "", "male", date(2012, 5, 5), "テスト 二郎", "テスト ジロウ"),
        ]
    }

    fn hint(branch: Option<&str>, birth_date: Option<Date>, kana: Option<&str>) -> Hint {
        Hint {
            holder_key: "06139018:12:34".into(),
            branch: branch.map(Into::into),
            birth_date,
            sex: None,
            kana: kana.map(Into::into),
            name: None,
            month: TreatmentMonth::new(2023, 1).unwrap(),
        }
    }

    fn meant(hint: &Hint) -> Result<i64, Mismatch> {
        matched(&family(), hint).map(|coverage| coverage.member_id)
    }

    #[test]
    fn the_branch_number_decides_unless_the_birth_date_contradicts() {
        assert_eq!(meant(&hint(Some("01"), None, None)), Ok(2));
        assert_eq!(meant(&hint(Some("01"), Some(date(1981, 3, 3)), None)), Ok(2));
        assert_eq!(meant(&hint(Some("01"), Some(date(1979, 8, 22)), None)), Err(Mismatch::Ambiguous));
    }

    #[test]
    fn a_branch_number_does_not_decide_against_the_name() {
        let named = |branch: &str, name: Option<&str>, kana: Option<&str>| {
            let mut hint = hint(Some(branch), None, kana);
            hint.name = name.map(Into::into);
            meant(&hint)
        };
        assert_eq!(
            named("00", Some("甲 一"), Some("コウ イチ")),
            Err(Mismatch::Ambiguous),
            "an earlier holder of the number"
        );
        assert_eq!(named("00", Some("テスト 花子"), None), Err(Mismatch::Ambiguous));
        assert_eq!(named("01", Some("見本 花子"), Some("ミホン ハナコ")), Ok(2), "a new family name");
        assert_eq!(named("01", Some("テスト　花子"), None), Ok(2));
        assert_eq!(named("01", None, Some("ﾃｽﾄ ﾊﾅｺ")), Ok(2));
        assert_eq!(named("01", Some(" "), None), Ok(2), "no name said");
    }

    #[test]
    fn twins_are_told_apart_by_kana_written_either_way() {
        let born = Some(date(2012, 5, 5));
        assert_eq!(meant(&hint(None, born, None)), Err(Mismatch::Ambiguous));
        assert_eq!(meant(&hint(None, born, Some("ﾃｽﾄ ｼﾞﾛｳ"))), Ok(4));
        assert_eq!(meant(&hint(None, born, Some("てすといちろう"))), Ok(3));
    }

    #[test]
    fn only_who_was_covered_in_the_month_is_meant() {
        let mut later = hint(None, Some(date(2012, 5, 5)), None);
        later.month = TreatmentMonth::new(2024, 4).unwrap();
        assert_eq!(meant(&later), Ok(3));
        later.month = TreatmentMonth::new(2019, 4).unwrap();
        assert_eq!(meant(&later), Err(Mismatch::NotCovered));
    }

    #[test]
    fn a_stranger_is_nobody() {
        assert_eq!(meant(&hint(None, Some(date(1999, 1, 1)), None)), Err(Mismatch::UnknownPerson));
        assert_eq!(meant(&hint(Some("09"), None, None)), Err(Mismatch::UnknownPerson));
        let twin = hint(Some("09"), Some(date(1981, 3, 3)), None);
        assert_eq!(meant(&twin), Err(Mismatch::UnknownPerson), "the same birth date under another branch number");
        assert_eq!(meant(&hint(None, None, None)), Err(Mismatch::Ambiguous));
        let mut elsewhere = hint(Some("00"), None, None);
        elsewhere.holder_key = "06139018:12:35".into();
        assert_eq!(meant(&elsewhere), Err(Mismatch::UnknownHolder));
    }
}
