//! What Yui does, one folder per noun; both the member's and the staff's side of it live together.

pub mod audit_log;

pub mod account;
pub mod approvals;
pub mod dashboard;
pub mod deduction;
pub mod expenses;
pub mod imports;
pub mod kept;
pub mod keys;
pub mod mails;
pub mod members;
pub mod register;
pub mod societies;
pub mod staff;
pub mod terms;
pub mod top;
