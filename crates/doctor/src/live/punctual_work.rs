//! Whether what has fallen due is carried.

use crate::live::{Component, Facts, LiveCheck};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "punctual-work",
    asks: "Is nothing overdue by more than a minute?",
    why: "deliveries, schedules or timers wait although their time has come",
    fix: "see the log for a full disk or for targets that hold all slots; `trunkline top` shows what is owed",
    run,
};

/// How late something may be, in seconds.
const LATE_S_MAX: f64 = 60.0;

fn run(facts: &Facts) -> Vec<String> {
    let finding = |component: &Component| {
        let late_s = facts.now - component.next_due?;
        let sentence = format!("{} are {late_s:.0} s behind", component.name);
        (late_s > LATE_S_MAX).then_some(sentence)
    };
    facts.components.iter().filter_map(finding).collect()
}
