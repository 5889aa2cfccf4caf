//! The places of the workspace, and the commands to run on them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The root of the checkout: of the one that runs this, where a target folder is shared with another that built it.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let xtask = setting("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").to_owned());
        Path::new(&xtask).ancestors().nth(2).map_or_else(|| xtask.clone().into(), Path::to_owned)
    })
}

/// An environment variable, if it is set to something.
#[expect(clippy::disallowed_methods, reason = "xtask belongs to no application: it is told by its environment")]
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The `yui` that `cargo build` makes.
pub(crate) fn program() -> PathBuf {
    target().join("debug/yui")
}

/// The folder of what is built.
pub(crate) fn target() -> PathBuf {
    setting("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// `cargo` with these arguments, at the root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(setting("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).current_dir(root());
    as_by_hand(&mut cargo);
    cargo
}

/// The variables that cargo sets for xtask: ring's build script looks at them.
const OF_XTASK: &[&str] = &[
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// Gives a building command the environment that it would have by hand: else ring, and all that is built upon it, is
/// built anew whenever somebody builds now with xtask and now without.
pub(crate) fn as_by_hand(command: &mut Command) {
    for name in OF_XTASK {
        command.env_remove(name);
    }
}

/// Returns the output of a program, `None` if it is not there or fails.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
