//! Trunkline's own operations on events, for its own commands: what AWS's API cannot tell.

pub mod trip;

mod dead_letters;
mod ownership;
mod records;
mod refusals;
mod replay;
mod rules;
mod unmatched;

use aws::service::TRUNKLINE;
use aws::{Operation, Service, Wire, api};

use crate::error::STORAGE_ERRORS;
use crate::events::Events;
use crate::ops;

/// On the wire: AWS JSON 1.1.
pub static SERVICE: Service<Events> =
    Service::new(api::TRUNKLINE.name, &[], &[Wire::Json(TRUNKLINE)], OPERATIONS)
        .with_storage_errors(STORAGE_ERRORS);

/// All that need nothing but the buses.
pub const OPERATIONS: &[Operation<Events>] = &[
    Operation {
        name: "ListEvents",
        missing: "",
        run: |events, call, body| records::list_events(events, &call, body),
    },
    Operation {
        name: "WaitForEvents",
        missing: "",
        run: |events, call, body| records::wait_for_events(events, &call, body),
    },
    Operation {
        name: "ListUnmatched",
        missing: "",
        run: |events, call, body| unmatched::list(events, &call, body),
    },
    Operation {
        name: "ListRuleVersions",
        missing: "",
        run: |events, _call, body| unmatched::rule_versions(events, body),
    },
    Operation {
        name: "ListRulesWithTargets",
        missing: "",
        run: |events, _call, body| rules::list(events, body),
    },
    Operation { name: "ListRefusals", missing: "", run: |events, _call, body| refusals::list(events, body) },
    Operation {
        name: "StartReplay",
        missing: "",
        run: |events, call, body| replay::start(events, &call, body),
    },
    Operation {
        name: "DescribeReplay",
        missing: "",
        run: |events, _call, body| replay::describe(events, body),
    },
    Operation {
        name: "RehearseReplay",
        missing: "",
        run: |events, call, body| replay::rehearse(events, &call, body),
    },
    Operation {
        name: "ListDeadLetters",
        missing: "",
        run: |events, call, body| dead_letters::list(events, &call, body),
    },
    Operation { name: "RedriveDeadLetters", missing: "", run: dead_letters::redrive },
    Operation { name: "PurgeDeadLetters", missing: "", run: dead_letters::purge },
    Operation {
        name: "UndoDeadLetters",
        missing: "",
        run: |events, call, body| dead_letters::undo(events, &call, body),
    },
    Operation {
        name: "ListUndoable",
        missing: "",
        run: |events, _call, body| dead_letters::undoable(events, body),
    },
    Operation {
        name: "ListOwnership",
        missing: "",
        run: |events, _call, body| ownership::list(events, body),
    },
    Operation {
        name: "RecordOwnership",
        missing: "",
        run: |events, _call, body| ownership::record(events, body),
    },
    Operation {
        name: "ForgetOwnership",
        missing: "",
        run: |events, _call, body| ownership::forget(events, body),
    },
    Operation {
        name: "CompareConnection",
        missing: "",
        run: |events, _call, body| ops::connection::compare(events, body),
    },
];
