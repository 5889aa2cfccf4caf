//! The database of Yui: one SQL text for SQLite and PostgreSQL.
