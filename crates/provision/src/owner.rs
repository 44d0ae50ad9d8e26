//! Whose the things are that a pipeline makes.

/// The name under which a pipeline owns what it makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner(pub String);
