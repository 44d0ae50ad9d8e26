//! What state machines need of the server: every service that is served, called for their Tasks.

use std::sync::Arc;

use aws::{Call, Error, Reply, ResponseBody};
use delivery::{Answers, Caller, Invokers, Porter, Runs, Serve, Steps, Tasks};
use http_client::Client;
use states::integration::{ServiceAnswer, ServiceCall};
use tokio::sync::watch;

use crate::clock::{self, OWN_CLOCK};
use crate::component::Loop;
use crate::door::reply::{Driver, OperationAnswer};
use crate::scopes::Scopes;
use crate::services::catalogue;

/// Whether Tasks may ask for an operation: for all that is in the one list of services.
pub(crate) fn serves(scope: &str, operation: &str) -> bool {
    catalogue().any(|service| service.scopes().contains(&scope) && service.has(operation))
}

/// Who runs the Express executions of each scope, and calls what all its Tasks ask for.
pub(crate) fn runs(
    scopes: &Scopes,
    invokers: Arc<Invokers>,
    client: &Client,
    closing: &watch::Receiver<bool>,
) -> Vec<Runs> {
    let driver = Driver { answers: Answers::new(vec![invokers]), closing: closing.clone() };
    let served = scopes.all().enumerate();
    served
        .map(|(number, served)| {
            let serve = serve(scopes.clone(), driver.clone(), number);
            let caller = Caller::new(serve, served.rooms.events.clone(), client.clone(), OWN_CLOCK);
            Runs::new(served.rooms.states.clone(), caller, OWN_CLOCK)
        })
        .collect()
}

/// Calls an operation of a service in the scope of this number.
fn serve(scopes: Scopes, driver: Driver, number: usize) -> Serve {
    Arc::new(move |call| {
        let (scopes, driver) = (scopes.clone(), driver.clone());
        Box::pin(async move {
            let reply = run(&scopes, number, call)?;
            answer(driver.drive(reply).await?)
        })
    })
}

/// What goes on for the executions of a scope until the server closes.
pub(crate) fn loops(runs: Runs, porter: &Porter, closing: &watch::Receiver<bool>) -> Vec<Loop> {
    let (states, caller) = (runs.states().clone(), runs.caller().clone());
    vec![
        Box::pin(porter.clone().carry(Steps::new(states.clone(), OWN_CLOCK), closing.clone())),
        Box::pin(porter.clone().carry(Tasks::new(states, caller), closing.clone())),
        Box::pin(porter.clone().carry(runs, closing.clone())),
    ]
}

/// Runs an operation for a task, as the door runs it for a caller of that scope.
fn run(scopes: &Scopes, number: usize, asked: ServiceCall) -> Result<Reply, Error> {
    let served = scopes.all().nth(number);
    let served =
        served.ok_or_else(|| Error::receiver("InternalFailure", 500, "The account is not served."))?;
    let service = served.services.of_scope(asked.scope);
    let service = service.ok_or_else(|| Error::unknown_operation(asked.scope, &asked.operation))?;
    let ids = clock::ids();
    let call = Call {
        now: clock::now(),
        account: served.scope.account.to_string(),
        region: served.scope.region.to_string(),
        request_id: ids.next_uuid(),
        base_url: "http://localhost".to_owned(),
        ids,
        payload: asked.payload,
    };
    Ok(service.run(&asked.operation, call, asked.request.to_string().as_bytes()))
}

fn answer(answered: OperationAnswer) -> Result<ServiceAnswer, Error> {
    let response = match answered {
        OperationAnswer::Json(body) if body.is_empty() => {
            return Ok(ServiceAnswer::Json(serde_json::json!({})));
        }
        OperationAnswer::Json(body) => {
            let answer = serde_json::from_slice(&body);
            return answer
                .map(ServiceAnswer::Json)
                .map_err(|error| Error::receiver("InternalFailure", 500, error.to_string()));
        }
        OperationAnswer::Whole(response) => response,
    };
    let header = |name: &str| {
        response.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    };
    let (error_type, function_error) = (header("x-amzn-errortype"), header("x-amz-function-error"));
    let version = header("x-amz-executed-version");
    let ResponseBody::Whole(payload) = response.body else {
        return Err(Error::receiver("InternalFailure", 500, "The answer comes in pieces."));
    };
    if let Some(code) = error_type {
        let body: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
        let message = body.get("message").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let code = std::borrow::Cow::Owned(code);
        return Err(Error { code, query_code: None, status: response.status, message, members: None });
    }
    Ok(ServiceAnswer::Function { error: function_error, payload, version, status: response.status })
}
