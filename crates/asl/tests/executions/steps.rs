//! Single steps: limits, time-outs, tokens, stops, redrives.

use asl::execution::OpenState;
use asl::history::HISTORY_EVENTS_MAX;
use asl::step::TaskCall;
use asl::{Effects, Event, Execution, Machine, Status, What, step};
use serde_json::{Value, json};

use crate::world::{Answers, NOW_MS, about, machine, walk};

fn take(machine: &Machine, execution: &mut Execution, now_ms: u64, what: What) -> Effects {
    step(machine, execution, Event { now_ms, seed: 5, what })
}

fn kinds(effects: &Effects) -> Vec<&str> {
    effects.history.iter().map(|event| event.kind.as_str()).collect()
}

fn task(field: &str, value: Value) -> Value {
    let mut state = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
        "Parameters": {"MessageBody.$": "$$.Task.Token", "QueueUrl": "q"}});
    state[field] = value;
    json!({"StartAt": "Ask", "States": {"Ask": state}})
}

fn started(machine: &Machine) -> (Execution, TaskCall) {
    let mut execution = Execution::new(about(json!({})));
    let effects = take(machine, &mut execution, NOW_MS, What::Start);
    let call = effects.tasks.first().expect("a task is asked for").clone();
    (execution, call)
}

#[test]
fn a_history_ends_with_its_25000th_event() {
    // https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: 25,000 events, the last is the end.
    let machine = machine(&json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$.stop", "IsPresent": true, "Next": "C"}], "Default": "A"},
        "C": {"Type": "Succeed"}}}));
    let mut walk = walk(&machine, json!({}));
    walk.run(&mut Answers::default());
    assert_eq!(walk.execution.status, Status::Failed);
    assert_eq!(walk.history.len(), usize::try_from(HISTORY_EVENTS_MAX).expect("a small number"));
    assert_eq!(walk.history.last().map(|event| event.kind.as_str()), Some("ExecutionFailed"));
    let cause = walk.execution.cause.as_deref();
    assert_eq!(cause, Some("The execution reached the maximum number of history events (25000)."));
}

#[test]
fn a_step_is_cut_off_and_goes_on() {
    let machine = machine(&json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$.stop", "IsPresent": true, "Next": "C"}], "Default": "A"},
        "C": {"Type": "Succeed"}}}));
    let mut execution = Execution::new(about(json!({})));
    let first = take(&machine, &mut execution, NOW_MS, What::Start);
    assert!(first.unfinished && first.history.len() < 3_000);
    assert!(!take(&machine, &mut execution, NOW_MS, What::Continue).history.is_empty());
}

#[test]
fn a_token_is_in_the_call_and_finds_its_task() {
    let machine = machine(&task("HeartbeatSeconds", json!(20)));
    let (mut execution, call) = started(&machine);
    let token = call.token.clone().expect("a token");
    assert_eq!(call.input["MessageBody"], json!(token));
    assert_eq!(execution.task_of_token(&token), Some(call.task));
    let submitted = What::TaskSubmitted { task: call.task, output: json!({"MessageId": "1"}) };
    assert_eq!(kinds(&take(&machine, &mut execution, NOW_MS, submitted)), ["TaskSubmitted"]);
    let answer = What::TaskSucceeded { task: call.task, output: json!({"done": true}) };
    let effects = take(&machine, &mut execution, NOW_MS, answer.clone());
    assert_eq!(kinds(&effects), ["TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"]);
    assert_eq!(effects.end.expect("the end").output, Some(json!({"done": true})));
    // Said twice, it does nothing.
    assert_eq!(take(&machine, &mut execution, NOW_MS, answer), Effects::default());
}

#[test]
fn a_heartbeat_puts_the_time_out_off_and_silence_is_told_as_a_time_out() {
    let machine = machine(&task("HeartbeatSeconds", json!(20)));
    let (mut execution, call) = started(&machine);
    let beat = take(&machine, &mut execution, NOW_MS + 15_000, What::TaskHeartbeat { task: call.task });
    let [timer] = beat.timers.as_slice() else { panic!("{beat:?}") };
    assert_eq!(timer.at_ms, NOW_MS + 35_000);
    let silent = take(&machine, &mut execution, timer.at_ms, What::Timer { timer: timer.timer });
    assert_eq!(kinds(&silent), ["TaskTimedOut", "ExecutionFailed"]);
    assert_eq!(silent.abandoned_tasks, [call.task]);
    assert_eq!(execution.error.as_deref(), Some("States.Timeout"));
    assert_eq!(execution.cause, None);
}

#[test]
fn back_off_grows_to_its_maximum_and_jitter_stays_below() {
    let retry = |strategy: &str| {
        json!([{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3, "BackoffRate": 2.0, "MaxAttempts": 4,
            "MaxDelaySeconds": 10, "JitterStrategy": strategy}])
    };
    let delays = |strategy: &str| {
        let machine = machine(&task("Retry", retry(strategy)));
        let (mut execution, mut call) = started(&machine);
        let mut delays = Vec::new();
        for _ in 0..4 {
            let failed = What::TaskFailed { task: call.task, error: Some("Busy".to_owned()), cause: None };
            let effects = take(&machine, &mut execution, NOW_MS, failed);
            let timer = effects.timers.first().expect("another attempt");
            delays.push(timer.at_ms - NOW_MS);
            let again = take(&machine, &mut execution, NOW_MS, What::Timer { timer: timer.timer });
            assert_eq!(kinds(&again), ["TaskScheduled", "TaskStarted"]);
            call = again.tasks.first().expect("a task").clone();
        }
        assert_eq!(call.retry_count, 4);
        let failed = What::TaskFailed { task: call.task, error: Some("Busy".to_owned()), cause: None };
        assert!(take(&machine, &mut execution, NOW_MS, failed).end.is_some());
        delays
    };
    assert_eq!(delays("NONE"), [3_000, 6_000, 10_000, 10_000]);
    let drawn = delays("FULL");
    assert!(
        drawn.iter().zip([3_000, 6_000, 10_000, 10_000]).all(|(drawn, most)| *drawn <= most),
        "{drawn:?}"
    );
}

#[test]
fn a_stop_ends_everything_and_abandons_the_task() {
    let machine = machine(&task("Comment", json!("stopped")));
    let (mut execution, call) = started(&machine);
    let effects =
        take(&machine, &mut execution, NOW_MS, What::Stop { error: None, cause: Some("enough".to_owned()) });
    assert_eq!(kinds(&effects), ["ExecutionAborted"]);
    assert_eq!(effects.history[0].previous_event_id, 0);
    assert_eq!(effects.abandoned_tasks, [call.task]);
    assert_eq!((execution.status, execution.cause.as_deref()), (Status::Aborted, Some("enough")));
}

#[test]
fn a_redrive_does_only_what_failed_again() {
    let call = |name: &str| {
        json!({"StartAt": name, "States": {name: {"Type": "Task",
        "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f", "End": true}}})
    };
    let machine = machine(&json!({"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "End": true,
        "Branches": [call("Left"), call("Right")]}}}));
    let mut execution = Execution::new(about(json!(1)));
    let calls = take(&machine, &mut execution, NOW_MS, What::Start).tasks;
    let [left, right] = calls.as_slice() else { panic!("{calls:?}") };
    take(&machine, &mut execution, NOW_MS, What::TaskSucceeded { task: left.task, output: json!("l") });
    let failed = What::TaskFailed { task: right.task, error: Some("Broken".to_owned()), cause: None };
    assert!(take(&machine, &mut execution, NOW_MS, failed).end.is_some());
    let again = take(&machine, &mut execution, NOW_MS, What::Redrive { map_runs: Vec::new() });
    assert_eq!(kinds(&again)[0], "ExecutionRedriven");
    let [right] = again.tasks.as_slice() else { panic!("{again:?}") };
    assert_eq!((right.state.as_str(), execution.redrive_count), ("Right", 1));
    let done = What::TaskSucceeded { task: right.task, output: json!("r") };
    assert_eq!(
        take(&machine, &mut execution, NOW_MS, done).end.expect("the end").output,
        Some(json!(["l", "r"]))
    );
}

#[test]
fn what_is_open_can_be_seen() {
    let machine =
        machine(&json!({"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 5, "End": true}}}));
    let mut execution = Execution::new(about(json!({})));
    let effects = take(&machine, &mut execution, NOW_MS, What::Start);
    assert_eq!(effects.timers[0].at_ms, NOW_MS + 5_000);
    let open = OpenState { name: "Rest".to_owned(), waits_for: "timer", task: None };
    assert_eq!(execution.open_states(), [open]);
}

#[test]
fn a_machine_time_out_ends_the_execution() {
    let machine = machine(&json!({"StartAt": "Rest", "TimeoutSeconds": 3,
        "States": {"Rest": {"Type": "Wait", "Seconds": 5, "End": true}}}));
    let mut walk = walk(&machine, json!({}));
    walk.run(&mut Answers::default());
    assert_eq!(walk.execution.status, Status::TimedOut);
    assert_eq!(walk.now_ms, NOW_MS + 3_000);
}

#[test]
fn a_payload_that_grows_deeper_for_ever_ends_the_execution() {
    // Found by the property test: a loop over a Parallel nests its result once more in each round, and an execution
    // nested deeper than 128 levels could not have been read back.
    let inner = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    let machine = machine(&json!({"StartAt": "L", "States": {
        "L": {"Type": "Parallel", "Branches": [inner], "Next": "L", "Catch": [{"ErrorEquals": ["X"], "Next": "E"}]},
        "E": {"Type": "Succeed"}}}));
    let mut walk = walk(&machine, json!({}));
    walk.run(&mut Answers::default());
    assert_eq!(walk.execution.cause.as_deref(), Some("The payload nests deeper than 100 levels."));
    crate::world::kept(&walk.execution);
}

fn history(definition: &Value, input: Value) -> Vec<(String, u64)> {
    let machine = machine(definition);
    let mut walk = walk(&machine, input);
    walk.run(&mut Answers::default());
    walk.history.iter().map(|event| (event.kind.clone(), event.previous_event_id)).collect()
}

fn told(events: &[(&str, u64)]) -> Vec<(String, u64)> {
    events.iter().map(|(kind, previous)| ((*kind).to_owned(), *previous)).collect()
}

#[test]
fn what_nothing_catches_ends_the_execution_without_a_word_from_the_states_around() {
    // Measured on AWS, floci-io/floci#2868: no MapIterationFailed, no MapStateFailed.
    let definition = json!({"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 1,
        "ItemProcessor": {"StartAt": "Fast", "States":
            {"Fast": {"Type": "Pass", "Parameters": {"m.$": "$.nope"}, "End": true}}}, "End": true}}});
    assert_eq!(
        history(&definition, json!({"items": [1, 2]})),
        told(&[
            ("ExecutionStarted", 0),
            ("MapStateEntered", 0),
            ("MapStateStarted", 2),
            ("MapIterationStarted", 3),
            ("PassStateEntered", 4),
            ("ExecutionFailed", 5)
        ])
    );
}

#[test]
fn a_catcher_that_fails_fails_its_state_a_second_time() {
    // Measured on AWS, in the tests of floci-io/floci#2786's project: the evaluation follows what came before the failure.
    let boom = json!({"StartAt": "Boom", "States": {"Boom": {"Type": "Fail", "Error": "MyError"}}});
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "P", "States": {
        "P": {"Type": "Parallel", "Branches": [boom], "End": true,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": {"v": "{% $states.input.missing %}"}, "Next": "Done"}]},
        "Done": {"Type": "Pass", "End": true}}});
    assert_eq!(
        history(&definition, json!({"x": "a"})),
        told(&[
            ("ExecutionStarted", 0),
            ("ParallelStateEntered", 0),
            ("ParallelStateStarted", 2),
            ("FailStateEntered", 3),
            ("ParallelStateFailed", 4),
            ("EvaluationFailed", 4),
            ("ParallelStateFailed", 6),
            ("ExecutionFailed", 7)
        ])
    );
}

#[test]
fn a_parallel_that_fails_by_itself_has_succeeded_before() {
    // Measured on AWS, in the tests of floci-io/floci#2786's project.
    let inner = json!({"StartAt": "Ok", "States": {"Ok": {"Type": "Pass", "End": true}}});
    let definition = json!({"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [inner],
        "ResultSelector": {"m.$": "$.nope"}, "End": true}}});
    assert_eq!(
        history(&definition, json!({"x": "a"})),
        told(&[
            ("ExecutionStarted", 0),
            ("ParallelStateEntered", 0),
            ("ParallelStateStarted", 2),
            ("PassStateEntered", 3),
            ("PassStateExited", 4),
            ("ParallelStateSucceeded", 5),
            ("ExecutionFailed", 6)
        ])
    );
}

#[test]
fn thousands_of_states_are_read_and_judged_in_time() {
    let mut states = serde_json::Map::new();
    for number in 0..3_000 {
        let next = format!("s{}", number + 1);
        states.insert(
            format!("s{number}"),
            json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": next}], "Next": next}),
        );
    }
    states.insert("s3000".to_owned(), json!({"Type": "Succeed"}));
    let text = json!({"StartAt": "s0", "States": states}).to_string();
    assert!(asl::parse(&text, asl::MachineType::Standard).machine.is_some());
    assert!(asl::lint(&text, asl::MachineType::Standard).len() >= 6_000);
}
