//! `trunkline explain --subscription`: which comparisons of a subscription's filter events failed.

use std::process::ExitCode;

use provision::Request;
use serde_json::{Value, json};

use crate::listed::{event_text, member};
use crate::names::Names;
use crate::output::{self, Form};
use crate::remote::{Endpoint, Remote, items, text};

/// Events of the bus that are examined.
const EXAMINED_MAX: usize = 1_000;
/// Events of one request.
const ASKED_MAX: usize = 100;

/// What is asked, and where.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) bus: &'a str,
    /// The subscription, by name or id.
    pub(super) name: &'a str,
    /// The one event that is asked about.
    pub(super) given: Option<String>,
    /// Else so many of the latest that it asks for; one: the nearest that it does not send.
    pub(super) limit: usize,
}

/// Exit status 0 where the subscription sends every event, 1 where not.
///
/// # Errors
/// What the server said, or that there is no event to explain.
pub(super) fn run(question: &Question<'_>, form: Form) -> Result<ExitCode, String> {
    let remote = Remote::open(question.endpoint)?;
    let events = match &question.given {
        Some(event) => vec![event.clone()],
        None => question.derived_events(&remote)?,
    };
    let (mut about, mut reports) = (Value::Null, Vec::new());
    for some in events.chunks(ASKED_MAX) {
        let body = json!({"Name": question.name, "Events": some});
        let mut answer = remote.ask(Request::trunkline("ExplainSubscription", body))?;
        if let Some(Value::Array(explained)) = answer.get_mut("Events").map(Value::take) {
            reports.extend(explained);
        }
        about = answer;
    }
    let chosen = question.chosen(reports);
    if chosen.is_empty() {
        return Err(format!(
            "there is no derived event to explain on the bus {}; they have the source genesys.cloud, and --bus selects another bus",
            question.bus
        ));
    }
    match form {
        Form::Json => chosen.iter().for_each(|report| output::json(output::camel_case(report.clone()))),
        Form::Text => {
            let names = Names::known_to(&remote);
            print_about(&about);
            chosen.iter().for_each(|report| print(report, &about, &names));
        }
    }
    let all = chosen.iter().all(|report| is_true(report, "Takes"));
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Question<'_> {
    /// The latest derived events of the bus, newest first.
    fn derived_events(&self, remote: &Remote) -> Result<Vec<String>, String> {
        let request =
            Request::trunkline("ListEvents", json!({"EventBusName": self.bus, "Last": EXAMINED_MAX}));
        let answer = remote.ask(request)?;
        let derived = |listed: &&Value| member(listed, "source") == "genesys.cloud";
        Ok(items(&answer, "Events").iter().rev().filter(derived).map(event_text).collect())
    }

    /// The reports to show, of those of the newest events first.
    fn chosen(&self, reports: Vec<Value>) -> Vec<Value> {
        if self.given.is_some() {
            return reports;
        }
        let wanted: Vec<Value> = reports.iter().filter(|report| is_true(report, "Wanted")).cloned().collect();
        // None of a type that it asks for: that is the answer.
        let candidates = if wanted.is_empty() { reports } else { wanted };
        if self.limit == 1 {
            let missed = candidates.iter().filter(|report| !is_true(report, "Takes"));
            if let Some(nearest) = missed.min_by_key(|report| failed(report).count()) {
                return vec![nearest.clone()];
            }
        }
        candidates.into_iter().take(self.limit).collect()
    }
}

fn is_true(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn failed(report: &Value) -> impl Iterator<Item = &Value> {
    items(report, "Comparisons").iter().filter(|comparison| !is_true(comparison, "Holds"))
}

fn print_about(about: &Value) {
    let filter = match text(about, "AttributeFilter") {
        "" => "no attributeFilter: every event of its types".to_owned(),
        filter => filter.to_owned(),
    };
    let types: Vec<&str> = items(about, "EventTypes").iter().filter_map(Value::as_str).collect();
    let inactive = if is_true(about, "Active") { "" } else { ", inactive: it sends nothing" };
    output::line(format_args!(
        "subscription {}{inactive}: {}",
        output::styled(output::STRONG, text(about, "Name")),
        types.join(", ")
    ));
    output::line(format_args!("  {filter}"));
}

fn print(report: &Value, about: &Value, names: &Names) {
    let verdict = if is_true(report, "Takes") {
        output::styled(output::GOOD, "passes")
    } else {
        output::styled(output::BAD, "does not pass")
    };
    output::line(format_args!("{verdict}  {}  {}", text(report, "Id"), text(report, "EventType")));
    if !is_true(report, "Wanted") {
        let types: Vec<&str> = items(about, "EventTypes").iter().filter_map(Value::as_str).collect();
        return output::line(format_args!(
            "  the subscription asks for {}, and this is {}",
            types.join(", "),
            text(report, "EventType")
        ));
    }
    if let Some(failure) = report.get("Failure").and_then(Value::as_str) {
        output::line(format_args!("  {}: {failure}", output::styled(output::BAD, "the filter failed")));
    }
    for comparison in items(report, "Comparisons") {
        output::line(names.beside(&comparison_line(comparison)));
    }
}

/// `  no   queue.name = 'Support'   "Sales" against "Support"`.
fn comparison_line(comparison: &Value) -> String {
    let verdict = if is_true(comparison, "Holds") {
        output::styled(output::GOOD, "yes")
    } else {
        output::styled(output::BAD, "no ")
    };
    let side = |value: &Value| if value.is_null() { "nothing".to_owned() } else { value.to_string() };
    let sides = match items(comparison, "Sides") {
        [left, right] => format!("   {} against {}", side(left), side(right)),
        _ => String::new(),
    };
    format!("  {verdict}  {}{sides}", text(comparison, "Expression"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::comparison_line;

    #[test]
    fn a_comparison_shows_both_of_its_sides() {
        let made =
            json!({"Expression": "queue.name = 'Support'", "Holds": false, "Sides": [null, "Support"]});
        let line = comparison_line(&made);
        assert!(line.ends_with("queue.name = 'Support'   nothing against \"Support\""), "{line}");
        let call = json!({"Expression": "$exists(queue)", "Holds": true});
        assert!(comparison_line(&call).ends_with("$exists(queue)"));
    }
}
