//! Every list that features meet in. Nothing but the router, the command line and the demo reads it: a feature does not know
//! who else is here.

use crate::{
    core::{
        readiness,
        routes::{
            Permission::{Anybody, Machine},
            Route, Routes,
        },
    },
    demo,
    features::{
        account, approvals, audit_log, dashboard, deduction, expenses, imports, mails, members, register, societies,
        staff, terms, top,
    },
    ui,
};

/// Returns every route with its permission and handler.
pub(crate) fn routes(in_demo: bool) -> Routes {
    let routes = Routes::new(in_demo)
        .get("/healthz", Machine, top::health)
        .get("/readyz", Machine, readiness::ready)
        .get("/assets/{name}", Machine, ui::asset_show)
        .get("/language", Anybody, ui::language::choose);
    let routes = top::routes(routes);
    let routes = account::routes(routes);
    let routes = expenses::routes(routes);
    let routes = deduction::routes(routes);
    let routes = dashboard::routes(routes);
    let routes = members::routes(routes);
    let routes = mails::routes(routes);
    let routes = imports::routes(routes);
    let routes = register::routes(routes);
    let routes = staff::routes(routes);
    let routes = approvals::routes(routes);
    let routes = terms::routes(routes);
    let routes = societies::settings_routes(routes);
    let routes = audit_log::routes(routes);
    demo::routes(routes)
}

/// Returns the list of all routes, with those of the demo if wanted.
pub fn route_list(in_demo: bool) -> Vec<Route> {
    routes(in_demo).into_all().into_iter().map(|(route, _)| route).collect()
}
