//! One record: the fields of a line, decoded only when asked for.

use crate::fault::{Fault, quote};
use crate::text::{Encoding, undecodable};

/// How many fields of a record are looked at; none that we read lies behind.
const FIELDS: usize = 48;

/// The fields of one line; 0 is the record id.
pub(super) struct Record<'a> {
    line: u64,
    encoding: Encoding,
    bytes: &'a [u8],
    id: [u8; 2],
    /// Where each field ends.
    ends: [u32; FIELDS],
    count: usize,
}

impl<'a> Record<'a> {
    /// Splits the line. A trail byte of Windows-31J is never a comma, so bytes can be split before they are decoded.
    pub(super) fn new(line: u64, encoding: Encoding, bytes: &'a [u8]) -> Self {
        let mut record = Self { line, encoding, bytes, id: *b"  ", ends: [0; FIELDS], count: 0 };
        let whole = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let commas = memchr::memchr_iter(b',', bytes).map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        for (place, end) in record.ends.iter_mut().zip(commas.chain(std::iter::once(whole))) {
            *place = end;
            record.count += 1;
        }
        if let Ok(id) = <[u8; 2]>::try_from(record.field(0)) {
            record.id = id.map(|byte| byte.to_ascii_uppercase());
        }
        record
    }

    /// Returns the line of the file, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Returns the record id in capital letters.
    pub(super) fn id(&self) -> &str {
        std::str::from_utf8(&self.id).unwrap_or_default()
    }

    /// Returns the bytes of a field without quotes and spaces around it; empty when the record is shorter.
    fn field(&self, index: usize) -> &'a [u8] {
        if index >= self.count {
            return b"";
        }
        let start = match index.checked_sub(1).and_then(|before| self.ends.get(before)) {
            Some(end) => *end as usize + 1,
            None => 0,
        };
        match self.ends.get(index) {
            Some(end) => {
                let field = self.bytes.get(start..*end as usize).unwrap_or_default().trim_ascii();
                field.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\"")).unwrap_or(field).trim_ascii()
            }
            _ => b"",
        }
    }

    /// Returns how many fields the record has, up to the most that are looked at.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Returns a fault of a field.
    pub(super) fn fault(&self, name: &str, reason: impl Into<String>) -> Fault {
        Fault::new(self.line, format!("{}.{name}", self.id()), reason)
    }

    /// Returns the text of a field without spaces around it; empty when omitted.
    pub(super) fn text(&self, index: usize, name: &str) -> Result<String, Fault> {
        let field = self.field(index);
        if field.is_empty() {
            return Ok(String::new());
        }
        let text = self.encoding.decode(field).ok_or_else(|| self.fault(name, undecodable(Some(self.encoding))))?;
        if text.contains(char::is_control) {
            return Err(self.fault(name, "制御文字が含まれています。"));
        }
        let text = text.trim_matches([' ', '\u{3000}']);
        Ok(text.to_owned())
    }

    /// Returns the text of a field, or none when omitted.
    pub(super) fn optional(&self, index: usize, name: &str) -> Result<Option<String>, Fault> {
        self.text(index, name).map(|text| (!text.is_empty()).then_some(text))
    }

    /// Returns the digits of a field as a number, or none when omitted.
    pub(super) fn number(&self, index: usize, name: &str) -> Result<Option<i64>, Fault> {
        let field = self.field(index);
        if field.is_empty() {
            return Ok(None);
        }
        let number = (field.len() <= 12 && field.iter().all(u8::is_ascii_digit))
            .then(|| field.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')));
        number.map(Some).ok_or_else(|| self.wrong(index, name, "半角数字(12桁まで)"))
    }

    /// Returns the digits of a field as a small number, or none when omitted.
    pub(super) fn small(&self, index: usize, name: &str) -> Result<Option<u32>, Fault> {
        let number = self.number(index, name)?;
        number
            .map(|number| u32::try_from(number).ok().filter(|number| *number <= 9999))
            .map(|number| number.ok_or_else(|| self.wrong(index, name, "4桁までの数字")))
            .transpose()
    }

    /// Returns what `parse` makes of a field; omitted or unreadable is a fault that says what is expected.
    pub(super) fn required<T>(
        &self,
        index: usize,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Fault> {
        let field = self.field(index);
        if field.is_empty() {
            let short = if index >= self.count { "列が足りません。" } else { "空です。" };
            return Err(self.fault(name, format!("{short}{expected}が必要です。")));
        }
        let text = std::str::from_utf8(field).ok().filter(|text| !text.contains(char::is_control));
        text.and_then(parse).ok_or_else(|| self.wrong(index, name, expected))
    }

    fn wrong(&self, index: usize, name: &str, expected: &str) -> Fault {
        let shown =
            self.encoding.decode(self.field(index)).map_or_else(|| "読めない文字".to_owned(), |text| quote(&text));
        self.fault(name, format!("{shown}は正しくありません。{expected}が必要です。"))
    }
}
