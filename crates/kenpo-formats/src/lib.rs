//! Formats of Japanese health insurance: bytes in, values out, no database.
