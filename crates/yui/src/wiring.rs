//! The lists of all features' parts. Nothing but the router, the command line and the demo reads it: a feature does not
//! know the others.

use futures::future::BoxFuture;
use tokio::sync::watch;
use yui_db::inventory;

use crate::{
    core::{
        app::App,
        readiness,
        routes::{
            Permission::{Anybody, Machine},
            Route, Routes,
        },
    },
    demo,
    features::{
        account,
        approvals::{self, GuardedActs},
        audit_log, dashboard, deduction,
        expenses::{self, ExpenseFiles},
        imports::{self, Kinds},
        mails, members,
        migration::{self, OlderUserFiles},
        register::{self, RegisterFiles},
        settings, staff, temporary_ids, terms, top,
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
    let routes = migration::routes(routes);
    let routes = temporary_ids::routes(routes);
    let routes = register::routes(routes);
    let routes = staff::routes(routes);
    let routes = approvals::routes(routes);
    let routes = terms::routes(routes);
    let routes = settings::routes(routes);
    let routes = audit_log::routes(routes);
    demo::routes(routes)
}

/// Returns the list of all routes, with those of the demo if wanted.
pub fn route_list(in_demo: bool) -> Vec<Route> {
    routes(in_demo).into_all().into_iter().map(|(route, _)| route).collect()
}

// The kinds of files that are imported, in the order in which staff need them.
inventory::submit! { Kinds(&[&RegisterFiles, &ExpenseFiles, &OlderUserFiles]) }

// What a society can want decided by two people.
inventory::submit! {
    GuardedActs(&[
        &imports::GUARDED_PUBLICATION,
        &imports::GUARDED_WITHDRAWAL,
        &migration::GUARDED_ANNOUNCEMENTS,
        &account::staff::GUARDED_FACTOR_RESET,
        &settings::GUARDED_LOOSENING,
        &staff::GUARDED_INVITATION,
        &staff::GUARDED_ROLE_CHANGE,
    ])
}

/// A worker: it runs until it is told to stop.
pub(crate) type Worker = fn(App, watch::Receiver<bool>) -> BoxFuture<'static, ()>;

/// The workers that run beside the requests.
pub(crate) const WORKERS: &[Worker] = &[
    |app, stop| Box::pin(mails::run(app, stop)),
    |app, stop| Box::pin(imports::work(app, stop)),
    |app, stop| Box::pin(temporary_ids::work(app, stop)),
    |app, stop| Box::pin(migration::work(app, stop)),
];

/// A piece of housekeeping: its name in the log, and the function.
pub(crate) struct Chore(pub(crate) &'static str, pub(crate) fn(App) -> BoxFuture<'static, anyhow::Result<()>>);

/// The housekeeping of every hour: expired rows are deleted, and figures are taken.
pub(crate) const HOUSEKEEPING: &[Chore] = &[
    Chore("expired rows", |app| {
        Box::pin(async move {
            let tidied = account::tidy(&app).await?;
            tracing::debug!("housekeeping: {tidied:?}");
            Ok(())
        })
    }),
    Chore("expired staff logins", |app| Box::pin(async move { staff::tidy(&app).await })),
    Chore("old temporary passwords", |app| Box::pin(async move { temporary_ids::forget_old(&app).await.map(drop) })),
    Chore("unused files", |app| {
        Box::pin(async move {
            let removed = imports::tidy(&app).await?;
            tracing::debug!("housekeeping: files of {removed} uploads removed");
            Ok(())
        })
    }),
    Chore("expired flags", |app| Box::pin(async move { members::end_over(&app).await.map(drop) })),
    Chore("daily totals", |app| Box::pin(async move { Ok(dashboard::record_daily_totals(&app).await?) })),
    Chore("anchors of account events", |app| Box::pin(async move { account::anchor_events(&app).await })),
    Chore("search keys", |app| {
        Box::pin(async move {
            let members = register::backfill(&app).await?;
            if members > 0 {
                tracing::info!(members, "search keys complete");
            }
            Ok(())
        })
    }),
];
