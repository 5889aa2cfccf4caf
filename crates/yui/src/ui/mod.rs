//! The parts shared by all pages: the layout, words, widgets, cookies and formats.

mod assets;
pub(crate) mod cookie;
mod csrf;
pub(crate) mod csv;
mod error_page;
mod form;
pub(crate) mod format;
mod lang;
pub(crate) mod language;
pub(crate) mod page;
pub(crate) mod progress;
mod sample;
pub(crate) mod widgets;

pub use assets::Assets;
pub(crate) use assets::show as asset_show;
pub(crate) use csrf::{cross_site, same_origin};
pub(crate) use error_page::error_page;
pub(crate) use form::FormState;
pub use lang::{Lang, catalog};
pub(crate) use page::{Page, PageContext, Signed, local_path};
pub use sample::{Sample, samples};
pub(crate) use sample::{console_pages, pages, rendered};
