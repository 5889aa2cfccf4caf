//! The first page: for a stranger the society and the way in, for a member the answer they came for.

mod home;

use crate::core::routes::{Permission::Anybody, Routes};

/// The pages of this feature.
pub fn routes(routes: Routes) -> Routes {
    routes.get("/", Anybody, home::show)
}

/// Says that the process runs.
pub(crate) async fn health() -> &'static str {
    "ok\n"
}
