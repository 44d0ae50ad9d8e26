//! Answers to callers that wait: the porter calls a target within a deadline and gives back what it says.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aws::{Error, PorterCall, Response};
use tokio::time::timeout;

/// A future answer.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send + 'a>>;

/// Who can answer the calls of some operations: one for each kind of target that is called.
pub trait Answerer: fmt::Debug + Send + Sync {
    /// The operations whose calls it answers, for example `Invoke`.
    fn operations(&self) -> &'static [&'static str];
    /// Calls the target. May be dropped at the call's deadline, or when the caller has gone away.
    fn answer(&self, call: PorterCall) -> Answering<'_>;
}

/// All who can answer. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    all: Arc<[Arc<dyn Answerer>]>,
}

impl Answers {
    /// These.
    pub fn new(all: Vec<Arc<dyn Answerer>>) -> Self {
        Self { all: all.into() }
    }

    /// Makes a call and gives its answer. Only its head is subject to the deadline: a body that comes in pieces has a clock of
    /// its own, which whoever makes the pieces keeps.
    ///
    /// # Errors
    /// The target's; `ServiceException` where nobody here can call it, `RequestTimeoutException` (408) after the deadline.
    pub async fn answer(&self, call: PorterCall) -> Result<Response, Error> {
        let (operation, deadline) = (call.operation, call.deadline);
        let Some(able) = self.all.iter().find(|one| one.operations().contains(&operation)) else {
            let words = format!("Nothing in this process can carry out {operation}.");
            return Err(Error::receiver("ServiceException", 500, words));
        };
        timeout(deadline, able.answer(call)).await.unwrap_or_else(|_| {
            let words = format!("{operation} was not answered within {} ms.", deadline.as_millis());
            Err(Error { status: 408, ..Error::sender("RequestTimeoutException", words) })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use aws::{Arn, PorterCall, Response};

    use super::{Answerer, Answering, Answers};

    #[derive(Debug)]
    struct Echo;

    impl Answerer for Echo {
        fn operations(&self) -> &'static [&'static str] {
            &["Echo", "Never"]
        }

        fn answer(&self, call: PorterCall) -> Answering<'_> {
            Box::pin(async move {
                if call.operation == "Never" {
                    std::future::pending::<()>().await;
                }
                Ok(Response::whole(200, "text/plain", call.payload))
            })
        }
    }

    fn call(operation: &'static str) -> PorterCall {
        PorterCall {
            operation,
            target: Arn::new("test", "us-east-1", "000000000000", "echo"),
            request: Vec::new(),
            payload: b"hello".to_vec(),
            deadline: Duration::from_secs(1),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_answered_in_time_or_refused() {
        let answers = Answers::new(vec![Arc::new(Echo)]);
        assert_eq!(answers.answer(call("Echo")).await.unwrap().status, 200);
        assert_eq!(answers.answer(call("Never")).await.unwrap_err().code, "RequestTimeoutException");
        assert_eq!(answers.answer(call("Other")).await.unwrap_err().code, "ServiceException");
    }
}
