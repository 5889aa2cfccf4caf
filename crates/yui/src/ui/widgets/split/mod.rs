//! One bar that shows who bore how much of a total.

use askama::Template;

/// The split of a total; the page writes the amounts under it.
#[derive(Debug, Template)]
#[template(path = "ui/widgets/split/split.html")]
pub(crate) struct Split {
    summary: String,
    insurer: i64,
    public: i64,
    self_pay: i64,
}

impl askama::filters::HtmlSafe for Split {}

impl Split {
    /// Returns the split of these shares, in thousandths of the total; `summary` says it in words.
    pub(crate) fn new(summary: String, insurer: i64, public: i64, self_pay: i64) -> Self {
        let total = (insurer + public + self_pay).max(1);
        let (insurer, public) = (insurer * 1000 / total, public * 1000 / total);
        let self_pay = if self_pay > 0 { 1000 - insurer - public } else { 0 };
        Self { summary, insurer, public, self_pay }
    }
}
