//! Claim files, one claim at a time.

use super::claim::Claim;
use super::draft::{Draft, Institution};
use super::record::Record;
use crate::fault::Fault;
use crate::text::RawLines;
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;

/// The most notices that are kept.
const MAX_NOTICES: usize = 1000;
/// The most different unknown record ids that are counted by name.
const MAX_UNKNOWN: usize = 100;

/// A claim file.
///
/// Each item is a claim, or a fault: a broken claim is one fault, and the next claim follows. When the file ends without its
/// GO record the last fault says so, and the claim that was open is withheld, because nothing tells that it is whole.
/// Memory does not grow with the file.
pub struct ClaimFile<R> {
    lines: RawLines<R>,
    draft: Option<Draft>,
    /// The UK record of dental files.
    reception: Option<Institution>,
    institution: Option<Result<Institution, Fault>>,
    admin_number: Option<String>,
    /// Whether GO is still to come: until the first, and again after an institution or claim that follows one.
    open: bool,
    totals: Totals,
    stated: Option<Stated>,
    notices: Vec<Fault>,
    unknown: BTreeMap<String, u64>,
    pending: Option<Fault>,
    finished: bool,
}

/// Claims and points since the last GO.
#[derive(Default)]
struct Totals {
    claims: i64,
    points: i64,
}

/// What a GO record states.
struct Stated {
    line: u64,
    claims: Option<i64>,
    points: Option<i64>,
}

impl<R: Read> ClaimFile<R> {
    /// Looks at the beginning of the file.
    ///
    /// # Errors
    ///
    /// When it is empty, cannot be read, or its first line does not begin with a record id (two capital letters).
    pub fn open(source: R) -> Result<Self, Fault> {
        let lines = RawLines::open(source)?;
        let beginning = lines.peek();
        let id = beginning.get(..beginning.iter().position(|byte| matches!(byte, b',' | b'\r' | b'\n')).unwrap_or(0));
        let id = id.unwrap_or_default().trim_ascii();
        let id = id.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\"")).unwrap_or(id);
        if beginning.is_empty() || beginning.iter().all(|byte| matches!(byte, 0x1A | b'\r' | b'\n' | 0)) {
            return Err(Fault::new(1, "", "ファイルが空です。電子レセプト(UKE)ファイルが必要です。"));
        }
        if id.len() != 2 || !id.iter().all(u8::is_ascii_uppercase) {
            let reason =
                "電子レセプト(UKE)ファイルではありません。1行目はIR、YK、UK、MNなどのレコードで始まる必要があります。";
            return Err(Fault::new(1, "", reason));
        }
        Ok(Self {
            lines,
            draft: None,
            reception: None,
            institution: None,
            admin_number: None,
            open: true,
            totals: Totals::default(),
            stated: None,
            notices: Vec::new(),
            unknown: BTreeMap::new(),
            pending: None,
            finished: false,
        })
    }

    /// Returns how often each record id occurred that no edition we know has; they were passed over.
    pub fn unknown_records(&self) -> &BTreeMap<String, u64> {
        &self.unknown
    }

    /// Returns what staff may want to look at though nothing was refused: totals of GO that do not match, 外字 in names. At
    /// most 1,000.
    pub fn notices(&self) -> &[Fault] {
        &self.notices
    }

    fn notice(&mut self, fault: Fault) {
        if self.notices.len() < MAX_NOTICES {
            self.notices.push(fault);
        }
    }

    fn finish(&mut self, draft: Draft) -> Result<Claim, Fault> {
        self.totals.claims += 1;
        let claim = draft.finish()?;
        let points = claim.coverage.as_ref().map(|coverage| coverage.points);
        let points = points.or_else(|| claim.public.first().and_then(|public| public.points)).unwrap_or(0);
        self.totals.points = self.totals.points.saturating_add(points);
        if claim.name.contains(is_private) || claim.provider.name.contains(is_private) {
            self.notice(Fault::new(
                claim.line,
                "RE.氏名",
                "氏名か医療機関名に外字があります。正しい文字を確認してください。",
            ));
        }
        Ok(claim)
    }

    /// Takes in one record, and returns the draft that it closes.
    fn take(&mut self, number: u64, range: &Range<usize>) -> Option<Draft> {
        let Some(kind) = Kind::of(self.lines.bytes(range)) else {
            self.count_unknown(range);
            return None;
        };
        if kind == Kind::PassedOver {
            return None;
        }
        let encoding = self.lines.encoding_of(range);
        let record = Record::new(number, encoding, self.lines.bytes(range));
        match kind {
            Kind::Part => {
                match &mut self.draft {
                    Some(draft) => draft.add(&record),
                    None => {
                        self.pending =
                            Some(record.fault("", "レセプト共通(RE)より前にあります。この行は読み取れません。"));
                    }
                }
                None
            }
            Kind::Claim => {
                let next = Draft::new(number, &record, self.institution.as_ref(), self.admin_number.take());
                self.open = true;
                self.draft.replace(next)
            }
            Kind::Institution => {
                let mut institution = Institution::read(&record);
                if let (Ok(institution), Some(reception)) = (&mut institution, &self.reception)
                    && institution.provider.name.is_empty()
                    && institution.provider.code == reception.provider.code
                {
                    institution.provider.name.clone_from(&reception.provider.name);
                }
                self.institution = Some(institution);
                self.open = true;
                self.draft.take()
            }
            Kind::Reception => {
                self.reception = Institution::read(&record).ok();
                self.draft.take()
            }
            Kind::Admin => {
                let admin = record.optional(1, "レセプト管理番号");
                match admin {
                    Ok(admin) => self.admin_number = admin,
                    Err(fault) => self.pending = Some(fault),
                }
                self.draft.take()
            }
            Kind::Total => {
                let total = |index| record.number(index, "総数").ok().flatten();
                self.stated = Some(Stated { line: number, claims: total(1), points: total(2) });
                self.open = false;
                self.institution = None;
                self.admin_number = None;
                self.draft.take()
            }
            Kind::PassedOver => None,
        }
    }

    /// Compares what GO states with what was read since the last one; real files differ, so it is only a notice.
    fn compare_totals(&mut self) {
        let Some(stated) = self.stated.take() else { return };
        let read = std::mem::take(&mut self.totals);
        for (name, stated_total, total) in
            [("総件数", stated.claims, read.claims), ("総合計点数", stated.points, read.points)]
        {
            if let Some(stated_total) = stated_total.filter(|stated_total| *stated_total != total) {
                let reason = format!("{stated_total}と書かれていますが、読み取った合計は{total}です。");
                self.notice(Fault::new(stated.line, format!("GO.{name}"), reason));
            }
        }
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

    /// Returns the fault of a file that ended in the middle.
    fn truncated(&mut self) -> Fault {
        let withheld = match self.draft.take() {
            Some(draft) => {
                format!("最後のレセプト({}行)は途中で切れているかもしれないため、読み取りませんでした。", draft.line)
            }
            None => String::new(),
        };
        let reason =
            format!("ファイルの終わりを示すレコード(GO)がありません。途中で切れていないか確認してください。{withheld}");
        Fault::new(self.lines.number(), "GO", reason)
    }
}

impl<R: Read> Iterator for ClaimFile<R> {
    type Item = Result<Claim, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(fault) = self.pending.take() {
                return Some(Err(fault));
            }
            if self.finished {
                return None;
            }
            let range = match self.lines.next_line() {
                None => {
                    self.finished = true;
                    return (self.open || self.draft.is_some()).then(|| Err(self.truncated()));
                }
                Some(Err(fault)) => {
                    // The line may have been any record: what stands open is spoiled.
                    if let Some(draft) = &mut self.draft {
                        draft.spoil(fault);
                        continue;
                    }
                    return Some(Err(fault));
                }
                Some(Ok(range)) => range,
            };
            let closed = self.take(self.lines.number(), &range);
            let item = closed.map(|draft| self.finish(draft));
            self.compare_totals();
            if item.is_some() {
                return item;
            }
        }
    }
}

/// Returns whether a character is of the private use area, where 外字 of Windows-31J come to lie.
fn is_private(character: char) -> bool {
    matches!(character, '\u{e000}'..='\u{f8ff}')
}

/// What a record does to the reading.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// MN: the payer agency's number of the next claim.
    Admin,
    /// UK: the file of a dental clinic.
    Reception,
    /// IR, YK.
    Institution,
    /// RE.
    Claim,
    /// HO, KO, SN, MF, BU: a part of a claim that we read.
    Part,
    /// GO.
    Total,
    /// Known, but nothing of it is needed.
    PassedOver,
}

impl Kind {
    /// Returns the kind of a line by its record id; none if no edition we know has it.
    fn of(line: &[u8]) -> Option<Self> {
        let line = line.strip_prefix(b"\"").unwrap_or(line);
        let (id, rest) = line.split_at_checked(2).unwrap_or((line, b""));
        if !matches!(rest.first(), None | Some(b',' | b'"' | b' ')) {
            return None;
        }
        Some(match id {
            b"MN" => Self::Admin,
            b"UK" => Self::Reception,
            b"IR" | b"YK" => Self::Institution,
            b"RE" => Self::Claim,
            b"HO" | b"KO" | b"SN" | b"MF" | b"BU" => Self::Part,
            b"GO" => Self::Total,
            b"SI" | b"IY" | b"SY" | b"CO" | b"TO" | b"SS" | b"HS" | b"SJ" | b"JD" | b"KH" | b"GR" | b"NI" | b"TI"
            | b"TR" | b"TS" | b"SB" | b"KK" | b"SK" | b"GA" | b"HH" | b"GT" | b"CD" | b"SH" | b"CZ" | b"KI" | b"TK"
            | b"ST" | b"HI" | b"HR" | b"HG" | b"RC" | b"JY" | b"EX" | b"ON" | b"MD" | b"RT" | b"JR" | b"MK" | b"" => {
                Self::PassedOver
            }
            _ => return None,
        })
    }
}
