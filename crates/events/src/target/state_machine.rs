//! A Step Functions state machine as a target.

use crate::target::kind::{Service, TargetKind, anything};

/// State machines; one of this account and region starts in the commit that accepts the event, by the hook of who serves it.
pub static KIND: TargetKind = TargetKind {
    plural: "state machines",
    here: Service::InCommit,
    elsewhere: Service::Called,
    takes_http_parameters: false,
    is_named_by: |arn| arn.service == "states" && arn.resource.starts_with("stateMachine:"),
    check: anything,
    no_way_back: "it has started an execution, which is not taken back",
};
