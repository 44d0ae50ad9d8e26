//! A function as far as running it goes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::runtime::Runtime;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

impl LogFormat {
    /// The value of `AWS_LAMBDA_LOG_FORMAT`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Json => "JSON",
        }
    }
}

/// Where the code is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Code {
    /// A folder that never changes, such as [`crate::CodeStore`]'s.
    Fixed(PathBuf),
    /// A user's own folder: what is changed in it runs at the next invocation.
    Live(PathBuf),
}

impl Code {
    pub const fn folder(&self) -> &PathBuf {
        match self {
            Self::Fixed(folder) | Self::Live(folder) => folder,
        }
    }
}

/// One version of a function. Whatever changes in it lets its environments start anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Function {
    pub name: String,
    /// `$LATEST` or a number.
    pub version: String,
    /// The ARN of this version: its environments are kept under this name.
    pub arn: String,
    pub runtime: Runtime,
    /// Ignored by `provided` runtimes, whose program gets it all the same.
    pub handler: String,
    /// MB, of 1,048,576 bytes.
    pub memory_mb: u32,
    pub timeout: Duration,
    /// The function's own variables.
    pub variables: BTreeMap<String, String>,
    pub code: Code,
    /// Folders that are laid over each other at /opt, the last one on top.
    pub layers: Vec<PathBuf>,
    pub log_group: String,
    pub log_format: LogFormat,
    /// `AWS_LAMBDA_LOG_LEVEL`; the JSON format's level of the function's own lines.
    pub log_level: Option<String>,
}
