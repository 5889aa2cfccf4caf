//! The search words of staff, sealed for the page's address: names and numbers in an address would stay in the
//! histories of browsers and the logs of proxies (OWASP ASVS 5.0, 14.2.1).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::core::{
    app::App,
    scope::StaffScope,
    sealed::{self, SealContext},
};

/// The query of an address that may carry a sealed query.
#[derive(Default, Deserialize)]
pub(crate) struct SealedQuery {
    #[serde(default)]
    s: String,
}

fn place<'a>(page: &'static str, row: &'a str) -> SealContext<'a> {
    SealContext("looked_for", page, row)
}

/// Returns the address of this page for a search: `/console/members?s=AQ…`. Only this member of staff can use it.
///
/// # Errors
/// Where there are no sealing keys.
pub(crate) fn address(
    app: &App,
    staff: &StaffScope,
    page: &'static str,
    typed: &impl Serialize,
) -> anyhow::Result<String> {
    let row = staff.staff_id.to_string();
    let sealed = sealed::seal(app, staff, place(page, &row), &serde_json::to_vec(typed)?)?;
    Ok(format!("{page}?s={}", URL_SAFE_NO_PAD.encode(sealed)))
}

impl SealedQuery {
    /// Returns whether the address carries no search.
    pub(crate) fn is_nothing(&self) -> bool {
        self.s.is_empty()
    }

    /// Returns the search for this page, or nothing if the address has none or it is not this person's.
    pub(crate) fn typed<T: DeserializeOwned>(&self, app: &App, staff: &StaffScope, page: &'static str) -> Option<T> {
        let row = staff.staff_id.to_string();
        let sealed = URL_SAFE_NO_PAD.decode(&self.s).ok()?;
        let typed = sealed::open(app, staff, place(page, &row), &sealed).ok()?;
        serde_json::from_slice(&typed).ok()
    }
}
