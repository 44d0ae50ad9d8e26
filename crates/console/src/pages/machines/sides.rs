//! Two executions side by side: where they went different ways, and what each had in the states that both entered.

use asl::Machine;
use asl::comparison::{Difference, Stay, Told, compare};
use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::{href, href_with};
use crate::command::trunkline;
use crate::layout::Sheet;
use crate::pages::machines::{
    HISTORY_MAX, described, graph_of, listed, marks, read_machine, states, status, text_of_execution,
};
use crate::parts::{Section, Table, Tone, badge, note, seconds};
use crate::payload::{line, payload};
use crate::source::{Source, all, ask};
use crate::value::{items, text};

/// Stays that are shown beside each other.
const STAYS_MAX: usize = 200;

/// One of the two.
struct Side {
    name: String,
    arn: String,
    described: Value,
    events: Vec<Value>,
    told: Told,
}

/// Reads and writes the page.
pub(super) async fn sheet(source: &Source, machine: &str, names: [&str; 2]) -> Result<Sheet, Error> {
    let of_machine = described(source, machine).await?;
    let [one, other] = names;
    let one = side(source, &of_machine, one).await?;
    let other = side(source, &of_machine, other).await?;
    let definition = read_machine(&of_machine);
    let differences = compare(&one.told, &other.told);
    let body = html! {
        (heads(machine, &one, &other))
        (Section {
            title: "What is different",
            command: trunkline(&["execution", "diff", &one.arn, &other.arn]),
            body: table(&differences, &one, &other),
        })
        (Section { title: "The graphs", command: String::new(), body: graphs(definition.as_ref(), &one, &other) })
        (Section { title: "State by state", command: String::new(), body: stays(&one.told, &other.told) })
    };
    Ok(Sheet::new("Two executions", body)
        .below("State machines", &["state-machines"])
        .below(machine, &["state-machines", machine]))
}

async fn side(source: &Source, machine: &Value, name: &str) -> Result<Side, Error> {
    let arn = text_of_execution(machine, name);
    let described = ask(source, states("DescribeExecution", json!({"executionArn": arn}))).await?;
    let question = states("GetExecutionHistory", json!({"executionArn": arn, "includeExecutionData": true}));
    let events = all(source, question, listed("events", HISTORY_MAX)).await?.items;
    let mut told = Told::of(&described);
    events.iter().for_each(|event| told.take(event));
    Ok(Side { name: name.to_owned(), arn, described, events, told })
}

fn heads(machine: &str, one: &Side, other: &Side) -> Markup {
    let row = |side: &Side| {
        vec![
            html! { a href=(href(&["state-machines", machine, &side.name])) { (line(&side.name)) } },
            status(&side.told.status),
            seconds(side.described.get("startDate")),
            seconds(side.described.get("stopDate")),
            line(text(&side.described, "error")),
        ]
    };
    let swapped = [("one", other.name.as_str()), ("other", one.name.as_str())];
    html! {
        (Table { caption: "The two executions", columns: &["execution", "status", "started", "ended", "error"], rows: vec![row(one), row(other)] })
        p { a href=(href_with(&["state-machines", machine], &swapped)) { "The other way round" } }
    }
}

fn table(differences: &[Difference], one: &Side, other: &Side) -> Markup {
    if differences.is_empty() {
        return html! { p { (badge(Tone::Good, "nothing")) " They did the same." } };
    }
    let row = |found: &Difference| {
        vec![
            html! { (line(&found.place)) @if !found.path.is_empty() { " " code { "$." (line(&found.path)) } } },
            value(&found.one),
            value(&found.other),
        ]
    };
    html! { (Table { caption: "Differences, up to where the ways part", columns: &["where", &one.name, &other.name], rows: differences.iter().map(row).collect() }) }
}

fn value(value: &Value) -> Markup {
    html! { @if value.is_null() { span.faint { "nothing" } } @else { code.long { (line(&value.to_string())) } } }
}

fn graphs(machine: Option<&Machine>, one: &Side, other: &Side) -> Markup {
    html! {
        div.sides {
            @for side in [one, other] {
                div { h3 { (line(&side.name)) } (graph_of(machine, &marks(&side.events))) }
            }
        }
    }
}

fn stays(one: &Told, other: &Told) -> Markup {
    let count = one.stays.len().max(other.stays.len());
    html! {
        @for at in 0..count.min(STAYS_MAX) {
            @let (left, right) = (one.stays.get(at), other.stays.get(at));
            @let is_same = left == right;
            details.message data-row="" open[!is_same] {
                summary { (at + 1) " " (entered(left)) @if !same_state(left, right) { " / " (entered(right)) } " "
                    @if is_same { span.faint { "the same" } } @else { (badge(Tone::Wait, "different")) } }
                div.sides { div { (stay(left)) } div { (stay(right)) } }
            }
        }
        @if count > STAYS_MAX { (note(html! { "The first " (STAYS_MAX) " of " (count) "." })) }
    }
}

fn same_state(left: Option<&Stay>, right: Option<&Stay>) -> bool {
    left.map(|stay| &stay.state) == right.map(|stay| &stay.state)
}

fn entered(stay: Option<&Stay>) -> Markup {
    html! { strong { @if let Some(stay) = stay { (line(&stay.state)) } @else { "nothing" } } }
}

fn stay(stay: Option<&Stay>) -> Markup {
    let Some(stay) = stay else { return html! { p.faint { "It had ended." } } };
    html! {
        h3 { "Input" } (payload(&stay.input.to_string()))
        @if let Some(output) = &stay.output { h3 { "Output" } (payload(&output.to_string())) }
    }
}

/// The form that leads here from the page of an execution.
pub(super) fn choice(machine: &str, name: &str, executions: &Value) -> Markup {
    let others: Vec<&str> = items(executions, "executions")
        .iter()
        .map(|execution| text(execution, "name"))
        .filter(|other| *other != name)
        .collect();
    if others.is_empty() {
        return html! {};
    }
    html! {
        form.query method="get" action=(href(&["state-machines", machine])) {
            input type="hidden" name="one" value=(name);
            label { span { "Beside another execution" }
                select name="other" { @for other in others { option value=(other) { (line(other)) } } }
            }
            button.act type="submit" { "Compare" }
        }
    }
}
