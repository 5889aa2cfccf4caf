//! The kinds of news that a member can have mailed, or not. An entry is a field of the pages `enrolment/details` and
//! `settings/profile`, and what `imports::News::wish` of a kind of files names.

/// Each kind's word in the database and its (Japanese) name.
pub(super) const MAIL_WISHES: &[(&str, &str)] = &[("expenses", "医療費通知")];
