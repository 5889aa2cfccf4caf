//! The kind of a file, told by its first bytes.

/// The kind of a file.
///
/// ```
/// use kenpo_formats::file_kind::FileKind;
///
/// assert_eq!(FileKind::of(b"IR,1,13,1,9900013,,CLINIC,202503,00,\r\n"), FileKind::Claims);
/// assert_eq!(FileKind::of(b"2,1,0,MN,0000000001,\r\n"), FileKind::PayerClaims);
/// assert_eq!(FileKind::of("保険者番号,記号\r\n".as_bytes()), FileKind::Csv);
/// assert_eq!(FileKind::of(b"%PDF-1.7"), FileKind::Document("PDF"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// Nothing, or nothing but line ends and end marks.
    Empty,
    /// Electronic claims as institutions send them (UKE).
    Claims,
    /// Electronic claims as payers receive them (`RECODEINFO`): three fields before each record.
    PayerClaims,
    /// Any other text: a CSV, as far as the first bytes tell.
    Csv,
    /// A workbook of Excel (xlsx, xlsm).
    Workbook,
    /// A ZIP archive.
    Zip,
    /// Another archive, by its name.
    Archive(&'static str),
    /// A document, image or program, by its name for people.
    Document(&'static str),
    /// Text in UTF-16.
    Utf16,
    /// Text in ISO-2022-JP.
    Iso2022Jp,
    /// No text.
    Binary,
}

/// The beginnings of files of other kinds.
const BEGINNINGS: &[(&[u8], FileKind)] = &[
    (b"PK\x03\x04", FileKind::Zip),
    (b"PK\x05\x06", FileKind::Zip),
    (b"\x1F\x8B", FileKind::Archive("gzip")),
    (b"7z\xBC\xAF\x27\x1C", FileKind::Archive("7z")),
    (b"Rar!", FileKind::Archive("RAR")),
    (b"BZh", FileKind::Archive("bzip2")),
    (b"\xFD7zXZ", FileKind::Archive("xz")),
    (b"\x28\xB5\x2F\xFD", FileKind::Archive("zstd")),
    (b"%PDF-", FileKind::Document("PDF")),
    (b"\xD0\xCF\x11\xE0", FileKind::Document("Excel（xls）などOfficeの古い形式")),
    (b"\x89PNG", FileKind::Document("画像（PNG）")),
    (b"\xFF\xD8\xFF", FileKind::Document("画像（JPEG）")),
    (b"GIF8", FileKind::Document("画像（GIF）")),
    (b"II*\0", FileKind::Document("画像（TIFF）")),
    (b"MM\0*", FileKind::Document("画像（TIFF）")),
    (b"\x7FELF", FileKind::Document("プログラム")),
    (b"MZ\x90", FileKind::Document("プログラム")),
    (b"<?xml", FileKind::Document("XML")),
    (b"<!DOCTYPE", FileKind::Document("HTML")),
    (b"<html", FileKind::Document("HTML")),
    (b"\xFF\xFE", FileKind::Utf16),
    (b"\xFE\xFF", FileKind::Utf16),
];

/// The records that a file of claims may begin with.
const FIRST_RECORDS: &[&[u8; 2]] = &[b"IR", b"YK", b"UK", b"HM", b"MN", b"HI", b"RE"];

impl FileKind {
    /// Returns the kind that the first bytes of a file tell; some thousand are enough, fewer do where the file is shorter.
    ///
    /// Claims are known with a byte order mark, quotes and lower-case record ids too, and behind the end mark of an empty file
    /// that was joined with theirs.
    pub fn of(head: &[u8]) -> Self {
        if let Some((_, kind)) = BEGINNINGS.iter().find(|(beginning, _)| head.starts_with(beginning)) {
            let names: [&[u8]; 3] = [b"[Content_Types].xml", b"xl/", b"_rels/.rels"];
            let office = *kind == Self::Zip && names.iter().any(|name| memchr::memmem::find(head, name).is_some());
            return if office { Self::Workbook } else { *kind };
        }
        let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
        let begin = text.iter().position(|byte| !matches!(byte, b'\r' | b'\n' | 0x1A | 0)).unwrap_or(text.len());
        let text = text.get(begin..).unwrap_or_default();
        if text.is_empty() {
            return if head.contains(&0) { Self::Binary } else { Self::Empty };
        }
        if memchr::memmem::find(text, b"\x1B$B").is_some() {
            return Self::Iso2022Jp;
        }
        // Zeros and end marks stand at the end of old systems' files, and end marks between files that were joined.
        let end = text.iter().rposition(|byte| !matches!(byte, 0 | 0x1A)).map_or(0, |last| last + 1);
        let inside = text.get(..end).unwrap_or_default();
        if inside.iter().any(|byte| matches!(byte, 0 | 0x0E..=0x19 | 0x1C..=0x1F)) {
            return Self::Binary;
        }
        let mut fields = text.split(|byte| matches!(byte, b',' | b'\r' | b'\n')).map(unquoted);
        let first = fields.next().unwrap_or_default();
        let more = text.contains(&b',');
        if more && is_first_record(first) {
            return Self::Claims;
        }
        let digits = |field: Option<&[u8]>| {
            field.is_some_and(|field| !field.is_empty() && field.len() <= 9 && field.iter().all(u8::is_ascii_digit))
        };
        let prefixed = matches!(first, b"1" | b"2") && digits(fields.next()) && digits(fields.next());
        if prefixed && fields.next().is_some_and(|id| id.len() == 2 && id.iter().all(u8::is_ascii_alphabetic)) {
            return Self::PayerClaims;
        }
        Self::Csv
    }
}

impl FileKind {
    /// Returns what to do with a file that none of our readers reads: Japanese sentences for staff. None where the kind may be read.
    pub fn refusal(self) -> Option<String> {
        Some(match self {
            Self::Claims | Self::PayerClaims | Self::Csv => return None,
            Self::Empty => "ファイルが空です。".to_owned(),
            Self::Workbook => "Excel（xlsx）のファイルです。Excelで「CSV UTF-8（コンマ区切り）」として保存し、そのCSVを選んでください。".to_owned(),
            Self::Zip => "ZIPの圧縮ファイルです。手元で展開し、中のファイルを選んでください。".to_owned(),
            Self::Archive(name) => format!("{name}の圧縮ファイルです。手元で展開し、中のファイルを選んでください。"),
            Self::Document(name) => format!("{name}のファイルです。CSVまたは電子レセプト（UKE）のファイルを選んでください。"),
            Self::Utf16 => {
                "文字コードがUTF-16（Unicode）のファイルです。UTF-8またはShift_JISで保存し直してください。".to_owned()
            }
            Self::Iso2022Jp => {
                "文字コードがJIS（ISO-2022-JP）のファイルです。UTF-8またはShift_JISで保存し直してください。".to_owned()
            }
            Self::Binary => "文字のファイルではありません（画像やプログラムなどの可能性があります）。CSVまたは電子レセプト（UKE）のファイルを選んでください。".to_owned(),
        })
    }
}

fn is_first_record(field: &[u8]) -> bool {
    FIRST_RECORDS.iter().any(|id| field.eq_ignore_ascii_case(*id))
}

/// Returns the field without spaces and quotes around it.
fn unquoted(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    field.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\"")).unwrap_or(field).trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn claims_in_many_dresses() {
        for head in [
            &b"IR,1,13,1"[..],
            b"\xEF\xBB\xBFIR,1,13",
            b"\"IR\",\"1\"",
            b"\xEF\xBB\xBF\"ir\",1",
            b"yk,1,13,4",
            b"HM,1,13,6",
            b"MN,0000000001",
            b"\x1AIR,1\r\n\x1AIR,2",
            b"\r\nUK,1",
        ] {
            assert_eq!(FileKind::of(head), FileKind::Claims, "{}", head.escape_ascii());
        }
        for head in [&b"2,1,0,MN,1"[..], b"\"2\",\"1\",\"0\",\"MN\"", b"\xEF\xBB\xBF1,2,0,ir,1"] {
            assert_eq!(FileKind::of(head), FileKind::PayerClaims, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn other_files() {
        for (head, kind) in [
            (&b""[..], FileKind::Empty),
            (b"\r\n\x1A", FileKind::Empty),
            (b"\0\0", FileKind::Binary),
            (b"a\0b", FileKind::Binary),
            (b"a,b\r\n\x1A\0\0", FileKind::Csv),
            (b"IR", FileKind::Csv),
            (b"IRON,1", FileKind::Csv),
            (b"1,2,3,4", FileKind::Csv),
            (b"\x95\xDB\x8C\xAF,\r\n", FileKind::Csv),
            (b"PK\x03\x04\x14\0[Content_Types].xml", FileKind::Workbook),
            (b"PK\x03\x04\x14\0\0", FileKind::Zip),
            (b"\x1F\x8B\x08", FileKind::Archive("gzip")),
            (b"\xFF\xFEa\0", FileKind::Utf16),
            (b"\x1B$B;aL>", FileKind::Iso2022Jp),
        ] {
            assert_eq!(FileKind::of(head), kind, "{}", head.escape_ascii());
            assert_eq!(kind.refusal().is_none(), kind == FileKind::Csv);
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = FileKind::of(&bytes);
        }
    }
}
