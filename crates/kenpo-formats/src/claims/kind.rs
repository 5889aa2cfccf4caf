//! The kinds of records, by their effect on the reading.

/// The kind of a record, by its effect on the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// MN: the payer agency's number of the next claim.
    Admin,
    /// UK: the file of a dental clinic.
    Reception,
    /// IR, YK, HM.
    Institution,
    /// RE.
    Claim,
    /// HO, KO, SN, MF, BU: a part of a claim that we read.
    Part,
    /// GO.
    Total,
    /// JY: the payer agency's correction of a record.
    Correction,
    /// MK: the result of a re-review.
    Review,
    /// Known, but not needed.
    PassedOver,
}

impl Kind {
    /// Returns the kind of a line by its record id, in capital or small letters; none if no edition we know has it.
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        let line = line.strip_prefix(b"\"").unwrap_or(line);
        let (id, rest) = line.split_at_checked(2).unwrap_or((line, b""));
        if !matches!(rest.first(), None | Some(b',' | b'"' | b' ')) {
            return None;
        }
        let Ok(id) = <[u8; 2]>::try_from(id) else {
            return line.is_empty().then_some(Self::PassedOver);
        };
        Some(match &id.map(|byte| byte.to_ascii_uppercase()) {
            b"MN" => Self::Admin,
            b"UK" => Self::Reception,
            b"IR" | b"YK" | b"HM" => Self::Institution,
            b"RE" => Self::Claim,
            b"HO" | b"KO" | b"SN" | b"MF" | b"BU" => Self::Part,
            b"GO" => Self::Total,
            b"JY" => Self::Correction,
            b"MK" => Self::Review,
            // Medical, DPC, dental, pharmacy.
            b"SI" | b"IY" | b"SY" | b"CO" | b"TO" | b"SS" | b"HS" | b"SJ" | b"JD" | b"KH" | b"GR" | b"NI" | b"TI"
            | b"TR" | b"TS" | b"SB" | b"KK" | b"SK" | b"GA" | b"HH" | b"GT" | b"CD" | b"SH" | b"CZ" | b"KI" | b"TK"
            | b"ST"
            // Home nursing.
            | b"IH" | b"HJ" | b"JS" | b"RJ" | b"TJ" | b"TZ" | b"KS" | b"KA" | b"GI"
            // Returned files, and what the payer agency writes.
            | b"HI" | b"HR" | b"HG" | b"RC" | b"EX" | b"ON" | b"MD" | b"RT" | b"JR" => Self::PassedOver,
            _ => return None,
        })
    }
}
