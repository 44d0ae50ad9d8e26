//! State machines: the graph and a table equal to it, executions, one execution's states with what went in and came out.

mod sides;
mod stays;

use asl::{Machine, MachineType, parse};
use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::href;
use crate::answer::Visit;
use crate::command::trunkline;
use crate::graph::{self, ExitKind, Marks, exits, inner};
use crate::layout::Sheet;
use crate::parts::{Section, Table, Tone, badge, filter, note, nothing, seconds};
use crate::payload::{line, payload};
use crate::source::{Listed, Question, Source, all, ask, find};
use crate::value::{items, last_part, number, text};
use crate::verb::{self, Button, Grave};

/// Machines, executions and events of a history that are listed.
const MACHINES_MAX: usize = 500;
const EXECUTIONS_MAX: usize = 100;
const HISTORY_MAX: usize = 1_000;

fn states(operation: &'static str, body: Value) -> Question {
    Question::of("states", operation, body)
}

fn listed(member: &'static str, most: usize) -> Listed {
    Listed { member, token: "nextToken", next: "nextToken", most }
}

/// Reads and writes the list.
pub(crate) async fn sheet(source: &Source) -> Result<Sheet, Error> {
    let found =
        all(source, states("ListStateMachines", json!({})), listed("stateMachines", MACHINES_MAX)).await;
    let machines = match found {
        Ok(machines) => machines,
        Err(error) if &*error.code == "UnknownOperationException" => {
            return Ok(Sheet::new(
                "State machines",
                nothing("State machines are not served by this version."),
            ));
        }
        Err(error) => return Err(error),
    };
    let row = |machine: &Value| {
        vec![
            html! { a href=(href(&["state-machines", text(machine, "name")])) { (line(text(machine, "name"))) } },
            line(text(machine, "type")),
            seconds(machine.get("creationDate")),
        ]
    };
    let rows: Vec<Vec<Markup>> = machines.items.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(Sheet::new(
            "State machines",
            nothing(
                html! { "There are none yet: " code { "aws stepfunctions create-state-machine" } " makes one." },
            ),
        ));
    }
    let body = html! { (filter("state machines")) (Table { caption: "State machines", columns: &["name", "type", "made"], rows }) };
    let section = Section {
        title: "All state machines",
        command: "aws stepfunctions list-state-machines".to_owned(),
        body,
    };
    Ok(Sheet::new("State machines", html! { (section) }))
}

/// The machine of this name.
async fn described(source: &Source, name: &str) -> Result<Value, Error> {
    let machines =
        all(source, states("ListStateMachines", json!({})), listed("stateMachines", MACHINES_MAX)).await?;
    let found = machines.items.iter().find(|machine| text(machine, "name") == name);
    let missing = || Error {
        status: 404,
        ..Error::sender("StateMachineDoesNotExist", format!("There is no state machine {name}."))
    };
    let arn = text(found.ok_or_else(missing)?, "stateMachineArn").to_owned();
    ask(source, states("DescribeStateMachine", json!({"stateMachineArn": arn}))).await
}

fn read_machine(described: &Value) -> Option<Machine> {
    let kind =
        if text(described, "type") == "EXPRESS" { MachineType::Express } else { MachineType::Standard };
    parse(text(described, "definition"), kind).machine
}

/// Reads and writes the page of a machine, or of two of its executions where the query names them.
pub(crate) async fn one(source: &Source, visit: &Visit, name: &str) -> Result<Sheet, Error> {
    let both = [visit.param("one"), visit.param("other")];
    if both.iter().all(|name| !name.is_empty()) {
        return sides::sheet(source, name, both).await;
    }
    let described = described(source, name).await?;
    let arn = text(&described, "stateMachineArn");
    let body = json!({"stateMachineArn": arn, "maxResults": EXECUTIONS_MAX});
    let executions = find(source, states("ListExecutions", body)).await.unwrap_or_default();
    let machine = read_machine(&described);
    let body = html! {
        (Section { title: "The graph", command: format!("aws stepfunctions describe-state-machine --state-machine-arn {arn}"), body: graph_of(machine.as_ref(), &Marks::new()) })
        (Section { title: "Executions", command: format!("aws stepfunctions list-executions --state-machine-arn {arn}"), body: html! {
            (start(arn)) (runs(name, items(&executions, "executions")))
        } })
        @if let Some(machine) = &machine { (Section { title: "The same as a table", command: String::new(), body: table(machine) }) }
        section { details { summary { "The definition" } (payload(text(&described, "definition"))) } }
    };
    Ok(Sheet::new(name, body).below("State machines", &["state-machines"]))
}

fn graph_of(machine: Option<&Machine>, marks: &Marks) -> Markup {
    match machine.map(|machine| graph::svg(machine, marks)) {
        Some(Some(svg)) => {
            html! { div.scroll.drawing tabindex="0" role="region" aria-label="Graph of the states" { (svg) } }
        }
        Some(None) => nothing("So many states are no picture: the table has them."),
        None => nothing("The definition cannot be read."),
    }
}

fn start(arn: &str) -> Markup {
    let fields =
        html! { (verb::field("name", "Name; empty: one is made", "")) (verb::area("input", "Input", "{}")) };
    html! { details.verb { summary { "Start an execution" } (verb::form("machine.start", &json!({"stateMachineArn": arn}), "Start", &fields)) } }
}

fn status(word: &str) -> Markup {
    let tone = match word {
        "SUCCEEDED" => Tone::Good,
        "RUNNING" | "PENDING_REDRIVE" => Tone::Wait,
        _ => Tone::Bad,
    };
    badge(tone, word)
}

fn runs(machine: &str, executions: &[Value]) -> Markup {
    if executions.is_empty() {
        return nothing("No execution is kept.");
    }
    let row = |execution: &Value| {
        let name = text(execution, "name");
        vec![
            html! { a href=(href(&["state-machines", machine, name])) { (line(name)) } },
            status(text(execution, "status")),
            seconds(execution.get("startDate")),
            seconds(execution.get("stopDate")),
        ]
    };
    let rows = executions.iter().map(row).collect();
    html! { (Table { caption: "Executions, newest first", columns: &["name", "status", "started", "ended"], rows }) }
}

/// What the picture says, for those who do not see it.
fn table(machine: &Machine) -> Markup {
    let states = machine.blocks.iter().flat_map(|block| &block.states);
    let row = |state: &asl::definition::State| {
        let exits = exits(state);
        vec![
            line(&state.name),
            html! { (state.type_name()) @if !inner(&state.kind).is_empty() { " of " (inner(&state.kind).len()) } },
            html! {
                @for exit in &exits {
                    span.condition {
                        @match exit.kind { ExitKind::Catch => { "on " (line(&exit.when)) ": " } _ => { @if !exit.when.is_empty() { (exit.when) ": " } } }
                        (line(&exit.to))
                    }
                }
                @if exits.is_empty() { span.faint { "ends" } }
            },
        ]
    };
    html! { (Table { caption: "States and where they lead", columns: &["state", "type", "leads to"], rows: states.map(row).collect() }) }
}

/// Reads and writes the page of an execution.
pub(crate) async fn execution(source: &Source, machine_name: &str, name: &str) -> Result<Sheet, Error> {
    let described = described(source, machine_name).await?;
    let arn = text_of_execution(&described, name);
    let execution = ask(source, states("DescribeExecution", json!({"executionArn": arn}))).await?;
    let question = states("GetExecutionHistory", json!({"executionArn": arn, "includeExecutionData": true}));
    let history = all(source, question, listed("events", HISTORY_MAX)).await?;
    let marks = marks(&history.items);
    let of_machine =
        json!({"stateMachineArn": text(&described, "stateMachineArn"), "maxResults": EXECUTIONS_MAX});
    let others = find(source, states("ListExecutions", of_machine)).await.unwrap_or_default();
    let machine = read_machine(&described);
    let data = |title: &'static str, member: &str| {
        let value = text(&execution, member).to_owned();
        html! { @if !value.is_empty() { h3 { (title) } (payload(&value)) } }
    };
    let body = html! {
        div.bar { (status(text(&execution, "status"))) (seconds(execution.get("startDate"))) (deeds(&arn, text(&execution, "status"))) }
        @if !text(&execution, "error").is_empty() {
            p { strong { (line(text(&execution, "error"))) } " " (line(text(&execution, "cause"))) }
        }
        (Section { title: "The graph", command: String::new(), body: graph_of(machine.as_ref(), &marks) })
        (Section { title: "When it was where", command: trunkline(&["execution", "show", &arn]), body: stays::lines(&history.items) })
        (sides::choice(machine_name, name, &others))
        (Section { title: "What happened", command: format!("aws stepfunctions get-execution-history --execution-arn {arn}"), body: html! {
            (events(&history.items, machine.as_ref()))
            @if history.more { (note(html! { "The first " (HISTORY_MAX) " events." })) }
        } })
        (Section { title: "Input and output", command: format!("aws stepfunctions describe-execution --execution-arn {arn}"), body: html! { (data("Input", "input")) (data("Output", "output")) } })
    };
    Ok(Sheet::new(name, body)
        .below("State machines", &["state-machines"])
        .below(machine_name, &["state-machines", machine_name]))
}

/// The ARN of the execution of this name.
fn text_of_execution(machine: &Value, name: &str) -> String {
    text(machine, "stateMachineArn").replacen(":stateMachine:", ":execution:", 1) + ":" + name
}

fn deeds(arn: &str, status: &str) -> Markup {
    let body = json!({"executionArn": arn});
    let button = |verb, label, ask: &str, is_grave| {
        Button { verb, label, body: body.clone(), ask: ask.to_owned(), is_grave }.markup()
    };
    match status {
        "RUNNING" => button("machine.stop", "Stop", "Stop this execution?", Grave::Yes),
        "SUCCEEDED" => html! {},
        _ => button("machine.redrive", "Redrive", "Go on from where it failed?", Grave::No),
    }
}

/// How the states that were entered stand: the last word on each counts.
fn marks(events: &[Value]) -> Marks {
    let mut marks = Marks::new();
    for event in events {
        let kind = text(event, "type");
        let name = |member: &str| event.get(member).map(|details| text(details, "name").to_owned());
        if kind.ends_with("StateEntered") {
            marks.extend(name("stateEnteredEventDetails").map(|name| (name, "running")));
        } else if kind.ends_with("StateExited") {
            marks.extend(name("stateExitedEventDetails").map(|name| (name, "succeeded")));
        } else if kind == "ExecutionFailed" || kind == "ExecutionTimedOut" || kind == "ExecutionAborted" {
            marks.values_mut().filter(|mark| **mark == "running").for_each(|mark| *mark = "failed");
        }
    }
    marks
}

fn events(events: &[Value], machine: Option<&Machine>) -> Markup {
    html! {
        @for event in events {
            @let details = event.as_object().and_then(|members| members.iter().find(|(name, _)| name.ends_with("EventDetails"))).map(|(_, details)| details);
            details.message data-row="" {
                summary {
                    span.num { (number(event, "id")) } " " (seconds(event.get("timestamp"))) " " strong { (line(text(event, "type"))) }
                    @if let Some(details) = details {
                        " " (line(text(details, "name"))) " " span.faint { (line(last_part(text(details, "resource")))) } " " (line(text(details, "error")))
                    }
                }
                @if text(event, "type") == "ChoiceStateEntered" && let Some(machine) = machine { (stays::reasons(machine, details)) }
                @if let Some(details) = details { (payload(&shown(details))) }
            }
        }
    }
}

/// The details, with the JSON texts in them as JSON.
fn shown(details: &Value) -> String {
    let mut details = details.clone();
    for name in ["input", "output", "parameters"] {
        let inner = serde_json::from_str::<Value>(text(&details, name)).ok();
        if let (Some(inner), Some(members)) = (inner, details.as_object_mut()) {
            members.insert(name.to_owned(), inner);
        }
    }
    details.to_string()
}

#[cfg(test)]
mod tests {
    use super::{Marks, marks};
    use serde_json::json;

    #[test]
    fn a_state_that_was_entered_and_not_left_failed_with_the_execution() {
        let events = [
            json!({"type": "PassStateEntered", "stateEnteredEventDetails": {"name": "A"}}),
            json!({"type": "PassStateExited", "stateExitedEventDetails": {"name": "A"}}),
            json!({"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "B"}}),
        ];
        assert_eq!(marks(&events), Marks::from([("A".to_owned(), "succeeded"), ("B".to_owned(), "running")]));
        let failed = [events.to_vec(), vec![json!({"type": "ExecutionFailed"})]].concat();
        assert_eq!(marks(&failed).get("B"), Some(&"failed"));
    }
}
