//! Bars, drawn on the server; the page puts a table with the same values beside them.

use askama::Template;

use crate::ui::format::yen;

/// One bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    x: i64,
    y: i64,
    height: i64,
    label: String,
    /// The text above the bar; empty for none.
    value: String,
    /// The text in the bar's place if its value is not known.
    missing: String,
    strong: bool,
}

/// Columns over time.
#[derive(Debug, Template)]
#[template(path = "ui/widgets/chart/columns.html")]
pub(crate) struct Columns {
    summary: String,
    bars: Vec<Bar>,
    width: i64,
    /// The top of the picture: there may be room above the highest bar.
    top: i64,
}

impl askama::filters::HtmlSafe for Columns {}

const COLUMN: i64 = 54;
const HEIGHT: i64 = 110;

impl Columns {
    /// Returns columns for these labelled values, the one at `strong` stressed; `summary` says it in words. The highest is as high as
    /// the picture; a value below 0 has no column.
    pub(crate) fn new(summary: String, values: &[(String, i64)], strong: Option<usize>) -> Self {
        let most = values.iter().map(|(_, value)| *value).max().unwrap_or(0).max(1);
        Self::drawn(summary, values, strong, (most, 0), |_| String::new())
    }

    /// As [`Columns::new`], for parts of a hundred: a hundred is as high as the picture, and each column says its value.
    pub(crate) fn percentages(summary: String, values: &[(String, i64)], strong: Option<usize>) -> Self {
        let value = |value: i64| if value > 0 { format!("{value}%") } else { String::new() };
        Self::drawn(summary, values, strong, (100, -28), value)
    }

    /// Returns these columns with a word in the place of those with an unknown value.
    pub(crate) fn missing(mut self, missing: &[bool], word: &str) -> Self {
        for (bar, _) in self.bars.iter_mut().zip(missing).filter(|(_, missing)| **missing) {
            word.clone_into(&mut bar.missing);
        }
        self
    }

    fn has_missing(&self) -> bool {
        self.bars.iter().any(|bar| !bar.missing.is_empty())
    }

    fn drawn(
        summary: String,
        values: &[(String, i64)],
        strong: Option<usize>,
        (most, top): (i64, i64),
        said: impl Fn(i64) -> String,
    ) -> Self {
        let bar = |((at, (label, value)), column): ((usize, &(String, i64)), i64)| {
            let height = (value.max(&0) * HEIGHT / most).max(i64::from(*value > 0));
            Bar {
                x: column * COLUMN + 10,
                y: 10 + HEIGHT - height,
                height,
                label: label.clone(),
                value: said(*value),
                missing: String::new(),
                strong: strong == Some(at),
            }
        };
        let bars = values.iter().enumerate().zip(0..).map(bar).collect();
        Self { summary, bars, width: COLUMN * i64::try_from(values.len()).unwrap_or(0), top }
    }
}

/// One row of a ranking.
#[derive(Clone, Debug)]
pub(crate) struct RankRow {
    y: i64,
    width: i64,
    label: String,
    value: String,
}

/// Rows with a bar each.
#[derive(Debug, Template)]
#[template(path = "ui/widgets/chart/ranking.html")]
pub(crate) struct Ranking {
    summary: String,
    rows: Vec<RankRow>,
    height: i64,
}

impl askama::filters::HtmlSafe for Ranking {}

const ROW: i64 = 56;
const WIDTH: i64 = 400;

impl Ranking {
    /// Returns a bar for each labelled value (yen), with `unit` behind it; `summary` says it in words.
    pub(crate) fn new(summary: String, values: &[(String, i64)], unit: &str) -> Self {
        let most = values.iter().map(|(_, value)| *value).max().unwrap_or(0).max(1);
        let rows = values
            .iter()
            .zip(0..)
            .map(|((label, value), row)| RankRow {
                y: row * ROW,
                width: (value * WIDTH / most).max(1),
                label: label.clone(),
                value: format!("{}{unit}", yen(*value)),
            })
            .collect();
        Self { summary, rows, height: ROW * i64::try_from(values.len()).unwrap_or(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_below_zero_has_no_bar_and_says_its_amount() {
        let values = [("1月".to_owned(), -500), ("2月".to_owned(), 1_000)];
        let columns = Columns::new(String::new(), &values, None);
        assert_eq!(columns.bars.iter().map(|bar| bar.height).collect::<Vec<_>>(), [0, HEIGHT]);
        let ranking = Ranking::new(String::new(), &values, "円");
        assert_eq!(ranking.rows.iter().map(|row| row.width).collect::<Vec<_>>(), [1, WIDTH]);
        assert_eq!(ranking.rows[0].value, "−500円");
    }
}
