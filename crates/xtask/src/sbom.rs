//! `cargo xtask sbom`: what `yui` is made of, as CycloneDX JSON.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::workspace::{cargo, output, root, target};

/// Writes `yui.cdx.json` beside what is built: every crate that `yui` uses, build scripts and tests apart, with its licence, source and checksum, and what uses
/// what. The same lock file gives the same bytes.
///
/// # Errors
/// If cargo cannot tell what there is, or the file cannot be written.
pub(crate) fn run() -> Result<()> {
    let host = output("rustc", &["--print", "host-tuple"]).context("rustc does not say what it builds for")?;
    let host = format!("--filter-platform={host}");
    let told = cargo(&["metadata", "--format-version=1", "--locked", &host]).output().context("cargo metadata")?;
    if !told.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&told.stderr));
    }
    let metadata: Value = serde_json::from_slice(&told.stdout)?;
    let lock = std::fs::read_to_string(root().join("Cargo.lock"))?;
    let bom = bom(&metadata, &checksums(&lock)).context("cargo metadata says something else than it used to")?;
    let count = bom["components"].as_array().map_or(0, Vec::len);
    let path = target().join("yui.cdx.json");
    std::fs::write(&path, serde_json::to_string_pretty(&bom)? + "\n")?;
    println!("{count} components: {}", path.display());
    Ok(())
}

/// Returns the checksum of each locked crate, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let value = |package: &str, name: &str| {
        package
            .lines()
            .find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(" = \"")?.strip_suffix('"')?.to_owned()))
    };
    let packages = lock.split("[[package]]");
    packages
        .filter_map(|package| {
            Some(((value(package, "name")?, value(package, "version")?), value(package, "checksum")?))
        })
        .collect()
}

fn bom(metadata: &Value, checksums: &BTreeMap<(String, String), String>) -> Option<Value> {
    let packages: BTreeMap<&str, &Value> = metadata["packages"]
        .as_array()?
        .iter()
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .collect();
    let nodes: BTreeMap<&str, &Value> =
        metadata["resolve"]["nodes"].as_array()?.iter().filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let (root, program) = packages.iter().find(|(_, package)| package["name"] == "yui")?;
    let linked = |id: &str| -> Option<Vec<&str>> {
        let is_linked = |of: &&Value| {
            of["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
        };
        Some(nodes.get(id)?["deps"].as_array()?.iter().filter(is_linked).filter_map(|of| of["pkg"].as_str()).collect())
    };
    let (mut found, mut next) = (BTreeSet::from([*root]), vec![*root]);
    while let Some(id) = next.pop() {
        next.extend(linked(id)?.into_iter().filter(|id| found.insert(id)));
    }
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for id in &found {
        let mut uses = linked(id)?.into_iter().map(|id| purl(packages.get(id)?)).collect::<Option<Vec<_>>>()?;
        uses.sort();
        dependencies.push(json!({ "ref": purl(packages.get(id)?)?, "dependsOn": uses }));
        if id != root {
            components.push(component(packages.get(id)?, "library", checksums)?);
        }
    }
    Some(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component(program, "application", checksums)? },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn purl(package: &Value) -> Option<String> {
    Some(format!("pkg:cargo/{}@{}", package["name"].as_str()?, package["version"].as_str()?))
}

fn component(package: &Value, kind: &str, checksums: &BTreeMap<(String, String), String>) -> Option<Value> {
    let (name, version) = (package["name"].as_str()?, package["version"].as_str()?);
    let mut component =
        json!({ "type": kind, "bom-ref": purl(package)?, "name": name, "version": version, "purl": purl(package)? });
    if let Some(licence) = package["license"].as_str() {
        // Cargo once took a slash for "or".
        component["licenses"] = json!([{ "expression": licence.replace('/', " OR ").replace("  OR  ", " OR ") }]);
    }
    if let Some(checksum) = checksums.get(&(name.to_owned(), version.to_owned())) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(address) = package["repository"].as_str() {
        component["externalReferences"] = json!([{ "type": "vcs", "url": address }]);
    }
    Some(component)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_is_listed_and_what_builds_or_tests_is_not() {
        let package = |name: &str| json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0" });
        let uses = |name: &str, kind: Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let packages = ["yui", "a", "b", "build", "dev"].map(package);
        let metadata = json!({
            "packages": packages,
            "resolve": { "nodes": [
                { "id": "yui", "deps": [uses("a", Value::Null), uses("build", "build".into()), uses("dev", "dev".into())] },
                { "id": "a", "deps": [uses("b", Value::Null)] },
                { "id": "b", "deps": [] }, { "id": "build", "deps": [] }, { "id": "dev", "deps": [] },
            ] },
        });
        let lock = "[[package]]\nname = \"b\"\nversion = \"1.0.0\"\nchecksum = \"abc\"\n";
        let bom = bom(&metadata, &checksums(lock)).expect("a list");
        let names: Vec<_> = bom["components"].as_array().expect("components").iter().map(|one| &one["name"]).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(bom["metadata"]["component"]["purl"], "pkg:cargo/yui@1.0.0");
        assert_eq!(bom["components"][1]["hashes"][0]["content"], "abc");
        assert_eq!(bom["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(bom["dependencies"][0], json!({ "ref": "pkg:cargo/a@1.0.0", "dependsOn": ["pkg:cargo/b@1.0.0"] }));
    }
}
