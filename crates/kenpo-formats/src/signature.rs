//! The kind of a file, told by its first bytes.

/// The kind of a file.
///
/// ```
/// use kenpo_formats::signature::Signature;
///
/// assert_eq!(Signature::of(b"IR,1,13,1,9900013,,CLINIC,202503,00,\r\n"), Signature::Claims);
/// assert_eq!(Signature::of(b"2,1,0,MN,0000000001,\r\n"), Signature::PayerClaims);
/// assert_eq!(Signature::of("保険者番号,記号\r\n".as_bytes()), Signature::Csv);
/// assert_eq!(Signature::of(b"%PDF-1.7"), Signature::Document("PDF"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signature {
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
const BEGINNINGS: &[(&[u8], Signature)] = &[
    (b"PK\x03\x04", Signature::Zip),
    (b"PK\x05\x06", Signature::Zip),
    (b"\x1F\x8B", Signature::Archive("gzip")),
    (b"7z\xBC\xAF\x27\x1C", Signature::Archive("7z")),
    (b"Rar!", Signature::Archive("RAR")),
    (b"BZh", Signature::Archive("bzip2")),
    (b"\xFD7zXZ", Signature::Archive("xz")),
    (b"\x28\xB5\x2F\xFD", Signature::Archive("zstd")),
    (b"%PDF-", Signature::Document("PDF")),
    (b"\xD0\xCF\x11\xE0", Signature::Document("Excel（xls）などOfficeの古い形式")),
    (b"\x89PNG", Signature::Document("画像（PNG）")),
    (b"\xFF\xD8\xFF", Signature::Document("画像（JPEG）")),
    (b"GIF8", Signature::Document("画像（GIF）")),
    (b"II*\0", Signature::Document("画像（TIFF）")),
    (b"MM\0*", Signature::Document("画像（TIFF）")),
    (b"\x7FELF", Signature::Document("プログラム")),
    (b"MZ\x90", Signature::Document("プログラム")),
    (b"<?xml", Signature::Document("XML")),
    (b"<!DOCTYPE", Signature::Document("HTML")),
    (b"<html", Signature::Document("HTML")),
    (b"\xFF\xFE", Signature::Utf16),
    (b"\xFE\xFF", Signature::Utf16),
];

/// The records that a file of claims may begin with.
const FIRST_RECORDS: &[&[u8; 2]] = &[b"IR", b"YK", b"UK", b"HM", b"MN", b"HI", b"RE"];

impl Signature {
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

impl Signature {
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
    use proptest::prelude::*;

    use super::*;

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
            assert_eq!(Signature::of(head), Signature::Claims, "{}", head.escape_ascii());
        }
        for head in [&b"2,1,0,MN,1"[..], b"\"2\",\"1\",\"0\",\"MN\"", b"\xEF\xBB\xBF1,2,0,ir,1"] {
            assert_eq!(Signature::of(head), Signature::PayerClaims, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn other_files() {
        for (head, kind) in [
            (&b""[..], Signature::Empty),
            (b"\r\n\x1A", Signature::Empty),
            (b"\0\0", Signature::Binary),
            (b"a\0b", Signature::Binary),
            (b"a,b\r\n\x1A\0\0", Signature::Csv),
            (b"IR", Signature::Csv),
            (b"IRON,1", Signature::Csv),
            (b"1,2,3,4", Signature::Csv),
            (b"\x95\xDB\x8C\xAF,\r\n", Signature::Csv),
            (b"PK\x03\x04\x14\0[Content_Types].xml", Signature::Workbook),
            (b"PK\x03\x04\x14\0\0", Signature::Zip),
            (b"\x1F\x8B\x08", Signature::Archive("gzip")),
            (b"\xFF\xFEa\0", Signature::Utf16),
            (b"\x1B$B;aL>", Signature::Iso2022Jp),
        ] {
            assert_eq!(Signature::of(head), kind, "{}", head.escape_ascii());
            assert_eq!(kind.refusal().is_none(), kind == Signature::Csv);
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Signature::of(&bytes);
        }
    }
}
