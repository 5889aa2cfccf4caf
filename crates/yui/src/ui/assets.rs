//! Style sheets and scripts, embedded, named by their content so that browsers may keep them for ever.

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use crate::{app::App, error::AppError};

#[cfg(test)]
mod contrast;

const STYLES: &[&str] = &[
    include_str!("tokens.css"),
    include_str!("layout.css"),
    include_str!("widgets/amount/amount.css"),
    include_str!("widgets/button/button.css"),
    include_str!("widgets/card/card.css"),
    include_str!("widgets/chart/chart.css"),
    include_str!("widgets/console/console.css"),
    include_str!("widgets/details/details.css"),
    include_str!("widgets/entry/entry.css"),
    include_str!("widgets/error_summary/error_summary.css"),
    include_str!("widgets/field/field.css"),
    include_str!("widgets/notice/notice.css"),
    include_str!("widgets/pagination/pagination.css"),
    include_str!("widgets/progress/progress.css"),
    include_str!("widgets/split/split.css"),
    include_str!("widgets/table/table.css"),
    include_str!("print.css"),
];

const SCRIPTS: &[&str] = &[
    include_str!("widgets/error_summary/error_summary.js"),
    include_str!("widgets/field/reveal.js"),
    include_str!("widgets/field/strength.js"),
    include_str!("widgets/field/upload.js"),
    include_str!("widgets/once/once.js"),
    include_str!("widgets/passkey/passkey.js"),
    include_str!("widgets/progress/progress.js"),
    include_str!("widgets/wait/wait.js"),
];

const MARK: &str = include_str!("mark.svg");

/// What pages refer to.
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
