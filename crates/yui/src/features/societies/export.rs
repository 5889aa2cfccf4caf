//! Everything that belongs to a society, as files: a JSON line for each row, a file for each table, and a manifest. The
//! list of tables is read from the database. Sealed values stay sealed. Uploaded files that are still needed lie beside
//! them.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use sha2::{Digest, Sha256};
use yui_db::{Cell, CellKind, SocietyTable};

use crate::core::{app::App, audit, files::Files, scope::SystemScope, society::InSociety};

audit::acts! {
    /// Everything of the society was written into files.
    EXPORTED = "society.exported" / "組合の全データを書き出し";
}

/// The file that lists the others; it is written last, so that a folder with it is complete.
pub const MANIFEST: &str = "manifest.json";

/// The manifest of an export.
#[derive(Debug, Serialize)]
pub struct Manifest {
    /// The program's version.
    pub yui: &'static str,
    /// The society's short name.
    pub society: String,
    /// The instant of the rows.
    pub exported_at: String,
    /// The format of values.
    pub values: &'static str,
    /// The tables, each after the ones it refers to.
    pub tables: Vec<ExportedTable>,
    /// The files that its rows name, as they were a moment later; one that was used up by then is missing.
    pub files: Vec<ExportedFile>,
}

/// A file of an export.
#[derive(Debug, Serialize)]
pub struct ExportedFile {
    /// Its path, as in `files/0f3a…`; its name is that in the rows.
    pub file: String,
    /// Its number of bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// A table of an export.
#[derive(Debug, Serialize)]
pub struct ExportedTable {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Its number of rows.
    pub rows: u64,
    /// The number of bytes of the file.
    pub bytes: u64,
    /// The file's SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its columns: name, and `int`, `text` or `bytes`.
    pub columns: Vec<(String, &'static str)>,
}

const VALUES: &str = "int: a number, true and false are 1 and 0; text: text, a date as 2026-11-20, an instant as \
                      2026-11-20T03:00:00.000000Z; bytes: base64; none: null";

/// Writes everything of the society into a folder, which must be new or empty. One row at a time is in memory; all rows
/// are as of one moment, despite concurrent writes.
///
/// # Errors
/// If the folder is not empty or cannot be written, or if the database does not answer. The files written so far stay,
/// without a manifest.
pub async fn export(app: &App, scope: &SystemScope, folder: &Path) -> anyhow::Result<Manifest> {
    let shown = folder.display();
    if folder.exists() && folder.read_dir().with_context(|| format!("cannot read {shown}"))?.next().is_some() {
        bail!("{shown} is not empty: an export takes a folder of its own");
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(|| format!("cannot make {shown}"))?;
    audit::seen(app, scope, EXPORTED, None, "").await?;
    let tables = app.db.tables().await?.of_societies;
    let mut snapshot = app.db.snapshot().await?;
    let exported_at = app.clock.now().to_string();
    let mut exported = Vec::with_capacity(tables.len());
    for table in &tables {
        let file = format!("{}.jsonl", table.name);
        let mut lines = Lines::open(&folder.join(&file))?;
        snapshot.each_row(table, scope.society_id(), |cells| lines.push(table, &cells)).await?;
        let (rows, bytes, sha256) = lines.end().with_context(|| format!("cannot write {file}"))?;
        let kind = |kind| match kind {
            CellKind::Int => "int",
            CellKind::Text => "text",
            CellKind::Bytes => "bytes",
        };
        let columns = table.columns.iter().map(|column| (column.name.clone(), kind(column.kind))).collect();
        exported.push(ExportedTable { name: table.name.clone(), file, rows, bytes, sha256, columns });
    }
    let (store, of, to) = (app.files.clone(), scope.clone(), folder.join(FILES));
    let files = tokio::task::spawn_blocking(move || files(&store, &of, &to)).await??;
    let manifest = Manifest {
        yui: env!("CARGO_PKG_VERSION"),
        society: scope.society().key.clone(),
        exported_at,
        values: VALUES,
        tables: exported,
        files,
    };
    let mut file = new_file(&folder.join(MANIFEST))?;
    serde_json::to_writer_pretty(&mut file, &manifest)?;
    file.write_all(b"\n").and_then(|()| file.sync_all()).with_context(|| format!("cannot write {MANIFEST}"))?;
    Ok(manifest)
}

/// The folder of the files, beside the tables.
const FILES: &str = "files";

/// Copies the society's files into this folder.
fn files(store: &Files, scope: &SystemScope, folder: &Path) -> anyhow::Result<Vec<ExportedFile>> {
    let mut all = Vec::new();
    let names = store.names(scope).context("cannot read the folder of files")?;
    if !names.is_empty() {
        DirBuilder::new().mode(0o700).create(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    for name in names {
        let Some(mut from) = store.open(scope, &name).with_context(|| format!("cannot read {name}"))? else { continue };
        let (mut to, mut digest, mut bytes, mut piece) =
            (new_file(&folder.join(&name))?, Sha256::new(), 0, [0; 1 << 16]);
        loop {
            let read = from.read(&mut piece).with_context(|| format!("cannot read {name}"))?;
            let Some(piece) = piece.get(..read).filter(|piece| !piece.is_empty()) else { break };
            digest.update(piece);
            bytes += piece.len() as u64;
            to.write_all(piece).with_context(|| format!("cannot write {name}"))?;
        }
        to.sync_all().with_context(|| format!("cannot write {name}"))?;
        all.push(ExportedFile { file: format!("{FILES}/{name}"), bytes, sha256: hex(digest) });
    }
    Ok(all)
}

fn hex(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Creates a file that only the user of this process may read: it holds password hashes and personal data.
fn new_file(path: &Path) -> anyhow::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.with_context(|| format!("cannot make {}", path.display()))
}

/// The lines of one table on their way to its file.
struct Lines {
    out: BufWriter<File>,
    digest: Sha256,
    line: String,
    rows: u64,
    bytes: u64,
}

impl Lines {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let out = BufWriter::new(new_file(path)?);
        Ok(Self { out, digest: Sha256::new(), line: String::new(), rows: 0, bytes: 0 })
    }

    fn push(&mut self, table: &SocietyTable, cells: &[Cell]) -> anyhow::Result<()> {
        self.line.clear();
        for (place, (column, cell)) in table.columns.iter().zip(cells).enumerate() {
            self.line.push_str(if place == 0 { "{" } else { "," });
            self.line.push_str(&serde_json::to_string(&column.name)?);
            self.line.push(':');
            self.line.push_str(&match cell {
                Cell::Null => "null".to_owned(),
                Cell::Int(value) => value.to_string(),
                Cell::Text(value) => serde_json::to_string(value)?,
                Cell::Bytes(value) => serde_json::to_string(&STANDARD.encode(value))?,
            });
        }
        self.line.push_str("}\n");
        self.digest.update(&self.line);
        self.out.write_all(self.line.as_bytes()).with_context(|| format!("cannot write the rows of {}", table.name))?;
        self.rows += 1;
        self.bytes += self.line.len() as u64;
        Ok(())
    }

    fn end(mut self) -> io::Result<(u64, u64, String)> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        Ok((self.rows, self.bytes, hex(self.digest)))
    }
}
