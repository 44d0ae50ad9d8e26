//! Paying at once: a target that another room of ours serves has its input in the commit that accepts the event.
//!
//! Who serves a kind of target registers a [`PayHook`] for it, so that no room needs to know the others. Kinds without a hook,
//! and targets of other accounts and regions, are owed.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws::Arn;
use store::Commit;

use crate::dead_letters::location::MessageLocation;
use crate::target::Target;
use crate::target::kind::{KINDS, TargetKind};

/// Serves the targets of one kind, of this account and region, in the commit that accepts the event.
pub trait PayHook: fmt::Debug + Send + Sync {
    /// Gives a target its input, as a part of the commit. What cannot be paid must write nothing.
    fn pay(&self, commit: &mut Commit<'_>, debt: Debt<'_>) -> Payment;
}

/// What a target is to be given.
#[derive(Debug)]
pub struct Debt<'d> {
    /// The target.
    pub target: &'d Target,
    /// Its input.
    pub input: String,
    /// The event as it was accepted.
    pub event: &'d str,
    /// The rule that matched.
    pub rule_arn: &'d Arn,
    /// The X-Ray header that came with the event.
    pub trace_header: Option<&'d str>,
}

/// How a target was served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payment {
    /// It has its input.
    Paid(Receipt),
    /// It cannot have it, and trying again would not help: the delivery goes to its dead-letter queue.
    Refused {
        /// One of the user guide's error codes for dead-letter queues, for example `NO_RESOURCE`.
        code: &'static str,
        /// A sentence for a person.
        message: String,
    },
}

impl Payment {
    /// A refusal.
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::Refused { code, message: message.into() }
    }
}

/// What is known of a payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The id that the target gave it, where it gives one.
    pub id: Option<String>,
    /// Where the message waits that it became; `None`: it cannot be taken back.
    pub location: Option<MessageLocation>,
}

/// The hooks, as their kinds are in [`KINDS`].
#[derive(Debug, Default)]
pub(crate) struct PayHooks([OnceLock<Arc<dyn PayHook>>; KINDS.len()]);

impl PayHooks {
    pub(crate) fn of(&self, kind: &TargetKind) -> Option<&OnceLock<Arc<dyn PayHook>>> {
        self.0.get(kind.number()?)
    }
}
