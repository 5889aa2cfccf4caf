//! Electronic claims (電子レセプト, UKE files): medical, DPC, dental, pharmacy.
//!
//! A file is a sequence of records, one per line, comma-separated, in Windows-31J. An institution record (IR, pharmacies YK)
//! opens a block, each RE opens a claim, GO closes the block. Files of the payer agency put MN before the institution record,
//! which is then repeated for each claim. Source: 記録条件仕様 (支払基金), 医科・DPC・歯科・調剤, 2018 to 2026 editions.
//!
//! What is read of a claim: who, when, where, points, amounts. Diseases, treatments and drugs (SY, SI, IY…) are passed over
//! without being decoded.
//!
//! # What is not certain
//!
//! - Column positions of DPC are those of the medical format up to column 14; its kana name and search number are looked for
//!   (kana: the first wholly-kana field from column 30 on; the search number is not read).
//! - A DPC claim is known by its BU record or by point table 2; 総括レセプト (several RE for one stay) are not joined.
//! - Dental files name the institution in UK, not in IR; without UK the name is empty.
//! - Home nursing (point table 6) has another format and is refused.
//! - What follows a claim of a file that has no GO cannot be known; the last claim of such a file is withheld.
//!
//! ```
//! use kenpo_formats::claims::ClaimFile;
//!
//! let bytes = b"IR,1,13,1,9900013,,CLINIC,202503,00,\r\n\
//!     RE,1,1112,202501,TEST TARO,1,19850401,,,,,,,,,,,,\r\n\
//!     HO,06139018,101,1,2,1234,,,,,,,,,\r\n\
//!     GO,1,1234,99\r\n\x1A";
//! let claims = ClaimFile::open(&bytes[..])?.collect::<Result<Vec<_>, _>>()?;
//! assert_eq!(claims[0].name, "TEST TARO");
//! assert_eq!(claims[0].coverage.as_ref().map(|coverage| coverage.points), Some(1234));
//! # Ok::<(), kenpo_formats::Fault>(())
//! ```

mod claim;
mod claim_type;
mod draft;
mod file;
mod layout;
mod record;

#[cfg(test)]
mod tests;

pub use crate::person::Sex;
pub use claim::{Claim, ClaimForm, Coverage, Provider, PublicExpense};
pub use claim_type::{ClaimType, PatientClass, Scheme};
pub use file::ClaimFile;
