//! Paying at once: a target that another room of ours serves has its input in the commit that accepts the event.
//!
//! Who serves a kind of target registers a [`PayHook`] for it, so that no room needs to know the others. Kinds without a hook,
//! and targets of other accounts and regions, are owed.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws::{Arn, Scope};
use store::Commit;

use crate::buses::routing::Outlet;
use crate::dead_letters::undo::MessageLocation;
use crate::events::Events;
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
    fn of(&self, kind: &TargetKind) -> Option<&OnceLock<Arc<dyn PayHook>>> {
        self.0.get(kind.number()?)
    }
}

/// Who pays a target: the hook of its kind, in its own scope.
#[derive(Debug)]
pub(crate) struct Payer {
    hook: Arc<dyn PayHook>,
    /// Another account or region than that of the rule.
    scope: Option<Scope>,
}

impl Payer {
    /// Gives the target its input, as a part of the commit.
    pub(crate) fn pay(&self, commit: &mut Commit<'_>, debt: Debt<'_>) -> Payment {
        let Some(scope) = &self.scope else { return self.hook.pay(commit, debt) };
        let (now, ids) = (commit.now, commit.ids);
        match commit.tx.in_scope(scope, |tx| self.hook.pay(&mut Commit::new(tx, now, ids), debt)) {
            // What waits in another scope is not the rule's to take back.
            Some(Payment::Paid(receipt)) => Payment::Paid(Receipt { location: None, ..receipt }),
            Some(refused) => refused,
            None => Payment::refused("NO_RESOURCE", format!("{scope} is not served here.")),
        }
    }
}

impl Events {
    /// Lets `hook` serve the targets of a kind from now on. The first hook of a kind stays.
    pub fn register(&self, kind: &'static TargetKind, hook: Arc<dyn PayHook>) {
        if let Some(place) = self.pay_hooks().of(kind) {
            let _ = place.set(hook);
        }
    }

    /// Whether an ARN names something of this account and region.
    pub fn is_here(&self, arn: &Arn) -> bool {
        arn.account == self.account() && arn.region == self.region()
    }

    /// Who pays a target in the commit that accepts the event; `None`: it is owed.
    pub(crate) fn payer(&self, outlet: &Outlet) -> Option<Payer> {
        if self.is_here(&outlet.target.arn) {
            let hook = Arc::clone(self.pay_hooks().of(outlet.kind)?.get()?);
            return Some(Payer { hook, scope: None });
        }
        let neighbour = self.neighbour(&outlet.target.arn)?;
        let hook = Arc::clone(neighbour.pay_hooks().of(outlet.kind)?.get()?);
        Some(Payer { hook, scope: Some(neighbour.scope().clone()) })
    }
}
