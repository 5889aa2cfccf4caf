//! 医療費控除申告用データ: a year's expenses in the forms that a tax return takes: signed XML, the national portal's
//! CSV, the tax agency's worksheet.

mod choose;
mod download;
mod netting;
mod year;

use jiff::civil::Date;

use crate::core::{
    routes::{Permission::Service, Routes},
    society::Service::Deduction,
};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/deduction", Service(Deduction), choose::show)
        .get("/deduction/{year}", Service(Deduction), year::show)
        .get("/deduction/{year}/notice.xml", Service(Deduction), download::xml)
        .get("/deduction/{year}/portal.csv", Service(Deduction), download::csv)
        .get("/deduction/{year}/worksheet.xlsx", Service(Deduction), download::xlsx)
}

/// Of how many years before the present one a tax return can still claim a refund.
const YEARS_BEFORE: i16 = 5;

/// Returns the years that can be chosen, newest first, whatever the pages of expenses show: the present one, and those of which a refund
/// can still be claimed.
fn years(today: Date) -> Vec<i16> {
    (today.year() - YEARS_BEFORE..=today.year()).rev().collect()
}
