//! Runtimes: the names that functions ask for, and what runs them.

use std::fmt;

use serde::{Serialize, Serializer};

/// What a runtime's handlers are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Node,
    Python,
    /// The function brings an executable named `bootstrap`.
    Provided,
}

/// A runtime, such as `nodejs22.x`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Runtime {
    name: &'static str,
    language: Language,
    /// Node.js: the major version; Python: the minor one of 3; none where the function brings its own.
    version: u32,
}

const fn node(name: &'static str, version: u32) -> Runtime {
    Runtime { name, language: Language::Node, version }
}

const fn python(name: &'static str, version: u32) -> Runtime {
    Runtime { name, language: Language::Python, version }
}

const fn provided(name: &'static str) -> Runtime {
    Runtime { name, language: Language::Provided, version: 0 }
}

const RUNTIMES: &[Runtime] = &[
    node("nodejs18.x", 18),
    node("nodejs20.x", 20),
    node("nodejs22.x", 22),
    node("nodejs24.x", 24),
    python("python3.9", 9),
    python("python3.10", 10),
    python("python3.11", 11),
    python("python3.12", 12),
    python("python3.13", 13),
    python("python3.14", 14),
    provided("provided.al2"),
    provided("provided.al2023"),
];

impl Runtime {
    /// The runtime of this name, if it is one that is run here.
    pub fn parse(name: &str) -> Option<Self> {
        RUNTIMES.iter().find(|runtime| runtime.name == name).copied()
    }

    /// All that are run here, in the order in which they are listed to people.
    pub fn all() -> impl Iterator<Item = Self> {
        RUNTIMES.iter().copied()
    }

    pub const fn name(self) -> &'static str {
        self.name
    }

    pub const fn language(self) -> Language {
        self.language
    }

    /// Node.js: the major version; Python: the minor one of 3.
    pub(crate) const fn version(self) -> u32 {
        self.version
    }

    /// `AWS_EXECUTION_ENV`; OS-only runtimes have none.
    pub(crate) fn execution_environment(self) -> Option<String> {
        (self.language != Language::Provided).then(|| format!("AWS_Lambda_{}", self.name))
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

impl Serialize for Runtime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}
