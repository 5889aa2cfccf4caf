//! Codes of hospitals, clinics and pharmacies (医療機関コード).

use crate::check_digit::luhn_holds;
use crate::fault::quote;
use crate::text::fold;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A provider code: 10 digits = prefecture 2, point table 1, institution 7 with its check digit.
///
/// The check digit is only a warning: invented and old codes occur in real files.
///
/// ```
/// use kenpo_formats::ProviderCode;
///
/// let code: ProviderCode = "1319900013".parse()?;
/// assert!(code.check_digit_ok());
/// assert_eq!((code.prefecture(), code.point_table()), ("13", "1"));
/// # Ok::<(), kenpo_formats::provider_code::ProviderCodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderCode([u8; 10]);

/// A text that is not a provider code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}は医療機関コードではありません。10桁の数字(都道府県2桁+点数表1桁+医療機関コード7桁)で入力してください。", quote(.0))]
pub struct ProviderCodeError(String);

impl ProviderCode {
    /// Returns the 10 digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns the two digits of the prefecture.
    pub fn prefecture(&self) -> &str {
        self.as_str().get(..2).unwrap_or_default()
    }

    /// Returns the digit of the point table: `1` medical, `3` dental, `4` pharmacy, `6` home nursing.
    pub fn point_table(&self) -> &str {
        self.as_str().get(2..3).unwrap_or_default()
    }

    /// Returns whether the last digit fits the nine before it (Luhn over all ten, notice of 1976).
    pub fn check_digit_ok(&self) -> bool {
        luhn_holds(&self.0)
    }
}

impl FromStr for ProviderCode {
    type Err = ProviderCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let folded = fold(text);
        let error = || ProviderCodeError(text.trim().to_owned());
        let bytes: [u8; 10] = folded.trim().as_bytes().try_into().map_err(|_| error())?;
        if bytes.iter().all(u8::is_ascii_digit) { Ok(Self(bytes)) } else { Err(error()) }
    }
}

impl fmt::Display for ProviderCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digit_is_a_warning() {
        for good in ["1319900013", "1339900035", "1349900025", "０１１０１１３７１９"] {
            assert!(good.parse::<ProviderCode>().unwrap().check_digit_ok(), "{good}");
        }
        assert!(!"1319900014".parse::<ProviderCode>().unwrap().check_digit_ok());
        for bad in ["131990001", "13199000133", "131990001A", ""] {
            assert!(bad.parse::<ProviderCode>().is_err(), "{bad}");
        }
    }
}
