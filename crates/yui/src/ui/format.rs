//! How values are written on a page.

use jiff::{Timestamp, civil::Date};
use kenpo_formats::{CareKind, TreatmentMonth};

use super::Lang;

/// Returns yen with thousands separators: `12,960`, `−3,720`.
pub(crate) fn yen(amount: i64) -> String {
    let digits = amount.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + '−'.len_utf8());
    if amount < 0 {
        text.push('−');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns the month as tables write it: `2025/01`.
pub(crate) fn month_short(month: TreatmentMonth) -> String {
    format!("{:04}/{:02}", month.year(), month.month())
}

/// Returns the month as headings write it: `2025年1月`, `January 2025`.
pub(crate) fn month_long(lang: Lang, month: TreatmentMonth) -> String {
    match lang {
        Lang::Ja => format!("{}年{}月", month.year(), month.month()),
        Lang::En => month.first_day().strftime("%B %Y").to_string(),
    }
}

/// Returns the month without its year: `1月`, `Jan`.
pub(crate) fn month_of_year(lang: Lang, month: TreatmentMonth) -> String {
    match lang {
        Lang::Ja => format!("{}月", month.month()),
        Lang::En => month.first_day().strftime("%b").to_string(),
    }
}

/// Returns the year as headings write it: `2025年`, `2025`.
pub(crate) fn year(lang: Lang, year: i16) -> String {
    match lang {
        Lang::Ja => format!("{year}年"),
        Lang::En => year.to_string(),
    }
}

/// Returns the minute in Japan: `2025/01/09 09:05`.
pub(crate) fn minute(at: Timestamp) -> String {
    at.to_zoned(crate::core::clock::japan()).strftime("%Y/%m/%d %H:%M").to_string()
}

/// Returns the date: `2025年1月9日`, `9 January 2025`.
pub(crate) fn date(lang: Lang, date: Date) -> String {
    match lang {
        Lang::Ja => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        Lang::En => date.strftime("%-d %B %Y").to_string(),
    }
}

/// Returns the instant's date in Japan.
pub(crate) fn day_of(lang: Lang, instant: Timestamp) -> String {
    date(lang, instant.to_zoned(crate::core::clock::japan()).date())
}

/// Returns the instant's date and time in Japan, to the minute: `2025年1月9日 12:34`.
pub(crate) fn minute_of(lang: Lang, instant: Timestamp) -> String {
    let local = instant.to_zoned(crate::core::clock::japan());
    format!("{} {}", date(lang, local.date()), local.strftime("%H:%M"))
}

/// Returns kind and days of care: `通院／1日`, `薬局／1日`, `Outpatient / 1 day`.
pub(crate) fn care(lang: Lang, kind: CareKind, days: Option<i32>) -> String {
    let label = care_kind(lang, kind);
    match (lang, days) {
        (_, None) => label.to_owned(),
        (Lang::Ja, Some(days)) => format!("{label}／{days}日"),
        (Lang::En, Some(1)) => format!("{label} / 1 day"),
        (Lang::En, Some(days)) => format!("{label} / {days} days"),
    }
}

/// Returns the kind of care.
pub(crate) fn care_kind(lang: Lang, kind: CareKind) -> &'static str {
    match lang {
        Lang::Ja => kind.label(),
        Lang::En => match kind {
            CareKind::Inpatient => "Inpatient",
            CareKind::Outpatient => "Outpatient",
            CareKind::DentalInpatient => "Dental inpatient",
            CareKind::Dental => "Dental",
            CareKind::Pharmacy => "Pharmacy",
            CareKind::HomeNursing => "Home nursing",
            CareKind::Judo => "Judo therapy",
            CareKind::Acupuncture => "Acupuncture and moxibustion",
            CareKind::Massage => "Massage",
            CareKind::Orthosis => "Orthosis",
            CareKind::Reimbursement => "Refunded care",
            CareKind::OverseasReimbursement => "Refunded care abroad",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        let written = [0, 300, 1_000, 27_120, 1_234_567, -3_720].map(yen);
        assert_eq!(written, ["0", "300", "1,000", "27,120", "1,234,567", "−3,720"]);
    }

    #[test]
    fn care_is_counted_in_days() {
        assert_eq!(care(Lang::Ja, CareKind::Outpatient, Some(1)), "通院／1日");
        assert_eq!(care(Lang::Ja, CareKind::Pharmacy, Some(1)), "薬局／1日");
        assert_eq!(care(Lang::En, CareKind::Dental, Some(2)), "Dental / 2 days");
        assert_eq!(care(Lang::Ja, CareKind::Judo, None), "柔道整復");
    }
}
