//! The audit log's acts of expenses.

crate::core::audit::acts! {
    /// The totals of an older system were held against what is imported.
    RECONCILED = "expenses.reconciled" / "以前のシステムの合計と照合";
}
