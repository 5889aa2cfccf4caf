//! Electronic claims (電子レセプト, UKE files): medical, DPC, dental, pharmacy, home nursing.
//!
//! A file is a sequence of records, one per line, comma-separated, in Windows-31J. An institution record (IR, pharmacies YK, home
//! nursing HM) opens a block, each RE opens a claim, GO closes the block. Files of the payer agency put MN before the institution
//! record, which is then repeated for each claim, and have no GO. Source: 記録条件仕様 (支払基金), 医科・DPC・歯科・調剤, 2018 to
//! 2026 editions.
//!
//! Files of payers (`0_COMMON001/11_RECODEINFO_MED.CSV` to `14_RECODEINFO_PHA.CSV`) have three fields before each
//! record, and the payer agency's corrections (JY, 査定) behind those of the institution. They are applied before a claim
//! is read, counted ([`ClaimFile::corrections`]) and marked ([`Claim::corrected`]). Results of re-reviews (MK) are
//! passed over and counted in a notice. [`ClaimFile::open`] tells both forms by the first line.
//!
//! The data that is read of a claim: patient, month, institution, points, amounts. Diseases, treatments and drugs (SY,
//! SI, IY…) are passed over without being decoded.
//!
//! Of a DPC stay that is billed in several claims (総括レセプト), the sum (総括区分 RE 18 = 1) is the claim; the claims that it
//! sums (2, 3) are passed over and counted ([`ClaimFile::parts_of_summaries`]).
//!
//! # What is not certain
//!
//! - Column positions of DPC are those of the medical format up to column 14; its kana name is the last wholly-kana field from
//!   column 28 on; its search number (RE 20) is not read, because keys of claims that were imported before do not have it.
//! - A DPC claim is known by its BU record, point table 2 or 総括区分; one without 総括区分 is counted, with a doubt.
//! - Dental files name the institution in UK, not in IR; without UK the name is empty.
//! - Home nursing: HM, RE, HO and KO are as two public programs have them that were made after the 2024 and 2026 editions. Its
//!   amounts are yen. RE in the order of the medical format is read as far as the birth date, with a notice. How payers receive
//!   home nursing is not known: its records are read in the same way.
//! - JY: operation, original line and branch, new line and branch are in JY 1 to 3 and 6 to 7, as one public reader has them. SN
//!   that the agency recorded completes a claim without a JY.
//! - In a file without the three fields before its records, JY cannot be applied; a notice says so.
//! - What follows a claim of an institution's file that has no GO cannot be known; the last claim of such a file is withheld. A
//!   file of a payer whose last line has no end may be cut; its claims are all given out, and [`ClaimFile::integrity`] says so.
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

mod assembly;
mod claim;
mod claim_type;
mod draft;
mod file;
mod institution;
mod kind;
mod layout;
mod payer;
mod record;
mod totals;

#[cfg(test)]
mod tests;

pub use crate::person::Sex;
pub use claim::{Claim, ClaimForm, Coverage, Provider, PublicExpense};
pub use claim_type::{ClaimType, PatientClass, Scheme};
pub use file::{ClaimFile, billing_month};
pub use totals::{Integrity, Totals};
