//! Insurer numbers (保険者番号).

use crate::check_digit::luhn_holds;
use crate::fault::quote;
use crate::text::fold;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A valid insurer number: 8 digits = law code 2, prefecture 2, insurer 3, check digit 1.
///
/// National health insurance has 6 digits without a law code; it is kept as `00` and the 6 digits, as check-up
/// documents write it. Full-width digits are read too.
///
/// ```
/// use kenpo_formats::InsurerNumber;
///
/// let number: InsurerNumber = "０６１３９０１８".parse()?;
/// assert_eq!(number.as_str(), "06139018");
/// assert_eq!(number.law_code(), "06");
/// assert!("06139019".parse::<InsurerNumber>().is_err());
/// # Ok::<(), kenpo_formats::insurer_number::InsurerNumberError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InsurerNumber([u8; 8]);

/// Why a text is not an insurer number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InsurerNumberError {
    /// Not 8 digits, nor 6.
    #[error("{}は保険者番号ではありません。8桁の数字(国民健康保険は6桁)で入力してください。", quote(.0))]
    Shape(String),
    /// The third and fourth digit are not 01 to 47.
    #[error("保険者番号{}の都道府県番号(3〜4桁目)が01〜47ではありません。", quote(.0))]
    Prefecture(String),
    /// The last digit does not fit the others.
    #[error("保険者番号{}の検証番号(末尾の数字)が合いません。打ち間違いがないか確認してください。", quote(.0))]
    CheckDigit(String),
}

impl InsurerNumber {
    /// Returns the 8 digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns the law code (法別番号): `06` health insurance societies, `63` their special retirees, `00` national
    /// health insurance.
    pub fn law_code(&self) -> &str {
        self.as_str().get(..2).unwrap_or_default()
    }
}

impl FromStr for InsurerNumber {
    type Err = InsurerNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let folded = fold(text);
        let digits = folded.trim();
        let shape = || InsurerNumberError::Shape(text.trim().to_owned());
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(shape());
        }
        let padded = if digits.len() == 6 { format!("00{digits}") } else { digits.to_owned() };
        let bytes: [u8; 8] = padded.as_bytes().try_into().map_err(|_| shape())?;
        let number = Self(bytes);
        if !(1..=47).contains(&padded.get(2..4).and_then(|two| two.parse::<u8>().ok()).unwrap_or(0)) {
            return Err(InsurerNumberError::Prefecture(digits.to_owned()));
        }
        if !luhn_holds(&bytes) {
            return Err(InsurerNumberError::CheckDigit(digits.to_owned()));
        }
        Ok(number)
    }
}

impl fmt::Display for InsurerNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_numbers() {
        for good in ["06139018", "06139026", "06149033", "33120015", " 01010016 "] {
            assert_eq!(good.parse::<InsurerNumber>().unwrap().as_str(), good.trim());
        }
        // 00138016: prefecture 13, check digit 6 over 0013801.
        let kokuho = (0..10).filter_map(|d| format!("13801{d}").parse::<InsurerNumber>().ok()).collect::<Vec<_>>();
        assert_eq!(kokuho.len(), 1);
        assert!(kokuho[0].as_str().starts_with("0013801"));
        assert_eq!(kokuho[0].law_code(), "00");
    }

    #[test]
    fn bad_numbers_say_why() {
        use InsurerNumberError::*;
        let error = |text: &str| text.parse::<InsurerNumber>().unwrap_err();
        assert_eq!(error("06139019"), CheckDigit("06139019".into()));
        assert_eq!(error("06999999"), Prefecture("06999999".into()));
        assert!(matches!(error("0613901"), Shape(_)));
        assert!(matches!(error("0613901A"), Shape(_)));
        assert!(matches!(error(""), Shape(_)));
        assert!(error("06139019").to_string().contains("検証番号"));
    }
}
