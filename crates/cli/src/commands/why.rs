//! `trunkline why`: events that matched nothing, grouped by the nearest rule and the reason.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use provision::Request;
use serde_json::{Value, json};
use server::reason::{Rule, verdicts};

use crate::listed::{event_text, member};
use crate::output;
use crate::remote::{At, Remote, text};
use crate::stretch::Stretch;

/// So many groups are shown as text; `--json` has all.
const SHOWN_MAX: usize = 20;

/// Arguments of `trunkline why`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Among the events of that time, or among the last so many: 1h, 5m, 2026-03-19T22:04:48Z, 100
    #[arg(long, value_name = "TIME|N", default_value = "1h")]
    last: Stretch,
    /// The event bus
    #[arg(long, value_name = "NAME", default_value = "default")]
    bus: String,
    #[command(flatten)]
    at: At,
}

/// Why events of one kind matched nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    rule: String,
    path: String,
    reason: String,
}

/// The events of one cause.
#[derive(Debug, Default)]
struct Group {
    events: u64,
    /// The id of the newest.
    example: String,
}

/// The rules of a bus that have a pattern.
fn rules_of(remote: &Remote, bus: &str) -> Result<Vec<Rule>, String> {
    let listed = remote.all(&Request::events("ListRules", json!({"EventBusName": bus})), "Rules")?;
    let rule = |rule: &Value| {
        let enabled = text(rule, "State") != "DISABLED";
        Some(Rule { enabled, ..Rule::new(text(rule, "Name"), text(rule, "EventPattern"))? })
    };
    Ok(listed.iter().filter_map(rule).collect())
}

/// Exit status 0 where every event matched a rule, 1 where one did not.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let remote = Remote::open(&arguments.at.endpoint)?;
    let rules = rules_of(&remote, &arguments.bus)?;
    let mut groups: BTreeMap<Cause, Group> = BTreeMap::new();
    let (mut seen, mut unmatched) = (0_u64, 0_u64);
    arguments.last.visit(&remote, &arguments.bus, |listed| {
        seen += 1;
        if listed.get("RulesMatched").and_then(Value::as_u64) == Some(0) {
            unmatched += 1;
            let group = groups.entry(cause_of(&rules, &event_text(listed))?).or_default();
            group.events += 1;
            group.example = member(listed, "id");
        }
        Ok(())
    })?;
    let mut groups: Vec<(Cause, Group)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.events));
    if arguments.at.json {
        let groups: Vec<Value> = groups.iter().map(|(cause, group)| json_of(cause, group)).collect();
        output::line(json!({"events": seen, "unmatched": unmatched, "groups": groups}));
    } else {
        print(&groups, (seen, unmatched));
    }
    Ok(if unmatched == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cause_of(rules: &[Rule], event: &str) -> Result<Cause, String> {
    let verdicts = verdicts(rules, event, 1)?;
    let Some(nearest) = verdicts.first() else {
        let reason = "the bus has no rule with an event pattern".to_owned();
        return Ok(Cause { rule: String::new(), path: String::new(), reason });
    };
    let reason = if nearest.takes() {
        "it matches now: the rule was made, changed or enabled after the event".to_owned()
    } else {
        nearest.reason.clone()
    };
    Ok(Cause { rule: nearest.rule.name.clone(), path: nearest.path.clone(), reason })
}

fn json_of(cause: &Cause, group: &Group) -> Value {
    let Cause { rule, path, reason } = cause;
    json!({"rule": rule, "path": path, "reason": reason, "events": group.events, "example": group.example})
}

fn print(groups: &[(Cause, Group)], (seen, unmatched): (u64, u64)) {
    output::line(format_args!("{unmatched} of {seen} events matched no rule"));
    for (cause, group) in groups.iter().take(SHOWN_MAX) {
        let count = output::styled(output::BAD, format_args!("{:>6}", group.events));
        let path = if cause.path.is_empty() { String::new() } else { format!("{}: ", cause.path) };
        let nearest = match cause.rule.as_str() {
            "" => String::new(),
            rule => format!("nearest rule {}: ", output::styled(output::STRONG, rule)),
        };
        output::line(format_args!("{count}  {nearest}{path}{}", cause.reason));
        let example = format_args!("        trunkline events show {}", group.example);
        output::line(output::styled(output::FAINT, example));
    }
    if let Some(more) = groups.len().checked_sub(SHOWN_MAX).filter(|more| *more > 0) {
        output::line(format_args!("and {more} more groups; --json lists all"));
    }
}
