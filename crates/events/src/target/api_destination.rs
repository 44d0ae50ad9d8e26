//! An API destination as a target.

use aws::Arn;

use crate::target::kind::{Service, TargetKind, anything};

/// API destinations of this account and region.
pub static KIND: TargetKind = TargetKind {
    plural: "API destinations",
    here: Service::Called,
    elsewhere: Service::Missing,
    takes_http_parameters: true,
    is_named_by: is_api_destination,
    check: anything,
    no_way_back: "it has been sent to the endpoint",
};

/// Whether an ARN is of the form of an API destination's.
fn is_api_destination(arn: &Arn) -> bool {
    let parts = arn.resource.strip_prefix("api-destination/").and_then(|rest| rest.split_once('/'));
    arn.service == "events" && parts.is_some_and(|(name, id)| !name.is_empty() && !id.is_empty())
}
