//! `trunkline why`: events that matched nothing, grouped by the nearest rule and the reason, nearest first; and what AWS would
//! refuse.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use pattern::explain::nearness::Nearness;
use provision::Request;
use serde_json::{Value, json};
use server::reason::{Rule, verdicts};

use crate::listed::{event_text, member};
use crate::names::Names;
use crate::output;
use crate::remote::{At, Remote, items, text};
use crate::stretch::Stretch;
use crate::window::Window;
use crate::wrap;

/// What an event of another detail-type is farther away by.
const OTHER_KIND: usize = 10;
/// Sources that are named in one line.
const SOURCES_MAX: usize = 5;
/// Maximum number of groups shown as text; `--json` has all.
const SHOWN_MAX: usize = 20;
/// What does not fit into a line stands under its sentence, behind the count.
const INDENT: usize = 8;

/// How far back it looks unless told otherwise, in seconds.
const LOOKED_BACK_S: u64 = 3_600;

/// Arguments of `trunkline why`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    window: Window,
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
    /// How far they were from the rule: the part of its fields that failed, in thousandths, then how far their values are.
    distance: (usize, usize),
    /// Their sources.
    sources: BTreeMap<String, u64>,
}

impl Group {
    fn add(&mut self, listed: &Value, cause: &Cause, nearness: Option<Nearness>) {
        self.events += 1;
        self.example = member(listed, "id");
        if let Some(Nearness { failed, fields, gap, .. }) = nearness {
            // Another kind of event is farther than any value of the right kind.
            let kind = if cause.path == "detail-type" { OTHER_KIND } else { 0 };
            self.distance = (failed.saturating_mul(1_000) / fields.max(1), gap.saturating_add(kind));
        }
        *self.sources.entry(member(listed, "source")).or_default() += 1;
    }
}

impl Cause {
    /// Whether the nearest rule is about another source: then no rule is about such events.
    fn is_of_other_source(&self) -> bool {
        self.path == "source"
    }
}

/// A rule as it was for a while.
struct Version {
    rule: Rule,
    after: u64,
    until: u64,
}

/// How the rules of a bus were, as far back as events are kept.
fn versions_of(remote: &Remote, bus: &str) -> Result<Vec<Version>, String> {
    let answer = remote.ask(Request::trunkline("ListRuleVersions", json!({"EventBusName": bus})))?;
    let version = |version: &Value| {
        let number = |name: &str| version.get(name).and_then(Value::as_u64);
        let enabled = version.get("Enabled").and_then(Value::as_bool).unwrap_or_default();
        let rule = Rule { enabled, ..Rule::new(text(version, "Name"), text(version, "EventPattern"))? };
        Some(Version { rule, after: number("After")?, until: number("Until").unwrap_or(u64::MAX) })
    };
    Ok(items(&answer, "RuleVersions").iter().filter_map(version).collect())
}

/// Exit status 0 where every event matched a rule, 1 where one did not.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let remote = Remote::open(&arguments.at.endpoint)?;
    let versions = versions_of(&remote, &arguments.bus)?;
    let mut groups: BTreeMap<Cause, Group> = BTreeMap::new();
    let (mut seen, mut unmatched) = (0_u64, 0_u64);
    let stretch = arguments.window.or(Stretch::Age(LOOKED_BACK_S));
    let mut request = stretch.request("ListUnmatched", &arguments.bus);
    loop {
        let answer = remote.ask(request.clone())?;
        for listed in items(&answer, "Events") {
            unmatched += 1;
            let Blame { cause, nearness } = cause_of(&versions, listed)?;
            let group = groups.entry(cause.clone()).or_default();
            group.add(listed, &cause, nearness);
        }
        seen += answer.get("Seen").and_then(Value::as_u64).unwrap_or_default();
        let more = answer.get("More").and_then(Value::as_bool).unwrap_or_default();
        if !more || matches!(stretch, Stretch::Last(_)) {
            break;
        }
        if let (Some(after), Some(members)) = (answer.get("After"), request.body.as_object_mut()) {
            members.insert("After".to_owned(), after.clone());
        }
    }
    let refusals = remote.ask(Request::trunkline("ListRefusals", json!({"EventBusName": arguments.bus})))?;
    let mut groups: Vec<(Cause, Group)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| (group.distance, std::cmp::Reverse(group.events)));
    if arguments.at.json {
        let groups: Vec<Value> = groups.iter().map(|(cause, group)| json_of(cause, group)).collect();
        let refusals: Vec<Value> = items(&refusals, "Refusals").iter().map(json_of_refusal).collect();
        let answer = json!({"events": seen, "unmatched": unmatched, "groups": groups, "refusals": refusals});
        output::json(answer);
    } else {
        print(&groups, &Names::known_to(&remote), seen, unmatched);
        print_refusals(items(&refusals, "Refusals"));
    }
    Ok(if unmatched == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What kept an event from matching, and how far it was from the nearest rule.
struct Blame {
    cause: Cause,
    nearness: Option<Nearness>,
}

/// Which of the rules that the bus had when it accepted the event came nearest, and what was between them.
fn cause_of(versions: &[Version], listed: &Value) -> Result<Blame, String> {
    let position = listed.get("Position").and_then(Value::as_u64).unwrap_or_default();
    let met = versions.iter().filter(|version| version.after < position && position <= version.until);
    let rules = met.map(|version| &version.rule);
    let verdicts = verdicts(rules, &event_text(listed), 1)?;
    let Some(nearest) = verdicts.first() else {
        let reason = "the bus had no rule with an event pattern".to_owned();
        let cause = Cause { rule: String::new(), path: String::new(), reason };
        return Ok(Blame { cause, nearness: None });
    };
    let reason = if nearest.takes() {
        "it matches now; it was changed while the event was being accepted".to_owned()
    } else {
        nearest.reason.clone()
    };
    let cause = Cause { rule: nearest.rule.name.clone(), path: nearest.path.clone(), reason };
    Ok(Blame { cause, nearness: Some(nearest.nearness) })
}

fn json_of(cause: &Cause, group: &Group) -> Value {
    let Cause { rule, path, reason } = cause;
    json!({
        "rule": rule, "path": path, "reason": reason, "events": group.events, "example": group.example,
        "sources": group.sources,
    })
}

fn json_of_refusal(refusal: &Value) -> Value {
    let member = |name: &str| text(refusal, name).to_owned();
    json!({"rule": member("Rule"), "targetId": member("TargetId"), "targetArn": member("TargetArn"), "reason": member("Reason")})
}

/// What AWS would refuse of the bus's targets, as policies and roles are now.
fn print_refusals(refusals: &[Value]) {
    for refusal in refusals {
        let sentence = format_args!(
            "{} {} of rule {}: {}",
            output::styled(output::BAD, "AWS would refuse"),
            text(refusal, "TargetArn"),
            output::styled(output::STRONG, text(refusal, "Rule")),
            text(refusal, "Reason")
        );
        wrap::line(sentence, INDENT);
    }
}

fn print(groups: &[(Cause, Group)], names: &Names, seen: u64, unmatched: u64) {
    output::line(format_args!("{unmatched} of {seen} events matched no rule"));
    let (others, near): (Vec<_>, Vec<_>) = groups.iter().partition(|(cause, _)| cause.is_of_other_source());
    for (cause, group) in near.iter().take(SHOWN_MAX) {
        let count = output::styled(output::BAD, format_args!("{:>6}", group.events));
        let path = if cause.path.is_empty() { String::new() } else { format!("{}: ", cause.path) };
        let nearest = match cause.rule.as_str() {
            "" => String::new(),
            rule => format!("nearest rule {}: ", output::styled(output::STRONG, rule)),
        };
        wrap::line(names.beside(&format!("{count}  {nearest}{path}{}", cause.reason)), INDENT);
        let example = format_args!("        trunkline events show {}", group.example);
        output::line(output::styled(output::FAINT, example));
    }
    print_others(&others);
    if let Some(more) = near.len().checked_sub(SHOWN_MAX).filter(|more| *more > 0) {
        output::line(format_args!("and {more} more groups; --json lists all"));
    }
}

/// Events whose source no rule names, in one line: each is as far from every rule as can be.
fn print_others(groups: &[&(Cause, Group)]) {
    let mut sources: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, group) in groups {
        for (source, events) in &group.sources {
            *sources.entry(source).or_default() += events;
        }
    }
    let Some((_, Group { example, .. })) = groups.first() else { return };
    let events: u64 = sources.values().sum();
    let mut sources: Vec<(&str, u64)> = sources.into_iter().collect();
    sources.sort_by_key(|(_, events)| std::cmp::Reverse(*events));
    let named: Vec<String> =
        sources.iter().take(SOURCES_MAX).map(|(source, events)| format!("{source} ({events})")).collect();
    let more = if sources.len() > SOURCES_MAX { ", ..." } else { "" };
    let count = output::styled(output::FAINT, format_args!("{events:>6}"));
    wrap::line(format_args!("{count}  of sources that no rule names: {}{more}", named.join(", ")), INDENT);
    let example = format_args!("        trunkline events show {example}");
    output::line(output::styled(output::FAINT, example));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Blame, Cause, Version, cause_of};
    use server::reason::Rule;

    fn version(name: &str, pattern: &Value, after: u64, until: u64) -> Version {
        Version { rule: Rule::new(name, &pattern.to_string()).unwrap(), after, until }
    }

    fn listed(position: u64) -> Value {
        json!({"Position": position, "Event": {"source": "shop", "detail-type": "order", "detail": {"total": 7}}})
    }

    #[test]
    fn an_event_is_compared_with_the_rules_of_its_moment() {
        let versions = [
            version("other", &json!({"source": ["office"], "detail": {"total": [1]}}), 0, u64::MAX),
            version(
                "large",
                &json!({"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}}),
                0,
                5,
            ),
            version("large", &json!({"source": ["shop"]}), 5, u64::MAX),
        ];
        let Blame { cause, nearness } = cause_of(&versions, &listed(3)).unwrap();
        assert_eq!(nearness.map(|near| (near.failed, near.fields)), Some((1, 2)));
        assert_eq!((cause.rule.as_str(), cause.path.as_str()), ("large", "detail.total"), "{}", cause.reason);
        // Position 6 is of the second version, which matches it.
        let Blame { cause, .. } = cause_of(&versions, &listed(6)).unwrap();
        assert!(cause.reason.starts_with("it matches now"), "{}", cause.reason);
    }

    #[test]
    fn a_bus_without_rules_says_so() {
        let Blame { cause, .. } = cause_of(&[], &listed(1)).unwrap();
        let reason = "the bus had no rule with an event pattern".to_owned();
        assert_eq!(cause, Cause { rule: String::new(), path: String::new(), reason });
    }
}
