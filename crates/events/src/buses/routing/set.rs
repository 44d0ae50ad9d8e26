//! The enabled rules of one bus, matched together.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use pattern::{RuleId, RuleSet, Scratch};

use crate::buses::routing::Route;
use crate::buses::rule::RuleName;

thread_local! {
    /// What matching needs for a moment, kept for the next event.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

/// The enabled rules of one bus.
#[derive(Debug, Default)]
pub(crate) struct BusRoutes {
    set: RuleSet,
    named: ArcSwap<RouteIndex>,
}

/// The rules by the numbers that the set knows them by.
#[derive(Clone, Debug, Default)]
struct RouteIndex {
    routes: HashMap<RuleId, Arc<Route>>,
    ids: HashMap<RuleName, RuleId>,
    next: RuleId,
}

impl BusRoutes {
    pub(crate) fn of(routes: Vec<Route>) -> Self {
        let mut named = RouteIndex::default();
        for route in routes.into_iter().filter(|route| route.pattern.is_some()) {
            named.put(route);
        }
        let set = RuleSet::new();
        let patterns = named.routes.iter().filter_map(|(id, route)| Some((*id, route.pattern.as_deref()?)));
        set.put_all(patterns);
        Self { set, named: ArcSwap::from_pointee(named) }
    }

    /// The rules that the event matches. An event that cannot be decided (keys repeated so that the choice between array
    /// elements would cost too much) matches nothing.
    pub(crate) fn matching(&self, event: &str) -> Vec<Arc<Route>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let Ok(ids) = self.set.matches_with(event.as_bytes(), scratch) else { return Vec::new() };
            if ids.is_empty() {
                return Vec::new();
            }
            let named = self.named.load();
            ids.iter().filter_map(|id| named.routes.get(id).cloned()).collect()
        })
    }

    /// The most work that one value of an event can make, in comparisons of short texts.
    pub(crate) fn work(&self) -> usize {
        self.set.work()
    }

    /// Whether no rule could match an event.
    pub(crate) fn is_empty(&self) -> bool {
        self.named.load().routes.is_empty()
    }

    /// Adds, replaces or removes a rule; one without a pattern has no place here. Only the writer's thread calls this. A route is named before it can match and
    /// unnamed after, so that no match leads nowhere.
    pub(crate) fn set(&self, name: &RuleName, route: Option<Route>) {
        let mut named = RouteIndex::clone(&self.named.load());
        let matching = route.and_then(|route| Some((route.pattern.clone()?, route)));
        match matching {
            Some((pattern, route)) => {
                let id = named.put(route);
                self.named.store(Arc::new(named));
                self.set.put(id, &pattern);
            }
            None => {
                let Some(id) = named.ids.remove(name) else { return };
                named.routes.remove(&id);
                self.set.remove(id);
                self.named.store(Arc::new(named));
            }
        }
    }
}

impl RouteIndex {
    fn put(&mut self, route: Route) -> RuleId {
        let next = self.next;
        let id = *self.ids.entry(route.name.clone()).or_insert(next);
        if id == next {
            self.next += 1;
        }
        self.routes.insert(id, Arc::new(route));
        id
    }
}
