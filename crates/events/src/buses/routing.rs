//! Which rules an event matches: the rules of all buses, compiled, in a snapshot that readers load without a lock.
//!
//! INVARIANT: the snapshot changes only after the commit of what it says and before that commit's tickets are released,
//! so an event put after a rule's acknowledgement meets the rule.

mod set;

pub(crate) use crate::buses::routing::set::BusRoutes;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use aws::{Arn, Scope, Timestamp};
use pattern::EventPattern;
use store::{KeyRange, Read};

use crate::buses::bus::BusName;
use crate::buses::rule::{Rule, RuleName, RuleState};
use crate::target::input::InputMaker;
use crate::target::kind::TargetKind;
use crate::target::{TARGETS, Target};

/// How often a target is judged for a warning.
const JUDGED_EVERY_MS: u64 = 1_000;

/// The rules of all buses.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    buses: ArcSwap<HashMap<BusName, Arc<BusRoutes>>>,
}

/// An enabled rule.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) name: RuleName,
    pub(crate) arn: Arn,
    pub(crate) outlets: Vec<Arc<Outlet>>,
    /// None where the rule only has a schedule: then it matches no event.
    pattern: Option<Arc<EventPattern>>,
}

/// One target of a route, its input compiled.
#[derive(Debug)]
pub(crate) struct Outlet {
    pub(crate) target: Target,
    pub(crate) kind: &'static TargetKind,
    pub(crate) maker: InputMaker,
    /// When it was last asked what AWS would refuse, in ms since 1970; 0: not yet.
    judged_ms: AtomicU64,
}

impl Route {
    /// A rule compiled; `None` where it is disabled. What is stored parsed when it was put, so a pattern that does not
    /// parse now can only come from an older Trunkline that took more: such a rule matches nothing.
    pub(crate) fn of(read: &mut impl Read, rule: &Rule, scope: &Scope) -> Option<Self> {
        if rule.state == RuleState::Disabled {
            return None;
        }
        let pattern = match &rule.pattern {
            Some(pattern) => Some(Arc::new(EventPattern::parse(pattern).ok()?)),
            None => None,
        };
        let prefix = KeyRange::prefix(&Rule::key(&rule.bus, &rule.name));
        let targets = read.list(&TARGETS, &prefix, usize::MAX);
        let outlets =
            targets.into_iter().filter_map(|(_, target)| Outlet::of(target)).map(Arc::new).collect();
        let arn = rule.name.arn(&rule.bus, &scope.region, &scope.account);
        Some(Self { name: rule.name.clone(), arn, outlets, pattern })
    }
}

impl Outlet {
    /// `None` where this Trunkline does not serve the target any more.
    pub(crate) fn of(target: Target) -> Option<Self> {
        let kind = TargetKind::of(&target.arn)?;
        let maker = InputMaker::compile(&target.input, &target.id).ok()?;
        Some(Self { target, kind, maker, judged_ms: AtomicU64::new(0) })
    }

    /// Whether what AWS would refuse is worth asking again for a warning: the answer costs more than the delivery, and hardly
    /// ever changes.
    pub(crate) fn is_to_be_judged(&self, now: Timestamp) -> bool {
        let (last, now) = (self.judged_ms.load(Ordering::Relaxed), now.unix_ms());
        let is_due = last == 0 || now >= last.saturating_add(JUDGED_EVERY_MS);
        if is_due {
            self.judged_ms.store(now, Ordering::Relaxed);
        }
        is_due
    }
}

impl Routes {
    /// The rules of a bus; `None` where there is no such bus.
    pub(crate) fn of_bus(&self, bus: &BusName) -> Option<Arc<BusRoutes>> {
        self.buses.load().get(bus).cloned()
    }

    /// Adds or removes buses. Only the writer's thread calls this, once the room is open: nothing is lost between load
    /// and store.
    pub(crate) fn change(&self, change: impl FnOnce(&mut HashMap<BusName, Arc<BusRoutes>>)) {
        let mut buses = HashMap::clone(&self.buses.load());
        change(&mut buses);
        self.buses.store(Arc::new(buses));
    }
}
