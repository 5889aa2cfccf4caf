//! 医療費控除申告用データ: a year's expenses in the forms that a tax return takes: signed XML, the national portal's
//! CSV, the tax agency's worksheet.

mod choose;
mod download;
mod netting;
mod year;
mod years;

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
