//! The layout by which a file is read.

use kenpo_formats::csv_table::Layout;
use serde::{Deserialize, Serialize};

/// The layout by which a file is read, with the name of its profile.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct UsedProfile {
    /// The profile's name when the file came.
    pub name: String,
    /// Its layout then.
    pub layout: Layout,
}
