//! What holds of any definition: it ends or waits, its history is in order and folds, and it can be kept between steps.

use asl::history::Timeline;
use asl::map_run::MapRunOrder;
use asl::step::TaskCall;
use asl::walk::Outside;
use asl::{MachineType, Status, TaskError, What};
use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::Config;
use serde_json::{Map, Value, json};

use crate::world::{kept, walk};

/// Answers that depend on nothing but the task's number.
struct Fickle;

impl Outside for Fickle {
    fn task(&mut self, call: &TaskCall) -> Vec<What> {
        let task = call.task;
        let fails = What::TaskFailed { task, error: Some("Busy".to_owned()), cause: None };
        match task % 4 {
            0 => vec![fails],
            1 => Vec::new(),
            2 => vec![
                What::TaskSubmitted { task, output: json!(1) },
                What::TaskSucceeded { task, output: json!([1]) },
            ],
            _ => {
                vec![What::TaskHeartbeat { task }, What::TaskSucceeded { task, output: json!({"a": [1, 2]}) }]
            }
        }
    }

    fn items(&mut self, _order: &MapRunOrder) -> Result<Vec<Value>, TaskError> {
        Ok(vec![json!(1)])
    }
}

/// A state without its name and its way out.
fn body(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"Type": "Pass"})),
        Just(json!({"Type": "Pass", "Result": {"a": [1, 2]}, "ResultPath": "$.b"})),
        Just(json!({"Type": "Pass", "Parameters": {"x.$": "$.a"}})),
        Just(json!({"Type": "Pass", "Assign": {"v.$": "$"}, "OutputPath": "$.a"})),
        Just(json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% {'a': [1, 2, 3]} %}"})),
        Just(
            json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"n": "{% $states.input.n + 1 %}"}})
        ),
        Just(json!({"Type": "Wait", "Seconds": 3})),
        Just(json!({"Type": "Wait", "SecondsPath": "$.s"})),
        Just(json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "TimeoutSeconds": 9,
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]})),
        Just(json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "HeartbeatSeconds": 4, "Parameters": {"t.$": "$$.Task.Token"}})),
    ];
    leaf.prop_recursive(depth, 8, 2, |inner| {
        let block = inner.prop_map(|mut state| {
            state["End"] = json!(true);
            state
        });
        prop_oneof![
            prop::collection::vec(block.clone(), 1..3).prop_map(|states| {
                let branches: Vec<Value> =
                    states.iter().map(|state| json!({"StartAt": "S", "States": {"S": state}})).collect();
                json!({"Type": "Parallel", "Branches": branches})
            }),
            (block, prop::bool::ANY, 0..3_u32).prop_map(|(state, apart, limit)| {
                let config = if apart {
                    json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"})
                } else {
                    json!({"Mode": "INLINE"})
                };
                json!({"Type": "Map", "ItemsPath": "$.a", "MaxConcurrency": limit, "ItemProcessor":
                    {"ProcessorConfig": config, "StartAt": "S", "States": {"S": state}}})
            }),
        ]
    })
}

/// Names are unique in a machine: inner states are named by where they are.
fn name_apart(state: &mut Value, prefix: &str) {
    let rename = |block: &mut Value, name: String| {
        let mut inner = block["States"]["S"].take();
        name_apart(&mut inner, &name);
        block["StartAt"] = json!(name);
        block["States"] = Value::Object(Map::from_iter([(name, inner)]));
    };
    if let Some(branches) = state.get_mut("Branches").and_then(Value::as_array_mut) {
        for (number, branch) in branches.iter_mut().enumerate() {
            rename(branch, format!("{prefix}.{number}"));
        }
    } else if let Some(processor) = state.get_mut("ItemProcessor") {
        rename(processor, format!("{prefix}.i"));
    }
}

fn definition() -> impl Strategy<Value = Value> {
    let states = prop::collection::vec((body(2), 0..8_usize, prop::bool::ANY), 1..5);
    states.prop_map(|states| {
        let count = states.len();
        let mut named = Map::new();
        for (number, (mut state, next, caught)) in states.into_iter().enumerate() {
            name_apart(&mut state, &format!("s{number}"));
            // Mostly forward, sometimes back: loops end at the limit of a history.
            let next = if next == 7 { 0 } else { number + 1 };
            if next < count {
                state["Next"] = json!(format!("s{next}"));
            } else {
                state["End"] = json!(true);
            }
            let guarded = matches!(state["Type"].as_str(), Some("Task" | "Parallel" | "Map"));
            if caught && guarded {
                state["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "Next": "end"}]);
            }
            named.insert(format!("s{number}"), state);
        }
        named.insert("end".to_owned(), json!({"Type": "Succeed"}));
        json!({"StartAt": "s0", "States": named})
    })
}

proptest! {
    #![proptest_config(Config { cases: 40, ..Config::default() })]

    #[test]
    fn any_definition_ends_or_waits_and_can_be_kept_between_steps(definition in definition(), express in prop::bool::weighted(0.1)) {
        let kind = if express { MachineType::Express } else { MachineType::Standard };
        // Some lead nowhere or have tokens in Express: refused, with a reason.
        let reading = asl::parse(&definition.to_string(), kind);
        prop_assert_eq!(reading.machine.is_none(), !reading.diagnostics.is_empty());
        let Some(machine) = reading.machine else { return Ok(()) };

        let mut straight = walk(&machine, json!({"a": [1, {"a": []}], "n": 1, "s": 2}));
        let mut resumed = walk(&machine, json!({"a": [1, {"a": []}], "n": 1, "s": 2}));
        for _ in 0..3_000 {
            let more = straight.advance(&mut Fickle);
            prop_assert_eq!(more, resumed.advance(&mut Fickle));
            resumed.execution = kept(&resumed.execution);
            if !more {
                break;
            }
        }
        prop_assert_eq!(&straight.execution, &resumed.execution);
        prop_assert_eq!(&straight.history, &resumed.history);

        let execution = &straight.execution;
        let folded = Timeline::default().fold(&straight.history);
        prop_assert_eq!(folded.status, execution.status);
        prop_assert_eq!(folded.output, execution.output.as_ref().map(Value::to_string));
        prop_assert_eq!((&folded.error, &folded.cause), (&execution.error, &execution.cause));
        prop_assert_eq!(folded.events, execution.last_event_id);
        for (event, id) in straight.history.iter().zip(1..) {
            prop_assert_eq!(event.id, id);
            prop_assert!(event.previous_event_id < event.id);
        }
        if execution.status == Status::Running {
            prop_assert!(!execution.open_states().is_empty());
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,60}") {
        let reading = asl::parse(&text, MachineType::Standard);
        prop_assert!(reading.machine.is_none() && !reading.diagnostics.is_empty());
    }
}
