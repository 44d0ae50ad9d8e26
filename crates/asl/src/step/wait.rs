//! The states that ask nobody: Pass, Wait, Choice, Succeed, Fail; and the dispatch over all of them.

use serde_json::Value;

use crate::definition::{
    Amount, Choice, Condition, Fail, Kind as StateKind, QueryLanguage, State, Text, Transition, Until,
};
use crate::execution::{Phase, Thread};
use crate::expr::jsonata::Kind;
use crate::expr::{ExprError, Scope, timestamp};
use crate::payload::{LIMITS, select};
use crate::step::failure::Failure;
use crate::step::flow::{self, Leaving};
use crate::step::run::{Outcome, Run, Trouble};
use crate::step::sight::Sight;

/// The longest Wait, in milliseconds: AWS counts its seconds in 32 bits.
const WAIT_MS_MAX: i64 = i32::MAX as i64 * 1_000;

impl Run<'_> {
    /// Does what the state is there for.
    pub(super) fn work(&mut self, thread: &mut Thread) -> Result<Outcome, Trouble> {
        let state = self.state_of(thread)?;
        match &state.kind {
            StateKind::Pass { result } => self.pass(thread, state, result.as_ref()),
            StateKind::Task(task) => self.ask(thread, state, task),
            StateKind::Choice(choice) => self.choose(thread, state, choice),
            StateKind::Wait(until) => self.wait(thread, state, until),
            StateKind::Succeed => self.pass_through(thread, state),
            StateKind::Fail(fail) => self.fail(thread, fail),
            StateKind::Parallel(parallel) => self.branch(thread, state, parallel),
            StateKind::Map(map) => self.iterate(thread, state, map),
        }
    }

    fn pass(&mut self, thread: &Thread, state: &State, result: Option<&Value>) -> Result<Outcome, Trouble> {
        if state.query_language == QueryLanguage::Jsonata {
            return self.pass_through(thread, state);
        }
        let sight = self.sight(thread);
        let input = flow::effective_input(&state.flow, thread, &sight)?;
        Ok(Outcome::Result(result.cloned().unwrap_or(input)))
    }

    fn choose(&mut self, thread: &Thread, state: &State, choice: &Choice) -> Result<Outcome, Trouble> {
        let sight = self.sight(thread);
        let input = select(&state.flow.input_path, &sight.scope(&thread.input))?;
        for rule in &choice.rules {
            if holds(&rule.condition, &sight.scope(&input))? {
                let leaving = Leaving { output: rule.output.as_ref(), assign: rule.assign.as_ref() };
                let next = Transition::Next(rule.next.clone());
                return flow::exit(thread, state, &sight, &leaving, next).map(Outcome::Exit);
            }
        }
        let Some(default) = &choice.default else {
            let cause = "Failed to transition out of the state. The state does not point to a next state.";
            return Err(ExprError::runtime(cause.to_owned()).into());
        };
        let leaving = Leaving { output: state.flow.output.as_ref(), assign: state.flow.assign.as_ref() };
        flow::exit(thread, state, &sight, &leaving, Transition::Next(default.clone())).map(Outcome::Exit)
    }

    fn wait(&mut self, thread: &mut Thread, state: &State, until: &Until) -> Result<Outcome, Trouble> {
        let sight = self.sight(thread);
        let input = select(&state.flow.input_path, &sight.scope(&thread.input))?;
        let now = i64::try_from(self.now_ms).unwrap_or(i64::MAX);
        let delay_ms = delay(until, &sight.scope(&input), now)?;
        match u64::try_from(delay_ms) {
            Ok(delay_ms) if delay_ms > 0 => {
                thread.phase = Phase::Sleep { timer: self.timer(delay_ms) };
                Ok(Outcome::Waits)
            }
            _ => self.pass_through(thread, state),
        }
    }

    fn fail(&mut self, thread: &Thread, fail: &Fail) -> Result<Outcome, Trouble> {
        let sight = self.sight(thread);
        let scope = sight.scope(&thread.input);
        let error = fail.error.as_ref().map(|text| evaluate_text(text, &scope)).transpose()?;
        let cause = fail.cause.as_ref().map(|text| evaluate_text(text, &scope)).transpose()?;
        Err(Failure { error, cause, ..Failure::default() }.into())
    }

    /// A timer rings: a Wait is over, an attempt is due, or a task has taken too long.
    pub(super) fn ring(&mut self, timer: u64) {
        let id = self.execution.thread_of_timer(timer);
        self.resume(id, |run, thread| match &thread.phase {
            Phase::Sleep { .. } => {
                let state = run.state_of(thread)?;
                run.pass_through(thread, state)
            }
            Phase::Backoff { .. } => run.work(thread),
            Phase::Task(asked) => {
                let silent = asked.heartbeat.is_some_and(|heartbeat| heartbeat.timer == timer);
                run.task_timed_out(thread, silent.then_some("States.HeartbeatTimeout"))
            }
            _ => Ok(Outcome::Waits),
        });
    }
}

/// How long a Wait state waits, in milliseconds; a moment that has passed is negative. `now` is in milliseconds since 1970.
pub(super) fn delay(until: &Until, scope: &Scope<'_>, now: i64) -> Result<i64, ExprError> {
    let delay_ms = match until {
        Until::Seconds(amount) => seconds(amount, scope)?.saturating_mul(1_000),
        Until::Moment(moment) => moment.saturating_sub(now),
        Until::MomentPath(field) => {
            let found = field.path.query(scope).map_err(|_| {
                ExprError::runtime(format!(
                    "The TimestampPath parameter does not reference an input value: {}",
                    field.text
                ))
            })?;
            let moment = moment(&found).ok_or_else(|| {
                ExprError::runtime(format!(
                    "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time \
                     format string: {} == {}",
                    field.text,
                    plain(&found)
                ))
            })?;
            moment.saturating_sub(now)
        }
        Until::MomentJsonata(template) => {
            let found = template.evaluate(scope, LIMITS)?;
            let moment = moment(&found).ok_or_else(|| ExprError {
                error: "States.QueryEvaluationError".to_owned(),
                cause: format!(
                    "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format \
                     string: {}",
                    plain(&found)
                ),
                location: Some("Timestamp".to_owned()),
            })?;
            moment.saturating_sub(now)
        }
    };
    if delay_ms > WAIT_MS_MAX {
        return Err(ExprError::runtime("Wait state delay is too long.".to_owned()));
    }
    Ok(delay_ms)
}

/// Whether a rule of a Choice applies.
pub(crate) fn holds(condition: &Condition, scope: &Scope<'_>) -> Result<bool, ExprError> {
    match condition {
        Condition::Rule(rule) => rule.evaluate(scope),
        Condition::Jsonata(template) => {
            Ok(template.evaluate_as(Kind::Boolean, scope, LIMITS)?.as_bool().unwrap_or_default())
        }
    }
}

/// A JSONata number of the wrong kind.
fn wrong_number(field: &str, wanted: &str, found: &Value) -> ExprError {
    ExprError {
        error: "States.QueryEvaluationError".to_owned(),
        cause: format!("The value of the field '{field}' must be {wanted}, but was: {found}"),
        location: Some(field.to_owned()),
    }
}

/// A value as AWS prints it into its texts: strings without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A moment in milliseconds since 1970.
fn moment(value: &Value) -> Option<i64> {
    Some(timestamp::parse(value.as_str()?)?.as_millisecond())
}

/// The seconds of a Wait.
#[expect(clippy::cast_possible_truncation, reason = "a whole number in its range")]
fn seconds(amount: &Amount, scope: &Scope<'_>) -> Result<i64, ExprError> {
    let field = match amount {
        Amount::Fixed(seconds) => return Ok(*seconds as i64),
        Amount::Jsonata(template) => {
            let found = template.evaluate_as(Kind::Number, scope, LIMITS)?;
            return found
                .as_f64()
                .filter(|number| number.fract() == 0.0 && *number >= 0.0)
                .map(|number| number as i64)
                .ok_or_else(|| wrong_number("Seconds", "a whole number that is not negative", &found));
        }
        Amount::Path(field) => field,
    };
    let found = field.path.query(scope).map_err(|_| {
        ExprError::runtime(format!(
            "The SecondsPath parameter does not reference an input value: {}",
            field.text
        ))
    })?;
    match found.as_f64() {
        Some(number) if number.fract() != 0.0 => Err(ExprError::runtime(format!(
            "The SecondsPath parameter cannot be parsed as a long value: {} == {}",
            field.text,
            plain(&found)
        ))),
        Some(number) if number < 0.0 => Err(ExprError::runtime(format!(
            "The SecondsPath parameter references a negative value: {} == {}",
            field.text,
            plain(&found)
        ))),
        Some(number) => Ok(number as i64),
        None => Err(ExprError::runtime(format!(
            "The SecondsPath parameter cannot be parsed as a long value: {} == {}",
            field.text,
            plain(&found)
        ))),
    }
}

/// A text of a Fail state.
pub(super) fn evaluate_text(text: &Text, scope: &Scope<'_>) -> Result<String, ExprError> {
    match text {
        Text::Fixed(text) => Ok(text.clone()),
        Text::Dynamic(dynamic) => dynamic.evaluate(scope).map(|value| plain(&value)),
        Text::Jsonata(template) => {
            template.evaluate_as(Kind::String, scope, LIMITS).map(|value| plain(&value))
        }
    }
}

/// A whole number of a Task or Map, at least `min`.
#[derive(Debug)]
pub(super) struct NumberField<'a> {
    pub(super) name: &'a str,
    pub(super) amount: Option<&'a Amount>,
    pub(super) whole: bool,
}

/// The number that a field comes to. AWS takes numbers written as texts.
pub(super) fn number(field: &NumberField<'_>, scope: &Scope<'_>) -> Result<Option<f64>, ExprError> {
    let kind = if field.whole { "integer" } else { "float" };
    let right = |number: &f64| !field.whole || number.fract() == 0.0;
    match field.amount {
        None => Ok(None),
        Some(Amount::Fixed(number)) => Ok(Some(*number)),
        Some(Amount::Jsonata(template)) => {
            let found = template.evaluate_as(Kind::Number, scope, LIMITS)?;
            let number = found.as_f64().filter(right);
            number.map(Some).ok_or_else(|| wrong_number(field.name, "a whole number", &found))
        }
        Some(Amount::Path(path)) => {
            let found = path.path.query(scope)?;
            let number = match &found {
                Value::String(text) => text.trim().parse::<f64>().ok(),
                other => other.as_f64(),
            };
            number.filter(right).map(Some).ok_or_else(|| {
                ExprError::runtime(format!(
                    "The {}Path field refers to value \"{}\" which is not a valid {kind}: {}",
                    field.name,
                    plain(&found),
                    path.text
                ))
            })
        }
    }
}

impl Sight {
    /// A number that must not be negative, as milliseconds' and counters' type.
    pub(super) fn count(&self, field: &NumberField<'_>, input: &Value) -> Result<Option<u64>, ExprError> {
        let number = number(field, &self.scope(input))?;
        Ok(number.map(|number| crate::parse::whole_number(number.max(0.0))))
    }
}
