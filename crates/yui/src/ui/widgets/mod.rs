//! Widgets that take values: pictures and page numbers. Their markup and style lie beside them.

pub(crate) mod chart;
pub(crate) mod pagination;
pub(crate) mod split;
