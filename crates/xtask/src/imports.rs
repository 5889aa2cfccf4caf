//! `cargo xtask imports`: the import graph of the application's files. It prints the cycles and the edges; its tests
//! hold that no cycle is large, and that features use each other only as the table in docs/architecture.md says.
//!
//! An import counts for the file that defines what is imported: a re-export of a `mod.rs` is no edge to it. Code of
//! unit tests does not count.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::workspace;

/// A module's path: `["features", "terms", "queries"]`; empty for the crate's root.
type Module = Vec<String>;

/// The edges: the items that a file uses of another one.
type Edges = BTreeMap<Module, BTreeMap<Module, BTreeSet<String>>>;

/// Prints the cycles among the files and the edges.
pub(crate) fn run() -> Result<()> {
    let sources = Sources::read(&folder())?;
    let edges = sources.edges();
    for cycle in cycles(&edges) {
        let names: Vec<_> = cycle.iter().map(|module| module.join("/")).collect();
        println!("cycle of {}: {}", cycle.len(), names.join(", "));
    }
    for (unit, used) in unit_edges(&edges, &template_edges(&folder())?) {
        println!("{unit}:");
        for (other, example) in used {
            println!("    {other}: {example}");
        }
    }
    Ok(())
}

/// Returns the folder of the application's sources.
fn folder() -> PathBuf {
    workspace::root().join("crates/yui/src")
}

/// A path in the code, as in `super::queries::list`, or one leaf of a `use`.
type CodePath = Vec<String>;

/// One leaf of a `use`.
#[derive(Debug)]
struct Import {
    path: CodePath,
    name: String,
    is_public: bool,
}

/// The declarations and uses of a file.
#[derive(Debug, Default)]
struct Source {
    defines: HashSet<String>,
    imports: Vec<Import>,
    paths: Vec<CodePath>,
    /// The number of modules of this file that the tokens stand in.
    inside: usize,
}

/// All files by their modules.
#[derive(Debug, Default)]
struct Sources(BTreeMap<Module, Source>);

/// The target of a path: the module that defines it, and the rest (an item, its variant); no rest for a module.
struct Target {
    module: Module,
    rest: Vec<String>,
}

impl Sources {
    fn read(folder: &Path) -> Result<Self> {
        let mut all = Self::default();
        for path in files(folder, "rs")? {
            let text = std::fs::read_to_string(&path)?;
            let inside = path.strip_prefix(folder)?.with_extension("");
            let mut module: Module = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            match module.last().map(String::as_str) {
                Some("main") => continue,
                Some("mod" | "lib") => drop(module.pop()),
                _ => {}
            }
            let tokens = text.parse().map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
            let mut source = Source::default();
            source.take(tokens, false);
            all.0.insert(module, source);
        }
        Ok(all)
    }

    fn edges(&self) -> Edges {
        let mut edges = Edges::new();
        for (module, source) in &self.0 {
            let mut add = |target: Target| {
                let Some(item) = target.rest.first() else { return };
                if target.module != *module {
                    let used = edges.entry(module.clone()).or_default();
                    used.entry(target.module).or_default().insert(item.clone());
                }
            };
            let mut modules = HashMap::new();
            for import in &source.imports {
                let Some(target) = self.follow(module, &import.path) else { continue };
                let passes_on =
                    import.is_public && target.module.len() > module.len() && target.module.starts_with(module);
                if target.rest.is_empty() {
                    modules.insert(import.name.as_str(), target.module);
                } else if !passes_on {
                    add(target);
                }
            }
            for path in &source.paths {
                let first = path.first().map_or("", String::as_str);
                let target = match modules.get(first) {
                    Some(module) => self.resolve(&[module.as_slice(), path.get(1..).unwrap_or_default()].concat()),
                    None => self.follow(module, path),
                };
                target.into_iter().for_each(&mut add);
            }
        }
        edges
    }

    /// Returns the target of a path from this module; none if that is in another crate.
    fn follow(&self, module: &[String], path: &[String]) -> Option<Target> {
        self.resolve(&self.absolute(module, path)?)
    }

    fn absolute(&self, module: &[String], path: &[String]) -> Option<CodePath> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([module, rest].concat()),
            "super" => {
                let (_, parent) = module.split_last()?;
                match rest.first().map(String::as_str) {
                    Some("super") => self.absolute(parent, rest),
                    _ => Some([parent, rest].concat()),
                }
            }
            _ => {
                let whole = [module, path].concat();
                self.0.contains_key(whole.get(..=module.len())?).then_some(whole)
            }
        }
    }

    fn resolve(&self, path: &[String]) -> Option<Target> {
        self.resolve_unseen(path, &mut HashSet::new())
    }

    fn resolve_unseen(&self, path: &[String], seen: &mut HashSet<CodePath>) -> Option<Target> {
        let mut at = 0;
        while at < path.len() && path.get(..=at).is_some_and(|module| self.0.contains_key(module)) {
            at += 1;
        }
        let (module, rest) = path.split_at(at);
        let source = self.0.get(module)?;
        let target = Target { module: module.to_vec(), rest: rest.to_vec() };
        let Some((name, after)) = rest.split_first() else { return Some(target) };
        if source.defines.contains(name) || !seen.insert(path.to_vec()) {
            return Some(target);
        }
        if let Some(import) = source.imports.iter().find(|import| import.name == *name) {
            let passed = self.absolute(module, &import.path)?;
            return self.resolve_unseen(&[passed.as_slice(), after].concat(), seen);
        }
        for import in source.imports.iter().filter(|import| import.name == "*") {
            let Some(mut passed) = self.absolute(module, &import.path) else { continue };
            passed.pop();
            passed.extend_from_slice(rest);
            let found = self.resolve_unseen(&passed, seen);
            let defines =
                |found: &Target| self.0.get(&found.module).is_some_and(|source| source.defines.contains(name));
            if let Some(found) = found.filter(defines) {
                return Some(found);
            }
        }
        Some(target)
    }
}

/// The words before the name of what is declared.
const DECLARE: [&str; 8] = ["struct", "enum", "trait", "fn", "const", "static", "type", "union"];

/// The macros that declare what stands in them as `NAME = …`.
const DECLARING: [&str; 3] = ["statements", "acts", "named"];

impl Source {
    /// Takes the declarations and uses of these tokens; `declares` inside a macro that declares by `NAME = …`.
    fn take(&mut self, tokens: TokenStream, declares: bool) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Group(group) => self.take(group.stream(), false),
                TokenTree::Punct(punct) if punct.as_char() == '#' && is_for_tests(tokens.get(at + 1)) => {
                    at = end_of_item(&tokens, at + 2);
                    continue;
                }
                TokenTree::Ident(word) => {
                    let word = word.to_string();
                    let next = tokens.get(at + 1);
                    if word == "use" && !matches!(next, Some(TokenTree::Punct(mark)) if mark.as_char() == '<') {
                        let end = end_of_use(&tokens, at);
                        let is_public = at > 0 && is_visibility(&tokens, at - 1);
                        self.take_use(tokens.get(at + 1..end).unwrap_or_default(), &[], is_public);
                        at = end;
                        continue;
                    }
                    if DECLARE.contains(&word.as_str())
                        && let Some(TokenTree::Ident(name)) = next
                    {
                        self.defines.insert(name.to_string());
                    }
                    if word == "mod"
                        && let (Some(TokenTree::Ident(_)), Some(TokenTree::Group(group))) = (next, tokens.get(at + 2))
                    {
                        self.inside += 1;
                        self.take(group.stream(), false);
                        self.inside -= 1;
                        at += 3;
                        continue;
                    }
                    if word == "macro_rules"
                        && let Some(TokenTree::Ident(name)) = tokens.get(at + 2)
                    {
                        self.defines.insert(name.to_string());
                    }
                    if declares && matches!(next, Some(TokenTree::Punct(mark)) if mark.as_char() == '=') {
                        self.defines.insert(word.clone());
                    }
                    let (path, after) = path_at(&tokens, at);
                    let called = path.last().is_some_and(|name| DECLARING.contains(&name.as_str()));
                    if path.len() > 1 {
                        let path = self.of_file(path);
                        self.paths.push(path);
                    }
                    if called
                        && let (Some(TokenTree::Punct(_)), Some(TokenTree::Group(group))) =
                            (tokens.get(after), tokens.get(after + 1))
                    {
                        self.take(group.stream(), true);
                        at = after + 2;
                        continue;
                    }
                    at = after;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Takes the leaves of a `use`: what stands behind `prefix`.
    fn take_use(&mut self, tokens: &[TokenTree], prefix: &[String], is_public: bool) {
        let mut path = prefix.to_vec();
        let mut name = None;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    name = tokens.get(at + 1).map(ToString::to_string);
                    at += 1;
                }
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(mark) if mark.as_char() == '*' => path.push("*".into()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                TokenTree::Group(group) => {
                    let inside: Vec<_> = group.stream().into_iter().collect();
                    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
                    for leaf in inside.split(is_comma).filter(|leaf| !leaf.is_empty()) {
                        self.take_use(leaf, &path, is_public);
                    }
                    return;
                }
            }
            at += 1;
        }
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let Some(last) = path.last() else { return };
        let name = name.unwrap_or_else(|| last.clone());
        let path = self.of_file(path);
        self.imports.push(Import { path, name, is_public });
    }
}

impl Source {
    /// Returns a path as the file's own module would write it: in a module inside the file, `super` is the file.
    fn of_file(&self, mut path: CodePath) -> CodePath {
        for _ in 0..self.inside {
            match path.first().map(String::as_str) {
                Some("super") => drop(path.remove(0)),
                _ => return path,
            }
        }
        if self.inside > 0 && path.first().is_some_and(|first| first != "super") {
            path.insert(0, "self".into());
        }
        path
    }
}

/// Returns the path that begins at this word, and where the tokens go on behind it.
fn path_at(tokens: &[TokenTree], mut at: usize) -> (CodePath, usize) {
    let mut path = Vec::new();
    while let Some(TokenTree::Ident(word)) = tokens.get(at) {
        path.push(word.to_string());
        let is_colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
        at += 1;
        if !(is_colon(at) && is_colon(at + 1) && matches!(tokens.get(at + 2), Some(TokenTree::Ident(_)))) {
            break;
        }
        at += 2;
    }
    (path, at)
}

/// Returns whether this is the `[cfg(test)]` of an attribute.
fn is_for_tests(attribute: Option<&TokenTree>) -> bool {
    matches!(attribute, Some(TokenTree::Group(group))
        if group.delimiter() == Delimiter::Bracket && group.stream().to_string().replace(' ', "") == "cfg(test)")
}

/// Returns where the item that begins here is over: behind its braces or its semicolon.
fn end_of_item(tokens: &[TokenTree], from: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(mark) => mark.as_char() == ';',
        _ => false,
    };
    tokens.iter().skip(from).position(ends).map_or(tokens.len(), |length| from + length + 1)
}

fn end_of_use(tokens: &[TokenTree], from: usize) -> usize {
    let ends = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';');
    tokens.iter().skip(from).position(ends).map_or(tokens.len(), |length| from + length)
}

/// Returns whether `pub` or `pub(…)` ends at this token.
fn is_visibility(tokens: &[TokenTree], at: usize) -> bool {
    let is_pub = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Ident(word)) if word == "pub");
    match tokens.get(at) {
        Some(TokenTree::Group(_)) => at > 0 && is_pub(tokens.get(at - 1)),
        token => is_pub(token),
    }
}

/// Returns the groups of files that use each other in a circle, the largest first.
fn cycles(edges: &Edges) -> Vec<Vec<Module>> {
    let mut search = Search { edges, index: HashMap::new(), open: Vec::new(), found: Vec::new() };
    for module in edges.keys() {
        if !search.index.contains_key(module) {
            search.visit(module);
        }
    }
    let mut found = search.found;
    found.sort_by_key(|cycle| std::cmp::Reverse(cycle.len()));
    found
}

/// Tarjan's search for strongly connected components.
struct Search<'e> {
    edges: &'e Edges,
    index: HashMap<&'e Module, usize>,
    open: Vec<&'e Module>,
    found: Vec<Vec<Module>>,
}

impl<'e> Search<'e> {
    fn visit(&mut self, module: &'e Module) -> usize {
        let number = self.index.len();
        self.index.insert(module, number);
        self.open.push(module);
        let mut lowest = number;
        for used in self.edges.get(module).into_iter().flatten().map(|(used, _)| used) {
            if let Some(index) = self.index.get(used).copied() {
                if self.open.contains(&used) {
                    lowest = lowest.min(index);
                }
            } else {
                lowest = lowest.min(self.visit(used));
            }
        }
        if lowest == number {
            let from = self.open.iter().position(|open| *open == module).unwrap_or_default();
            let cycle = self.open.split_off(from);
            if cycle.len() > 1 {
                self.found.push(cycle.into_iter().cloned().collect());
            }
        }
        lowest
    }
}

/// The parts of the application that are no feature and know all of them.
const OUTSIDE: &str = "outside";

/// The part that every feature uses.
const KERNEL: &str = "core";

/// Returns the part of the application that a file is of: a feature, [`KERNEL`] or [`OUTSIDE`].
fn unit(module: &[String]) -> &str {
    match module.first().map(String::as_str) {
        Some("features") => module.get(1).map_or(OUTSIDE, String::as_str),
        Some("core" | "ui") => KERNEL,
        _ => OUTSIDE,
    }
}

/// The edges between parts, each with an example.
type UnitEdges = BTreeMap<String, BTreeMap<String, String>>;

/// Returns the edges between parts, as far as they are restricted: the kernel is for everybody, and parts outside may
/// use all.
fn unit_edges(edges: &Edges, of_templates: &[(Module, Module)]) -> UnitEdges {
    let in_code = edges.iter().flat_map(|(from, used)| used.keys().map(move |to| (from, to)));
    let in_templates = of_templates.iter().map(|(from, to)| (from, to));
    let mut units = UnitEdges::new();
    for (from, to) in in_code.chain(in_templates) {
        let (user, used) = (unit(from), unit(to));
        if user != used && user != OUTSIDE && used != KERNEL {
            let example = format!("{} uses {}", from.join("/"), to.join("/"));
            units.entry(user.to_owned()).or_default().insert(used.to_owned(), example);
        }
    }
    units
}

/// Returns the edges between templates, by their paths.
fn template_edges(folder: &Path) -> Result<Vec<(Module, Module)>> {
    let mut edges = Vec::new();
    for path in files(folder, "html")? {
        let text = std::fs::read_to_string(&path)?;
        let from =
            path.strip_prefix(folder)?.iter().map(|part| part.to_string_lossy().into_owned()).collect::<Module>();
        for word in ["import", "include", "extends"] {
            for rest in text.split(&format!("{{% {word} \"")).skip(1) {
                let (to, _) = rest.split_once('"').context("a template's path ends")?;
                edges.push((from.clone(), to.split('/').map(str::to_owned).collect()));
            }
        }
    }
    Ok(edges)
}

/// Returns the files under a folder whose names end so, in order.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path, ending)?);
        } else if path.extension().is_some_and(|found| found == ending) {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest cycle that may be, in files.
    const LARGEST: usize = 6;

    /// Returns the allowed edges, by the table in docs/architecture.md: `| `deduction` | expenses, societies |`.
    fn allowed() -> BTreeMap<String, BTreeSet<String>> {
        let text = std::fs::read_to_string(workspace::root().join("docs/architecture.md")).unwrap();
        let (_, table) = text.split_once("| Feature | May use |").expect("the table");
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        rows.map(|row| {
            let mut cells = row.trim_matches('|').split('|').map(str::trim);
            let feature = cells.next().unwrap().trim_matches('`').to_owned();
            let used = cells.next().unwrap().split(", ").filter(|name| *name != "–");
            (feature, used.map(|name| name.trim_matches('`').to_owned()).collect())
        })
        .collect()
    }

    #[test]
    fn no_cycle_of_imports_is_large() {
        let edges = Sources::read(&folder()).unwrap().edges();
        assert!(edges.len() > 200, "the files are found");
        let large: Vec<_> = cycles(&edges).into_iter().filter(|cycle| cycle.len() > LARGEST).collect();
        assert!(large.is_empty(), "{large:#?}");
    }

    #[test]
    fn features_use_each_other_as_the_table_says() {
        let edges = Sources::read(&folder()).unwrap().edges();
        let mut used = unit_edges(&edges, &template_edges(&folder()).unwrap());
        assert_eq!(used.remove(KERNEL), None, "the kernel knows no feature");
        let allowed = allowed();
        for (feature, used) in &used {
            for (other, example) in used {
                let may = allowed.get(feature).is_some_and(|allowed| allowed.contains(other));
                assert!(may, "{feature} may not use {other} (docs/architecture.md): {example}");
            }
        }
        for (feature, others) in &allowed {
            for other in others {
                let does = used.get(feature).is_some_and(|used| used.contains_key(other));
                assert!(does, "docs/architecture.md: {feature} does not use {other}");
            }
            assert!(
                folder().join("features").join(feature).exists()
                    || folder().join(format!("features/{feature}.rs")).exists()
            );
        }
    }

    #[test]
    fn the_table_has_no_circle() {
        let allowed = allowed();
        let mut left: BTreeSet<_> = allowed.keys().collect();
        while !left.is_empty() {
            let free: Vec<_> =
                left.iter().copied().filter(|name| allowed[*name].iter().all(|used| !left.contains(used))).collect();
            assert!(!free.is_empty(), "{left:?} use each other in a circle");
            left.retain(|name| !free.contains(name));
        }
    }

    fn sources(files: &[(&str, &str)]) -> Sources {
        let read = |(path, text): &(&str, &str)| {
            let mut source = Source::default();
            source.take(text.parse().unwrap(), false);
            (path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(), source)
        };
        Sources(files.iter().map(read).collect())
    }

    fn told(sources: &Sources) -> Vec<String> {
        let edges = sources.edges();
        let of = |(from, used): (&Module, &BTreeMap<Module, BTreeSet<String>>)| {
            let from = from.join("/");
            used.iter().map(move |(to, items)| format!("{from} → {}: {items:?}", to.join("/"))).collect::<Vec<_>>()
        };
        edges.iter().flat_map(of).collect()
    }

    #[test]
    fn what_is_passed_on_counts_for_the_file_that_defines_it() {
        let sources = sources(&[
            ("", "mod a; mod b;"),
            ("a", "mod inner; pub use inner::{Thing as Other, run};"),
            ("a/inner", "pub struct Thing; fn run() {} use super::super::b;  fn go() { b::LIST; }"),
            ("b", "use crate::a; statements! { LIST = \"SELECT\"; } fn f() -> a::Other { a::run() }"),
        ]);
        assert_eq!(told(&sources), [r#"a/inner → b: {"LIST"}"#, r#"b → a/inner: {"Thing", "run"}"#]);
        assert_eq!(cycles(&sources.edges()).len(), 1);
    }

    #[test]
    fn tests_comments_and_strings_are_no_imports() {
        let sources = sources(&[
            ("", "mod a; mod b;"),
            (
                "a",
                "/// See [`crate::b::F`].\nconst A: &str = \"crate::b::F\"; #[cfg(test)] mod tests { use crate::b::F; }",
            ),
            ("b", "pub const F: u8 = 1; mod own { use super::super::a::A; } macro_rules! m { () => { $crate::a::A } }"),
        ]);
        assert_eq!(told(&sources), [r#"b → a: {"A"}"#]);
    }

    #[test]
    fn the_kernel_is_for_all_and_the_outside_may_all() {
        let module = |path: &str| path.split('/').map(str::to_owned).collect::<Module>();
        assert_eq!(unit(&module("features/terms/queries")), "terms");
        assert_eq!(unit(&module("ui/page")), KERNEL);
        assert_eq!(unit(&module("wiring")), OUTSIDE);
    }
}
