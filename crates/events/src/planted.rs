//! Bugs that the tests of a simulation plant, to show that it finds them. Behind a feature of theirs, and of nobody else's.

use std::cell::Cell;

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A delivery that is given up is taken out of the books as dead-lettered, and its dead letter is not written.
    ForgottenDeadLetter,
}

thread_local! {
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Plants a bug in all that this thread commits; `None` takes it out again.
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

pub(crate) fn is_planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}
