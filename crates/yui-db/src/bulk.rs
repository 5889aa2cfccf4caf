//! Tables that many rows are loaded into at once.

/// A table and the columns of it that are loaded in bulk, in the order of the values.
#[derive(Clone, Copy, Debug)]
pub struct BulkTable {
    /// The table.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
}
