//! STS, as far as SDKs and scripts ask it who they are: GetCallerIdentity.

use aws::api::STS;
use aws::operation::print;
use aws::query::{Action, text};
use aws::service::Query;
use aws::{Call, Operation, Reply, Service, Wire};
use serde::Serialize;

/// STS on the wire: the query protocol.
pub(crate) static SERVICE: Service<()> = Service::new(
    STS.name,
    &[STS.scope],
    &[Wire::Query(Query::new(
        STS.namespace,
        &[Action {
            name: "GetCallerIdentity",
            request: &[],
            answer: &[text("Arn"), text("UserId"), text("Account")],
        }],
    ))],
    &[Operation::whole("GetCallerIdentity", get_caller_identity)],
);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Caller {
    arn: String,
    user_id: String,
    account: String,
}

/// Whoever calls is the account's root user.
/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>.
fn get_caller_identity((): &(), call: Call, _body: &[u8]) -> Reply {
    let arn = format!("arn:aws:iam::{}:root", call.account);
    Reply::Now(print(&Caller { arn, user_id: call.account.clone(), account: call.account }))
}
