//! A Step Functions state machine as a target.

use crate::target::kind::{Service, TargetKind, anything};

/// State machines: on AWS.
pub static KIND: TargetKind = TargetKind {
    plural: "state machines",
    here: Service::Missing,
    elsewhere: Service::Called,
    takes_http_parameters: false,
    is_named_by: |arn| arn.service == "states" && arn.resource.starts_with("stateMachine:"),
    check: anything,
    no_way_back: "it has started an execution, which is not taken back",
};
