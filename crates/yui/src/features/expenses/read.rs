//! Reading files of expenses, one or several that came as one.

use std::io;

use kenpo_formats::{
    Fault,
    claims::{ClaimFile, Integrity},
    expense_csv::ExpenseCsv,
    text::odd_characters,
};

use super::incoming::Incoming;
use crate::features::imports::{Format, Read, Source};

/// Hands over the records of all files of the source, one file after the other, until `each` returns false. The lines are numbered among
/// those of all files.
pub(super) fn read(source: &Source, each: &mut impl FnMut(Read<Incoming>) -> bool) -> Result<(), Vec<Fault>> {
    let files = source.files();
    // If the header of any of several files is invalid, no record of any file is passed on.
    if files.len() > 1 {
        files.iter().try_for_each(|file| opened(file).map(drop))?;
    }
    for file in &files {
        let mut goes_on = true;
        let mut each = |read| {
            goes_on = each(numbered(read, file));
            goes_on
        };
        match opened(file)? {
            Opened::Csv(csv) => rows_read(csv, &mut each),
            Opened::Claims(claims) => claims_read(claims, &mut each),
        }
        if !goes_on {
            break;
        }
    }
    Ok(())
}

/// Returns of which claims nobody knows whether they are all: those that end in the middle, or have other totals than their last record
/// states.
pub(super) fn to_confirm(source: &Source) -> anyhow::Result<Vec<Fault>> {
    let mut all = Vec::new();
    for file in source.files().iter().filter(|file| file.format == Format::Claims) {
        // An unreadable file is reported by `read`.
        let Ok(mut claims) = ClaimFile::open(file.open()?) else { continue };
        claims.by_ref().for_each(drop);
        all.extend(doubtful(&claims).into_iter().map(|fault| among_all(fault, file)));
    }
    Ok(all)
}

/// A file whose beginning is read and good.
#[expect(clippy::large_enum_variant, reason = "there is one for each file that is read")]
enum Opened<R> {
    Csv(ExpenseCsv<R>),
    Claims(ClaimFile<R>),
}

fn opened(file: &Source) -> Result<Opened<impl io::Read + use<>>, Vec<Fault>> {
    let among_all = |faults: Vec<Fault>| faults.into_iter().map(|fault| among_all(fault, file)).collect::<Vec<_>>();
    let unopened = |error| vec![Fault::new(0, "", format!("ファイルを開けません: {error}"))];
    let bytes = file.open().map_err(unopened).map_err(among_all)?;
    match file.format {
        Format::Csv => ExpenseCsv::open_as(bytes, file.layout()).map(Opened::Csv).map_err(among_all),
        Format::Claims => ClaimFile::open(bytes).map(Opened::Claims).map_err(|fault| among_all(vec![fault])),
    }
}

/// Returns what was read with its lines numbered among those of all files.
fn numbered(read: Read<Incoming>, file: &Source) -> Read<Incoming> {
    match read {
        Read::Record(mut incoming) => {
            incoming.record.line = file.line_among_all(incoming.record.line);
            Read::Record(incoming)
        }
        Read::Wrong(faults) => Read::Wrong(faults.into_iter().map(|fault| among_all(fault, file)).collect()),
        Read::Notice(notice) => Read::Notice(among_all(notice, file)),
    }
}

fn among_all(fault: Fault, file: &Source) -> Fault {
    Fault { line: file.line_among_all(fault.line), ..fault }
}

fn rows_read<R: io::Read>(csv: ExpenseCsv<R>, mut each: impl FnMut(Read<Incoming>) -> bool) {
    let _all = { csv }.all(|mut row| {
        let notices = row.as_mut().map(|row| std::mem::take(&mut row.notices)).unwrap_or_default();
        let row = row.and_then(|row| Incoming::of_row(row).map_err(|fault| vec![fault]));
        let notices = if row.is_ok() { notices } else { Vec::new() };
        notices.into_iter().map(Read::Notice).chain([row.into()]).all(&mut each)
    });
}

/// Reads claims, and what the amounts' rules and the reader are not sure of.
fn claims_read<R: io::Read>(mut file: ClaimFile<R>, mut each: impl FnMut(Read<Incoming>) -> bool) {
    for claim in file.by_ref() {
        let mut doubts = Vec::new();
        let read = claim.and_then(|claim| Incoming::of_claim(&claim, &mut doubts)).map_err(|fault| vec![fault]);
        if let Ok(claim) = &read {
            doubts.extend(odd_characters(claim.record.line, "医療機関名", &claim.record.provider_name));
        }
        if !doubts.into_iter().map(Read::Notice).chain([read.into()]).all(&mut each) {
            return;
        }
    }
    let unknown = file.unknown_records().iter().map(|(id, count)| {
        Fault::new(0, id.as_str(), format!("知らない種類のレコードです。{count}件を読み飛ばしました。"))
    });
    let _all = file.notices().iter().cloned().chain(unknown).map(Read::Notice).all(&mut each);
}

/// Returns why the whole file may not be what it says it is.
fn doubtful<R: io::Read>(file: &ClaimFile<R>) -> Vec<Fault> {
    let totals = file.totals();
    match file.integrity() {
        Some(Integrity::Truncated { line, .. }) => {
            let reason =
                "ファイルが途中で終わっています。送り直してもらうか、途中までと分かったうえで取り込んでください。";
            vec![Fault::new(line, "GO", reason)]
        }
        Some(Integrity::Differs) => {
            let stated = |total: Option<i64>| total.map_or("—".to_owned(), |total| total.to_string());
            let reason = format!(
                "合計のレコード（GO）は{}件・{}点ですが、読み取れたのは{}件・{}点です。",
                stated(totals.stated_claims),
                stated(totals.stated_points),
                totals.claims,
                totals.points
            );
            vec![Fault::new(0, "GO", reason)]
        }
        Some(Integrity::Agrees | Integrity::Unstated) | None => Vec::new(),
    }
}
