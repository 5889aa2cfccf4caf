//! 初回登録: from the temporary pair of a postcard to an account of one's own. Two generations: the renewed flow (birth
//! date, terms, address, user ID and factor, password) and the classic one (identity with terms, details, check).

mod birth_date;
mod check;
mod details;
mod done;
mod email;
mod finish;
mod identity;
mod profile;
mod progress;

pub(super) use birth_date::{show as birth_date_show, submit as birth_date_submit};
pub(super) use check::{back as check_back, show as check_show, submit as check_submit};
pub(super) use details::{show as details_show, submit as details_submit};
pub(super) use done::show as done_show;
pub(super) use email::{
    again as email_again, change as email_change, mail_link, mail_or_tell_owner, sent as email_sent,
    show as email_show, status as email_status, submit as email_submit,
};
pub(super) use finish::{EnrolmentResult, finish};
pub(super) use identity::{show as identity_show, submit as identity_submit};
pub(super) use profile::{FactorChoice, choices, show as profile_show, submit as profile_submit};
