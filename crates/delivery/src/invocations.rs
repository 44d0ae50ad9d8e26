//! Asynchronous invocations as debts, and the hook by which a rule's event comes to be one of them.

use std::time::Duration;

use aws::policy::{Caller, Explanation, Request};
use aws::trace::{Span, SpanKind, TraceContext, span_id};
use aws::{Arn, Error};
use bytes::Bytes;
use events::{Debt, PayHook, Payment, Receipt, Slots};
use lambda::Functions;
use lambda::name::FunctionName;
use lambda::owed::{Answer, Failed, NewInvocation, OwedInvocation, Settlement};
use queue::Arrival;
use runner::{Invocation, Outcome};
use store::{Commit, Store};
use tokio::time::timeout;

use crate::debts::{CallTime, Debts, Label, Terms, Verdict};
use crate::invoker::{CallResult, Invoker};

/// Invocations leased in one commit.
const LEASED_AT_ONCE_MAX: usize = 200;
const ACTION: &str = "lambda:InvokeFunction";

/// What functions are owed.
#[derive(Clone, Debug)]
pub struct Invocations {
    invoker: Invoker,
}

/// What came of a try.
#[derive(Debug)]
pub enum InvocationResult {
    /// The function was called, or why it was not.
    Answered(Result<Answer, Failed>),
    /// It did not answer in time.
    CutOff,
}

impl Invocations {
    /// What is owed to the functions that `invoker` calls.
    pub fn new(invoker: Invoker) -> Self {
        Self { invoker }
    }

    fn functions(&self) -> &Functions {
        self.invoker.functions()
    }

    async fn invoke(&self, owed: &OwedInvocation) -> Result<Answer, Failed> {
        let hindered = |error: Error| Failed::Hindered(error.message);
        let chance = u64::from(owed.attempt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let target = self.functions().target(&owed.name, chance).map_err(hindered)?;
        if target.reserved == Some(0) {
            return Err(Failed::Forbidden);
        }
        let invocation = Invocation {
            request_id: owed.id.clone(),
            payload: Bytes::from(owed.payload.clone()),
            invoked_arn: owed.name.arn(self.functions().store().scope()).to_string(),
            client_context: owed.client_context.clone(),
            trace_id: owed.trace_header.clone(),
            stream: None,
        };
        match self.invoker.call(&target, invocation).await.map_err(hindered)? {
            CallResult::Ended(outcome) => ended(&outcome, target.version),
            CallResult::Throttled(reason) => Err(Failed::Hindered(reason.to_owned())),
        }
    }
}

fn ended(outcome: &Outcome, version: String) -> Result<Answer, Failed> {
    let answer = Answer { version, payload: String::from_utf8_lossy(&outcome.payload).into_owned() };
    if outcome.error_type.is_none() {
        return Ok(answer);
    }
    let payload: serde_json::Value = serde_json::from_slice(&outcome.payload).unwrap_or_default();
    let words = payload.get("errorMessage").and_then(serde_json::Value::as_str).unwrap_or("Unhandled");
    Err(Failed::Function { words: words.to_owned(), answer: Some(answer) })
}

impl Debts for Invocations {
    type Debt = OwedInvocation;
    type Outcome = InvocationResult;

    fn store(&self) -> &Store {
        self.functions().store()
    }

    fn arrival(&self) -> Arrival {
        self.functions().arrival()
    }

    fn next_due_at(&self) -> Option<aws::Timestamp> {
        self.functions().next_due_at()
    }

    fn lease(&self, commit: &mut Commit<'_>, mut slots: Slots) -> Vec<OwedInvocation> {
        let (now, mut left) = (commit.now, LEASED_AT_ONCE_MAX);
        self.functions().due(commit, |payee| {
            let max = slots.available(payee, now).min(left);
            left -= max;
            (0..max).for_each(|_| slots.take(payee));
            max
        })
    }

    fn lease_next(&self, commit: &mut Commit<'_>, payee: &str) -> Option<OwedInvocation> {
        self.functions().next_due_of(commit, payee)
    }

    fn renew(&self, commit: &mut Commit<'_>, owed: &mut OwedInvocation, _spare: Duration) -> bool {
        self.functions().renew_lease(commit, owed)
    }

    fn terms(owed: &OwedInvocation) -> Terms {
        Terms { payee: owed.payee.clone(), call_time: owed.call_time, call_until: owed.call_until }
    }

    fn label(owed: &OwedInvocation) -> Label {
        Label {
            delivery_id: owed.id.clone(),
            target_arn: format!("function/{}", owed.name.name),
            attempt: owed.attempt,
            ..Label::default()
        }
    }

    async fn call(&self, owed: &OwedInvocation, time: Duration) -> InvocationResult {
        timeout(time, self.invoke(owed)).await.map_or(InvocationResult::CutOff, InvocationResult::Answered)
    }

    fn span(owed: &OwedInvocation, tried: &InvocationResult, time: CallTime) -> Option<Span> {
        // What was invoked without a trace has none.
        let context = TraceContext::of_x_ray(owed.trace_header.as_deref()?)?;
        let number = owed.attempt.to_string();
        let name = &owed.name.name;
        let mut span = Span {
            context: context.at(span_id(&["invocation", &owed.id, &number])),
            parent: context.span_id,
            name: format!("invoke {name}"),
            kind: SpanKind::Client,
            start: time.began,
            end: time.ended,
            // OpenTelemetry semantic conventions, "FaaS": of the one who invokes.
            attributes: vec![
                ("faas.invoked_name", name.as_str().into()),
                ("faas.invoked_provider", "aws".into()),
                ("trunkline.invocation.id", owed.id.as_str().into()),
                ("trunkline.attempt", owed.attempt.into()),
            ],
            error: None,
        };
        match tried {
            InvocationResult::Answered(Ok(answer)) => {
                span.attributes.push(("trunkline.function.version", answer.version.as_str().into()));
            }
            InvocationResult::Answered(Err(Failed::Function { words, .. } | Failed::Hindered(words))) => {
                span.error = Some(words.clone());
            }
            InvocationResult::Answered(Err(_)) => {
                span.error = Some("ReservedConcurrentExecutions is 0".to_owned())
            }
            InvocationResult::CutOff => span.error = Some("The function did not answer in time.".to_owned()),
        }
        context.is_sampled.then_some(span)
    }

    fn was_cut_off(tried: &InvocationResult) -> bool {
        matches!(tried, InvocationResult::CutOff)
    }

    fn settle(&self, commit: &mut Commit<'_>, owed: OwedInvocation, tried: InvocationResult) -> Verdict {
        let result = match tried {
            InvocationResult::Answered(result) => result,
            InvocationResult::CutOff => {
                let words = "The function did not answer in time.".to_owned();
                Err(Failed::Function { words, answer: None })
            }
        };
        let reason = match &result {
            Err(Failed::Function { words, .. } | Failed::Hindered(words)) => words.clone(),
            _ => "ReservedConcurrentExecutions is 0".to_owned(),
        };
        match self.functions().settle(commit, &owed, &result) {
            Settlement::Lost => Verdict::Lost { reason },
            _ => Verdict::Settled,
        }
    }
}

/// Serves rules' targets that are functions: the invocation is owed in the commit that accepts the event, if the function's
/// policy lets the rule call it. Errors of the handler are the invocation's affair, and never the rule's, as on AWS.
#[derive(Debug)]
pub struct FunctionHook(pub Functions);

impl PayHook for FunctionHook {
    fn pay(&self, commit: &mut Commit<'_>, debt: Debt<'_>) -> Payment {
        let (arn, home) = (&debt.target.arn, self.0.store().scope().clone());
        let name = match FunctionName::parse(&arn.to_string(), None, &home) {
            Ok(name) => name,
            Err(error) => return Payment::refused("NO_RESOURCE", error.message),
        };
        let request = Request::on_behalf(Caller::eventbridge(), (ACTION, arn), debt.rule_arn);
        let id = commit.ids.next_uuid();
        let new = NewInvocation {
            id: id.clone(),
            name: name.clone(),
            payload: debt.input,
            client_context: None,
            trace_header: debt.trace_header.map(str::to_owned),
        };
        let explanation = self.0.explain(&mut commit.tx, arn, &request);
        if !self.0.exists(&mut commit.tx, &name) {
            return Payment::refused("NO_RESOURCE", format!("Function not found: {arn}"));
        }
        if !explanation.decision.is_allowed() {
            return Payment::refused("NO_PERMISSIONS", refusal(arn, debt.rule_arn, &explanation));
        }
        match self.0.owe(commit, new) {
            Ok(()) => Payment::Paid(Receipt { id: Some(id), location: None }),
            Err(error) => Payment::refused("NO_RESOURCE", error.message),
        }
    }
}

/// Why a rule may not call a function, and the call that lets it.
fn refusal(function: &Arn, rule: &Arn, explanation: &Explanation) -> String {
    let words = format!("The function's policy does not let the rule call it: {explanation}.");
    let name = rule.resource.rsplit('/').next().unwrap_or("rule");
    let statement: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(90).collect();
    format!(
        "{words} This lets it: aws lambda add-permission --function-name {function} --statement-id {statement} --action {ACTION} --principal events.amazonaws.com --source-arn {rule}"
    )
}
