//! Formats of Japanese health insurance: bytes in, values out; no database, no HTTP, no clock.
//!
//! A tour:
//!
//! - [`claims`] reads electronic claims (電子レセプト, UKE), one at a time; [`amounts`] turns a claim into yen.
//! - [`register_csv`], [`expense_csv`], [`older_users_csv`] and [`household_totals_csv`] read our own documented CSVs, over [`csv_table`].
//! - [`portal_csv`] reads and writes the national portal's 医療費通知情報.
//! - [`tax_xml`] writes, signs and verifies the medical expense notice for the tax return.
//! - [`worksheet`] writes the tax agency's 医療費集計フォーム.
//! - [`holidays`] knows Japan's holidays and on which days offices work.
//! - [`InsurerNumber`], [`ProviderCode`], [`TreatmentMonth`], [`CareKind`], [`era`] are the words all of them use.
//! - [`written`] reads what people and spreadsheets write, and says how it was understood.
//! - [`archive`] unpacks ZIP archives of files that belong together.
//! - [`signature`] tells by its first bytes what a file is.
//! - [`text`] finds out encodings and folds widths; a mistake in a file is a [`Fault`]: line, column, reason.
//!
//! Every reader takes any `Read`, holds a bounded part of it in memory, and never panics on what it reads.

pub mod amounts;
pub mod archive;
pub mod care_kind;
pub mod claims;
pub mod csv_table;
pub mod email_address;
pub mod era;
pub mod expense_csv;
pub mod fault;
pub mod holidays;
pub mod household_totals_csv;
pub mod insurer_number;
pub mod month;
pub mod older_users_csv;
pub mod person;
pub mod portal_csv;
pub mod provider_code;
pub mod register_csv;
pub mod signature;
pub mod tax_xml;
pub mod text;
pub mod worksheet;
pub mod written;

mod check_digit;
mod table_csv;
mod yen;

pub use care_kind::CareKind;
pub use fault::{Fault, FaultsCsv, write_faults_csv};
pub use insurer_number::InsurerNumber;
pub use month::TreatmentMonth;
pub use person::{Relationship, Sex};
pub use provider_code::ProviderCode;
pub use table_csv::TableCsv;
