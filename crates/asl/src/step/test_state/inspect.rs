//! The fields of a tested state, one after the other, and what each came to.

use serde::Serialize;
use serde_json::{
    Map, Value,
    ser::{Formatter, Serializer},
};

use crate::definition::{Catcher, Kind, Map as MapState, Mode, Payload, QueryLanguage, State, Transition};
use crate::execution::Item;
use crate::expr::{ExprError, Scope};
use crate::payload::{place, render, select};
use crate::step::failing::delay_ms;
use crate::step::failure::Failure;
use crate::step::iterate::{items, measures};
use crate::step::test_state::{Answer, Subject, TestStatus};
use crate::step::wait::{NumberField, delay, evaluate_text, holds};

/// What the state's work is, before and after it.
#[derive(Debug)]
pub(super) enum Work {
    /// A task, branches or iterations, with this input.
    Asks(Value),
    /// Its result is known.
    Result(Value),
    /// It is left.
    Leaves(Leave),
    /// It fails.
    Failure(Failure),
}

/// How a state is left.
#[derive(Debug)]
pub(super) struct Leave {
    output: Value,
    next: Transition,
}

/// What has been seen so far.
#[derive(Debug)]
pub(super) struct Inspection {
    members: Map<String, Value>,
}

impl Inspection {
    pub(super) fn new(subject: &Subject) -> Self {
        let mut inspection = Self { members: Map::new() };
        inspection.show("input", &subject.input);
        if !subject.sight.variables.is_empty() {
            inspection.show("variables", &Value::Object(subject.sight.variables.clone()));
        }
        inspection
    }

    /// A value, as a text in AWS's spacing.
    fn show(&mut self, name: &str, value: &Value) {
        self.tell(name, Value::String(spaced(value)));
    }

    fn tell(&mut self, name: &str, value: impl Into<Value>) {
        self.members.insert(name.to_owned(), value.into());
    }
}

/// Everything before the state's work.
pub(super) fn prepare(subject: &Subject, seen: &mut Inspection) -> Work {
    let Some(state) = subject.state() else { return Work::Failure(Failure::default()) };
    match prepared(subject, state, seen) {
        Ok(work) => work,
        Err(error) => Work::Failure(failure(error)),
    }
}

fn prepared(subject: &Subject, state: &State, seen: &mut Inspection) -> Result<Work, ExprError> {
    let is_jsonata = state.query_language == QueryLanguage::Jsonata;
    let flow = &state.flow;
    let input = select(&flow.input_path, &subject.sight.scope(&subject.input))?;
    let scope = subject.sight.scope(&input);
    let shows_input = match &state.kind {
        Kind::Parallel(_) => false,
        Kind::Pass { result } => result.is_none(),
        _ => true,
    };
    if !is_jsonata && shows_input {
        seen.show("afterInputPath", &input);
    }
    Ok(match &state.kind {
        Kind::Pass { result } if !is_jsonata => {
            let effective = parameters(flow.parameters.as_ref(), &scope, &input)?;
            match result {
                Some(result) => seen.show("result", result),
                None => seen.show("afterParameters", &effective),
            }
            Work::Result(result.clone().unwrap_or(effective))
        }
        Kind::Pass { .. } | Kind::Succeed => leave(state, &scope)?,
        Kind::Wait(until) => {
            delay(until, &scope, i64::try_from(scope.now_ms).unwrap_or(i64::MAX))?;
            leave(state, &scope)?
        }
        Kind::Choice(choice) => {
            for rule in &choice.rules {
                if holds(&rule.condition, &scope)? {
                    let output = output(rule.output.as_ref(), state, &scope)?;
                    return Ok(Work::Leaves(Leave { output, next: Transition::Next(rule.next.clone()) }));
                }
            }
            let Some(default) = &choice.default else {
                let cause =
                    "Failed to transition out of the state. The state does not point to a next state.";
                return Err(ExprError::runtime(cause.to_owned()));
            };
            let output = output(flow.output.as_ref(), state, &scope)?;
            Work::Leaves(Leave { output, next: Transition::Next(default.clone()) })
        }
        Kind::Fail(fail) => Work::Failure(Failure {
            error: fail.error.as_ref().map(|text| evaluate_text(text, &scope)).transpose()?,
            cause: fail.cause.as_ref().map(|text| evaluate_text(text, &scope)).transpose()?,
            ..Failure::default()
        }),
        Kind::Task(_) => {
            let effective = parameters(flow.parameters.as_ref(), &scope, &input)?;
            if !is_jsonata {
                seen.show("afterParameters", &effective);
            } else if flow.parameters.is_some() {
                seen.show("afterArguments", &effective);
            }
            Work::Asks(effective)
        }
        Kind::Parallel(_) => Work::Asks(parameters(flow.parameters.as_ref(), &scope, &input)?),
        Kind::Map(map) => {
            iterations(map, subject, &Iterating { input: &input, is_jsonata }, seen)?;
            Work::Asks(input)
        }
    })
}

fn parameters(payload: Option<&Payload>, scope: &Scope<'_>, input: &Value) -> Result<Value, ExprError> {
    payload.map_or_else(|| Ok(input.clone()), |payload| render(payload, scope))
}

fn leave(state: &State, scope: &Scope<'_>) -> Result<Work, ExprError> {
    let output = output(state.flow.output.as_ref(), state, scope)?;
    Ok(Work::Leaves(Leave { output, next: state.transition.clone() }))
}

/// `Output`, or the input through `OutputPath`.
fn output(payload: Option<&Payload>, state: &State, scope: &Scope<'_>) -> Result<Value, ExprError> {
    match payload {
        Some(payload) => render(payload, scope),
        None => select(&state.flow.output_path, scope),
    }
}

/// What a Map's fields are evaluated on.
struct Iterating<'a> {
    input: &'a Value,
    is_jsonata: bool,
}

fn iterations(
    map: &MapState,
    subject: &Subject,
    on: &Iterating<'_>,
    seen: &mut Inspection,
) -> Result<(), ExprError> {
    let distributed = match &map.mode {
        Mode::Distributed(distributed) => Some(distributed),
        Mode::Inline => None,
    };
    let reads = distributed.is_some_and(|distributed| distributed.reader.is_some());
    let found = if reads { Vec::new() } else { items(&map.items, on.input, &subject.sight)? };
    if !on.is_jsonata && !reads {
        seen.show("afterItemsPath", &Value::Array(found.clone()));
    }
    if let Some(selector) = map.item_selector.as_ref().filter(|_| !reads) {
        let mut selected = Vec::with_capacity(found.len());
        for (index, value) in (0..).zip(found) {
            let mut sight = subject.sight.clone();
            sight.at_item(&Item { index, value, source: None });
            selected.push(render(selector, &sight.scope(on.input))?);
        }
        seen.show("afterItemSelector", &Value::Array(selected));
    }
    let field = NumberField { name: "MaxConcurrency", amount: map.max_concurrency.as_ref(), whole: true };
    seen.tell("maxConcurrency", subject.sight.count(&field, on.input)?.unwrap_or(0));
    if let Some(distributed) = distributed {
        let measures = measures(distributed, &subject.sight, on.input)?;
        if let Some(count) = measures.tolerated_count {
            seen.tell("toleratedFailureCount", count);
        }
        if let Some(percentage) = measures.tolerated_percentage {
            seen.tell("toleratedFailurePercentage", percentage);
        }
    }
    Ok(())
}

/// Everything after the state's work.
pub(super) fn conclude(subject: &Subject, work: Work, seen: &mut Inspection) -> Answer {
    let Some(state) = subject.state() else { return failed(&Failure::default(), seen) };
    match after(subject, state, work, seen) {
        Ok(leave) => Answer {
            status: TestStatus::Succeeded,
            output: Some(leave.output),
            next_state: next_name(leave.next),
            error: None,
            cause: None,
            inspection: std::mem::take(&mut seen.members),
        },
        Err(failure) => failing(subject, state, &failure, seen),
    }
}

fn after(subject: &Subject, state: &State, work: Work, seen: &mut Inspection) -> Result<Leave, Failure> {
    let result = match work {
        Work::Leaves(leave) => return Ok(leave),
        Work::Failure(failure) => return Err(failure),
        Work::Result(result) | Work::Asks(result) => result,
    };
    if let Kind::Task(_) = state.kind {
        seen.show("result", &result);
    }
    too_many_lost(subject, state)?;
    finished(subject, state, result, seen).map_err(failure)
}

/// A Map fails when more of its iterations have failed than it tolerates.
fn too_many_lost(subject: &Subject, state: &State) -> Result<(), Failure> {
    let Kind::Map(map) = &state.kind else { return Ok(()) };
    let Mode::Distributed(distributed) = &map.mode else { return Ok(()) };
    let measures = measures(distributed, &subject.sight, &subject.input).map_err(failure)?;
    let tolerated = measures.tolerated_count.unwrap_or(0);
    if subject.lost_iterations <= tolerated || measures.tolerated_percentage.is_some() {
        return Ok(());
    }
    Err(Failure {
        error: Some("States.ExceedToleratedFailureThreshold".to_owned()),
        cause: Some("The specified tolerated failure threshold was exceeded".to_owned()),
        ..Failure::default()
    })
}

fn finished(
    subject: &Subject,
    state: &State,
    result: Value,
    seen: &mut Inspection,
) -> Result<Leave, ExprError> {
    let flow = &state.flow;
    let next = state.transition.clone();
    if state.query_language == QueryLanguage::Jsonata {
        let scope = Scope { result: Some(&result), ..subject.sight.scope(&subject.input) };
        let output = flow.output.as_ref().map(|output| render(output, &scope)).transpose()?;
        return Ok(Leave { output: output.unwrap_or(result), next });
    }
    let chosen = match &flow.result_selector {
        Some(selector) => render(selector, &subject.sight.scope(&result))?,
        None => result,
    };
    seen.show("afterResultSelector", &chosen);
    let combined = place(&flow.result_path, &subject.input, chosen)?;
    seen.show("afterResultPath", &combined);
    let output = select(&flow.output_path, &subject.sight.scope(&combined))?;
    Ok(Leave { output, next })
}

/// Retried, caught, or the end.
fn failing(subject: &Subject, state: &State, failure: &Failure, seen: &mut Inspection) -> Answer {
    let Some(guard) = state.guard() else { return failed(failure, seen) };
    let matching = (0_u64..).zip(&guard.retry).find(|(_, retrier)| failure.matches(&retrier.error_equals));
    if let Some((index, retrier)) = matching
        && subject.retries < retrier.max_attempts
    {
        let mut details = Map::new();
        details.insert("retryIndex".to_owned(), index.into());
        let seconds = delay_ms(retrier, subject.retries) / 1_000;
        details.insert("retryBackoffIntervalSeconds".to_owned(), seconds.into());
        seen.tell("errorDetails", details);
        return Answer { status: TestStatus::Retriable, ..failed(failure, seen) };
    }
    let matching = (0_u64..).zip(&guard.catch).find(|(_, catcher)| failure.matches(&catcher.error_equals));
    let Some((index, catcher)) = matching else { return failed(failure, seen) };
    let mut details = Map::new();
    details.insert("catchIndex".to_owned(), index.into());
    seen.tell("errorDetails", details);
    match caught(subject, state, &Catch { catcher, failure }) {
        Ok(output) => Answer {
            status: TestStatus::CaughtError,
            output: Some(output),
            next_state: Some(catcher.next.clone()),
            ..failed(failure, seen)
        },
        Err(error) => failed(&self::failure(error), seen),
    }
}

/// A catcher at work.
struct Catch<'a> {
    catcher: &'a Catcher,
    failure: &'a Failure,
}

fn caught(subject: &Subject, state: &State, catch: &Catch<'_>) -> Result<Value, ExprError> {
    let error_output = catch.failure.error_output();
    if state.query_language == QueryLanguage::JsonPath {
        return place(&catch.catcher.result_path, &subject.input, error_output);
    }
    match &catch.catcher.output {
        None => Ok(error_output),
        Some(output) => {
            let scope = Scope { error_output: Some(&error_output), ..subject.sight.scope(&subject.input) };
            render(output, &scope)
        }
    }
}

fn failed(failure: &Failure, seen: &mut Inspection) -> Answer {
    Answer {
        status: TestStatus::Failed,
        output: None,
        next_state: None,
        error: failure.error.clone(),
        cause: failure.cause.clone(),
        inspection: std::mem::take(&mut seen.members),
    }
}

/// TestState tells an expression's error without the frame that an execution puts around it.
fn failure(error: ExprError) -> Failure {
    let fatal = error.error == "States.Runtime";
    Failure { error: Some(error.error), cause: Some(error.cause), fatal, ..Failure::default() }
}

fn next_name(next: Transition) -> Option<String> {
    match next {
        Transition::Next(name) => Some(name),
        Transition::End => None,
    }
}

/// JSON with a blank behind each comma and colon, as AWS writes it here.
fn spaced(value: &Value) -> String {
    let mut bytes = Vec::new();
    match value.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced)) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
        Err(_) => value.to_string(),
    }
}

/// Writes the blanks.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}
