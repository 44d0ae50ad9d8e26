//! A Step Functions state machine: one of another account or region is started on AWS. One of ours starts in the commit that
//! accepts the event ([`crate::MachineHook`]); only what was owed before it was served comes here.

use aws::api::STATES;
use aws_client::ServiceRequest;
use events::target::state_machine;
use serde_json::json;

use crate::target::aws_api::{ResourceCall, send};
use crate::target::{CallOutcome, Caller, Outside, Parcel, hopeless};

/// State machines.
pub(super) static CALLER: Caller =
    Caller { kind: &state_machine::KIND, carry: |outside, parcel| Box::pin(carry(outside, parcel)) };

/// StartExecution. The execution is named like the delivery, so that a second attempt whose first one did arrive starts no
/// second execution (API reference: a name is taken for 90 days).
async fn carry(outside: &Outside, parcel: Parcel<'_>) -> CallOutcome {
    let Parcel { events, owed, .. } = parcel;
    let arn = &owed.target.arn;
    if events.is_here(arn) {
        return hopeless(format!(
            "The state machine {arn} was not served when its event was accepted: send the dead letter again."
        ));
    }
    let body = json!({"stateMachineArn": arn.to_string(), "name": owed.id, "input": owed.input});
    let request = ServiceRequest::json(&STATES, &arn.region, "StartExecution", body.to_string());
    send(outside, ResourceCall { arn, request }, &["ExecutionAlreadyExists"]).await
}
