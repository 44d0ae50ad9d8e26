//! How data passes through a state: the order of the fields, in both languages.

use serde_json::{Map, Value};

use crate::definition::{Flow, Payload, QueryLanguage, State, Transition};
use crate::execution::Thread;
use crate::expr::Scope;
use crate::payload::{place, render, select};
use crate::step::run::{Exit, Outcome, Run, Trouble};
use crate::step::sight::Sight;

/// What a state works on: the input through `InputPath` and `Parameters`, or `Arguments`.
pub(super) fn effective_input(flow: &Flow, thread: &Thread, sight: &Sight) -> Result<Value, Trouble> {
    let selected = select(&flow.input_path, &sight.scope(&thread.input))?;
    Ok(match &flow.parameters {
        Some(parameters) => render(parameters, &sight.scope(&selected))?,
        None => selected,
    })
}

impl Run<'_> {
    /// What follows a state's work: `ResultSelector`, `Assign`, `ResultPath`, `OutputPath`; or `Output`, `Assign`.
    pub(super) fn after_work(&mut self, thread: &Thread, result: Value) -> Result<Outcome, Trouble> {
        let state = self.state_of(thread)?;
        let sight = self.sight(thread);
        let flow = &state.flow;
        let next = state.transition.clone();
        if state.query_language == QueryLanguage::Jsonata {
            let scope = Scope { result: Some(&result), ..sight.scope(&thread.input) };
            let assigned = assigned(flow.assign.as_ref(), &scope)?;
            let output = flow.output.as_ref().map(|output| render(output, &scope)).transpose()?;
            return Ok(Outcome::Exit(Exit { output: output.unwrap_or(result), assigned, next }));
        }
        let assigned = assigned(flow.assign.as_ref(), &sight.scope(&result))?;
        let chosen = match &flow.result_selector {
            Some(selector) => render(selector, &sight.scope(&result))?,
            None => result,
        };
        let combined = place(&flow.result_path, &thread.input, chosen)?;
        let output = select(&flow.output_path, &sight.scope(&combined))?;
        Ok(Outcome::Exit(Exit { output, assigned, next }))
    }

    /// How a state is left that has no result: Wait, Succeed, a JSONata Pass.
    pub(super) fn pass_through(&mut self, thread: &Thread, state: &State) -> Result<Outcome, Trouble> {
        let sight = self.sight(thread);
        let leaving = Leaving { output: state.flow.output.as_ref(), assign: state.flow.assign.as_ref() };
        exit(thread, state, &sight, &leaving, state.transition.clone()).map(Outcome::Exit)
    }
}

/// `Output` and `Assign` of the state, or of the Choice rule that matched.
#[derive(Debug)]
pub(super) struct Leaving<'a> {
    pub(super) output: Option<&'a Payload>,
    pub(super) assign: Option<&'a Payload>,
}

/// Leaves a state without a result.
pub(super) fn exit(
    thread: &Thread,
    state: &State,
    sight: &Sight,
    leaving: &Leaving<'_>,
    next: Transition,
) -> Result<Exit, Trouble> {
    let flow = &state.flow;
    let input = select(&flow.input_path, &sight.scope(&thread.input))?;
    let scope = sight.scope(&input);
    let assigned = assigned(leaving.assign, &scope)?;
    let output = match leaving.output {
        Some(output) => render(output, &scope)?,
        None => select(&flow.output_path, &scope)?,
    };
    Ok(Exit { output, assigned, next })
}

/// The variables that an `Assign` sets.
pub(super) fn assigned(
    assign: Option<&Payload>,
    scope: &Scope<'_>,
) -> Result<Option<Map<String, Value>>, Trouble> {
    match assign.map(|assign| render(assign, scope)).transpose()? {
        Some(Value::Object(assigned)) => Ok(Some(assigned)),
        _ => Ok(None),
    }
}
