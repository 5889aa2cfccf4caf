//! Values as people and spreadsheets write them, with how they were understood where the form leaves room.

use crate::era;
use crate::fault::quote;
use crate::insurer_number::{InsurerNumber, InsurerNumberError};
use crate::month::{TreatmentMonth, TreatmentMonthError};
use crate::text::fold;
use jiff::ToSpan;
use jiff::civil::Date;

/// A value read from a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// How it was understood, where the form leaves room: a Japanese sentence for staff.
    pub note: Option<String>,
}

impl<T> Written<T> {
    /// Returns a value that could only mean this.
    pub fn plain(value: T) -> Self {
        Self { value, note: None }
    }

    /// Returns a value that was understood as the note says.
    pub fn noted(value: T, note: impl Into<String>) -> Self {
        Self { value, note: Some(note.into()) }
    }
}

/// Returns the date of any form of [`era::written_date`], or of a spreadsheet's count of days.
pub(crate) fn date(text: &str) -> Result<Written<Date>, String> {
    if let Some(date) = era::written_date(text) {
        return Ok(Written::plain(date));
    }
    if let Some(date) = serial(text) {
        let note =
            format!("{}はExcelの日付の通し番号なので、{date}と読みました。正しいか確認してください。", quote(text));
        return Ok(Written::noted(date, note));
    }
    Err(if era::looks_like_date(text) {
        format!("{}という日はありません。年号と日付を確認してください。", quote(text))
    } else {
        format!("{}は日付ではありません。2025-01-31のように入力してください。", quote(text))
    })
}

/// Returns the month of any form of [`era::written_month`], of an English spreadsheet, or of its count of days.
pub(crate) fn month(text: &str) -> Result<Written<TreatmentMonth>, String> {
    if let Ok(month) = text.parse() {
        return Ok(Written::plain(month));
    }
    let five_digits = five_digits(text).is_some();
    let (month, how) = if let Some(month) = era::written_month(text) {
        let on_a_day = era::written_date(text).is_some_and(|date| date.day() != 1);
        match (five_digits, on_a_day) {
            (true, _) => (month, "和暦の年月として"),
            (_, true) => (month, "日付から年月だけを取り、"),
            _ => return Ok(Written::plain(month)),
        }
    } else if let Some(date) = serial(text) {
        (TreatmentMonth::of(date), "Excelの日付の通し番号として")
    } else if let Some(month) = english_month(text) {
        (month, "Excelの「月-年」の表示として")
    } else {
        return Err(text
            .parse::<TreatmentMonth>()
            .err()
            .map_or_else(String::new, |error: TreatmentMonthError| error.to_string()));
    };
    let note = format!("{}を{how}{month}と読みました。正しいか確認してください。", quote(text));
    Ok(Written::noted(month, note))
}

/// Returns the insurer number, also one that lost its leading zero in a spreadsheet.
pub(crate) fn insurer_number(text: &str) -> Result<Written<InsurerNumber>, String> {
    let error = match text.parse() {
        Ok(number) => return Ok(Written::plain(number)),
        Err::<InsurerNumber, InsurerNumberError>(error) => error,
    };
    let folded = fold(text);
    let digits = folded.trim();
    if digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("0{digits}").parse().map_or_else(
            |_: InsurerNumberError| {
                Err(format!("{}は保険者番号ではありません。保険者番号は8桁です。先頭の0が消えています（Excelで保存すると消えます）。ほかの数字も確認してください。", quote(text)))
            },
            |number| Ok(Written::noted(number, "先頭の0が消えていたため補いました。")),
        );
    }
    Err(error.to_string())
}

/// Returns a code or number as it is, unless a spreadsheet made it something else.
pub(crate) fn code(text: &str) -> Result<String, String> {
    match spreadsheet_damage(text) {
        Some(reason) => Err(reason),
        None => Ok(text.to_owned()),
    }
}

/// Returns 記号 or 番号 as it is, with a note where it looks like a date or a decimal that a spreadsheet made of it.
pub(crate) fn number(text: &str) -> Result<Written<String>, String> {
    let written = code(text)?;
    let folded = fold(text);
    let is_month = || english_month(text).is_some() || text.parse::<TreatmentMonth>().is_ok() && folded.contains('/');
    let is_decimal = || {
        folded.split_once('.').is_some_and(|(whole, part)| {
            [whole, part].iter().all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        })
    };
    let is_day = || folded.contains(['/', '年', '月']) && (era::looks_like_date(text) || folded.ends_with('日'));
    Ok(if is_month() || is_day() || is_decimal() {
        let note =
            format!("{}は、Excelが日付や小数にした値のようです。記号と番号を元の資料で確認してください。", quote(text));
        Written::noted(written, note)
    } else {
        Written::plain(written)
    })
}

/// Returns what a spreadsheet did to the value: an error, a formula or a number in powers of ten in its place.
pub(crate) fn spreadsheet_damage(text: &str) -> Option<String> {
    let suspicious = match text.chars().next()? {
        '#' | '=' | '@' | '＃' | '＝' | '＠' => true,
        '0'..='9' | '０'..='９' => text.contains(['E', 'e', 'Ｅ', 'ｅ']),
        _ => false,
    };
    if !suspicious {
        return None;
    }
    let folded = fold(text);
    let shown = quote(text);
    if ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "###"]
        .iter()
        .any(|error| folded.starts_with(error))
    {
        return Some(format!("{shown}はExcelの計算の誤りです。元の表で直し、値として貼り付けてから保存してください。"));
    }
    if folded.starts_with(['=', '@']) {
        return Some(format!("{shown}は計算式の形です。元の表で値として貼り付けてから保存してください。"));
    }
    if in_powers_of_ten(&folded) {
        return Some(format!(
            "{shown}はExcelの指数の表示で、もとの値が失われています。列の書式を「文字列」にして、値を入れ直してください。"
        ));
    }
    None
}

/// Whether the text is a number such as 3.02E+03.
fn in_powers_of_ten(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let signed = exponent.strip_prefix(['+', '-']);
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(whole) && digits(part) && signed.is_some_and(digits)
}

fn five_digits(text: &str) -> Option<i64> {
    let folded = fold(text);
    let digits = folded.trim();
    (digits.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Returns the date of a spreadsheet's count of days since 30 December 1899, from 1927 to 2099.
fn serial(text: &str) -> Option<Date> {
    let days = five_digits(text).filter(|days| (10_000..=73_050).contains(days))?;
    jiff::civil::date(1899, 12, 30).checked_add(days.days()).ok()
}

/// Returns the month of `Jan-25`, `25-Jan`, `Jan-2025`: an English spreadsheet's way to show a month.
fn english_month(text: &str) -> Option<TreatmentMonth> {
    const NAMES: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let folded = fold(text).to_ascii_lowercase();
    let (first, second) = folded.trim().split_once(['-', '/', ' '])?;
    let digits = |text: &str| matches!(text.len(), 2 | 4) && text.bytes().all(|byte| byte.is_ascii_digit());
    let (name, year) = if digits(second) { (first, second) } else { (second, first) };
    let month = NAMES.iter().position(|known| *known == name)?;
    let year: i16 = digits(year).then(|| year.parse().ok())??;
    TreatmentMonth::new(if year < 100 { 2000 + year } else { year }, u8::try_from(month + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn months_as_spreadsheets_write_them() {
        for (text, noted) in [
            ("2025-04", false),
            ("2025/4/1", false),
            ("2025/04/01 0:00", false),
            ("2025/4/1 0:00:00", false),
            ("2025.4", false),
            ("R7.4", false),
            ("R7.4.1", false),
            ("r7/4", false),
            ("令和7年4月", false),
            ("令和 7年 4月", false),
            ("令7.4", false),
            ("２０２５年４月", false),
            ("20250401", false),
            ("2025/4/15", true),
            ("Apr-25", true),
            ("25-Apr", true),
            ("apr-2025", true),
            ("50704", true),
            ("45748", true),
        ] {
            let read = month(text).unwrap_or_else(|reason| panic!("{text}: {reason}"));
            assert_eq!((read.value.number(), read.note.is_some()), (202_504, noted), "{text}");
        }
        for bad in ["2025-13", "R7.13", "R100.1", "令和元年4月", "平成31年5月", "Abc-25", "2025", "99999", "4/2025", ""]
        {
            assert!(month(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dates_as_spreadsheets_write_them() {
        let read = date("31138").unwrap();
        assert_eq!((read.value.to_string().as_str(), read.note.is_some()), ("1985-04-01", true));
        assert!(date("2025-02-30").unwrap_err().contains("という日はありません"));
        assert!(date("昭和64年1月8日").unwrap_err().contains("という日はありません"));
        assert!(date("きのう").unwrap_err().contains("日付ではありません"));
    }

    #[test]
    fn a_lost_zero_is_filled_in_and_told() {
        let read = insurer_number("6139018").unwrap();
        assert_eq!(
            (read.value.as_str(), read.note.as_deref()),
            ("06139018", Some("先頭の0が消えていたため補いました。"))
        );
        assert_eq!(insurer_number("06139018").unwrap().note, None);
        assert!(insurer_number("6139019").unwrap_err().contains("先頭の0が消えています"));
    }

    #[test]
    fn numbers_that_became_dates_or_decimals_are_told() {
        for odd in ["2025/4/1", "4月1日", "Apr-25", "2025年4月1日", "123.0", "１．５", "令和7年4月1日"] {
            let read = number(odd).unwrap();
            assert!(read.value == odd && read.note.is_some(), "{odd}");
        }
        for good in ["0123", "12-34", "健保1", "20250401", "1年", "・1", "E-01", "第3", "2025-04"] {
            assert_eq!(number(good).unwrap().note, None, "{good}");
        }
        assert!(number("#N/A").is_err());
    }

    #[test]
    fn damage_is_named() {
        for bad in ["#N/A", "#REF!", "=1+1", "＝A1", "@A1", "3.02E+03", "1E+05", "３．０２Ｅ＋０３", "########"]
        {
            assert!(code(bad).is_err(), "{bad}");
        }
        for good in ["0123", "E0001", "1E5", "302", "A-12", "健E+"] {
            assert_eq!(code(good).as_deref(), Ok(good));
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,20}") {
            let _ = (date(&text), month(&text), insurer_number(&text), code(&text));
        }

        #[test]
        fn every_count_of_days_reads_back(days in 10_000i64..=73_050) {
            let read = date(&days.to_string()).unwrap().value;
            prop_assert_eq!((read - jiff::civil::date(1899, 12, 30)).get_days(), i32::try_from(days).unwrap());
        }
    }
}
