//! How soon a password would be guessed by somebody who knows its owner, Japan and what people do.
//!
//! The password is read as a row of parts: known passwords, names, words of the trade, dates, the owner's own data, rows of
//! keys, repetitions, and what is left as single characters. Each part has a price in bits; the cheapest reading counts.
//! There is no rule on which characters to use (NIST SP 800-63B-4 3.1.1.2; OWASP ASVS 5.0 6.2.5, 6.2.11, 6.2.12).

mod dates;
mod keys;
mod reading;
#[cfg(test)]
mod tests;
mod words;

use reading::Reading;

/// Why a password would be guessed: what most of it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Weakness {
    /// One of the passwords that many people have.
    Common,
    /// A word of health insurance, the society or this portal.
    Context,
    /// A Japanese name.
    Name,
    /// A date or a year, in whatever order, or of an era.
    Date,
    /// The owner's user ID, e-mail address, name, number or birthday.
    OwnData,
    /// A repetition, a sequence, a row of keys.
    Repetition,
}

/// How strong a password is, for the meter beside its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Would be guessed: below 26 bits, or [`weakness`] has a reason.
    Weak,
    /// Holds against guessing through the login page: from 26 bits.
    Fair,
    /// Holds for long if the hashes are stolen: from 40 bits.
    Good,
    /// Holds: from 56 bits.
    Strong,
}

/// Why the password must not be chosen, `None` if nothing speaks against it; its length is another rule's business.
///
/// `own` is what an acquaintance knows of the owner: user ID, e-mail address, name in kana and in Latin letters, the
/// symbol and number of the card, the birthday as eight digits (`19790822`; all its other orders are derived).
///
/// # Example
/// ```
/// use yui_auth::strength::{Weakness, weakness};
///
/// assert_eq!(weakness("tanaka0401", &[]), Some(Weakness::Name));
/// assert_eq!(weakness("hanako79-1", &["hanako79"]), Some(Weakness::OwnData));
/// assert_eq!(weakness("Kumo-no-ue-2026", &["hanako79"]), None);
/// ```
#[must_use]
pub fn weakness(password: &str, own: &[&str]) -> Option<Weakness> {
    let reading = Reading::cheapest(password, own);
    if reading.tenths < FAIR { reading.mostly } else { None }
}

/// The strength of the password, `own` being as for [`weakness`].
#[must_use]
pub fn strength(password: &str, own: &[&str]) -> Strength {
    match Reading::cheapest(password, own).tenths {
        0..FAIR => Strength::Weak,
        FAIR..GOOD => Strength::Fair,
        GOOD..STRONG => Strength::Good,
        STRONG.. => Strength::Strong,
    }
}

/// The limits, in tenths of a bit.
const FAIR: u32 = 260;
const GOOD: u32 = 400;
const STRONG: u32 = 560;
