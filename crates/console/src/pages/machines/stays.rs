//! An execution over time: how long it was in each state, and why a Choice went where it went.

use std::collections::BTreeMap;

use asl::Machine;
use asl::explain::{RuleReason, Seen, choice};
use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::parts::{Table, Tone, badge, note, nothing, span_of};
use crate::payload::line;
use crate::value::text;

/// Stays that are drawn.
const DRAWN_MAX: usize = 200;
/// The width of the whole time, in the drawing's own units.
const WIDTH: f64 = 200.0;

/// A stay in a state, in seconds since 1970.
struct Stay {
    state: String,
    from: f64,
    until: Option<f64>,
}

/// The stays as a table with a line of time.
pub(super) fn lines(events: &[Value]) -> Markup {
    let stays = stays(events);
    let moments = events.iter().map(at);
    let begin = moments.clone().fold(f64::INFINITY, f64::min);
    let end = moments.fold(0.0, f64::max);
    if stays.is_empty() {
        return nothing("It has entered no state.");
    }
    let whole = (end - begin).max(0.001);
    let row = |stay: &Stay| {
        let until = stay.until.unwrap_or(end);
        let (x, width) = ((stay.from - begin) / whole * WIDTH, (until - stay.from) / whole * WIDTH);
        vec![
            line(&stay.state),
            html! { "+" (span_of(ms(stay.from - begin))) },
            html! { (span_of(ms(until - stay.from))) @if stay.until.is_none() { " " span.faint { "not left" } } },
            html! {
                svg.stay viewBox=(format!("0 0 {WIDTH} 10")) preserveAspectRatio="none" aria-hidden="true" {
                    rect x=(format!("{x:.2}")) y="2" width=(format!("{:.2}", width.max(1.0))) height="6" {}
                }
            },
        ]
    };
    let rows = stays.iter().take(DRAWN_MAX).map(row).collect();
    html! {
        (Table { caption: "States over time", columns: &["state", "#entered", "#stayed", "over time"], rows })
        @if stays.len() > DRAWN_MAX { (note(html! { "The first " (DRAWN_MAX) " of " (stays.len()) "." })) }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a stay of less than centuries, not below 0"
)]
fn ms(seconds: f64) -> u64 {
    (seconds.max(0.0) * 1_000.0).round() as u64
}

fn at(event: &Value) -> f64 {
    event.get("timestamp").and_then(Value::as_f64).unwrap_or_default()
}

fn stays(events: &[Value]) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    let mut open: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for event in events {
        let name = |member: &str| event.get(member).map(|details| text(details, "name").to_owned());
        if let Some(state) = name("stateEnteredEventDetails") {
            open.entry(state.clone()).or_default().push(stays.len());
            stays.push(Stay { state, from: at(event), until: None });
        } else if let Some(state) = name("stateExitedEventDetails") {
            let entered = open.get_mut(&state).filter(|open| !open.is_empty()).map(|open| open.remove(0));
            if let Some(stay) = entered.and_then(|entered| stays.get_mut(entered)) {
                stay.until = Some(at(event));
            }
        }
    }
    stays
}

/// Which rules of a Choice said no, and why.
pub(super) fn reasons(machine: &Machine, details: Option<&Value>) -> Markup {
    let Some(details) = details else { return html! {} };
    let input: Value = serde_json::from_str(text(details, "input")).unwrap_or_default();
    let seen = Seen { input: &input, context: &Value::Null, variables: &Map::new() };
    let Some(reason) = choice(machine, text(details, "name"), &seen) else { return html! {} };
    html! {
        ol.reasons { @for rule in &reason.rules { li { (verdict(rule)) } } }
        p { "It went to " strong { (line(reason.next.as_deref().unwrap_or("nowhere: the execution failed here"))) } "." }
    }
}

fn verdict(rule: &RuleReason) -> Markup {
    html! {
        @match rule.matched {
            Some(true) => (badge(Tone::Good, "yes")),
            Some(false) => (badge(Tone::Plain, "no")),
            None => (badge(Tone::Bad, "could not be told")),
        }
        " to " (line(&rule.next))
        @for said in &rule.lines { span.condition { (line(said)) } }
        @for change in &rule.changes { span.condition.faint { (line(change)) } }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::stays;

    const IN: &str = "stateEnteredEventDetails";
    const OUT: &str = "stateExitedEventDetails";

    fn event(member: &str, name: &str, at: f64) -> Value {
        json!({"timestamp": at, member: {"name": name}})
    }

    #[test]
    fn a_state_that_is_entered_twice_at_a_time_is_left_in_the_order_in_which_it_was_entered() {
        let events = [event(IN, "A", 1.0), event(IN, "A", 2.0), event(OUT, "A", 3.0), event(IN, "B", 4.0)];
        let found: Vec<(String, Option<f64>)> =
            stays(&events).into_iter().map(|stay| (stay.state, stay.until)).collect();
        assert_eq!(found, [("A".to_owned(), Some(3.0)), ("A".to_owned(), None), ("B".to_owned(), None)]);
    }
}
