//! Chooses the earlier batch that a new file is compared with: one of the same kind, extent and number of months, so that large
//! differences are rare. Corrections are compared with corrections only.

use kenpo_formats::Fault;

use super::{
    Batch, BatchState, HISTORY, Kind,
    preview::{Before, Preview, PreviewFinding},
};

/// How many of the newest batches are looked through: more than two years' of a society with a file a week.
pub(super) const LOOKED_THROUGH: i64 = 200;

/// From how many percent on a difference has to be confirmed.
const FAR: i64 = 50;

/// Below how many rows nothing has to be confirmed: a handful more or less is many percent of a few.
const FEW: i64 = 50;

/// By what factor the sizes of two comparable files of changes (異動) may differ.
const TIMES: i64 = 5;

/// The name of the detail that marks the import of a full file (全件).
pub(crate) const FULL_FILE: &str = "full file";

#[derive(PartialEq)]
struct Shape {
    /// How many months it is about; none where its rows are of no month.
    months: Option<i32>,
    whole: bool,
    corrects: bool,
}

impl Shape {
    fn of(months: Option<(i32, i32)>, details: &[(String, i64)], (corrections, accepted): (i64, i64)) -> Self {
        Self {
            months: months.map(|(first, last)| ordinal(last) - ordinal(first) + 1),
            whole: details.iter().any(|(word, count)| word == FULL_FILE && *count > 0),
            corrects: corrections.saturating_mul(2) > accepted,
        }
    }
}

/// Returns the number of a month, given as 202501, counted from year 0.
fn ordinal(month: i32) -> i32 {
    month / 100 * 12 + month % 100
}

fn months(batch: &Batch) -> Option<(i32, i32)> {
    batch.months.map(|(first, last)| (first.number(), last.number()))
}

/// Returns the batch that a new file of this kind is compared with, and whether it is of the same months a year ago; else it is the
/// newest of the file's shape. The batches are the newest first.
pub(super) fn comparable<'b>(preview: &Preview, kind: Kind, batches: &'b [Batch]) -> Option<(&'b Batch, bool)> {
    if preview.details.iter().any(|(word, _)| word == HISTORY) {
        return None;
    }
    let shape = Shape::of(preview.months, &preview.details, (preview.corrections, preview.accepted));
    // The first file of changes contains all members; only its size tells it from the later ones.
    let sized = shape.months.is_some() || shape.whole;
    let near = |then: i64| {
        let now = preview.accepted;
        then.saturating_mul(TIMES) >= now && now.saturating_mul(TIMES) >= then
    };
    let alike = |batch: &&Batch| {
        batch.kind.as_str() == kind.as_str()
            && batch.state == BatchState::Published
            && !batch.is_history()
            && !batch.by_hand
            && Shape::of(months(batch), &batch.details, (batch.corrections, batch.accepted)) == shape
            && (sized || near(batch.accepted))
    };
    let year_ago = preview.months.map(|(first, last)| (first - 100, last - 100));
    let last_year = batches.iter().filter(alike).find(|batch| year_ago.is_some() && months(batch) == year_ago);
    last_year.map(|batch| (batch, true)).or_else(|| batches.iter().find(alike).map(|batch| (batch, false)))
}

/// Returns what has to be confirmed, where the file is far from what it is compared with.
pub(super) fn far_from(preview: &Preview, before: &Before) -> Option<PreviewFinding> {
    let (now, then) = (preview.accepted, before.accepted);
    let percent = now.saturating_sub(then).saturating_mul(100).checked_div(then)?;
    if percent.abs() < FAR || now.max(then) < FEW {
        return None;
    }
    let more = if percent > 0 { "多く" } else { "少なく" };
    let reason =
        format!("件数が、比べた取込（{} {}件）より{}%{more}なっています。", before.file_name, then, percent.abs());
    Some(PreviewFinding::from(&Fault::new(0, "", reason)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kenpo_formats::TreatmentMonth;

    use super::*;
    use crate::features::imports::kind_of;

    fn batch(batch_id: i64, kind: &str, month: Option<i32>, accepted: i64, corrections: i64, whole: bool) -> Batch {
        Batch {
            batch_id,
            kind: kind_of(kind).unwrap(),
            file_name: format!("{batch_id}.csv"),
            state: BatchState::Published,
            position: accepted,
            accepted,
            rejected: 0,
            unmatched: 0,
            corrections,
            details: if whole { vec![(FULL_FILE.into(), 1)] } else { Vec::new() },
            months: month.and_then(TreatmentMonth::from_number).map(|month| (month, month)),
            imported_by: String::new(),
            created_at: Timestamp::UNIX_EPOCH,
            publish_at: None,
            published: None,
            withdrawn: None,
            withdrawing: false,
            withdraw_reason: None,
            through: None,
            withdraw_trouble: None,
            kept: 0,
            clearing: false,
            by_hand: false,
            told: 0,
            telling: false,
        }
    }

    #[test]
    fn a_file_is_compared_with_one_of_its_shape() {
        let batches = [
            batch(5, "register", None, 24, 0, false),
            batch(4, "expenses", Some(202_608), 40, 40, false),
            batch(3, "expenses", Some(202_608), 4_000, 3, false),
            batch(2, "expenses", Some(202_509), 3_900, 0, false),
            batch(1, "register", None, 9_000, 0, true),
        ];
        let with = |kind: &str, preview: &Preview| {
            comparable(preview, kind_of(kind).unwrap(), &batches).map(|(batch, last_year)| (batch.batch_id, last_year))
        };
        let month = Preview { months: Some((202_609, 202_609)), accepted: 4_100, ..Preview::default() };
        assert_eq!(with("expenses", &month), Some((2, true)));
        let month = Preview { months: Some((202_610, 202_610)), ..month };
        assert_eq!(with("expenses", &month), Some((3, false)));
        let corrections = Preview { corrections: 50, accepted: 50, ..month.clone() };
        assert_eq!(with("expenses", &corrections), Some((4, false)));
        let year = Preview { months: Some((202_501, 202_512)), ..month };
        assert_eq!(with("expenses", &year), None);
        assert_eq!(with("register", &Preview { accepted: 30, ..Preview::default() }), Some((5, false)));
        assert_eq!(with("register", &Preview { accepted: 9_000, ..Preview::default() }), None);
        let whole = Preview { details: vec![(FULL_FILE.into(), 1)], ..Preview::default() };
        assert_eq!(with("register", &whole), Some((1, false)));
    }

    #[test]
    fn what_is_far_off_has_to_be_confirmed_and_a_few_rows_are_not() {
        let far = |now: i64, then: i64| {
            let before = Before {
                accepted: then,
                ..Before::of(batch(1, "register", None, then, 0, false), Default::default(), false)
            };
            far_from(&Preview { accepted: now, ..Preview::default() }, &before).map(|told| told.reason)
        };
        assert_eq!(far(28, 24), None);
        assert_eq!(far(2, 24), None);
        assert_eq!(far(5_100, 4_000), None);
        assert!(far(100, 4_000).unwrap().contains("97%少なく"));
        assert!(far(9_000, 4_000).unwrap().contains("125%多く"));
        assert_eq!(far(9_000, 0), None);
    }
}
