//! The first page: for a stranger the society and the way in, for a member the answer they came for.

mod home;

use axum::{extract::State, http::StatusCode};
use yui_db::{params, statements};

use crate::{
    app::App,
    router::{Permission::Anybody, Routes},
};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    routes.get("/", Anybody, home::show)
}

statements! {
    ANSWERS = "SELECT COALESCE(MAX(society_id), 0) AS newest FROM societies";
}

#[derive(sqlx::FromRow)]
struct Answers {
    #[expect(dead_code, reason = "that there is an answer is all that is asked")]
    newest: i64,
}

/// Says that the process runs.
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// Says whether the process can serve: the database answers.
pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.db.one::<Answers>(&ANSWERS, params![]).await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!("not ready: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
