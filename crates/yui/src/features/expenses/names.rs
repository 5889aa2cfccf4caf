//! Names that answers, lists and findings carry.

/// The column or record that a fault about the person is shown at.
pub(crate) const PERSON: &str = "記号・番号";

/// The question, and the list of a preview, about care that has come in the other form already.
pub(crate) const SAME_VISIT: &str = "same_visit";
