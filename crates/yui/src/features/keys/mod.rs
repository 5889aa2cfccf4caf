//! The keys that seal secrets at rest: which are needed, and resealing with the newest.

mod columns;
mod in_use;
mod logins;
mod rotate;

pub use columns::sealed_columns;
pub use in_use::{Fits, InUse, in_use};
pub use rotate::{Rotated, rotate};

use crate::core::{app::App, audit::acts, scope::SystemScope};

acts! {
    /// The society's sealed values were resealed with the newest key.
    KEYS_ROTATED = "keys.rotated" / "暗号化の鍵を更新";
}

/// Logs the keys that do not fit the sealed values.
///
/// # Errors
/// Where the database does not answer.
pub async fn warn(app: &App) -> anyhow::Result<()> {
    for of in in_use(app, &SystemScope::of_all(app, "keys").await?).await? {
        if let Some(words) = of.trouble() {
            tracing::warn!("YUI_KEYS: {words}");
        }
    }
    Ok(())
}

impl InUse {
    /// Returns the trouble with the key, in words, if there is any.
    pub fn trouble(&self) -> Option<String> {
        let Self { key, values, fits } = self;
        match fits {
            Fits::Opens => None,
            _ if key.is_empty() => {
                Some(format!("{values} values are not sealed as they should be: they were tampered with"))
            }
            Fits::NotGiven => Some(format!("the key {key:?} is not given, and {values} values are sealed with it")),
            Fits::OpensNothing => Some(format!(
                "the key {key:?} is another than the one of this name with which {values} values were sealed: none of those \
                 that were tried can be opened"
            )),
        }
    }
}
