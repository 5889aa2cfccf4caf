//! A file to be checked or imported, and how.

use std::{collections::BTreeMap, fmt::Debug};

use super::{source::Source, watch::Watch};
use crate::core::{app::App, scope::SystemScope};

/// What a kind asked beside the file, and what was answered, by the question's name.
pub type Answers = BTreeMap<String, String>;

/// A file to be checked or imported.
pub struct Job<'a> {
    /// The portal.
    pub app: &'a App,
    /// For whom.
    pub scope: &'a SystemScope,
    /// The file.
    pub source: &'a Source,
    /// How.
    pub options: Options,
    /// What was answered beside it.
    pub answers: &'a Answers,
    /// Who is told how it goes.
    pub watch: &'a mut dyn Watch,
}

impl Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("source", self.source).field("options", &self.options).finish_non_exhaustive()
    }
}

/// How an import is done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Only try: say what would change.
    pub dry_run: bool,
    /// Take nothing if anything is wrong.
    pub all_or_nothing: bool,
    /// Whether everything that has to be confirmed is confirmed.
    pub confirmed: bool,
}
