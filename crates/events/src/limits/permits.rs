//! How many deliveries may be under way to a target at a time (contract C11), and how long each may take: asked for by rules,
//! kept for the target.
//!
//! A rule asks by its tags [`TAG`] and [`TIMEOUT_TAG`] for each of its targets, and by the same with `:` and a target's id
//! for that one alone. A target that several rules reach, of whatever bus, has one limit for all its deliveries: the smallest
//! that is asked for; and one timeout: the longest.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use aws::{Arn, Error};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

use crate::buses::bus::BusName;
use crate::buses::rule::{RULES, Rule, RuleName};
use crate::events::Events;
use crate::target::TARGETS;
use crate::trip::owe::{CALL_TIME_MAX, UNDER_WAY_MAX};

/// The tag of a rule that limits the concurrency of its targets.
pub const TAG: &str = "trunkline:concurrency";
/// The greatest limit that can be asked for.
pub const LIMIT_MAX: u32 = 1_000;

/// The tag of a rule that says, in ms, how long its targets may take to answer.
pub const TIMEOUT_TAG: &str = "trunkline:timeout-ms";
/// The least timeout that can be asked for, in ms.
pub const TIMEOUT_MS_MIN: u32 = 50;
/// The greatest timeout that can be asked for, in ms: [`CALL_TIME_MAX`].
pub const TIMEOUT_MS_MAX: u32 = 5_000;

const CONCURRENCY: RangeInclusive<u32> = 1..=LIMIT_MAX;
const TIMEOUTS_MS: RangeInclusive<u32> = TIMEOUT_MS_MIN..=TIMEOUT_MS_MAX;

/// What rules ask for: by target, bus and rule.
const LIMITS: Table<(String, (String, String)), TargetLimits> = Table::new(36, "concurrency limits");

/// What a rule asks for a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TargetLimits {
    concurrency: Option<u32>,
    timeout_ms: Option<u32>,
}

store::record!(TargetLimits, version 1);

impl TargetLimits {
    /// What a rule's tags ask for its target with this id. A tag that [`check`] would refuse asks for nothing.
    fn of(tags: &BTreeMap<String, String>, id: &str) -> Self {
        let asked = |tag: &str, bounds| {
            let text = tags.get(&format!("{tag}:{id}")).or_else(|| tags.get(tag))?;
            number(text, bounds)
        };
        Self { concurrency: asked(TAG, &CONCURRENCY), timeout_ms: asked(TIMEOUT_TAG, &TIMEOUTS_MS) }
    }

    /// What holds where both are asked for.
    fn and(self, other: Self) -> Self {
        let least = [self.concurrency, other.concurrency].into_iter().flatten().min();
        Self { concurrency: least, timeout_ms: self.timeout_ms.max(other.timeout_ms) }
    }
}

/// Whether each tag that asks for something asks for a number that can be.
///
/// # Errors
/// `ValidationException` for the first whose value is none.
pub(crate) fn check(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    let wishes = [
        (TAG, CONCURRENCY, "deliveries are under way to a target at a time"),
        (TIMEOUT_TAG, TIMEOUTS_MS, "ms a target may take to answer"),
    ];
    for (key, text) in tags {
        let asks =
            |tag: &str| key.strip_prefix(tag).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
        let Some((_, bounds, about)) = wishes.iter().find(|(tag, ..)| asks(tag)) else { continue };
        if number(text, bounds).is_none() {
            let (least, most) = (bounds.start(), bounds.end());
            return Err(Error::validation(format!(
                "The tag {key} is '{text}'; it must be a whole number from {least} to {most}: so many {about}."
            )));
        }
    }
    Ok(())
}

fn number(text: &str, bounds: &RangeInclusive<u32>) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && bounds.contains(number))
}

impl Events {
    /// Sets the limits of these targets anew, after the rule, its tags or its targets have changed in this transaction.
    pub(crate) fn refresh_limits(
        &self,
        tx: &mut Tx<'_>,
        bus: &BusName,
        rule: &RuleName,
        targets: BTreeSet<Arn>,
    ) {
        let key = Rule::key(bus, rule);
        let tags = tx.get(&RULES, &key).map(|rule| rule.tags).unwrap_or_default();
        let reached = tx.list(&TARGETS, &KeyRange::prefix(&key), usize::MAX);
        for arn in targets {
            let place = (arn.to_string(), key.clone());
            let asked = reached.iter().filter(|(_, target)| target.arn == arn);
            let asked =
                asked.map(|(_, target)| TargetLimits::of(&tags, &target.id)).reduce(TargetLimits::and);
            match asked.filter(|asked| *asked != TargetLimits::default()) {
                Some(asked) => tx.put(&LIMITS, &place, &asked),
                None if tx.contains(&LIMITS, &place) => tx.remove(&LIMITS, &place),
                // Nobody has asked by this rule, before or now.
                None => continue,
            }
            let limit = Self::concurrency_limit(tx, &arn);
            self.set_permits(tx, &arn, limit.unwrap_or(UNDER_WAY_MAX));
        }
    }

    /// As [`Events::refresh_limits`], for all targets that the rule has.
    pub(crate) fn refresh_limits_of_rule(&self, tx: &mut Tx<'_>, bus: &BusName, rule: &RuleName) {
        let targets = tx.list(&TARGETS, &KeyRange::prefix(&Rule::key(bus, rule)), usize::MAX);
        let arns = targets.into_iter().map(|(_, target)| target.arn).collect();
        self.refresh_limits(tx, bus, rule, arns);
    }

    /// The smallest limit that a rule asks for a target; `None`: none does, and [`UNDER_WAY_MAX`] holds.
    pub fn concurrency_limit(read: &mut impl Read, target: &Arn) -> Option<u32> {
        asked_for(read, target).filter_map(|asked| asked.concurrency).min()
    }

    /// How long a target may take to answer: the longest that a rule asks for it, or [`CALL_TIME_MAX`].
    pub fn call_time(read: &mut impl Read, target: &Arn) -> Duration {
        let asked = asked_for(read, target).filter_map(|asked| asked.timeout_ms).max();
        asked.map_or(CALL_TIME_MAX, |ms| Duration::from_millis(u64::from(ms)))
    }
}

fn asked_for(read: &mut impl Read, target: &Arn) -> impl Iterator<Item = TargetLimits> {
    let asked = read.list(&LIMITS, &KeyRange::prefix(&target.to_string()), usize::MAX);
    asked.into_iter().map(|(_, asked)| asked)
}
