//! What a rule says: a place, what is wrong there, and what would be right.

use std::fmt;

/// Whether a finding stops the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Printed, and the run still succeeds.
    Warns,
    /// The run fails.
    Fails,
}

/// One finding of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) weight: Weight,
    /// Relative to the root of the checkout.
    pub(crate) path: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// What is there.
    pub(crate) what: String,
    /// What would be right.
    pub(crate) right: String,
}

impl Finding {
    /// A finding that fails the run.
    pub(crate) fn fails(
        path: &str,
        line: usize,
        what: impl Into<String>,
        right: impl Into<String>,
    ) -> Finding {
        let (what, right) = (what.into(), right.into());
        Finding { weight: Weight::Fails, path: path.to_owned(), line, what, right }
    }

    /// The same as a warning.
    pub(crate) fn into_warning(self) -> Finding {
        Finding { weight: Weight::Warns, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { path, line, what, right, .. } = self;
        write!(f, "{path}:{line}: {what}\n    right: {right}")
    }
}
