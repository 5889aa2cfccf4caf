//! The rules that keep the style sheets and scripts readable.

use std::path::{Path, PathBuf};

fn files(folder: &Path, ending: &str, into: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, into);
        } else if path.extension().is_some_and(|is| is == ending) {
            let text = std::fs::read_to_string(&path).unwrap();
            into.push((path, text));
        }
    }
}

fn all(ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    files(Path::new("src"), ending, &mut found);
    assert!(found.len() > 5, "the files are found");
    found
}

/// The table of widths stands at the head of `tokens.css`: `phone  max-width: 800px  …`.
fn widths() -> Vec<(String, String)> {
    let text = std::fs::read_to_string("src/ui/tokens.css").unwrap();
    let table = text.split("*/").next().unwrap();
    let rows: Vec<_> = table
        .lines()
        .filter_map(|line| {
            let at = line.find("max-width: ").or_else(|| line.find("min-width: "))?;
            let (width, _) = line[at..].split_once("px")?;
            Some((line[..at].trim().to_owned(), format!("{width}px")))
        })
        .collect();
    assert_eq!(rows.len(), 4, "the table is found");
    rows
}

#[test]
fn a_page_changes_at_named_widths_only() {
    let widths = widths();
    let mut used = 0;
    for (path, text) in all("css") {
        for line in text.lines().filter(|line| line.starts_with("@media") && line.contains("width")) {
            let named = widths.iter().any(|(name, width)| line == format!("@media ({width}) {{ /* {name} */"));
            assert!(named, "{}: {line}", path.display());
            used += 1;
        }
    }
    assert!(used > 10, "the widths are found");
}

#[test]
fn rules_fit_a_line() {
    for (path, text) in all("css").into_iter().chain(all("js")) {
        for (number, line) in text.lines().enumerate() {
            assert!(line.chars().count() <= 120, "{}:{} is too long", path.display(), number + 1);
        }
    }
}

/// Returns the names of the attributes in a text: `data-` and what follows it.
fn attributes(text: &str) -> impl Iterator<Item = String> {
    text.split("data-").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(rest.len());
        format!("data-{}", &rest[..end])
    })
}

#[test]
fn the_attributes_that_scripts_read_are_described() {
    let described = std::fs::read_to_string("src/ui/widgets/README.md").unwrap();
    let rows: String = described.lines().filter(|line| line.starts_with("| `data-")).collect();
    let described: Vec<_> = attributes(&rows).collect();
    let mut used = Vec::new();
    for (path, text) in all("html").into_iter().chain(all("js")).chain(all("css")) {
        for attribute in attributes(&text) {
            assert!(described.contains(&attribute), "{}: README.md does not say what {attribute} is", path.display());
            used.push(attribute);
        }
    }
    for attribute in described {
        assert!(used.contains(&attribute), "README.md: nothing has {attribute}");
    }
}
