//! `cargo xtask check-sql`: every SQL text on both databases.

use anyhow::Result;

use crate::postgres::Cluster;
use crate::setup::{self, For};
use crate::steps::Steps;
use crate::workspace::cargo;

/// Runs the tests of `yui` named `check_sql` with a PostgreSQL of their own.
///
/// # Errors
/// If a test fails.
pub(crate) fn run() -> Result<()> {
    setup::run(For::Test)?;
    let cluster = Cluster::start()?;
    let mut steps = Steps::default();
    let mut tests = cargo(&["test", "--package", "yui", "--test", "portal", "check_sql"]);
    steps.run("check-sql", tests.env("YUI_TEST_POSTGRES", cluster.url()));
    steps.finish()
}
