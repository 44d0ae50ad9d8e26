//! How many deliveries may be under way to a target at a time (contract C11), and how long each may take: asked for by rules,
//! kept for the target.
//!
//! A rule asks by its tags [`TAG`] and [`TIMEOUT_TAG`] for each of its targets. A target that several rules reach, of whatever
//! bus, has one limit for all its deliveries: the smallest that is asked for; and one timeout: the longest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws::{Arn, Error};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

use crate::bus::BusName;
use crate::events::Events;
use crate::owed::{CALL_TIME_MAX, UNDER_WAY_MAX};
use crate::rule::{RULES, Rule, RuleName};
use crate::target::TARGETS;

/// The tag of a rule that limits the concurrency of its targets.
pub const TAG: &str = "trunkline:concurrency";
/// The greatest limit that can be asked for.
pub const LIMIT_MAX: u32 = 1_000;

/// The tag of a rule that says, in ms, how long its targets may take to answer.
pub const TIMEOUT_TAG: &str = "trunkline:timeout-ms";
/// The least timeout that can be asked for, in ms; the greatest is [`CALL_TIME_MAX`].
pub const TIMEOUT_MS_MIN: u32 = 50;

/// What rules ask for: by target, bus and rule.
const LIMITS: Table<(String, (String, String)), Asked> = Table::new(36, "concurrency limits");

/// What a rule asks for its targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    concurrency: Option<u32>,
    timeout_ms: Option<u32>,
}

store::record!(Asked, version 1);

impl Asked {
    /// What a rule's tags ask for.
    ///
    /// # Errors
    /// `ValidationException` where the value of one of the two tags is none.
    pub(crate) fn of(tags: &BTreeMap<String, String>) -> Result<Self, Error> {
        let timeout_ms_max = u32::try_from(CALL_TIME_MAX.as_millis()).unwrap_or(u32::MAX);
        Ok(Self {
            concurrency: number(tags, TAG, (1, LIMIT_MAX)).map_err(|said| {
                Error::validation(format!(
                    "{said}: so many deliveries to each target of the rule are under way at a time."
                ))
            })?,
            timeout_ms: number(tags, TIMEOUT_TAG, (TIMEOUT_MS_MIN, timeout_ms_max)).map_err(|said| {
                Error::validation(format!("{said}: so many ms each target of the rule may take to answer."))
            })?,
        })
    }
}

fn number(
    tags: &BTreeMap<String, String>,
    tag: &str,
    (least, most): (u32, u32),
) -> Result<Option<u32>, String> {
    let Some(text) = tags.get(tag) else { return Ok(None) };
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| plain && (least..=most).contains(number));
    let said = || format!("The tag {tag} is '{text}'; it must be a whole number from {least} to {most}");
    number.map(Some).ok_or_else(said)
}

impl Events {
    /// Sets the limits of these targets anew, after the rule, its tags or its targets have changed in this transaction.
    pub(crate) fn refresh_limits(
        &self,
        tx: &mut Tx<'_, '_>,
        (bus, rule): (&BusName, &RuleName),
        targets: BTreeSet<Arn>,
    ) {
        let key = Rule::key(bus, rule);
        let asked = tx.get(&RULES, &key).and_then(|rule| Asked::of(&rule.tags).ok());
        let asked = asked.filter(|asked| *asked != Asked::default());
        let reached = tx.list(&TARGETS, &KeyRange::prefix(&key), usize::MAX);
        for arn in targets {
            let place = (arn.to_string(), key.clone());
            match asked.filter(|_| reached.iter().any(|(_, target)| target.arn == arn)) {
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
    pub(crate) fn refresh_limits_of_rule(&self, tx: &mut Tx<'_, '_>, bus: &BusName, rule: &RuleName) {
        let targets = tx.list(&TARGETS, &KeyRange::prefix(&Rule::key(bus, rule)), usize::MAX);
        let arns = targets.into_iter().map(|(_, target)| target.arn).collect();
        self.refresh_limits(tx, (bus, rule), arns);
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

fn asked_for(read: &mut impl Read, target: &Arn) -> impl Iterator<Item = Asked> {
    let asked = read.list(&LIMITS, &KeyRange::prefix(&target.to_string()), usize::MAX);
    asked.into_iter().map(|(_, asked)| asked)
}
