//! What rules were: the versions of each rule for as long as events that met them are kept, so that the reason why an event
//! matched nothing is that of its own time. Costs accepting nothing: only a change of a rule writes one.

use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

use crate::buses::bus::BusName;
use crate::buses::rule::{RULES, Rule, RuleName, RuleState};
use crate::events::Events;
use crate::records::record;

/// Bus, rule and number to version. Numbers are of the same sequence as events' positions: a version holds for the events
/// after it.
const VERSIONS: Table<(String, String, u64), RuleVersion> = Table::new(38, "rule versions");
/// Bus, number of the version that followed, and (rule, number): what may be forgotten once no earlier event is kept.
const FORGET: Table<(String, u64, (String, u64)), ()> = Table::new(37, "rule versions to forget");
/// How many versions of one rule are kept.
const VERSIONS_MAX: usize = 20;

/// A rule as it was for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleVersion {
    /// The text of its event pattern; `None`: it had none, or there was no such rule any more.
    pub pattern: Option<String>,
    /// Whether it took part in matching.
    pub enabled: bool,
}

store::record!(RuleVersion, version 1);

/// From when to when a rule was so, in positions of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Era {
    /// The rule.
    pub rule: RuleName,
    /// It met events with greater positions than this.
    pub after: u64,
    /// It met events up to this position; `None`: it still does.
    pub until: Option<u64>,
    /// The rule's pattern then.
    pub pattern: String,
    /// Whether it took part in matching.
    pub enabled: bool,
}

impl Era {
    /// Whether the rule was so for the event at a position.
    pub fn met(&self, position: u64) -> bool {
        self.after < position && self.until.is_none_or(|until| position <= until)
    }
}

impl Events {
    /// How the rules of a bus that have an event pattern were, by rule and time, as far back as events are kept. Of a rule
    /// that was changed more than 20 times meanwhile the oldest versions are not known any more.
    pub fn rule_history(&self, read: &mut impl Read, bus: &BusName) -> Vec<Era> {
        let versions = read.list(&VERSIONS, &KeyRange::prefix(&bus.as_str().to_owned()), usize::MAX);
        let mut next = versions.iter().skip(1).map(|((_, rule, number), _)| (rule.as_str(), *number));
        let mut eras = Vec::new();
        for ((_, name, number), version) in &versions {
            let until = next.next().filter(|(rule, _)| rule == name).map(|(_, number)| number);
            if let (Some(rule), Some(pattern)) = (RuleName::parse(name), &version.pattern) {
                let (pattern, enabled) = (pattern.clone(), version.enabled);
                eras.push(Era { rule, after: *number, until, pattern, enabled });
            }
        }
        eras
    }

    /// Notes how a rule is from now on, where that is new.
    pub(crate) fn note_version(tx: &mut Tx<'_>, bus: &BusName, rule: &RuleName) {
        let key = Rule::key(bus, rule);
        let version = match tx.get(&RULES, &key) {
            Some(rule) => RuleVersion { enabled: rule.state != RuleState::Disabled, pattern: rule.pattern },
            None => RuleVersion { pattern: None, enabled: false },
        };
        let versions = KeyRange::prefix(&key);
        if tx.list_back(&VERSIONS, &versions, 1).first().is_some_and(|(_, newest)| *newest == version) {
            return;
        }
        let known = tx.list_back(&VERSIONS, &versions, VERSIONS_MAX);
        let number = tx.next_number();
        let (bus, rule) = key;
        if let Some(((.., superseded), _)) = known.first() {
            tx.put(&FORGET, &(bus.clone(), number, (rule.clone(), *superseded)), &());
        }
        if let [.., ((.., followed), _), ((.., oldest), _)] = known.as_slice()
            && known.len() >= VERSIONS_MAX
        {
            tx.remove(&FORGET, &(bus.clone(), *followed, (rule.clone(), *oldest)));
            tx.remove(&VERSIONS, &(bus.clone(), rule.clone(), *oldest));
        }
        if version.pattern.is_none() {
            // Nothing needs to be known of a rule that is gone once the events that met it are.
            tx.put(&FORGET, &(bus.clone(), number, (rule.clone(), number)), &());
        }
        tx.put(&VERSIONS, &(bus, rule, number), &version);
    }

    /// Forgets up to `limit` versions that no kept event has met; how many.
    pub(crate) fn sweep_versions(tx: &mut Tx<'_>, limit: usize) -> usize {
        let mut forgotten = 0;
        let mut from = String::new();
        while let Some(((bus, ..), ())) =
            tx.list(&FORGET, &KeyRange::from_within(&from, &()), 1).into_iter().next()
        {
            let oldest = record::first_position(tx, &bus).unwrap_or(u64::MAX);
            let range = KeyRange::between(&(bus.clone(), 0_u64), &(bus.clone(), oldest));
            for (key, ()) in tx.list(&FORGET, &range, limit.saturating_sub(forgotten)) {
                forgotten += 1;
                tx.remove(&FORGET, &key);
                let (bus, _, (rule, number)) = key;
                tx.remove(&VERSIONS, &(bus, rule, number));
            }
            // No name has a zero byte, so this text sorts after all keys of this bus and before those of the next.
            from = format!("{bus}\0");
        }
        forgotten
    }
}
