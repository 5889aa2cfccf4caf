//! The recognition of foreign file types by their first bytes.

use kenpo_formats::csv_table::{first_line, is_own_header};

use super::{Kind, format::Format, kinds};

/// The number of bytes of a file's beginning that are examined.
pub(super) const HEAD: usize = 4096;

/// The beginnings of other types of files, and their names for staff.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (b"%PDF-", "PDF"),
    (b"\xD0\xCF\x11\xE0", "Excel（xls）などOfficeの古い形式"),
    (b"\x89PNG", "画像（PNG）"),
    (b"\xFF\xD8\xFF", "画像（JPEG）"),
    (b"GIF8", "画像（GIF）"),
    (b"II*\0", "画像（TIFF）"),
    (b"MM\0*", "画像（TIFF）"),
    (b"\x7FELF", "プログラム"),
    (b"MZ", "プログラム"),
    (b"<?xml", "XML"),
    (b"<!DOCTYPE", "HTML"),
    (b"<html", "HTML"),
];

/// The beginnings of archives.
const ARCHIVES: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "ZIP"),
    (b"PK\x05\x06", "ZIP"),
    (b"\x1F\x8B", "gzip"),
    (b"7z\xBC\xAF\x27\x1C", "7z"),
    (b"Rar!", "RAR"),
    (b"BZh", "bzip2"),
    (b"\xFD7zXZ", "xz"),
    (b"\x28\xB5\x2F\xFD", "zstd"),
];

/// Returns the reason why a file with this beginning cannot be of this kind, in words; none if it may be.
pub(super) fn wrong_type(kind: Kind, head: &[u8], whole: bool) -> Option<String> {
    let wanted = if kind.reads_claims() { "CSVまたは電子レセプト（UKE）" } else { "CSV" };
    if head.is_empty() {
        return Some("ファイルが空です。".to_owned());
    }
    let text = String::from_utf8_lossy(head);
    if head.starts_with(b"PK\x03\x04") && (text.contains("[Content_Types].xml") || text.contains("xl/")) {
        return Some(
            "Excel（xlsx）のファイルです。Excelで「CSV UTF-8（コンマ区切り）」として保存し、そのCSVを選んでください。"
                .to_owned(),
        );
    }
    if let Some((_, name)) = ARCHIVES.iter().find(|(beginning, _)| head.starts_with(beginning)) {
        let opened = if kind.takes_several() {
            "このポータルが開けるのはZIPだけです"
        } else {
            "このポータルは圧縮ファイルを開きません"
        };
        return Some(format!(
            "{name}の圧縮ファイルです。{opened}。手元で展開し、中の{wanted}ファイルを選んでください。"
        ));
    }
    if let Some((_, name)) = BEGINNINGS.iter().find(|(beginning, _)| head.starts_with(beginning)) {
        return Some(format!("{name}のファイルです。{wanted}ファイルを選んでください。"));
    }
    if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        return Some(
            "文字コードがUTF-16（Unicode）のファイルです。UTF-8またはShift_JISで保存し直してください。".to_owned(),
        );
    }
    if head.windows(3).any(|part| part == b"\x1B$B") {
        return Some(
            "文字コードがJIS（ISO-2022-JP）のファイルです。UTF-8またはShift_JISで保存し直してください。".to_owned(),
        );
    }
    // An end mark of MS-DOS and zeros after it are seen at the end of old systems' files.
    let end = head.iter().rposition(|byte| !matches!(byte, 0 | 0x1A)).map_or(0, |last| last + 1);
    let inside = if whole { head.get(..end).unwrap_or_default() } else { head };
    // End marks stand between files that were joined, too.
    if inside.iter().any(|byte| matches!(byte, 0..=8 | 0x0E..=0x19 | 0x1C..=0x1F)) || inside.is_empty() {
        return Some(format!(
            "文字のファイルではありません（画像やプログラムなどの可能性があります）。{wanted}ファイルを選んでください。"
        ));
    }
    if Format::told_by(head) == Format::Claims && !kind.reads_claims() {
        let label = kind.label();
        return Some(format!(
            "電子レセプト（UKE）ファイルです。「{label}」ではなく「医療費」を選んで取り込んでください。"
        ));
    }
    let header = first_line(head).ok()?;
    let other = kinds().find(|other| is_own_header(&header, other.columns()))?;
    (other.as_str() != kind.as_str() && !is_own_header(&header, kind.columns())).then(|| {
        let (label, wanted) = (other.label(), kind.label());
        format!("{label}のファイルの見出しです。「{wanted}」ではなく「{label}」を選んで取り込んでください。")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::imports::kind_of;

    fn told(kind: &str, head: &[u8]) -> String {
        wrong_type(kind_of(kind).unwrap(), head, true).unwrap_or_default()
    }

    #[test]
    fn other_files_are_named_in_words() {
        for (head, word) in [
            (&b"%PDF-1.7\n"[..], "PDF"),
            (b"PK\x03\x04\x14\0\x06\0[Content_Types].xml", "Excel（xlsx）"),
            (b"\x1F\x8B\x08", "gzipの圧縮ファイルです。このポータルが開けるのはZIPだけです"),
            (b"\x89PNG\r\n\x1A\n", "PNG"),
            (b"\xFF\xD8\xFF\xE0", "JPEG"),
            (b"a\0b\0c\0", "文字のファイルではありません"),
            (b"\xFF\xFEa\0", "UTF-16"),
            (b"\x1B$B;aL>", "ISO-2022-JP"),
            (b"", "空です"),
            (b"\0\0\0", "文字のファイルではありません"),
        ] {
            let words = told("expenses", head);
            assert!(words.contains(word), "{word}: {words}");
        }
        assert!(told("register", b"PK\x03\x04\x14\0\0\0\x08\0bomb").contains("開きません"));
        assert!(told("register", b"IR,2,13,1").contains("「医療費」を選んで"));
        let register = kind_of("register").unwrap().template().as_bytes();
        assert!(told("expenses", register).contains("「加入者台帳」を選んで"));
        assert_eq!(told("register", register), "");
        for good in [&b"IR,2,13,1\r\n\x1A\0\0"[..], "保険者番号,記号\r\n".as_bytes(), b"\x95\xDB\x8C\xAF\r\n"] {
            assert_eq!(told("expenses", good), "");
        }
    }
}
