//! What Tasks are called with: the services that are served, connections, the way out.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use asl::TaskError;
use asl::resource::Resource;
use aws::{Clock, Error};
use events::Events;
use http_client::Client;
use serde_json::{Value, json};
use states::integration::{ServiceAnswer, ServiceCall, StartRequest, capitalized, task_result};

use crate::tokens::Tokens;

/// A service's answer, when it comes.
pub type Serving = Pin<Box<dyn Future<Output = Result<ServiceAnswer, Error>> + Send>>;

/// Calls an operation of a service of the caller's own account and region.
pub type Serve = Arc<dyn Fn(ServiceCall) -> Serving + Send + Sync>;

/// Calls what the Tasks of one account and region ask for. Clones share it.
#[derive(Clone)]
pub struct Caller {
    pub(crate) serve: Serve,
    pub(crate) events: Events,
    pub(crate) client: Client,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Clock,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Caller")
    }
}

impl Caller {
    /// A caller of these services, and of endpoints through the connections of `events`.
    pub fn new(serve: Serve, events: Events, client: Client, clock: Clock) -> Self {
        Self { serve, events, tokens: Tokens::new(client.clone()), client, clock }
    }

    /// Starts an execution for a task that waits in memory.
    pub(crate) async fn start_execution(
        &self,
        resource: &Resource,
        request: StartRequest,
    ) -> Result<Value, TaskError> {
        let mut members = json!({"stateMachineArn": request.machine_arn, "input": request.input});
        if let (Some(name), Some(members)) = (request.name, members.as_object_mut()) {
            members.insert("name".to_owned(), json!(name));
        }
        let operation = "StartExecution".to_owned();
        let call = ServiceCall { scope: "states", operation, request: members, payload: Vec::new() };
        let answer = (self.serve)(call).await.map(|answer| match answer {
            ServiceAnswer::Json(answer) => ServiceAnswer::Json(capitalized(answer)),
            function @ ServiceAnswer::Function { .. } => function,
        });
        task_result(resource, answer, &(self.clock.ids)().next_uuid())
    }
}
