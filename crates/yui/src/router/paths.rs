//! The paths that can be opened.

use std::sync::Arc;

/// The paths that can be opened, as in `/assets/{name}`.
#[derive(Clone, Debug, Default)]
pub(crate) struct RoutePaths(pub(crate) Arc<[&'static str]>);

impl RoutePaths {
    /// Returns the page that stands for this path: itself, or the next one above it that can be opened. An act's path cannot, though a form
    /// with mistakes is shown there.
    pub(crate) fn above<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut path = path;
        while !path.is_empty() {
            if self.0.iter().any(|page| fits(page, path)) {
                return Some(path);
            }
            path = path.rsplit_once('/')?.0;
        }
        None
    }
}

/// Returns whether this is a path of the route.
pub(crate) fn fits(route: &str, path: &str) -> bool {
    let (mut route, mut path) = (route.split('/'), path.split('/'));
    loop {
        match (route.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(there)) if wanted == there || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}
