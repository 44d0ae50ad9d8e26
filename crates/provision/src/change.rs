//! A setting that differs.

use serde_json::Value;

/// A setting that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// AWS's name of it.
    pub field: String,
    /// How it is; `None`: not set.
    pub from: Option<Value>,
    /// How it should be; `None`: not set.
    pub to: Option<Value>,
}
