//! Style sheets and scripts, embedded, named by their content so that browsers may keep them for ever.

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use crate::core::{app::App, error::AppError};

#[cfg(test)]
mod contrast;

// STYLES and SCRIPTS: all that lies in this folder, in order (build.rs).
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const MARK: &str = include_str!("mark.svg");

/// The style sheet, the script and the icon that pages refer to, with their paths.
#[derive(Debug)]
pub struct Assets {
    style: String,
    script: String,
    /// The path of the style sheet.
    pub style_path: String,
    /// The path of the script.
    pub script_path: String,
    /// The path of the icon.
    pub icon_path: String,
}

impl Assets {
    /// Returns the assets of this program.
    pub fn gather() -> Self {
        // Each script has its own names.
        let scripts = SCRIPTS.iter().map(|script| format!("{{\n{script}}}\n"));
        let (style, script) = (STYLES.concat(), scripts.collect::<String>());
        let named = |text: &str, ending: &str| {
            let digest = Sha256::digest(text);
            let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("/assets/{hex}.{ending}")
        };
        Self {
            style_path: named(&style, "css"),
            script_path: named(&script, "js"),
            icon_path: named(MARK, "svg"),
            style,
            script,
        }
    }
}

/// Serves one asset.
pub(crate) async fn show(State(app): State<App>, Path(name): Path<String>) -> Result<Response, AppError> {
    let path = format!("/assets/{name}");
    let (kind, text) = if path == app.assets.style_path {
        ("text/css; charset=utf-8", app.assets.style.clone())
    } else if path == app.assets.script_path {
        ("text/javascript; charset=utf-8", app.assets.script.clone())
    } else if path == app.assets.icon_path {
        ("image/svg+xml", MARK.to_owned())
    } else {
        return Err(AppError::NotFound);
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, text).into_response())
}
