//! The setup of the machine: its requirements are looked for first, and installed only if missing.

mod apt;
mod node;

use anyhow::Result;

use crate::postgres::server_programs;
use crate::workspace::{output, setting};

/// The purpose of the setup.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Building and trying Yui.
    Demo,
    /// The tests that need neither PostgreSQL nor a browser.
    FastTest,
    /// All tests.
    Test,
    /// Measuring Yui beside the programs that it is compared with.
    Bench,
}

/// A C compiler for SQLite, and the fonts of the PDF documents.
const DEMO: &[&str] = &["fonts-morisawa-bizud-gothic", "fonts-noto-cjk", "gcc", "libc6-dev"];

/// The peers that the tests hold Yui's work against.
const PEERS: &[&str] = &["openssl", "poppler-utils", "qpdf", "sqlite3", "xmlsec1"];

/// The other engine, and the browser of the journeys.
const SERVER_AND_BROWSER: &[&str] = &["chromium-headless-shell", "nodejs", "npm", "postgresql"];

/// The benches' tools, and what WeasyPrint stands on.
const BENCH: &[&str] = &[
    "libharfbuzz-subset0",
    "libpango-1.0-0",
    "libpangoft2-1.0-0",
    "postgresql",
    "python3",
    "python3-venv",
    "sqlite3",
    "time",
    "util-linux",
    "wrk",
];

/// Installs what is missing; says nothing if nothing is.
///
/// # Errors
/// If something is missing and cannot be installed from here: the message is the command to run.
pub(crate) fn run(purpose: For) -> Result<()> {
    let more = match purpose {
        For::Demo => Vec::new(),
        For::FastTest => PEERS.to_vec(),
        For::Test => [PEERS, SERVER_AND_BROWSER].concat(),
        For::Bench => BENCH.to_vec(),
    };
    apt::install(&[DEMO, &more].concat(), is_there_otherwise)?;
    if purpose == For::Test { node::install_packages() } else { Ok(()) }
}

/// Whether a tool is there without its Debian package.
fn is_there_otherwise(package: &str) -> bool {
    match package {
        "postgresql" => server_programs().is_some(),
        "nodejs" => output("node", &["--version"]).is_some_and(|version| node::is_new_enough(&version)),
        "npm" => output("npm", &["--version"]).is_some(),
        // Any Chromium will do, if the journeys are told which.
        "chromium-headless-shell" => setting("CHROMIUM").is_some(),
        _ => false,
    }
}
