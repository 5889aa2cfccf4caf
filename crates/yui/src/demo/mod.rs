//! The demo: five fictional societies with invented people and expenses, and a few doors for trying things out. None of
//! it exists outside `yui demo`.

mod accounts;
mod doors;
mod expenses;
mod mailbox;
mod people;
mod seed;
mod societies;

pub use seed::seed;

use crate::core::routes::{Permission::DemoVisitor, Routes};

/// The demo's pages, on the demo's own host; none outside the demo.
pub fn routes(routes: Routes) -> Routes {
    if !routes.in_demo() {
        return routes;
    }
    routes
        .get("/", DemoVisitor, doors::index)
        .get("/demo.json", DemoVisitor, doors::json)
        .get("/mailbox", DemoVisitor, mailbox::show)
        .get("/mailbox.json", DemoVisitor, mailbox::json)
        .get("/mailbox/{society}/{mail_id}", DemoVisitor, mailbox::html)
        .post("/demo/clock", DemoVisitor, doors::clock)
}
