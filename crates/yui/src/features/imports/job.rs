//! A file to be checked or imported, with its options.

use std::{collections::BTreeMap, fmt::Debug};

use super::{source::Source, watch::Watch};
use crate::core::{app::App, scope::SystemScope};

/// The answers to a kind's questions beside the file, by the question's name.
pub type Answers = BTreeMap<String, String>;

/// A file to be checked or imported.
pub struct Job<'a> {
    /// The portal.
    pub app: &'a App,
    /// The scope of the society.
    pub scope: &'a SystemScope,
    /// The file.
    pub source: &'a Source,
    /// The options.
    pub options: Options,
    /// The answers beside the file.
    pub answers: &'a Answers,
    /// The observer of the progress.
    pub watch: &'a mut dyn Watch,
}

impl Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("source", self.source).field("options", &self.options).finish_non_exhaustive()
    }
}

/// The options of an import.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Only a check: report the changes and make none.
    pub dry_run: bool,
    /// Import nothing if anything is wrong.
    pub all_or_nothing: bool,
    /// Whether everything that has to be confirmed is confirmed.
    pub confirmed: bool,
}
