//! What a plan found.

/// Whether there is something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing to do.
    Nothing,
    /// Something to do.
    Changes,
    /// Ctrl-C came first; nothing is left.
    Interrupted,
}
