//! 医療費控除申告用データ: a year's expenses in the forms that a tax return takes: signed XML, the national portal's
//! CSV, the tax agency's worksheet.

mod choose;
mod download;
mod year;

use kenpo_formats::TreatmentMonth;

use crate::{
    features::{expenses::VisibleMonths, societies::Service::Deduction},
    router::{Permission::Service, Routes},
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

/// How many years can be chosen, the present one included.
const YEARS: usize = 5;

/// Returns the years that can be chosen, newest first: those of which the society shows every month. A file of a year that
/// lacks its first months would be taken for the whole.
fn years(window: VisibleMonths) -> Vec<i16> {
    let whole = |year: &i16| TreatmentMonth::new(*year, 1).is_some_and(|january| january >= window.first);
    window.years().filter(whole).take(YEARS).collect()
}
