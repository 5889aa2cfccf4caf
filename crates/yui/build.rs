//! Lists the style sheets and scripts below `src/ui` for `ui/assets.rs`: one that is added is served.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The style sheets that come before those of the widgets, and after them.
const FIRST: [&str; 3] = ["tokens.css", "base.css", "layout.css"];
const LAST: [&str; 1] = ["print.css"];

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=src/ui");
    let mut widgets = Vec::new();
    walk(Path::new("src/ui/widgets"), &mut widgets)?;
    widgets.sort();
    let ui = |name| Path::new("src/ui").join(name);
    let ending = |wanted: &'static str| {
        widgets.iter().filter(move |path| path.extension().is_some_and(|is| is == wanted)).cloned()
    };
    let styles = FIRST.into_iter().map(ui).chain(ending("css")).chain(LAST.into_iter().map(ui)).collect::<Vec<_>>();
    let list = constant("STYLES", &styles) + &constant("SCRIPTS", &ending("js").collect::<Vec<_>>());
    let folder = std::env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&folder).join("assets.rs"), list)
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { walk(&path, into)? } else { into.push(path) }
    }
    Ok(())
}

/// Returns the Rust of a list of these files' texts.
fn constant(name: &str, files: &[PathBuf]) -> String {
    let included = files
        .iter()
        .map(|file| format!("    include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{}\")),\n", file.display()));
    format!("const {name}: &[&str] = &[\n{}];\n", included.collect::<String>())
}
