//! Every sentence has its English, and every English sentence is used.

use std::{collections::BTreeSet, path::Path};

/// Returns all sources of the application with their paths, tests left out.
fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().and_then(|ending| ending.to_str()) {
            _ if path.is_dir() => sources(&path, into),
            Some("rs" | "html") => {
                let text = std::fs::read_to_string(&path).unwrap();
                into.push(text.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
            }
            _ => {}
        }
    }
}

fn all_sources() -> Vec<String> {
    let mut all = Vec::new();
    sources(Path::new("src"), &mut all);
    all
}

/// Returns the sentences that stand in `t("…")` and its kin.
fn said(source: &str) -> impl Iterator<Item = String> {
    const CALLS: [&str; 6] = ["t(", "tf(", ".page(", ".page_with_errors(", "lang.t(", "lang.tf("];
    CALLS.iter().flat_map(move |call| {
        source.split(call).skip(1).filter_map(|rest| {
            let (sentence, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
            (!sentence.is_ascii()).then(|| sentence.to_owned())
        })
    })
}

#[test]
fn every_sentence_has_its_english() {
    let sources = all_sources();
    let said: BTreeSet<_> = sources.iter().flat_map(|source| said(source)).collect();
    assert!(said.len() > 100, "the sentences are found");
    let catalog = yui::ui::catalog();
    let missing: Vec<_> = said.iter().filter(|sentence| !catalog.contains_key(*sentence)).collect();
    assert!(missing.is_empty(), "messages/en.po lacks the English of {missing:#?}");
}

#[test]
fn every_english_sentence_is_used_and_keeps_the_values() {
    let sources = all_sources().concat();
    for (japanese, english) in yui::ui::catalog() {
        assert!(!english.is_empty(), "{japanese} has no English");
        assert!(sources.contains(&format!("\"{japanese}\"")), "messages/en.po: nothing says {japanese:?} any more");
        for value in ["{0}", "{1}", "{2}", "{3}"] {
            assert_eq!(japanese.contains(value), english.contains(value), "{value} in {japanese:?}");
        }
    }
}

#[test]
fn an_english_page_has_no_japanese_but_names() {
    let names = [
        "みなと海運健康保険組合",
        "テスト タロウ",
        "テスト ハナコ",
        "サンプルクリニック薬局",
        "サンプルクリニック",
        "日本語",
        "言語",
        "結",
        "　",
    ];
    for sample in yui::ui::samples().into_iter().filter(|sample| !sample.console) {
        let mut html = sample.html(yui::ui::Lang::En).unwrap();
        names.iter().for_each(|name| html = html.replace(name, ""));
        let japanese: String = html.chars().filter(|c| matches!(c, 'ぁ'..='ヿ' | '一'..='鿿')).collect();
        assert_eq!(japanese, "", "{sample:?} in English");
    }
}
