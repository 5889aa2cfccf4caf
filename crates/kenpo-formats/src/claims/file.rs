//! Claim files, one claim at a time.

use std::{collections::BTreeMap, io::Read, ops::Range};

use super::{
    assembly::{Assembly, Cut},
    claim::Claim,
    kind::Kind,
    payer::{Block, Line},
    record::Record,
    totals::{Integrity, Totals},
};
use crate::{fault::Fault, month::TreatmentMonth, signature::Signature, text::RawLines};

/// The most different unknown record ids that are counted by name.
const MAX_UNKNOWN: usize = 100;
/// The number of bytes of the beginning that tell the kind of file.
const HEAD: usize = 4096;

/// A claim file, of an institution or of a payer.
///
/// Each item is a claim, or a fault: a broken claim is one fault, and the next claim follows. When a file of an institution ends
/// without its GO record the last fault says so, and the claim that was open is withheld, because nothing tells that it is whole.
/// Claims that begin with MN have no GO. Memory does not grow with the file.
pub struct ClaimFile<R> {
    lines: RawLines<R>,
    assembly: Assembly,
    /// The state for files of payers: the claim whose lines come in, and the one before, whose records go out.
    payer: Option<Payer>,
    unknown: BTreeMap<String, u64>,
    corrections: u64,
    integrity: Option<Integrity>,
}

#[derive(Default)]
struct Payer {
    incoming: Block,
    outgoing: Block,
}

impl<R: Read> ClaimFile<R> {
    /// Opens the file by its beginning.
    ///
    /// # Errors
    ///
    /// If it is empty, cannot be read, or neither is claims nor at least begins with a record id (two capital letters).
    pub fn open(source: R) -> Result<Self, Fault> {
        let lines = RawLines::open(source)?;
        let beginning = lines.peek();
        let kind = Signature::of(beginning.get(..HEAD).unwrap_or(beginning));
        let payer = match kind {
            Signature::Claims => None,
            Signature::PayerClaims => Some(Payer::default()),
            Signature::Empty => {
                return Err(Fault::new(1, "", "ファイルが空です。電子レセプト(UKE)ファイルが必要です。"));
            }
            Signature::Csv if begins_with_id(beginning) => None,
            Signature::Csv | Signature::Binary => {
                let reason = "電子レセプト(UKE)ファイルではありません。1行目はIR、YK、UK、HM、MNなどのレコードで始まる必要があります。";
                return Err(Fault::new(1, "", reason));
            }
            other => return Err(Fault::new(1, "", other.refusal().unwrap_or_default())),
        };
        let unknown = BTreeMap::new();
        Ok(Self { lines, assembly: Assembly::new(), payer, unknown, corrections: 0, integrity: None })
    }

    /// Returns the number of times that each record id occurred that no edition we know has; they were passed over.
    pub fn unknown_records(&self) -> &BTreeMap<String, u64> {
        &self.unknown
    }

    /// Returns the notices, which staff may want to see though nothing was refused: totals of GO that do not match, 外字
    /// in names, records that were passed over. At most 1,000.
    pub fn notices(&self) -> &[Fault] {
        self.assembly.notices()
    }

    /// Returns the number of corrections of the payer agency (JY, 査定) that were applied; [`Claim::corrected`] marks the
    /// claims.
    pub fn corrections(&self) -> u64 {
        self.corrections
    }

    /// Returns the number of claims that were passed over because another one (DPC 総括レセプト) has their points.
    pub fn parts_of_summaries(&self) -> u64 {
        self.assembly.parts_of_summaries()
    }

    /// Returns the totals read so far, and those that the file states.
    pub fn totals(&self) -> Totals {
        self.assembly.totals()
    }

    /// Returns whether the file is whole; none before its end.
    pub fn integrity(&self) -> Option<Integrity> {
        self.integrity
    }

    /// Takes in a line of an institution's file, and returns the claim that it closes.
    #[inline]
    fn take(&mut self, range: &Range<usize>) -> Option<Result<Claim, Fault>> {
        let line = self.lines.bytes(range);
        let kind = Kind::of(line);
        if kind == Some(Kind::PassedOver) {
            return None;
        }
        let range = bare(line, range);
        let kind = kind.or_else(|| Kind::of(self.lines.bytes(&range)));
        match kind {
            None => {
                self.count_unknown(&range);
                None
            }
            Some(Kind::PassedOver) => None,
            Some(kind @ (Kind::Correction | Kind::Review)) => {
                self.assembly.count(kind);
                None
            }
            Some(kind) => {
                let encoding = self.lines.encoding_of(&range);
                let record = Record::new(self.lines.number(), encoding, self.lines.bytes(&range));
                self.assembly.take(kind, &record)
            }
        }
    }

    /// Takes in a line of a payer's file.
    fn hold(&mut self, range: &Range<usize>) {
        let range = bare(self.lines.bytes(range), range);
        let (line, begin) = Line::of(self.lines.bytes(&range));
        let number = self.lines.number();
        let kind = match line {
            Line::Unknown => return self.count_unknown(&(range.start + begin..range.end)),
            Line::Bare if range.is_empty() => return,
            Line::Belongs(Kind::PassedOver) => return,
            Line::Belongs(Kind::Review) => return self.assembly.count(Kind::Review),
            Line::Bare => {
                let reason = "行の先頭に3つの項目(記録者、行番号、枝番)がありません。このレセプトは読み取れません。";
                return self.spoil(Fault::new(number, "", reason));
            }
            Line::Begins(kind) => {
                self.turn();
                kind
            }
            Line::Belongs(kind) => kind,
        };
        let encoding = self.lines.encoding_of(&range);
        if let Some(payer) = &mut self.payer {
            payer.incoming.hold(number, kind, encoding, self.lines.bytes(&range));
        }
    }

    /// Releases the records of the complete claim.
    fn turn(&mut self) {
        let Some(Payer { incoming, outgoing }) = &mut self.payer else { return };
        std::mem::swap(incoming, outgoing);
        incoming.clear();
        outgoing.correct();
        self.corrections += outgoing.corrections();
        self.assembly.corrected = outgoing.corrections() > 0;
    }

    /// Makes the claim whose lines come in a broken one.
    fn spoil(&mut self, fault: Fault) {
        match &mut self.payer {
            Some(payer) => payer.incoming.spoil(fault),
            None => self.assembly.spoil(fault),
        }
    }

    /// Takes in records that go out until one closes a claim.
    fn outgoing(&mut self) -> Option<Result<Claim, Fault>> {
        let Payer { outgoing, .. } = self.payer.as_mut()?;
        while let Some((kind, record)) = outgoing.next() {
            let item = self.assembly.take(kind, &record).or_else(|| self.assembly.pending.take().map(Err));
            if item.is_some() {
                return item;
            }
        }
        if let Some(fault) = outgoing.take_fault() {
            self.assembly.spoil(fault);
        }
        self.assembly.pending.take().map(Err)
    }

    fn count_unknown(&mut self, range: &Range<usize>) {
        let bytes = self.lines.bytes(range);
        let id = bytes.get(..memchr::memchr(b',', bytes).unwrap_or(bytes.len()).min(8)).unwrap_or_default();
        let mut id = String::from_utf8_lossy(id.trim_ascii()).into_owned();
        if !self.unknown.contains_key(&id) && self.unknown.len() >= MAX_UNKNOWN {
            id = "その他".to_owned();
        }
        *self.unknown.entry(id).or_default() += 1;
    }

    /// Ends the reading, and returns the last claim or the fault of a file that ended in the middle.
    fn end(&mut self) -> Option<Result<Claim, Fault>> {
        if self.payer.as_ref().is_some_and(|payer| !payer.incoming.is_empty()) {
            self.turn();
            return self.outgoing().or_else(|| self.end());
        }
        let line = self.lines.number();
        match self.assembly.end(self.payer.is_some()) {
            Err(Cut { withheld }) => {
                self.integrity = Some(Integrity::Truncated { line, withheld });
                let withheld = withheld.map_or_else(String::new, |line| {
                    format!("最後のレセプト({line}行)は途中で切れているかもしれないため、読み取りませんでした。")
                });
                let (record, missing) = match self.payer {
                    Some(_) => ("MN", "最後のレセプト管理レコード(MN)のあとに、レセプト(RE)がありません。"),
                    None => ("GO", "ファイルの終わりを示すレコード(GO)がありません。"),
                };
                let reason = format!("{missing}途中で切れていないか確認してください。{withheld}");
                Some(Err(Fault::new(line, record, reason)))
            }
            Ok(item) => {
                let totals = self.totals();
                let stated = totals.stated_claims.is_some() || totals.stated_points.is_some();
                self.integrity = Some(if self.lines.ends_in_line() && !stated {
                    let reason = "ファイルの最後の行に改行がありません。途中で切れていないか確認してください。";
                    self.assembly.notice(Fault::new(line, "", reason));
                    Integrity::Truncated { line, withheld: None }
                } else if totals.differing > 0 {
                    Integrity::Differs
                } else if stated {
                    Integrity::Agrees
                } else {
                    Integrity::Unstated
                });
                item
            }
        }
    }
}

impl<R: Read> Iterator for ClaimFile<R> {
    type Item = Result<Claim, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(fault) = self.assembly.pending.take() {
                return Some(Err(fault));
            }
            if self.payer.is_some() {
                let item = self.outgoing();
                if item.is_some() {
                    return item;
                }
            }
            if self.integrity.is_some() {
                return None;
            }
            match self.lines.next_line() {
                None => return self.end(),
                // The line may have been any record: what stands open is spoiled.
                Some(Err(fault)) => self.spoil(fault),
                Some(Ok(range)) if self.payer.is_some() => self.hold(&range),
                Some(Ok(range)) => {
                    let item = self.take(&range);
                    if item.is_some() {
                        return item;
                    }
                }
            }
        }
    }
}

/// Returns in which month the first claims of a file were billed, by the beginning of the file; none where that does not say it.
pub fn billing_month(beginning: &[u8]) -> Option<TreatmentMonth> {
    let whole_lines = memchr::memrchr(b'\n', beginning).map_or(beginning.len(), |end| end + 1);
    let mut file = ClaimFile::open(beginning.get(..whole_lines)?).ok()?;
    while let Some(item) = file.next() {
        let month = item.map_or_else(|_| file.assembly.billing_month(), |claim| Some(claim.billing_month));
        if month.is_some() {
            return month;
        }
    }
    None
}

/// Returns where the line lies without a byte order mark before it.
fn bare(line: &[u8], range: &Range<usize>) -> Range<usize> {
    if line.starts_with(b"\xEF\xBB\xBF") { range.start + 3..range.end } else { range.clone() }
}

/// Whether the file begins with two capital letters and a comma, as records do that no edition we know has.
fn begins_with_id(beginning: &[u8]) -> bool {
    let end = beginning.iter().position(|byte| matches!(byte, b',' | b'\r' | b'\n')).unwrap_or(0);
    let id = beginning.get(..end).unwrap_or_default().trim_ascii();
    let id = id.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\"")).unwrap_or(id);
    id.len() == 2 && id.iter().all(u8::is_ascii_uppercase)
}
