//! The features of Yui, one folder per noun; both the member's and the staff's side of it live together. A table in
//! docs/architecture.md tells which feature may use which.

pub mod account;
pub mod approvals;
pub mod audit_log;
pub mod dashboard;
pub mod deduction;
pub mod expenses;
pub mod imports;
pub mod kept;
pub mod keys;
pub mod mails;
pub mod members;
pub mod migration;
mod orders;
pub mod register;
pub mod settings;
pub mod societies;
pub mod staff;
pub mod temporary_ids;
pub mod terms;
pub mod top;
