//! Scheduled rules: each enabled one owes its next tick, a message with a not-before time. A tick that falls due becomes an
//! event for that rule's targets, and in the same commit the next tick is owed.

use std::time::Duration;

use aws::{Event, Timestamp};
use queue::{NewMessage, Receive, ReceivedMessage, Settings};
use serde::{Deserialize, Serialize};
use store::{Commit, Found, Read, Table, Tx};

use crate::buses::bus::BusName;
use crate::buses::routing::Route;
use crate::buses::rule::{RULES, Rule, RuleName, RuleState};
use crate::events::Events;
use crate::ops::put_events::event_id;

/// The internal queue in which ticks wait.
const TICKS: &str = "timer:schedule";
/// How long a tick is leased; it is settled in the transaction that takes it.
const LEASE: Duration = Duration::from_secs(60);
/// A tick that is later than this was missed, because nothing ran, and is not made up for: schedules are exact to the
/// minute (user guide, "Creating a scheduled rule").
const LATE_MAX: Duration = Duration::from_secs(60);

/// The tick that a rule owes, by the rule's name: scheduled rules are on the default bus only.
const OWED_TICKS: Table<String, OwedTick> = Table::new(26, "owed ticks");

/// The one tick that a rule owes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OwedTick {
    /// Which message it is; every other one of this rule is void.
    number: u64,
    /// The schedule that it follows.
    schedule: String,
    /// When it falls due.
    at: Timestamp,
}

store::record!(OwedTick, version 1);

impl Events {
    /// When [`Events::tick_schedules`] is worth calling next, to the second below; `None`: no schedule runs.
    pub fn next_tick(&self) -> Option<Timestamp> {
        self.queues().next_due(TICKS)
    }

    /// Completes when a tick has come to be owed. To be asked for before the look whose failure it follows.
    pub fn tick_arrival(&self) -> queue::Arrival {
        self.queues().arrival_of_kind("timer")
    }

    /// Runs the scheduled rules whose ticks have fallen due, at most `max` of them; how many ticks were taken.
    pub fn tick_schedules(&self, commit: &mut Commit<'_>, max: usize) -> usize {
        let now = commit.now;
        let Some(ticks) = self.queues().find_internal(&mut commit.tx, TICKS) else { return 0 };
        let receive = Receive { max, until: now.plus(LEASE), now, redrive: None };
        let due = self.queues().receive(commit, ticks, &receive);
        for tick in &due {
            self.queues().delete(commit, &tick.handle);
            self.run_tick(commit, tick);
        }
        due.len()
    }

    fn run_tick(&self, commit: &mut Commit<'_>, tick: &ReceivedMessage) {
        let now = commit.now;
        let Some(TickKey { rule: name, number }) = TickKey::read(&tick.body) else { return };
        let key = name.as_str().to_owned();
        let rule_key = Rule::key(&BusName::default_bus(), &name);
        let (owed, rule) = (commit.find(&OWED_TICKS, &key), commit.find(&RULES, &rule_key));
        // A rule that is damaged must not keep the others waiting. Where only its tick is, the schedule goes on.
        if matches!(rule, Found::Damaged) {
            return commit.pass_over(&RULES, &rule_key);
        }
        let Found::Value(rule) = rule else { return };
        if matches!(owed, Found::Damaged) {
            commit.pass_over(&OWED_TICKS, &key);
            commit.remove(&OWED_TICKS, &key);
            return self.plan_tick(commit, &rule);
        }
        let Found::Value(owed) = owed else { return };
        if owed.number != number {
            return;
        }
        let Some(schedule) = rule.schedule() else { return };
        let missed = now.since(owed.at) > LATE_MAX;
        if !missed && let Some(route) = Route::of(&mut commit.tx, &rule, self.scope()) {
            let event = self.scheduled_event(&route, owed.at, commit);
            let matched = self.match_scheduled(&rule.bus, &event, route, now);
            self.accept(commit, matched);
        }
        match schedule.next_since(owed.at, now) {
            Some(at) => self.owe_tick(commit, &name, owed.schedule, at),
            // The schedule's years are over.
            None => commit.remove(&OWED_TICKS, &key),
        }
    }

    /// The event in AWS's shape (user guide, "Creating a scheduled rule"; recorded by LocalStack,
    /// `tests_schedule_target_sqs`).
    fn scheduled_event(&self, route: &Route, at: Timestamp, commit: &Commit<'_>) -> Event {
        Event {
            id: event_id(commit.now, commit.ids),
            source: "aws.events".to_owned(),
            detail_type: "Scheduled Event".to_owned(),
            account: self.account().to_owned(),
            time: at,
            region: self.region().to_owned(),
            resources: vec![route.arn.to_string()],
            detail: "{}".to_owned(),
        }
    }

    /// Owes the next tick of a rule that was put, enabled or disabled. One that is owed already stays as it is, so that
    /// putting a rule again does not put off its next run.
    pub(crate) fn plan_tick(&self, commit: &mut Commit<'_>, rule: &Rule) {
        if !rule.bus.is_default() {
            return;
        }
        let schedule = rule.schedule().filter(|_| rule.state != RuleState::Disabled);
        let (Some(schedule), Some(text)) = (schedule, &rule.schedule) else {
            return Self::forget_tick(commit, &rule.name);
        };
        let known = commit.get(&OWED_TICKS, &rule.name.as_str().to_owned());
        if known.is_some_and(|known| known.schedule == *text) {
            return;
        }
        match schedule.next_after(commit.now) {
            Some(at) => self.owe_tick(commit, &rule.name, text.clone(), at),
            None => Self::forget_tick(commit, &rule.name),
        }
    }

    /// The rule owes no tick any more: the message that waits is void.
    pub(crate) fn forget_tick(tx: &mut Tx<'_>, rule: &RuleName) {
        tx.remove(&OWED_TICKS, &rule.as_str().to_owned());
    }

    fn owe_tick(&self, commit: &mut Commit<'_>, rule: &RuleName, schedule: String, at: Timestamp) {
        let queue = match self.queues().find_internal(&mut commit.tx, TICKS) {
            Some(queue) => queue,
            None => self.queues().internal(commit, TICKS, Settings::default()),
        };
        let number = commit.next_number();
        commit.put(&OWED_TICKS, &rule.as_str().to_owned(), &OwedTick { number, schedule, at });
        let message = NewMessage {
            id: commit.ids.next_uuid(),
            body: format!("{rule} {number}"),
            now: commit.now,
            not_before: at,
            ..NewMessage::default()
        };
        self.queues().send(commit, queue, message);
    }
}

/// What a tick's body says.
struct TickKey {
    rule: RuleName,
    number: u64,
}

impl TickKey {
    fn read(body: &str) -> Option<Self> {
        let (rule, number) = body.split_once(' ')?;
        Some(Self { rule: RuleName::parse(rule)?, number: number.parse().ok()? })
    }
}
