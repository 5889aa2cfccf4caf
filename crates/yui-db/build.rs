//! Embeds the migrations: `migrations/ENGINE/NNNN_description.sql`.

use std::{error::Error, fmt::Write as _, fs, path::Path};

#[expect(clippy::disallowed_methods, reason = "Cargo tells where to write")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=migrations");
    let root = env!("CARGO_MANIFEST_DIR");
    let mut code = String::new();
    for engine in ["sqlite", "postgres"] {
        let folder = Path::new(root).join("migrations").join(engine);
        let mut names = fs::read_dir(&folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.by_ref().collect::<Result<Vec<_>, std::io::Error>>()?;
        names.sort();
        writeln!(code, "pub(crate) static {}: &[Migration] = &[", engine.to_uppercase())?;
        for name in names {
            let (version, description) =
                name.strip_suffix(".sql").and_then(|name| name.split_once('_')).ok_or("NNNN_description.sql")?;
            let (version, description) = (version.parse::<i64>()?, description.replace('_', " "));
            let sql = folder.join(&name);
            writeln!(
                code,
                "Migration {{ version: {version}, description: {description:?}, sql: include_str!({sql:?}) }},"
            )?;
        }
        writeln!(code, "];")?;
    }
    fs::write(Path::new(&std::env::var("OUT_DIR")?).join("migrations.rs"), code)?;
    Ok(())
}
