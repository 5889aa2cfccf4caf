//! The mistakes in a form that was sent.

/// The mistakes of a form, in the order of its fields: each stands by its field and, in the same words, in the summary.
#[derive(Clone, Debug, Default)]
pub(crate) struct FormState {
    errors: Vec<(&'static str, String)>,
}

impl FormState {
    /// No mistakes: for fields on a page that accepts every input.
    pub(crate) const NONE: Self = Self { errors: Vec::new() };

    /// Adds a mistake.
    pub(crate) fn error(&mut self, field: &'static str, words: &str) {
        self.errors.push((field, words.to_owned()));
    }

    /// Returns whether there is any.
    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Returns the mistake of this field.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|(name, _)| *name == field).map(|(_, words)| words.as_str())
    }

    /// Returns all mistakes of this field.
    pub(crate) fn all_of(&self, field: &str) -> Vec<&str> {
        self.errors.iter().filter(|(name, _)| *name == field).map(|(_, words)| words.as_str()).collect()
    }

    /// Returns all fields with their mistakes.
    pub(crate) fn errors(&self) -> &[(&'static str, String)] {
        &self.errors
    }
}
