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
    /// Returns the split of these shares, in thousandths of the total; `summary` says it in words. A share below 0 has no part of the bar.
    pub(crate) fn new(summary: String, insurer: i64, public: i64, self_pay: i64) -> Self {
        let [insurer, public, self_pay] = [insurer, public, self_pay].map(|share| share.max(0));
        let total = (insurer + public + self_pay).max(1);
        let (insurer, public) = (insurer * 1000 / total, public * 1000 / total);
        let self_pay = if self_pay > 0 { 1000 - insurer - public } else { 0 };
        Self { summary, insurer, public, self_pay }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_parts_lie_within_the_bar(shares in prop::array::uniform3(-10_000_000..10_000_000i64)) {
            let split = Split::new(String::new(), shares[0], shares[1], shares[2]);
            let parts = [split.insurer, split.public, split.self_pay];
            prop_assert!(parts.iter().all(|part| (0..=1_000).contains(part)) && parts.iter().sum::<i64>() <= 1_000);
        }
    }
}
