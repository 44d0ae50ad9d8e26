//! `trunkline events`: the events of a bus, and the trip of one of them.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use provision::Request;
use serde_json::{Value, json};

use crate::commands::tail::line_of;
use crate::output;
use crate::reason::{Verdict, rules_of, verdicts};
use crate::remote::{At, Remote, items, text};
use crate::stretch::Stretch;

/// So many rules that do not match are explained.
const EXPLAINED: usize = 10;

/// Arguments of `trunkline events`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Look {
    /// The trip of one event: where it was accepted, which rules match it now, why the others do not, what is owed
    Show(Show),
    /// The last events of a bus
    List(List),
}

#[derive(Debug, Args)]
struct Show {
    /// The event's id
    id: String,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Args)]
struct List {
    /// The event bus
    #[arg(long, value_name = "NAME", default_value = "default")]
    bus: String,
    /// The last so many, or those since then: 20, 5m, 1h, 2026-03-19T22:04:48Z
    #[arg(long, value_name = "N|TIME", default_value = "20")]
    last: Stretch,
    #[command(flatten)]
    at: At,
}

/// Exit status 0; 2 where there is no such event.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    match &arguments.look {
        Look::Show(show) => show.run(),
        Look::List(list) => list.run(),
    }
}

impl List {
    fn run(&self) -> Result<ExitCode, String> {
        let remote = Remote::open(&self.at.endpoint)?;
        let mut found = false;
        self.last.visit(&remote, &self.bus, |listed| {
            found = true;
            output::line(if self.at.json { listed.to_string() } else { line_of(listed) });
            Ok(())
        })?;
        if !found && !self.at.json {
            output::line(format_args!("no event on the bus {}", self.bus));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Show {
    fn run(&self) -> Result<ExitCode, String> {
        let remote = Remote::open(&self.at.endpoint)?;
        let found = remote.ask(Request::trunkline("DescribeEvent", json!({"EventId": self.id})))?;
        let mut trips = Vec::new();
        for place in items(&found, "Places") {
            let trip = self.trip(&remote, place)?;
            if self.at.json {
                trips.push(trip);
            } else {
                print(&trip);
            }
        }
        if self.at.json {
            output::line(json!({"id": self.id, "buses": trips}));
        } else if let Some(place) = items(&found, "Places").first() {
            let event = place.get("Event").map(|event| format!("{event:#}")).unwrap_or_default();
            output::line(event);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What is known of the event on one bus.
    fn trip(&self, remote: &Remote, place: &Value) -> Result<Value, String> {
        let bus = text(place, "EventBusName");
        let rules = rules_of(remote, bus)?;
        let event = place.get("Event").map(Value::to_string).unwrap_or_default();
        let mut listed = Vec::new();
        for verdict in verdicts(&rules, &event, EXPLAINED)? {
            let mut entry = verdict.to_json();
            if let (true, Some(members)) = (verdict.takes(), entry.as_object_mut()) {
                members.insert("targets".to_owned(), self.targets(remote, bus, &verdict)?);
            }
            listed.push(entry);
        }
        Ok(json!({
            "bus": bus,
            "accepted": place.get("Accepted"),
            "forwarded": place.get("Forwarded"),
            "rulesMatchedThen": place.get("RulesMatched"),
            "rulesNow": listed,
            "rulesInAll": rules.len(),
        }))
    }

    /// The targets of a rule, each with how many deliveries are owed to it.
    fn targets(&self, remote: &Remote, bus: &str, verdict: &Verdict<'_>) -> Result<Value, String> {
        let body = json!({"Rule": verdict.rule.name, "EventBusName": bus});
        let targets = remote.all(&Request::events("ListTargetsByRule", body), "Targets")?;
        let arns: Vec<&str> = targets.iter().map(|target| text(target, "Arn")).collect();
        let body = json!({"EventId": self.id, "TargetArns": arns});
        let answer = remote.ask(Request::trunkline("DescribeEvent", body))?;
        let owed_to = |arn: &str| {
            let owed = items(&answer, "Owed").iter().find(|owed| text(owed, "TargetArn") == arn);
            owed.and_then(|owed| owed.get("Deliveries")).and_then(Value::as_u64).unwrap_or_default()
        };
        let entry = |target: &Value| {
            let arn = text(target, "Arn");
            json!({"id": target.get("Id"), "arn": arn, "owedToTarget": owed_to(arn)})
        };
        Ok(targets.iter().map(entry).collect())
    }
}

fn print(trip: &Value) {
    let count = |name: &str| trip.get(name).and_then(Value::as_u64).unwrap_or_default();
    let forwarded = trip.get("forwarded").and_then(Value::as_bool).unwrap_or_default();
    let way = if forwarded { ", from another bus" } else { "" };
    output::line(format_args!(
        "accepted {} on the bus {}{way}; {} of its rules matched then",
        text(trip, "accepted"),
        output::styled(output::STRONG, text(trip, "bus")),
        count("rulesMatchedThen")
    ));
    let rules = items(trip, "rulesNow");
    for rule in rules {
        print_rule(rule);
    }
    let left = usize::try_from(count("rulesInAll")).unwrap_or(usize::MAX).saturating_sub(rules.len());
    if left > 0 {
        output::line(format_args!("  and {left} more rules that do not match"));
    }
}

fn print_rule(rule: &Value) {
    let name = output::styled(output::STRONG, text(rule, "rule"));
    let matches = rule.get("matches").and_then(Value::as_bool).unwrap_or_default();
    if !matches {
        let verdict = output::styled(output::BAD, "no match");
        let path = text(rule, "path");
        let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
        return output::line(format_args!("  {verdict}  {name}  {path}{}", text(rule, "reason")));
    }
    output::line(format_args!("  {}     {name}", output::styled(output::GOOD, "match")));
    for target in items(rule, "targets") {
        let owed = target.get("owedToTarget").and_then(Value::as_u64).unwrap_or_default();
        let owed = match owed {
            0 => "nothing owed to it".to_owned(),
            owed => format!("{owed} deliveries owed to it, of this and other events"),
        };
        output::line(format_args!("            to {}: {owed}", text(target, "arn")));
    }
}
