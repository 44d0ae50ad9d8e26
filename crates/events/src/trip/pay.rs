//! Who pays a target in the commit that accepts the event.

use std::sync::Arc;

use aws::{Arn, Scope};
use store::Commit;

use crate::buses::routing::Outlet;
use crate::events::Events;
use crate::target::kind::TargetKind;
use crate::trip::pay_hook::{Debt, PayHook, Payment, Receipt};

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
