//! The limits that keep the code readable: files stay short. The edges between parts are tested in `xtask`
//! (`imports.rs`).

use std::path::{Path, PathBuf};

pub(crate) fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

/// Returns the sources of the portal. Tests run in the folder of their crate, which may be another than where they were built.
fn crate_sources() -> Vec<PathBuf> {
    let mut all = Vec::new();
    sources(Path::new("src"), &mut all);
    all
}

#[test]
fn files_stay_short() {
    let mut lengths: Vec<_> =
        crate_sources().iter().map(|path| std::fs::read_to_string(path).unwrap().lines().count()).collect();
    lengths.sort_unstable();
    assert!(lengths[lengths.len() / 2] < 130, "the median file has {} lines", lengths[lengths.len() / 2]);
    assert!(lengths.iter().all(|length| *length <= 600), "the longest file has {:?} lines", lengths.last());
}

#[test]
fn the_reference_of_settings_is_the_programs_own() {
    let document = Path::new("../../docs/configuration.md");
    let text = std::fs::read_to_string(document).unwrap();
    assert_eq!(text, yui::core::config::reference(), "yui doctor --settings > docs/configuration.md");
    for key in yui::core::config::KEYS {
        assert!(!key.meaning.is_empty() && !key.example.is_empty(), "{}", key.name);
    }
}
