//! Which faces are wanted, and what their files are called.

use std::path::Path;

/// One face that must be on the machine.
pub(super) struct Wanted {
    /// The family as templates name it.
    pub(super) family: &'static str,
    /// The families that will do, as the font file itself says.
    pub(super) families: &'static [&'static str],
    /// 400 or 700.
    pub(super) weight: u16,
    /// The Debian package that brings it.
    pub(super) package: &'static str,
    files: &'static [&'static str],
}

impl Wanted {
    /// Family and weight, e.g. `BIZ UDPGothic Bold`.
    pub(super) fn full_name(&self) -> String {
        format!("{} {}", self.family, if self.weight == 700 { "Bold" } else { "Regular" })
    }

    /// Whether a file of this name may hold the face.
    pub(super) fn is_named(&self, file: &Path) -> bool {
        file.file_name().is_some_and(|name| self.files.iter().any(|wanted| name == *wanted))
    }
}

/// The faces in the order of [`super::Fonts`].
pub(super) const WANTED: &[Wanted] = &[
    Wanted {
        family: "BIZ UDPGothic",
        families: &["BIZ UDPGothic"],
        weight: 400,
        package: "fonts-morisawa-bizud-gothic",
        files: &["BIZUDPGothic-Regular.ttf"],
    },
    Wanted {
        family: "BIZ UDPGothic",
        families: &["BIZ UDPGothic"],
        weight: 700,
        package: "fonts-morisawa-bizud-gothic",
        files: &["BIZUDPGothic-Bold.ttf"],
    },
    Wanted {
        family: "Noto Sans JP",
        families: &["Noto Sans CJK JP", "Noto Sans JP"],
        weight: 400,
        package: "fonts-noto-cjk",
        files: &[
            "NotoSansCJK-Regular.ttc",
            "NotoSansCJKjp-Regular.otf",
            "NotoSansJP-Regular.otf",
            "NotoSansJP-Regular.ttf",
        ],
    },
    Wanted {
        family: "Noto Sans JP",
        families: &["Noto Sans CJK JP", "Noto Sans JP"],
        weight: 700,
        package: "fonts-noto-cjk",
        files: &["NotoSansCJK-Bold.ttc", "NotoSansCJKjp-Bold.otf", "NotoSansJP-Bold.otf", "NotoSansJP-Bold.ttf"],
    },
    // The same design with digits of one width, for columns of amounts.
    Wanted {
        family: "BIZ UDGothic",
        families: &["BIZ UDGothic"],
        weight: 400,
        package: "fonts-morisawa-bizud-gothic",
        files: &["BIZUDGothic-Regular.ttf"],
    },
    Wanted {
        family: "BIZ UDGothic",
        families: &["BIZ UDGothic"],
        weight: 700,
        package: "fonts-morisawa-bizud-gothic",
        files: &["BIZUDGothic-Bold.ttf"],
    },
];
