//! AWS's operations on event buses, rules, targets and events: a file for each noun, a row for each operation.

pub mod api_destination;
pub mod archive;
pub mod connection;
pub mod event_bus;
pub mod partner;
pub mod permission;
pub mod put_events;
pub mod put_partner_events;
pub mod replay;
pub mod rule;
pub mod tag;
pub mod target;
pub mod test_event_pattern;

mod check;
mod http_parameters;

use aws::api::EVENTS;
use aws::service::{HeaderMember, Json};
use aws::{Operation, Service, Wire};

use crate::error::STORAGE_ERRORS;
use crate::events::Events;

/// The trace context of the request, for entries that name none themselves: user guide, "AWS X-Ray integration with Amazon
/// EventBridge" ("only if the event came from a PutEvents request that passed the trace context"). W3C's header is beside it.
const HEADER_MEMBERS: &[HeaderMember] = &[
    HeaderMember { header: "traceparent", member: "TraceParent", operations: &["PutEvents"] },
    HeaderMember { header: "x-amzn-trace-id", member: "TraceHeader", operations: &["PutEvents"] },
];

/// EventBridge on the wire: AWS JSON 1.1.
pub static SERVICE: Service<Events> = Service::new(
    EVENTS.name,
    &[EVENTS.scope],
    &[Wire::Json(Json { header_members: HEADER_MEMBERS, ..Json::of(&EVENTS) })],
    OPERATIONS,
)
.with_storage_errors(STORAGE_ERRORS);

/// Every operation that is served.
pub const OPERATIONS: &[Operation<Events>] = &[
    Operation { name: "CreateEventBus", missing: event_bus::LOGS_MISSING, run: event_bus::create },
    Operation { name: "DescribeEventBus", missing: "", run: event_bus::describe },
    Operation { name: "UpdateEventBus", missing: event_bus::LOGS_MISSING, run: event_bus::update },
    Operation { name: "ListEventBuses", missing: "", run: event_bus::list },
    Operation { name: "DeleteEventBus", missing: "", run: event_bus::delete },
    Operation { name: "PutRule", missing: "", run: rule::put },
    Operation { name: "DescribeRule", missing: "", run: rule::describe },
    Operation { name: "ListRules", missing: "", run: rule::list },
    Operation { name: "EnableRule", missing: "", run: rule::enable },
    Operation { name: "DisableRule", missing: "", run: rule::disable },
    Operation { name: "DeleteRule", missing: "", run: rule::delete },
    Operation { name: "PutTargets", missing: target::PUT_MISSING, run: target::put },
    Operation { name: "ListTargetsByRule", missing: "", run: target::list },
    Operation { name: "RemoveTargets", missing: "", run: target::remove },
    Operation { name: "ListRuleNamesByTarget", missing: "", run: target::list_rule_names },
    Operation { name: "PutEvents", missing: put_events::MISSING, run: put_events::put },
    Operation { name: "TestEventPattern", missing: "", run: test_event_pattern::test },
    Operation { name: "TagResource", missing: "", run: tag::tag },
    Operation { name: "UntagResource", missing: "", run: tag::untag },
    Operation { name: "ListTagsForResource", missing: "", run: tag::list },
    Operation { name: "PutPermission", missing: permission::MISSING, run: permission::put },
    Operation { name: "CreateArchive", missing: "", run: archive::create },
    Operation { name: "DescribeArchive", missing: "", run: archive::describe },
    Operation { name: "ListArchives", missing: "", run: archive::list },
    Operation { name: "UpdateArchive", missing: "", run: archive::update },
    Operation { name: "DeleteArchive", missing: "", run: archive::delete },
    Operation { name: "StartReplay", missing: "", run: replay::start },
    Operation { name: "DescribeReplay", missing: "", run: replay::describe },
    Operation { name: "ListReplays", missing: "", run: replay::list },
    Operation { name: "CancelReplay", missing: "", run: replay::cancel },
    Operation { name: "CreatePartnerEventSource", missing: "", run: partner::create },
    Operation { name: "DescribePartnerEventSource", missing: "", run: partner::describe_offered },
    Operation { name: "DeletePartnerEventSource", missing: "", run: partner::delete },
    Operation { name: "ListPartnerEventSources", missing: "", run: partner::list_offered },
    Operation { name: "ListPartnerEventSourceAccounts", missing: "", run: partner::list_accounts },
    Operation { name: "PutPartnerEvents", missing: "", run: put_partner_events::put },
    Operation { name: "ActivateEventSource", missing: "", run: partner::activate },
    Operation { name: "DeactivateEventSource", missing: "", run: partner::deactivate },
    Operation { name: "DescribeEventSource", missing: "", run: partner::describe },
    Operation { name: "ListEventSources", missing: "", run: partner::list },
    Operation { name: "CreateConnection", missing: connection::MISSING, run: connection::create },
    Operation { name: "UpdateConnection", missing: connection::MISSING, run: connection::update },
    Operation { name: "DescribeConnection", missing: "", run: connection::describe },
    Operation { name: "ListConnections", missing: "", run: connection::list },
    Operation { name: "DeauthorizeConnection", missing: "", run: connection::deauthorize },
    Operation { name: "DeleteConnection", missing: "", run: connection::delete },
    Operation { name: "CreateApiDestination", missing: "", run: api_destination::create },
    Operation { name: "UpdateApiDestination", missing: "", run: api_destination::update },
    Operation { name: "DescribeApiDestination", missing: "", run: api_destination::describe },
    Operation { name: "ListApiDestinations", missing: "", run: api_destination::list },
    Operation { name: "DeleteApiDestination", missing: "", run: api_destination::delete },
    Operation { name: "RemovePermission", missing: "", run: permission::remove },
];
