//! Page numbers under a long list.

/// The pages of a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pages {
    /// One link a page; empty where there is one page.
    pub(crate) links: Vec<PageLink>,
}

/// The link to one page.
#[derive(Clone, Debug)]
pub(crate) struct PageLink {
    pub(crate) number: usize,
    pub(crate) href: String,
    pub(crate) current: bool,
}

impl Pages {
    /// Returns the pages of a list of `count` things, `size` a page, with the (one-based) current one, and the range of
    /// things on it. A number that does not exist means the nearest that does.
    pub(crate) fn of(
        count: usize,
        size: usize,
        current: usize,
        href: impl Fn(usize) -> String,
    ) -> (Self, std::ops::Range<usize>) {
        let last = count.div_ceil(size).max(1);
        let current = current.clamp(1, last);
        let link = |number| PageLink { number, href: href(number), current: number == current };
        let links = if last > 1 { (1..=last).map(link).collect() } else { Vec::new() };
        (Self { links }, (current - 1) * size..(current * size).min(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_beyond_the_last_is_the_last() {
        let (pages, range) = Pages::of(250, 100, 9, |page| format!("?page={page}"));
        assert_eq!((pages.links.len(), range), (3, 200..250));
        assert!(pages.links[2].current);
        let (none, range) = Pages::of(0, 100, 1, |_| String::new());
        assert_eq!((none.links.len(), range), (0, 0..0));
    }
}
