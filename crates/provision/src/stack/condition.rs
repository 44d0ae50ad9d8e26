//! What can be done next with a stack, by its status.
//!
//! Source: "Stack status codes" and "Continue rolling back an update" in the CloudFormation user guide; RollbackStack, DeleteStack and
//! ContinueUpdateRollback in its API reference.

/// What a stack's status lets come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It is gone: a creation.
    Gone,
    /// A change set was made for a stack that does not exist yet: a creation.
    Shell,
    /// It can be changed.
    Ready,
    /// Its first creation failed: it can only be deleted.
    Remains,
    /// A change failed and was not rolled back: it can be rolled back.
    HalfChanged,
    /// A rollback failed: it can be continued, without what cannot be rolled back.
    Stuck,
    /// Its deletion failed: it can be deleted again, without what cannot be deleted.
    HalfDeleted,
    /// Something is under way: it can be waited for.
    UnderWay,
}

impl Condition {
    /// The condition of a stack with this status; `None` for a status that nobody knows.
    pub fn of(status: &str) -> Option<Self> {
        Some(match status {
            "DELETE_COMPLETE" => Self::Gone,
            "REVIEW_IN_PROGRESS" => Self::Shell,
            "CREATE_COMPLETE"
            | "UPDATE_COMPLETE"
            | "UPDATE_ROLLBACK_COMPLETE"
            | "IMPORT_COMPLETE"
            | "IMPORT_ROLLBACK_COMPLETE" => Self::Ready,
            "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" => Self::Remains,
            "UPDATE_FAILED" => Self::HalfChanged,
            "UPDATE_ROLLBACK_FAILED" | "IMPORT_ROLLBACK_FAILED" => Self::Stuck,
            "DELETE_FAILED" => Self::HalfDeleted,
            other if other.ends_with("_IN_PROGRESS") => Self::UnderWay,
            _ => return None,
        })
    }
}

/// How an operation on a stack came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Everything is as it was wanted.
    Done,
    /// It failed, and everything is as it was before; a first creation left a stack without resources.
    RolledBack,
    /// It failed, and stands half-way.
    HalfWay,
    /// The stack is gone.
    Deleted,
}

impl Rest {
    /// The rest that a status is; `None` while something is under way.
    pub fn of(status: &str) -> Option<Self> {
        Some(match status {
            // What is cleaned up is what the change no longer needs.
            "CREATE_COMPLETE"
            | "UPDATE_COMPLETE"
            | "IMPORT_COMPLETE"
            | "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => Self::Done,
            "ROLLBACK_COMPLETE"
            | "UPDATE_ROLLBACK_COMPLETE"
            | "IMPORT_ROLLBACK_COMPLETE"
            | "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" => Self::RolledBack,
            "DELETE_COMPLETE" => Self::Deleted,
            other if other.ends_with("_FAILED") => Self::HalfWay,
            _ => return None,
        })
    }
}
