//! A Lambda function: one of another account or region is invoked on AWS, asynchronously. One of ours is owed its invocation in
//! the commit that accepts the event ([`crate::FunctionHook`]); only what was owed before it was served comes here.

use aws::api::LAMBDA;
use aws::api::lambda::INVOKE;
use aws_client::ServiceRequest;
use events::target::function;

use crate::target::aws_api::{ResourceCall, send};
use crate::target::{CallOutcome, Caller, Outside, Parcel, hopeless};

/// Lambda functions.
pub(super) static CALLER: Caller =
    Caller { kind: &function::KIND, carry: |outside, parcel| Box::pin(carry(outside, parcel)) };

/// Invoke with the invocation type Event, which answers before the function runs.
async fn carry(outside: &Outside, parcel: Parcel<'_>) -> CallOutcome {
    let Parcel { events, owed, .. } = parcel;
    let arn = &owed.target.arn;
    if events.is_here(arn) {
        return hopeless(format!(
            "The function {arn} was not served when its event was accepted: send the dead letter again."
        ));
    }
    let mut headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("x-amz-invocation-type".to_owned(), "Event".to_owned()),
    ];
    headers.extend(events.onward_header(owed).map(|trace| ("x-amzn-trace-id".to_owned(), trace)));
    let request = ServiceRequest {
        service: LAMBDA.scope,
        region: &arn.region,
        endpoint: None,
        method: INVOKE.method,
        path: INVOKE.path_of(|_| arn.to_string()),
        headers,
        body: owed.input.clone(),
    };
    send(outside, ResourceCall { arn, request }, &[]).await
}
