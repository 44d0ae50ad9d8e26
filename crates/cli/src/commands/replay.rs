//! `trunkline replay`: events run again, from an archive or straight from the event records.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use provision::Request;
use serde_json::{Value, json};

use crate::remote::{At, Remote, items, text};
use crate::stretch::{Stretch, no_time};
use crate::{output, table};

/// How often a replay is asked after.
const ASKED_EVERY: Duration = Duration::from_millis(200);
/// Maximum number of events named for each rule.
const NAMED_MAX: usize = 3;

/// Arguments of `trunkline replay`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Replay this archive instead of the bus's event records
    #[arg(long, value_name = "NAME", conflicts_with = "bus")]
    archive: Option<String>,
    /// The event bus whose event records are replayed (the last day by default)
    #[arg(long, value_name = "NAME", default_value = "default")]
    bus: String,
    /// Start here: 1h, 2d, 2026-03-19T22:04:48Z [default: the first event]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Stretch>,
    /// Stop before this time: 2026-03-19T22:04:48Z [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Speed as a multiple of real time, 0.001 to 1000000 [default: as fast as possible]
    #[arg(long, value_name = "TIMES")]
    speed: Option<f64>,
    /// Replay to this rule only; events that it does not match are skipped
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// Replay to this target of the rule only
    #[arg(long, value_name = "ID", requires = "rule")]
    target: Option<String>,
    /// Only show what would match: how many events, which rules, some events of each
    #[arg(long)]
    dry_run: bool,
    /// Name of the replay [default: generated]
    #[arg(long, value_name = "NAME", conflicts_with = "dry_run")]
    name: Option<String>,
    /// Start the replay and do not wait for its end
    #[arg(long, conflicts_with = "dry_run")]
    detach: bool,
    #[command(flatten)]
    at: At,
}

fn moment(text: &str) -> Result<Stretch, String> {
    match text.parse()? {
        Stretch::Last(_) => Err(no_time(text)),
        moment => Ok(moment),
    }
}

/// Exit status 0 where the replay (or the rehearsal) came to its end, 1 where it failed or was cancelled.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let remote = Remote::open(&arguments.at.endpoint)?;
    if arguments.dry_run {
        return rehearse(&remote, arguments);
    }
    let started = remote.ask(Request::trunkline("StartReplay", arguments.body()))?;
    let name = text(&started, "ReplayName");
    if arguments.detach {
        if arguments.at.json {
            output::json(json!({"replay": name, "state": "STARTING"}));
        } else {
            output::line(format_args!(
                "{name} has started; see `aws events describe-replay` and `cancel-replay`"
            ));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let described = watch(&remote, name)?;
    let state = text(&described, "State");
    if arguments.at.json {
        output::json(json!({
            "replay": name,
            "state": state,
            "reason": described.get("StateReason"),
            "replayed": described.get("Replayed"),
            "passedOver": described.get("PassedOver"),
        }));
    } else {
        output::line(format_args!("{name} {}: {}", state.to_lowercase(), line_of(&described)));
    }
    Ok(if state == "COMPLETED" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Arguments {
    fn body(&self) -> Value {
        let (start, age) = match &self.since {
            Some(Stretch::Since(moment)) => (Some(moment), None),
            Some(Stretch::Age(seconds)) => (None, Some(seconds)),
            Some(Stretch::Last(_)) | None => (None, None),
        };
        json!({
            "ReplayName": self.name,
            "ArchiveName": self.archive,
            "EventBusName": self.bus,
            "StartTime": start,
            "AgeSeconds": age,
            "EndTime": self.until,
            "Speed": self.speed,
            "RuleName": self.rule,
            "TargetId": self.target,
        })
    }
}

/// Waits for the end of a replay with its progress on a terminal's standard error; Ctrl-C cancels it.
fn watch(remote: &Remote, name: &str) -> Result<Value, String> {
    let mut cancelled = false;
    loop {
        let described = remote.ask(Request::trunkline("DescribeReplay", json!({"ReplayName": name})))?;
        if described.get("UnderWay").and_then(Value::as_bool) != Some(true) {
            output::progress("");
            return Ok(described);
        }
        output::progress(&format!("{name}: {}", line_of(&described)));
        if remote.pause_or_interrupt(ASKED_EVERY) && !cancelled {
            cancelled = true;
            // It may have ended meanwhile: then there is nothing to cancel.
            let cancel = remote.ask(Request::events("CancelReplay", json!({"ReplayName": name})));
            drop(cancel);
        }
    }
}

/// `12 events replayed, 3 skipped, up to 2026-03-19T22:04:48.000Z`.
fn line_of(described: &Value) -> String {
    let count = |name: &str| described.get(name).and_then(Value::as_u64).unwrap_or_default();
    let mut line = format!("{} events replayed", count("Replayed"));
    if count("PassedOver") > 0 {
        line.push_str(&format!(", {} skipped, which the rule does not match", count("PassedOver")));
    }
    if let Some(reached) = described.get("Reached").and_then(Value::as_str) {
        line.push_str(&format!(", up to {reached}"));
    }
    if let Some(reason) = described.get("StateReason").and_then(Value::as_str) {
        line.push_str(&format!("; {reason}"));
    }
    line
}

/// What all steps of a rehearsal come to.
#[derive(Debug, Default)]
struct Rehearsal {
    events: u64,
    unmatched: u64,
    rules: BTreeMap<String, RuleMatches>,
}

/// What a rule would match.
#[derive(Debug, Default)]
struct RuleMatches {
    events: u64,
    /// The ids of some of them.
    examples: Vec<String>,
}

impl Rehearsal {
    fn add(&mut self, step: &Value) {
        let count = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
        self.events += count(step, "Events");
        self.unmatched += count(step, "Unmatched");
        for rule in items(step, "Rules") {
            let matches = self.rules.entry(text(rule, "RuleName").to_owned()).or_default();
            matches.events += count(rule, "Events");
            let examples = items(rule, "Examples").iter().filter_map(Value::as_str).map(str::to_owned);
            matches.examples.extend(examples);
            matches.examples.truncate(NAMED_MAX);
        }
    }
}

fn rehearse(remote: &Remote, arguments: &Arguments) -> Result<ExitCode, String> {
    let mut body = arguments.body();
    let mut all = Rehearsal::default();
    loop {
        let step = remote.ask(Request::trunkline("RehearseReplay", body.clone()))?;
        all.add(&step);
        let Some(after) = step.get("After").filter(|after| !after.is_null()) else { break };
        output::progress(&format!("{} events examined", all.events));
        if let Some(members) = body.as_object_mut() {
            members.insert("After".to_owned(), after.clone());
            members.insert("EndTime".to_owned(), step.get("EndTime").cloned().unwrap_or_default());
        }
    }
    output::progress("");
    if arguments.at.json {
        let rule = |(name, matches): (&String, &RuleMatches)| json!({"rule": name, "events": matches.events, "examples": matches.examples});
        let rules: Vec<Value> = all.rules.iter().map(rule).collect();
        output::json(json!({"events": all.events, "unmatched": all.unmatched, "rules": rules}));
        return Ok(ExitCode::SUCCESS);
    }
    let row = |(name, matches): (&String, &RuleMatches)| {
        vec![name.clone(), matches.events.to_string(), matches.examples.join(", ")]
    };
    let rows: Vec<Vec<String>> = all.rules.iter().map(row).collect();
    output::line(format_args!(
        "{} events, of which {} would match no rule; nothing was sent",
        all.events, all.unmatched
    ));
    table::print(&["rule", "events", "examples"], &rows, "no rule would match");
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Rehearsal, line_of, moment};

    #[test]
    fn the_steps_of_a_rehearsal_add_up() {
        let mut all = Rehearsal::default();
        for (events, examples) in [(2, ["a", "b"]), (3, ["c", "d"])] {
            let rule = json!({"RuleName": "large", "Events": 2, "Examples": examples});
            all.add(&json!({"Events": events, "Unmatched": 1, "Rules": [rule]}));
        }
        assert_eq!((all.events, all.unmatched), (5, 2));
        let rule = all.rules.get("large").unwrap();
        assert_eq!((rule.events, rule.examples.join("")), (4, "abc".to_owned()));
    }

    #[test]
    fn progress_names_what_was_skipped_and_how_far_it_is() {
        assert_eq!(line_of(&json!({"Replayed": 2})), "2 events replayed");
        let described = json!({"Replayed": 2, "PassedOver": 1, "Reached": "T", "StateReason": "cancelled"});
        assert_eq!(
            line_of(&described),
            "2 events replayed, 1 skipped, which the rule does not match, up to T; cancelled"
        );
    }

    #[test]
    fn a_replay_starts_at_a_time_and_not_at_a_number() {
        assert!(moment("1h").is_ok() && moment("2026-03-19T22:04:48Z").is_ok());
        assert!(moment("10").is_err() && moment("now").is_err());
    }
}
