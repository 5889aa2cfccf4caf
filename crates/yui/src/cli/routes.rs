//! `yui routes`.

use clap::Args;

use crate::{core::routes, wiring};

#[derive(Debug, Args)]
pub(super) struct ListLine {
    /// As JSON
    #[arg(long)]
    json: bool,
    /// With the pages that only the demo has
    #[arg(long)]
    demo: bool,
}

impl ListLine {
    #[expect(clippy::unnecessary_wraps, reason = "as the other commands")]
    pub(super) fn run(self) -> anyhow::Result<()> {
        let routes = wiring::route_list(self.demo);
        if self.json {
            let entry = |route: &routes::Route| {
                let (method, permission) = (route.method.as_str(), format!("{:?}", route.permission));
                serde_json::json!({ "method": method, "path": route.path, "permission": permission })
            };
            say!("{}", routes.iter().map(entry).collect::<serde_json::Value>());
            return Ok(());
        }
        for routes::Route { method, path, permission } in routes {
            say!("{:<5} {path:<50} {permission:?}", method.as_str());
        }
        Ok(())
    }
}
