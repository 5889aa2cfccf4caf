//! The rules that keep the templates readable, and their macros safe to call.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The file that draws the fields.
const FORM: &str = "src/ui/widgets/form.html";

fn templates() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|ending| ending == "html") {
                let text = std::fs::read_to_string(&path).unwrap();
                into.push((path, text));
            }
        }
    }
    let mut all = Vec::new();
    walk(Path::new("src"), &mut all);
    assert!(all.len() > 100, "the templates are found");
    all
}

/// Returns what stands between the brackets at whose inner side the text begins, and what follows them.
fn bracketed(text: &str) -> (&str, &str) {
    let (mut depth, mut quoted) = (1, false);
    let end = text.char_indices().find(|&(_, c)| {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let (end, _) = end.unwrap();
    (&text[..end], &text[end + 1..])
}

/// Returns the arguments between the brackets.
fn arguments(text: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut from, mut all) = (0, false, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                all.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    all.push(text[from..].trim());
    all
}

/// Returns the variables of an expression: names that are no field, function, path or named argument.
fn variables(expression: &str) -> Vec<&str> {
    let unquoted: Vec<_> = expression.split('"').step_by(2).collect();
    let mut found = Vec::new();
    for part in unquoted {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        for (at, _) in part.match_indices(is_name) {
            let begins = !part[..at].ends_with(|c| is_name(c) || c == '.' || c == ':');
            let end = part[at..].find(|c| !is_name(c)).map_or(part.len(), |length| at + length);
            let after = &part[end..];
            let named = after.starts_with('=') && !after.starts_with("==");
            if begins && !named && !after.starts_with('(') && !after.starts_with("::") {
                found.push(&part[at..end]);
            }
        }
    }
    found
}

/// Returns the macros of a file that others import, with the names of their arguments.
fn macros(path: &str) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.split("{% macro ")
        .skip(1)
        .map(|rest| {
            let (name, rest) = rest.split_once('(').unwrap();
            let name_of = |argument: &str| argument.split('=').next().unwrap().to_owned();
            (name.to_owned(), arguments(bracketed(rest).0).into_iter().map(name_of).collect())
        })
        .collect()
}

/// Returns the arguments of a call that are the macro's own, and what it passes on under the same name.
fn own_arguments<'t>(parameters: &[String], inside: &'t str) -> (Vec<&'t str>, Vec<&'t str>) {
    let (mut own, mut passed_on) = (Vec::new(), vec!["page", "form"]);
    let position = |name: &str| parameters.iter().position(|known| known == name);
    for (place, argument) in arguments(inside).into_iter().enumerate() {
        let named = argument.split_once('=').and_then(|(name, value)| Some((position(name)?, value)));
        let (place, value) = named.unwrap_or((place, argument));
        let hidden = |variable: &&str| position(variable).is_some_and(|before| before < place);
        own.extend(variables(value).into_iter().filter(hidden).filter(|variable| !passed_on.contains(variable)));
        if value == parameters[place] {
            passed_on.push(value);
        }
    }
    (own, passed_on)
}

/// Returns the names in a call's block that are the macro's own: those that the block binds itself are its own.
fn own_in_block<'t>(parameters: &[String], passed_on: &[&str], block: &'t str) -> Vec<&'t str> {
    let (mut own, mut bound) = (Vec::new(), Vec::new());
    for code in block.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        let code = code.trim_matches(['%', '{', '-', ' ']);
        if let Some((names, _)) = code.strip_prefix("for ").and_then(|rest| rest.split_once(" in ")) {
            bound.extend(variables(names.trim_matches(['(', ')'])));
        }
        let hidden = |variable: &&str| parameters.iter().any(|known| known == variable);
        let free = |variable: &&str| !passed_on.contains(variable) && !bound.contains(variable);
        own.extend(variables(code).into_iter().filter(hidden).filter(free));
    }
    own
}

/// Askama looks up a bare name in a macro's call among the macro's arguments that come before, and in the call's block
/// among all of them, and only then among the page's values: `f::text_field(page, form, "name", "氏名", value=name)` would
/// show "name". Such a call is refused here.
#[test]
fn no_macro_takes_its_own_argument_for_the_pages() {
    let known = [
        ("f::", macros(FORM)),
        ("a::", macros("src/features/account/fields.html")),
        ("r::", macros("src/features/imports/console/findings.html")),
        ("t::", macros("src/ui/widgets/table/table.html")),
    ];
    let mut calls = 0;
    for (path, text) in templates() {
        for (prefix, macros) in &known {
            if !text.contains(&format!("as {} %}}", &prefix[..1])) {
                continue;
            }
            for (at, _) in text.match_indices(prefix) {
                let Some((name, rest)) = text[at + prefix.len()..].split_once('(') else { continue };
                let Some(parameters) = macros.get(name) else { continue };
                let (inside, after) = bracketed(rest);
                let (own, passed_on) = own_arguments(parameters, inside);
                assert!(own.is_empty(), "{}: {prefix}{name}({inside}) is given its own {own:?}", path.display());
                if text[..at].ends_with("{% call ") {
                    let block = after.split("{% endcall").next().unwrap_or_default();
                    let own = own_in_block(parameters, &passed_on, block);
                    assert!(own.is_empty(), "{}: the block of {prefix}{name} is given its {own:?}", path.display());
                }
                calls += 1;
            }
        }
    }
    assert!(calls > 150, "the calls are found");
}

#[test]
fn a_macros_own_arguments_are_found() {
    let parameters = ["page", "form", "name", "label", "value"].map(str::to_owned);
    assert_eq!(own_arguments(&parameters, r#"page, form, "name", "氏名", value=name"#).0, ["name"]);
    assert_eq!(own_arguments(&parameters, r#"page, form, "name", "氏名", value=&self.name"#).0, [""; 0]);
    assert_eq!(own_arguments(&parameters, "page, form, name, label, value=name").0, [""; 0]);
    assert_eq!(own_in_block(&parameters, &["page"], "{{ page.t(x) }}{{ label }}"), ["label"]);
    assert_eq!(own_in_block(&parameters, &["page"], "{% for label in all %}{{ label }}{% endfor %}"), [""; 0]);
}

#[test]
fn fields_are_drawn_by_the_macros() {
    for (path, text) in templates() {
        if path == Path::new(FORM) {
            continue;
        }
        for by_hand in [r#"class="field""#, r#"class="field{%"#, r#"class="field choices"#, r#"id="{{ id }}-error""#] {
            assert!(!text.contains(by_hand), "{}: {by_hand} stands in {FORM}", path.display());
        }
    }
}

#[test]
fn lines_are_short_enough_to_review() {
    for (path, text) in templates() {
        for (number, line) in text.lines().enumerate() {
            assert!(line.chars().count() <= 120, "{}:{} is too long", path.display(), number + 1);
        }
    }
}
