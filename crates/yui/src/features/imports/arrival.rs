//! The month up to which everything has arrived. A society states it with a publication; a suggestion is made from the
//! rows of a batch.

use kenpo_formats::TreatmentMonth;

use super::{Batch, ImportRefusal, queries, totals::MonthRows};
use crate::{
    core::{app::App, scope::SystemScope},
    ui::{Lang, format::month_long},
};

/// The months that have arrived with a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// The suggestion from the batch's rows, as [`suggested`] returns it.
    Suggested,
    /// Everything up to this month; if none, the batch completes no month.
    Is(Option<TreatmentMonth>),
}

/// Returns the month up to which everything will have arrived once this batch is published, judging by its rows. A
/// month counts when it follows on the one that arrived last and the batch has at least half as many rows of it; the
/// month that is not over never does.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn suggested(app: &App, scope: &SystemScope, batch: &Batch) -> anyhow::Result<Option<TreatmentMonth>> {
    let rows = batch.kind.months(app, scope, batch.batch_id).await?;
    let before = match queries::arrived_with(&app.db, scope, batch.kind).await? {
        Some((batch_id, through)) => {
            let usual = batch.kind.months(app, scope, batch_id).await?;
            Some((through, count_of(&usual, through).unwrap_or_else(|| most(&usual))))
        }
        None => None,
    };
    Ok(grown(&rows, before, TreatmentMonth::of(app.clock.today())))
}

fn count_of(rows: &[MonthRows], month: TreatmentMonth) -> Option<i64> {
    rows.iter().find(|(other, _)| *other == month).map(|(_, count)| *count)
}

fn most(rows: &[MonthRows]) -> i64 {
    rows.iter().map(|(_, count)| *count).max().unwrap_or(0)
}

fn grown(rows: &[MonthRows], before: Option<MonthRows>, this_month: TreatmentMonth) -> Option<TreatmentMonth> {
    let whole = |month, usual: i64| {
        month < this_month && count_of(rows, month).is_some_and(|count| count.saturating_mul(2) >= usual)
    };
    match before {
        Some((through, usual)) => std::iter::successors(Some(through.next()), |month| Some(month.next()))
            .take_while(|month| whole(*month, usual))
            .last(),
        None => rows.iter().map(|(month, _)| *month).filter(|month| whole(*month, most(rows))).max(),
    }
}

/// Returns the month, unless it is not over yet.
///
/// # Errors
/// [`ImportRefusal::MonthNotOver`].
pub(super) fn over(app: &App, through: Option<TreatmentMonth>) -> Result<Option<TreatmentMonth>, ImportRefusal> {
    match through {
        Some(month) if month >= TreatmentMonth::of(app.clock.today()) => Err(ImportRefusal::MonthNotOver(month)),
        through => Ok(through),
    }
}

/// Returns the months of a publication in words, for staff and the log.
pub(super) fn in_words(through: Option<TreatmentMonth>) -> String {
    match through {
        Some(month) => format!("{}診療分までそろった", month_long(Lang::Ja, month)),
        None => "そろった月はない".to_owned(),
    }
}

/// Returns the months from the words of [`in_words`].
pub(super) fn of_words(words: &str) -> Option<Through> {
    if words == in_words(None) {
        return Some(Through::Is(None));
    }
    let month = words.strip_suffix("診療分までそろった")?.parse().ok()?;
    Some(Through::Is(Some(month)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(number: i32) -> TreatmentMonth {
        TreatmentMonth::from_number(number).unwrap()
    }

    fn rows(rows: &[(i32, i64)]) -> Vec<MonthRows> {
        rows.iter().map(|(number, count)| (month(*number), *count)).collect()
    }

    #[test]
    fn a_month_follows_on_the_one_before_it() {
        let now = month(202_611);
        let before = Some((month(202_608), 1_000));
        for (brought, through) in [
            (vec![(202_609, 980)], Some(202_609)),
            (vec![(202_603, 12), (202_609, 980), (202_610, 1)], Some(202_609)),
            (vec![(202_609, 980), (202_610, 1_020)], Some(202_610)),
            // An early row, a late one, a gap, a month that is not over.
            (vec![(202_609, 1)], None),
            (vec![(202_605, 900)], None),
            (vec![(202_610, 1_000)], None),
            (vec![(202_609, 900), (202_610, 900), (202_611, 900)], Some(202_610)),
            (vec![], None),
        ] {
            assert_eq!(grown(&rows(&brought), before, now), through.map(month), "{brought:?}");
        }
    }

    #[test]
    fn the_first_batch_is_measured_by_its_own_fullest_month() {
        let now = month(202_611);
        assert_eq!(grown(&rows(&[(202_607, 800), (202_608, 900), (202_609, 3)]), None, now), Some(month(202_608)));
        assert_eq!(grown(&rows(&[(202_501, 1)]), None, now), Some(month(202_501)));
        assert_eq!(grown(&rows(&[(202_611, 5)]), None, now), None);
    }

    #[test]
    fn words_are_read_back() {
        for through in [None, Some(month(202_609))] {
            assert_eq!(of_words(&in_words(through)), Some(Through::Is(through)));
        }
        assert_eq!(of_words("2026年13月診療分までそろった"), None);
    }
}
