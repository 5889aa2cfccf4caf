//! Taking files in as they come: they go to the folder of files, one after the other in one file. A ZIP is unpacked there.

use std::{fs::File, io};

use axum::extract::multipart::{Field, MultipartError};
use kenpo_formats::archive::ArchiveError;

use crate::{
    core::{
        app::App,
        error::AppError,
        files::{self, IncomingFile, Stored},
        scope::StaffScope,
    },
    features::imports::{
        Kind,
        part::Part,
        parts::{self, Parts},
    },
};

/// Files that came whole.
pub(super) struct Whole {
    /// Their name as one.
    pub(super) name: String,
    pub(super) stored: Stored,
    /// Where each of several lies; none where it is one file.
    pub(super) parts: Vec<Part>,
}

impl Whole {
    fn of(mut stored: Stored, parts: Vec<Part>) -> Self {
        stored.content_hash = parts::content_hash(&parts);
        let name = parts::name(&parts);
        Self { name, stored, parts: if parts.len() > 1 { parts } else { Vec::new() } }
    }
}

/// How the coming of files ended.
pub(super) enum Came {
    Whole(Whole),
    /// None was chosen.
    Not,
    TooLarge,
    /// The files are refused, with the message for staff.
    WrongType(String),
    /// The connection broke off.
    BrokenOff,
    /// Others of the society are coming in.
    Busy,
    /// It could not be written.
    Disk(io::Error),
}

/// Files that are coming in.
pub(super) struct Receiving<'a> {
    app: &'a App,
    staff: &'a StaffScope,
    kind: Option<Kind>,
    incoming: Option<IncomingFile>,
    parts: Parts,
    /// How many files were sent.
    count: usize,
    /// The file that is not taken, and why.
    refused: Option<(String, Came)>,
}

impl<'a> Receiving<'a> {
    /// Begins to take files of this kind in, if it is known.
    pub(super) fn new(app: &'a App, staff: &'a StaffScope, kind: Option<Kind>) -> Self {
        let parts = Parts::new(kind, false);
        Self { app, staff, kind, incoming: None, parts, count: 0, refused: None }
    }

    /// Takes a file in, piece by piece.
    pub(super) async fn take(&mut self, mut part: Field<'_>) -> Result<(), AppError> {
        let Some(sent) = part.file_name().filter(|name| !name.is_empty()) else { return Ok(()) };
        let name = file_name(sent);
        self.count += 1;
        let refused = match self.refused {
            Some(_) => None,
            None => self.pour(&name, &mut part).await?,
        };
        if let Some(refused) = refused {
            self.refuse(name, refused).await;
        }
        if self.refused.is_some() {
            // A browser shows no answer before it has sent everything.
            pass_over(part, self.app.config.files.limit).await;
        }
        Ok(())
    }

    /// Does without what came before the connection broke.
    pub(super) async fn break_off(&mut self) {
        self.refuse(String::new(), Came::BrokenOff).await;
    }

    async fn refuse(&mut self, name: String, why: Came) {
        if let Some(incoming) = self.incoming.take() {
            incoming.give_up().await;
        }
        self.refused.get_or_insert((name, why));
    }

    /// Pours a file into the folder of files; returns why not, where it is refused.
    async fn pour(&mut self, name: &str, part: &mut Field<'_>) -> Result<Option<Came>, AppError> {
        if let Some(kind) = self.kind.filter(|kind| self.count > 1 && !kind.takes_several()) {
            return Ok(Some(Came::WrongType(format!("「{}」のファイルは、1つずつ送ってください。", kind.label()))));
        }
        if self.count > parts::MOST {
            return Ok(Some(Came::WrongType(format!("ファイルが多すぎます。一度に{}個までです。", parts::MOST))));
        }
        if self.incoming.is_none() {
            self.incoming = self.app.files.receive(self.staff, files::name(self.app)?);
        }
        let Some(incoming) = &self.incoming else { return Ok(Some(Came::Busy)) };
        let poured = pieces(incoming, &mut self.parts, self.app.config.files.limit, part).await;
        Ok(match poured {
            Ok(None) => self.parts.end(name.to_owned()).map(Came::WrongType),
            Ok(refused) => refused,
            Err(_) => Some(Came::BrokenOff),
        })
    }

    /// Returns what came, when all is sent.
    pub(super) async fn finish(mut self) -> Result<Came, AppError> {
        if let Some((name, why)) = self.refused {
            return Ok(match why {
                Came::WrongType(words) if self.count > 1 => Came::WrongType(format!("「{name}」: {words}")),
                why => why,
            });
        }
        let Some(incoming) = self.incoming.take() else { return Ok(Came::Not) };
        let is_archive = self.parts.has_archive();
        let together = if is_archive && self.count > 1 {
            Err("ZIPは、ほかのファイルと一緒には送れません。ZIPだけを送るか、展開したファイルを選んでください。"
                .to_owned())
        } else {
            self.parts.finish()
        };
        let parts = match together {
            Ok(parts) => parts,
            Err(words) => {
                incoming.give_up().await;
                return Ok(Came::WrongType(words));
            }
        };
        let stored = match incoming.finish().await {
            Ok(stored) => stored,
            Err(error) => return Ok(Came::Disk(error)),
        };
        match self.kind.filter(|_| is_archive) {
            Some(kind) => {
                let came = unpack(self.app, self.staff, kind, &stored).await;
                self.app.files.remove(self.staff, &stored.name)?;
                came
            }
            None => Ok(Came::Whole(Whole::of(stored, parts))),
        }
    }
}

async fn pieces(
    incoming: &IncomingFile,
    parts: &mut Parts,
    limit: u64,
    part: &mut Field<'_>,
) -> Result<Option<Came>, MultipartError> {
    while let Some(piece) = part.chunk().await? {
        let wrong = parts.take(&piece);
        if parts.bytes() > limit {
            return Ok(Some(Came::TooLarge));
        }
        if wrong.is_some() {
            return Ok(wrong.map(Came::WrongType));
        }
        incoming.push(piece).await;
    }
    Ok(None)
}

/// Unpacks an archive in the folder of files.
async fn unpack(app: &App, staff: &StaffScope, kind: Kind, archive: &Stored) -> Result<Came, AppError> {
    let Some(incoming) = app.files.receive(staff, files::name(app)?) else { return Ok(Came::Busy) };
    let (path, limit) = (app.files.path(staff, &archive.name), app.config.files.limit);
    let out = io::BufWriter::with_capacity(BUFFER, incoming.writer());
    let unpacked = tokio::task::spawn_blocking(move || {
        let archive = File::open(path).map_err(ArchiveError::Io)?;
        parts::unpack(archive, kind, limit, out)
    });
    let refused = match unpacked.await? {
        Ok(parts) => {
            return Ok(match incoming.finish().await {
                Ok(stored) => Came::Whole(Whole::of(stored, parts)),
                Err(error) => Came::Disk(error),
            });
        }
        Err(ArchiveError::Refused(words)) => Came::WrongType(words),
        Err(ArchiveError::TooLarge) => Came::TooLarge,
        Err(ArchiveError::Io(error)) => {
            // Where the disk is full, the file that was being written says so.
            return Ok(match incoming.finish().await {
                Err(why) => Came::Disk(why),
                Ok(stored) => {
                    app.files.remove(staff, &stored.name)?;
                    Came::Disk(error)
                }
            });
        }
    };
    incoming.give_up().await;
    Ok(refused)
}

/// How much of what comes out of an archive is written at once.
const BUFFER: usize = 1 << 18;

/// Lets the rest of a refused file pass by, unless it is far too large even for that.
async fn pass_over(mut part: Field<'_>, limit: u64) {
    let mut passed = 0_u64;
    while let Ok(Some(piece)) = part.chunk().await {
        passed += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if passed > limit.saturating_mul(2) {
            return;
        }
    }
}

/// Returns the name without the folders that some browsers send.
fn file_name(sent: &str) -> String {
    let name = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    if name.is_empty() { "（名前なし）".to_owned() } else { name }
}
