//! The stage of a test: a machine that is the state alone, with stubs for what it leads to.

use serde_json::{Map, Value, json};

use crate::definition::{Machine, MachineType, State};
use crate::diagnostic::refusal;
use crate::execution::TaskError;
use crate::parse::{Reading, parse};
use crate::test_state::{Mock, TestRefusal};

/// A machine of one state.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) machine: Machine,
    pub(super) name: String,
    /// The state as the definition has it.
    pub(super) text: Map<String, Value>,
}

impl Stage {
    /// Finds the state, and puts it alone.
    pub(super) fn set(parameters: &Value, mock: Option<&Mock>) -> Result<Self, TestRefusal> {
        let text = parameters.get("definition").and_then(Value::as_str).unwrap_or_default();
        let Ok(Value::Object(definition)) = crate::json::parse(text) else {
            return Err(invalid(&parse(text, MachineType::Standard)));
        };
        let wanted = parameters.get("stateName").and_then(Value::as_str);
        let (name, mut state) = if definition.contains_key("States") {
            let reading = parse(text, MachineType::Standard);
            if reading.machine.is_none() {
                return Err(invalid(&reading));
            }
            let name =
                wanted.or_else(|| definition.get("StartAt").and_then(Value::as_str)).unwrap_or_default();
            let state = find(&definition, name)
                .ok_or_else(|| TestRefusal::validation("State not found in definition"))?;
            (name.to_owned(), state.clone())
        } else {
            (wanted.unwrap_or("StateName").to_owned(), definition.clone())
        };
        if let (Some(language), false) =
            (definition.get("QueryLanguage"), state.contains_key("QueryLanguage"))
        {
            state.insert("QueryLanguage".to_owned(), language.clone());
        }
        let alone = alone(&name, &mocked(&state, mock));
        let reading = parse(&alone.to_string(), MachineType::Standard);
        match reading.machine {
            Some(machine) => Ok(Self { machine, name, text: state }),
            None => Err(invalid(&reading)),
        }
    }

    /// The state. The machine was read with it, so it is there; any other would do to be shown.
    pub(super) fn state(&self) -> &State {
        let block = self.machine.blocks.first();
        #[expect(
            clippy::expect_used,
            reason = "INVARIANT: the machine was read from a text that has the state"
        )]
        block.and_then(|block| block.state(&self.name)).expect("the state is on the stage")
    }
}

fn invalid(reading: &Reading) -> TestRefusal {
    let message = refusal(&reading.diagnostics).unwrap_or_default();
    TestRefusal { code: "InvalidDefinition", message }
}

/// The state of this name, at any depth.
fn find<'a>(block: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    let states = block.get("States")?.as_object()?;
    if let Some(state) = states.get(name) {
        return state.as_object();
    }
    states.values().find_map(|state| {
        let branches = state.get("Branches").and_then(Value::as_array).into_iter().flatten();
        let processors = ["ItemProcessor", "Iterator"].into_iter().filter_map(|field| state.get(field));
        branches.chain(processors).find_map(|inner| find(inner.as_object()?, name))
    })
}

/// A Map runs as a map run, whose end is the mock; a Parallel's branches are the mock.
fn mocked(state: &Map<String, Value>, mock: Option<&Mock>) -> Map<String, Value> {
    let mut state = state.clone();
    if let Some(processor) = state.get_mut("ItemProcessor").and_then(Value::as_object_mut) {
        processor.insert(
            "ProcessorConfig".to_owned(),
            json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}),
        );
    }
    if let Some(processor) = state.get_mut("Iterator").and_then(Value::as_object_mut) {
        processor.insert(
            "ProcessorConfig".to_owned(),
            json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}),
        );
    }
    if !state.contains_key("Branches") {
        return state;
    }
    let branches: Vec<Value> = match mock {
        Some(Mock::Result(Value::Array(results))) => results
            .iter()
            .enumerate()
            .map(|(number, result)| branch(number, json!({"Type": "Pass", "Result": result, "End": true})))
            .collect(),
        Some(Mock::Error(TaskError { error, cause })) => {
            let mut fail = json!({"Type": "Fail"});
            if let (Value::Object(fail), Some(error)) = (&mut fail, error) {
                fail.insert("Error".to_owned(), json!(error));
            }
            if let (Value::Object(fail), Some(cause)) = (&mut fail, cause) {
                fail.insert("Cause".to_owned(), json!(cause));
            }
            vec![branch(0, fail)]
        }
        _ => return state,
    };
    if !branches.is_empty() {
        state.insert("Branches".to_owned(), Value::Array(branches));
    }
    state
}

fn branch(number: usize, state: Value) -> Value {
    let name = format!("mocked branch {number}");
    json!({"StartAt": &name, "States": Map::from_iter([(name, state)])})
}

/// A machine of the state, and of stubs for the states that it names.
fn alone(name: &str, state: &Map<String, Value>) -> Value {
    let mut states = Map::new();
    states.insert(name.to_owned(), Value::Object(state.clone()));
    let mut targets: Vec<&Value> =
        ["Next", "Default"].into_iter().filter_map(|field| state.get(field)).collect();
    for field in ["Choices", "Catch"] {
        let listed = state.get(field).and_then(Value::as_array).into_iter().flatten();
        targets.extend(listed.filter_map(|entry| entry.get("Next")));
    }
    for target in targets.into_iter().filter_map(Value::as_str).filter(|target| *target != name) {
        states.insert(target.to_owned(), json!({"Type": "Succeed"}));
    }
    json!({"StartAt": name, "States": states})
}
