//! The field's words: docs/glossary.md lists them, and these tests keep retired ones out.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::structure::sources;

/// Identifiers that docs/glossary.md replaces.
const RETIRED: &[&str] = &[
    "UnderWay",
    "HalfWay",
    "under_way",
    "half_way",
    "Standing",
    "Proofs",
    "stepped",
    "onward",
    "Whither",
    "Typed",
    "Asked",
    "Wanted",
    "Happened",
    "happened",
    "take_all",
    "give_back",
    "purses",
    "proving",
    "LookedFor",
    "Bell",
    "Carrier",
    "TAKEN_FOR",
    "SIGN_EACH",
    "EACH",
    "LOOK",
    "Shell",
    "shell",
    "Visitor",
    "visitor",
    "at_the_door",
    "bind_events",
    "Said",
    "anew_in",
    "Piece",
    "Figures",
];

/// Phrases that no comment, test name, message or document has.
const RIDDLES: &[&str] = &["whoever", "sign of life", "signs of life", "can not", "purse"];

fn rust_files(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    folders.iter().for_each(|folder| sources(Path::new(folder), &mut paths));
    let text = |path: PathBuf| (path.clone(), std::fs::read_to_string(path).unwrap());
    let own = |path: &PathBuf| !path.ends_with("vocabulary.rs") && !path.ends_with("guide.rs");
    paths.into_iter().filter(own).map(text).collect()
}

/// Returns the line without its comment.
fn code_of(line: &str) -> &str {
    match line.find("//") {
        Some(at) if line[..at].matches('"').count().is_multiple_of(2) => &line[..at],
        _ => line,
    }
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

#[test]
fn retired_words_do_not_come_back() {
    let mut found = Vec::new();
    for (path, text) in rust_files(&["src", "tests"]) {
        for (number, line) in text.lines().enumerate() {
            let code = code_of(line);
            // What stands in quotes is data.
            let code: String = code.split('"').step_by(2).collect::<Vec<_>>().join(" ");
            let retired = words(&code).filter(|word| RETIRED.contains(word)).map(str::to_owned);
            found.extend(retired.map(|word| format!("{}:{}: {word}", path.display(), number + 1)));
        }
    }
    assert!(found.is_empty(), "docs/glossary.md says what is used instead:\n{}", found.join("\n"));
}

#[test]
fn comments_and_documents_are_in_plain_words() {
    let mut texts = rust_files(&["src", "tests"]);
    for folder in ["../../docs", "../../docs/decisions"] {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let documents = entries.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
        let lists_them = |path: &PathBuf| path.ends_with("glossary.md");
        texts.extend(documents.filter(|path| !lists_them(path)).map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path, text)
        }));
    }
    let mut found = Vec::new();
    for (path, text) in texts {
        for (number, line) in text.lines().enumerate() {
            let line = line.to_lowercase();
            let riddles = RIDDLES.iter().filter(|riddle| line.contains(**riddle));
            found.extend(riddles.map(|riddle| format!("{}:{}: {riddle}", path.display(), number + 1)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_two_types_have_one_name() {
    let mut defined: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (path, text) in rust_files(&["src"]) {
        // What tests of a module define for themselves is theirs.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in text.lines() {
            let of_trait = line.starts_with(' ') && line.trim_start().starts_with("type ");
            let mut words = words(line).skip_while(|word| matches!(*word, "pub" | "crate" | "super" | "in"));
            if !of_trait && let (Some("struct" | "enum" | "trait" | "type"), Some(name)) = (words.next(), words.next())
            {
                defined.entry(name.to_owned()).or_default().push(path.clone());
            }
        }
    }
    assert!(defined.len() > 500, "the types are found");
    let twice: Vec<_> = defined.into_iter().filter(|(_, paths)| paths.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}
