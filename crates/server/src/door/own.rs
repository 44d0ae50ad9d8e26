//! Trunkline's own operations, for its own commands: what AWS's APIs cannot tell. Not a stable interface yet.

mod dead_letters;
mod reconcile;
mod replay;
mod seeing;
mod trip;
mod unmatched;

use aws::{Call, Operation, Reply, operation};
use genesys::intake::Intake;
use serde::{Deserialize, Serialize};

use crate::rooms::Rooms;

/// All of them.
pub(crate) const OPERATIONS: &[Operation<Rooms>] = &[
    Operation { name: "GetCounts", missing: "", run: get_counts },
    Operation {
        name: "ListEvents",
        missing: "",
        run: |rooms, call, body| seeing::list_events(rooms, &call, body),
    },
    Operation {
        name: "WaitForEvents",
        missing: "",
        run: |rooms, call, body| seeing::wait_for_events(rooms, &call, body),
    },
    Operation {
        name: "DescribeEvent",
        missing: "",
        run: |rooms, _call, body| trip::describe_event(rooms, body),
    },
    Operation { name: "ReconcileEvents", missing: "", run: reconcile::reconcile },
    Operation {
        name: "StartReplay",
        missing: "",
        run: |rooms, call, body| replay::start(rooms, &call, body),
    },
    Operation {
        name: "DescribeReplay",
        missing: "",
        run: |rooms, _call, body| replay::describe(rooms, body),
    },
    Operation {
        name: "RehearseReplay",
        missing: "",
        run: |rooms, call, body| replay::rehearse(rooms, &call, body),
    },
    Operation {
        name: "ListDeadLetters",
        missing: "",
        run: |rooms, call, body| dead_letters::list(rooms, &call, body),
    },
    Operation {
        name: "RedriveDeadLetters",
        missing: "",
        run: |rooms, call, body| dead_letters::redrive(rooms, call, body),
    },
    Operation {
        name: "PurgeDeadLetters",
        missing: "",
        run: |rooms, call, body| dead_letters::purge(rooms, call, body),
    },
    Operation {
        name: "UndoDeadLetters",
        missing: "",
        run: |rooms, call, body| dead_letters::undo(rooms, &call, body),
    },
    Operation {
        name: "ListUndoable",
        missing: "",
        run: |rooms, _call, body| dead_letters::undoable(rooms, body),
    },
    Operation {
        name: "CompareConnection",
        missing: "",
        run: |rooms, _call, body| events::ops::connection::compare(&rooms.events, body),
    },
    Operation {
        name: "ListUnmatched",
        missing: "",
        run: |rooms, call, body| unmatched::list(rooms, &call, body),
    },
    Operation {
        name: "ListRuleVersions",
        missing: "",
        run: |rooms, _call, body| unmatched::rule_versions(rooms, body),
    },
];

#[derive(Deserialize)]
struct Nothing {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CountsAnswer {
    /// Of the feed.
    intake: genesys::intake::IntakeCounts,
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
