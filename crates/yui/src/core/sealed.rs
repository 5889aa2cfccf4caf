//! Small secrets, sealed for the row that contains them.

use yui_auth::seal::Context;
use zeroize::Zeroizing;

use crate::core::{app::App, society::InSociety};

/// Where a secret stands: table, column and the row's key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SealContext<'a>(pub(crate) &'static str, pub(crate) &'static str, pub(crate) &'a str);

/// Returns the secret sealed for this place of the society.
pub(crate) fn seal(
    app: &App,
    scope: &impl InSociety,
    SealContext(table, column, row): SealContext<'_>,
    plain: &[u8],
) -> anyhow::Result<Vec<u8>> {
    let society = scope.society_id().to_string();
    let context = Context { society: &society, table, column, row };
    Ok(app.keys()?.seal(&context, app.random.bytes()?, plain)?)
}

/// Returns the secret that was sealed for this place of the society.
pub(crate) fn open(
    app: &App,
    scope: &impl InSociety,
    SealContext(table, column, row): SealContext<'_>,
    sealed: &[u8],
) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let society = scope.society_id().to_string();
    let context = Context { society: &society, table, column, row };
    Ok(app.keys()?.open(&context, sealed)?)
}
