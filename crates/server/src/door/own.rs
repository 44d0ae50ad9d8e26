//! Trunkline's own operations, for its own commands: what AWS's APIs cannot tell. Not a stable interface yet.

mod reconcile;

use aws::service::Json;
use aws::{Call, Operation, Reply, Service, Wire, operation};
use events::Era;
use events::own::trip::NotMatched;
use genesys::tracker::intake::Intake;
use serde::{Deserialize, Serialize};

use crate::reason::{Rule, verdicts};
use crate::rooms::Rooms;

/// So many rules that did not match are explained, the nearest first.
const EXPLAINED_MAX: usize = 10;

/// On the wire: AWS JSON 1.1. Those that need only the buses are [`events::own::SERVICE`]'s.
pub(crate) static SERVICE: Service<Rooms> =
    Service::new("Trunkline", &[], &[Wire::Json(Json::new("Trunkline", "1.1"))], OPERATIONS);

/// Those that need more than one room.
const OPERATIONS: &[Operation<Rooms>] = &[
    Operation { name: "GetCounts", missing: "", run: get_counts },
    Operation { name: "DescribeEvent", missing: "", run: describe_event },
    Operation { name: "ReconcileEvents", missing: "", run: reconcile::reconcile },
];

/// The trip of one event, with the reasons why rules did not match.
fn describe_event(rooms: &Rooms, _call: Call, body: &[u8]) -> Reply {
    events::own::trip::describe_event(&rooms.events, body, &explain)
}

/// The nearest of these rules, each with the reason why it did not match the event.
fn explain(rules: &[Era], event: &str) -> Vec<NotMatched> {
    let rule = |era: &Era| Some(Rule { enabled: era.enabled, ..Rule::new(era.rule.as_str(), &era.pattern)? });
    let rules: Vec<Rule> = rules.iter().filter_map(rule).collect();
    let verdicts = verdicts(&rules, event, EXPLAINED_MAX).unwrap_or_default();
    let explained = verdicts.into_iter().map(|verdict| NotMatched {
        rule: verdict.rule.name.clone(),
        reason: if verdict.takes() {
            "it matches; it was changed in the moment in which the event was accepted".to_owned()
        } else {
            verdict.reason
        },
        path: verdict.path,
    });
    explained.collect()
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CountsAnswer {
    /// Of the feed.
    intake: genesys::tracker::intake::IntakeCounts,
    /// Of the buses.
    events: events::Counts,
}

/// The books: what came in, and what became of it.
fn get_counts(rooms: &Rooms, _call: Call, body: &[u8]) -> Reply {
    operation::answer(body, |_: Nothing| {
        let read = rooms.store.read(|snapshot| CountsAnswer {
            intake: Intake::counts(snapshot),
            events: rooms.events.counts(snapshot),
        });
        read.map_err(queue::error::of_store)
    })
}
