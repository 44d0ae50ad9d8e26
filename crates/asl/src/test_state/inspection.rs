//! `inspectionData`: what a state's fields came to, one after the other.

use serde_json::{Map, Value, json};

use crate::definition::{Items, Kind, Payload, QueryLanguage, Selection};
use crate::expr::Scope;
use crate::payload::{place, render, select};
use crate::test_state::{Mock, Trial};

/// What is known of the trial.
pub(super) fn data(trial: &Trial<'_>, mock: Option<&Mock>) -> Map<String, Value> {
    let mut told = Told { members: Map::new(), trial };
    told.payload("input", Some(trial.input.clone()));
    if !trial.variables.is_empty() {
        told.payload("variables", Some(Value::Object(trial.variables.clone())));
    }
    let state = trial.stage.state();
    let result = match mock {
        Some(Mock::Result(result)) if trial.exit().is_some() => Some(result.clone()),
        _ => None,
    };
    match state.query_language {
        QueryLanguage::Jsonata => told.jsonata(result),
        QueryLanguage::JsonPath => told.jsonpath(result),
    }
    told.numbers();
    told.error_details();
    told.members
}

struct Told<'a> {
    members: Map<String, Value>,
    trial: &'a Trial<'a>,
}

impl Told<'_> {
    /// Payloads are told as JSON texts.
    fn payload(&mut self, name: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.members.insert(name.to_owned(), Value::from(value.to_string()));
        }
    }

    fn scope<'b>(&'b self, input: &'b Value) -> Scope<'b> {
        Scope {
            input,
            context: &self.trial.context,
            variables: &self.trial.variables,
            result: None,
            error_output: None,
            seed: self.trial.seed,
            now_ms: self.trial.now_ms,
        }
    }

    fn render(&self, payload: &Payload, input: &Value) -> Option<Value> {
        render(payload, &self.scope(input)).ok()
    }

    fn jsonata(&mut self, result: Option<Value>) {
        let state = self.trial.stage.state();
        if matches!(state.kind, Kind::Task(_)) {
            let arguments =
                state.flow.parameters.as_ref().and_then(|given| self.render(given, &self.trial.input));
            self.payload("afterArguments", arguments);
            self.payload("result", result);
        }
    }

    fn jsonpath(&mut self, result: Option<Value>) {
        let trial = self.trial;
        let state = trial.stage.state();
        let flow = &state.flow;
        let selected = select(&flow.input_path, &self.scope(&trial.input)).ok();
        let parameters = match (&flow.parameters, &selected) {
            (Some(parameters), Some(selected)) => self.render(parameters, selected),
            (None, selected) => selected.clone(),
            _ => None,
        };
        let result = match &state.kind {
            Kind::Pass { result: None } => {
                self.payload("afterInputPath", selected);
                self.payload("afterParameters", parameters.clone());
                parameters
            }
            Kind::Pass { result: Some(result) } => {
                self.payload("result", Some(result.clone()));
                Some(result.clone())
            }
            Kind::Task(_) => {
                self.payload("afterInputPath", selected);
                self.payload("afterParameters", parameters);
                self.payload("result", result.clone());
                result
            }
            Kind::Parallel(_) => result,
            Kind::Map(map) => {
                if let (Items::Path(path), Some(selected)) = (&map.items, &selected) {
                    let items = self.items(path, selected);
                    self.payload("afterItemsPath", items);
                }
                self.payload("afterInputPath", selected);
                result
            }
            Kind::Choice(_) | Kind::Wait(_) | Kind::Succeed | Kind::Fail(_) => {
                self.payload("afterInputPath", selected);
                return;
            }
        };
        let Some(result) = result else { return };
        let chosen = match &flow.result_selector {
            Some(selector) => self.render(selector, &result),
            None => Some(result),
        };
        self.payload("afterResultSelector", chosen.clone());
        let placed = chosen.and_then(|chosen| place(&flow.result_path, &trial.input, chosen).ok());
        self.payload("afterResultPath", placed);
    }

    /// The items, if they are an array.
    fn items(&self, path: &Selection, selected: &Value) -> Option<Value> {
        select(path, &self.scope(selected)).ok().filter(Value::is_array)
    }

    /// What a map run was ordered with.
    fn numbers(&mut self) {
        let Some(order) = &self.trial.order else { return };
        let Kind::Map(map) = &self.trial.stage.state().kind else { return };
        let at_once = if map.max_concurrency.is_some() { order.max_concurrency } else { 0 };
        self.members.insert("maxConcurrency".to_owned(), json!(at_once));
        if let Some(count) = order.tolerated_failure_count {
            self.members.insert("toleratedFailureCount".to_owned(), json!(count));
        }
        if let Some(part) = order.tolerated_failure_percentage {
            self.members.insert("toleratedFailurePercentage".to_owned(), json!(part));
        }
    }

    /// Which catcher or retrier took the error.
    fn error_details(&mut self) {
        let trial = self.trial;
        let (Some(error), Some(guard)) = (&trial.error, trial.stage.state().guard()) else { return };
        let name = error.error.as_deref().unwrap_or_default();
        let takes = |names: &[String]| {
            names.iter().any(|known| known == name || known == "States.ALL" || known == "States.TaskFailed")
        };
        if let Some(next) = trial.next() {
            let index =
                guard.catch.iter().position(|catcher| takes(&catcher.error_equals) && catcher.next == next);
            if let Some(index) = index {
                self.members.insert("errorDetails".to_owned(), json!({"catchIndex": index}));
            }
        } else if let Some(timer) = trial.backoff_seconds() {
            let index = guard.retry.iter().position(|retrier| takes(&retrier.error_equals));
            let details = json!({"retryIndex": index, "retryBackoffIntervalSeconds": timer});
            self.members.insert("errorDetails".to_owned(), details);
        }
    }
}
