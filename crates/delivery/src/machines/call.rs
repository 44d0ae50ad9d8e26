//! Calls what a Task asks for: an operation of a service that is served, or an HTTP endpoint.

use std::time::Duration;

use asl::TaskError;
use asl::resource::Resource;
use serde_json::Value;
use states::integration::{Asker, is_http, service_call, task_result};
use tokio::time::timeout;

use crate::machines::caller::Caller;
use crate::machines::http;

impl Caller {
    /// Calls once, within `time`.
    pub(crate) async fn call(
        &self,
        resource: &Resource,
        input: &Value,
        asker: &Asker,
        time: Duration,
    ) -> Result<Value, TaskError> {
        let called = async {
            if is_http(resource) {
                return http::call(self, input).await;
            }
            let call = service_call(resource, input, asker)?;
            let answer = (self.serve)(call).await;
            task_result(resource, answer, &(self.clock.ids)().next_uuid())
        };
        timeout(time, called).await.unwrap_or_else(|_| {
            let cause = format!("{} did not answer within {} s.", resource.arn(), time.as_secs());
            Err(TaskError { error: Some("States.TaskFailed".to_owned()), cause: Some(cause) })
        })
    }
}
