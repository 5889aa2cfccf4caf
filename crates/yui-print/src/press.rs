//! Template and data in, tagged PDF out.

use jiff::civil::Date;
use typst::diag::{Severity, SourceDiagnostic, SourceResult};
use typst::foundations::{Datetime, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::folio;
use crate::postcards::Misfit;
use crate::world::Desk;
use crate::{FontError, Fonts};

/// Minutes by which Japan is ahead of UTC.
const JAPAN: i32 = 9 * 60;

/// A document, and what is wrong with it.
#[derive(Debug)]
pub struct Printed {
    /// The PDF file: tagged, PDF/A-2a and PDF/UA-1.
    pub pdf: Vec<u8>,
    /// Characters of the data that no font has, each once. In the document 〓 stands for them; for a variation selector
    /// the plain form of the character before it.
    pub missing: Vec<char>,
}

/// Why a document could not be printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// A font file could not be read.
    #[error(transparent)]
    Font(#[from] FontError),
    /// The template or its data is at fault: a bug.
    #[error("the template {template} failed: {reason}")]
    Template {
        /// Which one.
        template: &'static str,
        /// The typesetter's words.
        reason: String,
    },
    /// The file could not be written.
    #[error("the file cannot be written: {0}")]
    Written(#[from] std::io::Error),
    /// A file of postcards was to have none.
    #[error("there are no postcards to print")]
    Empty,
    /// Lines of the society's own have no room on a postcard.
    #[error("{} lines of the society's own do not fit on the postcard", .0.len())]
    Misfits(Vec<Misfit>),
    /// The address of the login page does not fit in a QR code.
    #[error("the address of the login page is too long for a QR code")]
    QrCode,
}

/// A template that has been parsed, and the name its data goes by.
pub(crate) struct Template {
    name: &'static str,
    source: Source,
    data: FileId,
}

impl Template {
    /// The template with this text, which reads its data with `json("data.json")`.
    ///
    /// # Errors
    /// [`PrintError::Template`] if the name is not a path.
    pub(crate) fn new(name: &'static str, text: &str) -> Result<Self, PrintError> {
        let id = |path: &str| match VirtualPath::new(path) {
            Ok(path) => Ok(RootedPath::new(VirtualRoot::Project, path).intern()),
            Err(error) => Err(PrintError::Template { template: name, reason: format!("{error:?}") }),
        };
        Ok(Self { name, source: Source::new(id(name)?, text.to_owned()), data: id("data.json")? })
    }

    /// The PDF of the template with this data, dated `issued` at midnight in Japan.
    ///
    /// # Errors
    /// [`PrintError::Font`] if a font file has gone since start, [`PrintError::Template`] if anything else fails.
    pub(crate) fn print(
        &self,
        fonts: &Fonts,
        issued: Date,
        data: &impl serde::Serialize,
    ) -> Result<Vec<u8>, PrintError> {
        self.compile(fonts, data, |document, json| {
            let options = PdfOptions {
                ident: Smart::Custom(json),
                creator: Smart::Custom(Some("Yui".to_owned())),
                timestamp: timestamp(issued),
                standards: standards(),
                ..PdfOptions::default()
            };
            typst_pdf::pdf(&folio::number(&document), &options)
        })
    }

    /// The pages of the template with this data, to be drawn by somebody else.
    ///
    /// # Errors
    /// As [`Template::print`].
    pub(crate) fn lay_out(&self, fonts: &Fonts, data: &impl serde::Serialize) -> Result<PagedDocument, PrintError> {
        self.compile(fonts, data, |document, _| Ok(document))
    }

    fn compile<T>(
        &self,
        fonts: &Fonts,
        data: &impl serde::Serialize,
        finish: impl FnOnce(PagedDocument, String) -> SourceResult<T>,
    ) -> Result<T, PrintError> {
        let json = serde_json::to_string(data).map_err(|error| self.failed(error.to_string()))?;
        let desk = Desk::new(fonts, &self.source, self.data, json.clone().into_bytes());
        let compiled = typst::compile::<PagedDocument>(&desk);
        let printed = compiled.output.and_then(|document| finish(document, json));
        // No two documents have a line in common: keeping any cached layout costs memory and gains no time (measured).
        typst::comemo::evict(0);
        if let Some(error) = desk.into_font_error() {
            return Err(error.into());
        }
        printed.map_err(|reasons| self.failed(reasons.iter().map(describe).collect::<Vec<_>>().join("; ")))
    }

    fn failed(&self, reason: String) -> PrintError {
        PrintError::Template { template: self.name, reason }
    }
}

fn describe(diagnostic: &SourceDiagnostic) -> String {
    let kind = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
    let hints: Vec<&str> = diagnostic.hints.iter().map(|hint| hint.v.as_str()).collect();
    format!("{kind}: {} {}", diagnostic.message, hints.join(" ")).trim_end().to_owned()
}

fn timestamp(issued: Date) -> Option<Timestamp> {
    let (month, day) = (u8::try_from(issued.month()).ok()?, u8::try_from(issued.day()).ok()?);
    let midnight = Datetime::from_ymd_hms(issued.year().into(), month, day, 0, 0, 0)?;
    Timestamp::new_local(midnight, JAPAN)
}

/// For reading aloud (PDF/UA-1) and for keeping (PDF/A-2a); the exporter refuses a document that breaks either.
fn standards() -> PdfStandards {
    PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1]).unwrap_or_default()
}
