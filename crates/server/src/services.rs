//! The one list of services: AWS's that are served here, and Trunkline's own.
//!
//! Door, coverage page and chores read it. To add a service is to write its folder and a line here.

use aws::rest::Route;
use aws::service::{Describe, Json, Rest};
use aws::{Serve, Wire};
use axum::http::request::Parts;

use crate::door::wire::{query, rest};
use crate::door::{own, sts};
use crate::rooms::Rooms;

/// A service, and how it is bound to the open rooms.
struct Row {
    about: &'static dyn Describe,
    bind: fn(&Rooms) -> Box<dyn Serve>,
}

const SERVICES: &[Row] = &[
    Row { about: &events::ops::SERVICE, bind: |rooms| events::ops::SERVICE.bind(rooms.events.clone()) },
    Row { about: &queue::ops::SERVICE, bind: |rooms| queue::ops::SERVICE.bind(rooms.queues.clone()) },
    Row { about: &logs::ops::SERVICE, bind: |rooms| logs::ops::SERVICE.bind(rooms.logs.clone()) },
    Row { about: &iam::ops::SERVICE, bind: |rooms| iam::ops::SERVICE.bind(rooms.iam.clone()) },
    Row { about: &tables::ops::SERVICE, bind: |rooms| tables::ops::SERVICE.bind(rooms.tables.clone()) },
    Row {
        about: &lambda::ops::SERVICE,
        bind: |rooms| lambda::ops::SERVICE.bind(rooms.workshop.functions.clone()),
    },
    Row { about: &states::ops::SERVICE, bind: |rooms| states::ops::SERVICE.bind(rooms.states.clone()) },
    Row {
        about: &events::secrets::SERVICE,
        bind: |rooms| events::secrets::SERVICE.bind(rooms.events.clone()),
    },
    Row { about: &sts::SERVICE, bind: |_| sts::SERVICE.bind(()) },
    Row { about: &events::own::SERVICE, bind: |rooms| events::own::SERVICE.bind(rooms.events.clone()) },
    Row { about: &own::SERVICE, bind: |rooms| own::SERVICE.bind(rooms.clone()) },
];

/// What each service says of itself, in the order of the list; the last ones are Trunkline's own.
pub fn catalogue() -> impl Iterator<Item = &'static dyn Describe> {
    SERVICES.iter().map(|row| row.about)
}

/// The services, bound to the rooms that serve them.
#[derive(Debug)]
pub(crate) struct Services(Vec<Box<dyn Serve>>);

impl Services {
    /// All of the list.
    pub(crate) fn of(rooms: &Rooms) -> Self {
        Self(SERVICES.iter().map(|row| (row.bind)(rooms)).collect())
    }

    /// These alone.
    #[cfg(test)]
    pub(crate) fn only(services: Vec<Box<dyn Serve>>) -> Self {
        Self(services)
    }

    fn all(&self) -> impl Iterator<Item = &dyn Serve> {
        self.0.iter().map(|service| &**service)
    }

    /// The one that a credential scope names.
    pub(crate) fn of_scope(&self, scope: &str) -> Option<&dyn Serve> {
        self.all().find(|service| service.scopes().contains(&scope))
    }

    /// The one with this prefix of `X-Amz-Target`. Where several rooms share a prefix, as for Trunkline's own operations, it is
    /// the one that has the operation.
    pub(crate) fn of_target(&self, prefix: &str, operation: &str) -> Option<(&dyn Serve, &'static Json)> {
        let speaking = || {
            self.all().filter_map(|service| {
                let wire = service.wires().iter().find_map(|wire| match wire {
                    Wire::Json(json) if json.target_prefix == prefix => Some(json),
                    Wire::Json(_) | Wire::Query(_) | Wire::Rest(_) => None,
                });
                Some((service, wire?))
            })
        };
        speaking().find(|(service, _)| service.has(operation)).or_else(|| speaking().next())
    }

    /// The one with an action of this name in the query protocol.
    pub(crate) fn of_action(&self, name: &str) -> Option<&dyn Serve> {
        self.all().find(|service| query::action_of(*service, name).is_some())
    }

    /// The one whose resources have paths of their own in the query protocol, where this is such a path.
    pub(crate) fn of_resource_path(&self, path: &str) -> Option<&dyn Serve> {
        let has_paths = |service: &&dyn Serve| query::wire_of(*service)?.path_member;
        query::is_resource_path(path).then(|| self.all().find(|service| has_paths(service).is_some()))?
    }

    /// The operation of a REST service at a method and path.
    pub(crate) fn at_path(&self, parts: &Parts) -> Option<(&dyn Serve, &'static Rest, &'static Route)> {
        self.all().find_map(|service| {
            let wire = rest::wire_of(service)?;
            Some((service, wire, rest::route_of(wire, parts)?))
        })
    }
}
