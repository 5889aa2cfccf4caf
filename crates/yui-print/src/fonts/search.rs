//! Font files below some folders.

use std::path::{Path, PathBuf};

use super::wanted::WANTED;

/// How deep below a folder is looked; Debian's lie two below `/usr/share/fonts`.
const DEPTH: usize = 4;

/// Files that may hold a wanted face, folder by folder in the order given, by name within one.
///
/// A folder that cannot be read counts as empty.
pub(super) fn font_files(dirs: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for dir in dirs {
        walk(dir, DEPTH, &mut files);
    }
    files
}

fn walk(dir: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if depth > 0 {
                walk(&path, depth - 1, files);
            }
        } else if WANTED.iter().any(|wanted| wanted.is_named(&path)) {
            files.push(path);
        }
    }
}
