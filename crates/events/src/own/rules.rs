//! All rules with their targets in one answer: what ListRules and ListTargetsByRule tell rule by rule.

use std::collections::BTreeMap;

use aws::{Reply, operation};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read};

use crate::buses::rule::{RULES, Rule, RuleState};
use crate::events::Events;
use crate::target::TARGETS;

/// Rules of one answer.
const RULES_MAX: usize = 1_000;
/// Their targets, and those of as many rules more: a rule has at most five.
const TARGETS_MAX: usize = 10_000;

#[derive(Deserialize)]
struct Request {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    /// By bus and name.
    rules: Vec<ListedRule>,
    /// There are more than these.
    more: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListedRule {
    event_bus_name: String,
    name: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_expression: Option<String>,
    targets: Vec<ListedTarget>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListedTarget {
    id: String,
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_arn: Option<String>,
}

/// The first rules of all buses, with their targets.
pub(super) fn list(events: &Events, body: &[u8]) -> Reply {
    operation::answer(body, |_: Request| {
        let read = events.store().read(|snapshot| {
            let mut rules = snapshot.list(&RULES, &KeyRange::all(), RULES_MAX + 1);
            let more = rules.len() > RULES_MAX;
            rules.truncate(RULES_MAX);
            let mut targets = targets(snapshot);
            let rules = rules.into_iter().map(|(key, rule)| listed(rule, targets.remove(&key)));
            Answer { rules: rules.collect(), more }
        });
        read.map_err(queue::error::of_store)
    })
}

/// The targets of all rules: one walk, where a walk for each rule would take most of the answer's time.
fn targets(read: &mut impl Read) -> BTreeMap<(String, String), Vec<ListedTarget>> {
    let mut targets: BTreeMap<(String, String), Vec<ListedTarget>> = BTreeMap::new();
    for ((bus, rule, _), target) in read.list(&TARGETS, &KeyRange::all(), TARGETS_MAX) {
        targets.entry((bus, rule)).or_default().push(ListedTarget {
            id: target.id,
            arn: target.arn.to_string(),
            dead_letter_arn: target.dead_letter_arn.map(|arn| arn.to_string()),
        });
    }
    targets
}

fn listed(rule: Rule, targets: Option<Vec<ListedTarget>>) -> ListedRule {
    ListedRule {
        event_bus_name: rule.bus.as_str().to_owned(),
        name: rule.name.as_str().to_owned(),
        state: if matches!(rule.state, RuleState::Disabled) { "DISABLED" } else { "ENABLED" },
        description: rule.description,
        event_pattern: rule.pattern,
        schedule_expression: rule.schedule,
        targets: targets.unwrap_or_default(),
    }
}
