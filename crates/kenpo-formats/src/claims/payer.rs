//! Records as payers receive them: with three fields before each, and the payer agency's corrections.
//!
//! A line is: who recorded it (1 the institution, 2 the payer agency), the number of the line in its claim, the branch of the
//! number, and the record. A claim begins with MN. JY corrects: 1 adds a record, 2 replaces one, 3 deletes one; it names the
//! record by line and branch, and the new record, which the agency recorded, in the same way. Two public readers of such files
//! agree on the three fields and on MN; one of them applies JY.

use super::kind::Kind;
use super::record::Record;
use crate::fault::Fault;
use crate::text::Encoding;
use std::ops::Range;

/// The most records of one claim that are held: far more than a claim has of those that we read.
const MAX_RECORDS: usize = 10_000;
/// The most bytes of them.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Line and branch by which a record is named.
type Place = (u64, u64);

/// The three fields before a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Prefix {
    by_agency: bool,
    place: Place,
}

/// Splits a line into its three fields and the record.
fn split(line: &[u8]) -> Option<(Prefix, &[u8])> {
    let (by, rest) = field(line)?;
    let (number, rest) = field(rest)?;
    let (branch, record) = field(rest)?;
    let by_agency = match by {
        b"1" => false,
        b"2" => true,
        _ => return None,
    };
    Some((Prefix { by_agency, place: (digits(number)?, digits(branch)?) }, record))
}

/// Returns the first field without quotes, and what follows it.
fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (field, rest) = line.split_at_checked(memchr::memchr(b',', line)?)?;
    let field = field.trim_ascii();
    let field = field.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\"")).unwrap_or(field);
    Some((field, rest.get(1..)?))
}

fn digits(field: &[u8]) -> Option<u64> {
    let short = !field.is_empty() && field.len() <= 9 && field.iter().all(u8::is_ascii_digit);
    short.then(|| field.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// A record that is held until its claim is complete.
struct Held {
    /// Line of the file.
    line: u64,
    kind: Kind,
    prefix: Prefix,
    encoding: Encoding,
    bytes: Range<usize>,
}

/// A correction (JY).
struct Correction {
    line: u64,
    operation: u8,
    original: Place,
    new: Place,
}

/// The records of one claim, from MN to the next.
#[derive(Default)]
pub(super) struct Block {
    held: Vec<Held>,
    bytes: Vec<u8>,
    corrections: Vec<Correction>,
    /// Which of the held records the claim has, in order.
    order: Vec<usize>,
    next: usize,
    fault: Option<Fault>,
}

/// The kind of a line in a file of a payer.
pub(super) enum Line {
    /// It begins the next claim.
    Begins(Kind),
    /// It belongs to the claim.
    Belongs(Kind),
    /// Its record is in no edition we know.
    Unknown,
    /// It has no three fields before its record.
    Bare,
}

impl Line {
    /// Returns the kind of the line, and where its record begins.
    pub(super) fn of(line: &[u8]) -> (Self, usize) {
        let Some((_, record)) = split(line) else { return (Self::Bare, 0) };
        let begin = line.len() - record.len();
        let kind = match Kind::of(record) {
            None => Self::Unknown,
            Some(Kind::Admin) => Self::Begins(Kind::Admin),
            Some(kind) => Self::Belongs(kind),
        };
        (kind, begin)
    }
}

impl Block {
    /// Whether nothing was held.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.corrections.is_empty() && self.fault.is_none()
    }

    /// Forgets everything, but not its memory.
    pub(super) fn clear(&mut self) {
        self.held.clear();
        self.bytes.clear();
        self.corrections.clear();
        self.order.clear();
        self.next = 0;
        self.fault = None;
    }

    /// Holds a line; the first fault stays.
    pub(super) fn hold(&mut self, line: u64, kind: Kind, encoding: Encoding, bytes: &[u8]) {
        let Some((prefix, record)) = split(bytes) else { return };
        if kind == Kind::Correction {
            let record = Record::new(line, encoding, record);
            match Correction::read(line, &record) {
                Ok(correction) => self.corrections.push(correction),
                Err(fault) => self.spoil(fault),
            }
            return;
        }
        if self.held.len() >= MAX_RECORDS || self.bytes.len() + record.len() > MAX_BYTES {
            self.spoil(Fault::new(line, "", "1件のレセプトのレコードが多すぎます。"));
            return;
        }
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(record);
        self.held.push(Held { line, kind, prefix, encoding, bytes: begin..self.bytes.len() });
    }

    /// Makes the claim a broken one; an earlier fault stays.
    pub(super) fn spoil(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// Returns the number of the claim's corrections.
    pub(super) fn corrections(&self) -> u64 {
        self.corrections.len() as u64
    }

    /// Applies the corrections: from now on [`Self::next`] gives the records of the corrected claim.
    pub(super) fn correct(&mut self) {
        // The agency's records count where a correction puts them. Its SN (資格確認) completes the claim by itself.
        let counts = |held: &Held| !held.prefix.by_agency || held.kind == Kind::Admin || self.is_confirmation(held);
        self.order = self.held.iter().enumerate().filter(|(_, held)| counts(held)).map(|(index, _)| index).collect();
        self.next = 0;
        for correction in std::mem::take(&mut self.corrections) {
            if let Err(fault) = self.apply(&correction) {
                self.spoil(fault);
            }
            self.corrections.push(correction);
        }
    }

    fn is_confirmation(&self, held: &Held) -> bool {
        let record = self.bytes.get(held.bytes.clone()).unwrap_or_default();
        record.strip_prefix(b"\"").unwrap_or(record).get(..2).is_some_and(|id| id.eq_ignore_ascii_case(b"SN"))
    }

    fn apply(&mut self, correction: &Correction) -> Result<(), Fault> {
        let place = |index: usize| self.held.get(index).map(|held| held.prefix.place);
        let original = self.order.iter().position(|index| place(*index) == Some(correction.original));
        let new = self.held.iter().position(|held| held.prefix.by_agency && held.prefix.place == correction.new);
        match (correction.operation, original, new) {
            (b'1', _, Some(new)) | (b'2', None, Some(new)) => {
                let behind = self
                    .order
                    .iter()
                    .rposition(|index| place(*index).is_some_and(|(line, _)| line <= correction.original.0));
                let at = behind.map_or(self.order.len(), |at| at + 1);
                self.order.retain(|index| *index != new);
                self.order.insert(at.min(self.order.len()), new);
            }
            (b'2', Some(original), Some(new)) => {
                if let Some(slot) = self.order.get_mut(original) {
                    *slot = new;
                }
            }
            (b'2', Some(_), None) => {
                let (line, branch) = correction.new;
                let reason =
                    format!("補正後のレコード({line}行 枝番{branch})がないため、このレセプトを読み取れません。");
                return Err(Fault::new(correction.line, "JY", reason));
            }
            (b'3', Some(original), _) => {
                self.order.remove(original);
            }
            // The corrected record is none that we read: a disease, an act, a drug.
            _ => {}
        }
        Ok(())
    }

    /// Returns the next record of the corrected claim.
    pub(super) fn next(&mut self) -> Option<(Kind, Record<'_>)> {
        let held = self.held.get(*self.order.get(self.next)?)?;
        self.next += 1;
        let bytes = self.bytes.get(held.bytes.clone()).unwrap_or_default();
        Some((held.kind, Record::new(held.line, held.encoding, bytes)))
    }

    /// Returns the fault that broke the claim.
    pub(super) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }
}

impl Correction {
    fn read(line: u64, record: &Record<'_>) -> Result<Self, Fault> {
        let operation =
            record.required(1, "操作", "1(追加)、2(置換)、3(削除)", |text| match text.as_bytes() {
                [operation @ b'1'..=b'3'] => Some(*operation),
                _ => None,
            })?;
        let place = |index: usize, name: &str| -> Result<Place, Fault> {
            let part = |index| record.number(index, name).map(|number| number.unwrap_or(0).unsigned_abs());
            Ok((part(index)?, part(index + 1)?))
        };
        Ok(Self { line, operation, original: place(2, "補正前の行")?, new: place(6, "補正後の行")? })
    }
}
