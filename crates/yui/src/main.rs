//! `yui`: the member portal of a Japanese health insurance society, as one program.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    yui::cli::run().await
}
