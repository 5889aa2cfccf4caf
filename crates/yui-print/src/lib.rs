//! The papers Yui prints, as tagged PDF. No HTTP, no SQL.
