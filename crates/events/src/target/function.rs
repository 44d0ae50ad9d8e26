//! A Lambda function as a target.

use crate::target::kind::{Service, TargetKind, anything};

/// Lambda functions; one of this account and region is owed the invocation by the hook of who serves it.
pub static KIND: TargetKind = TargetKind {
    plural: "Lambda functions",
    here: Service::InCommit,
    elsewhere: Service::Called,
    takes_http_parameters: false,
    is_named_by: |arn| arn.service == "lambda" && arn.resource.starts_with("function:"),
    check: anything,
    no_way_back: "it has been invoked, and an invocation is not taken back",
};
