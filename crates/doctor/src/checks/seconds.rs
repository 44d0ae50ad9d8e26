//! Whether a duration in seconds looks like one in ms.

use provision::{Mistake, Pipeline, Span};

use crate::check::Check;

pub(super) const CHECK: Check = Check {
    name: "seconds",
    asks: "Are durations meant in seconds, and not in ms?",
    why: "`visibilityTimeout: 30000` is 8 hours: what fails comes back a working day later",
    fix: "write the unit: `30s`",
    run,
};

/// What is meant in ms is whole seconds; whole hours are meant as they are.
const MS: u64 = 1000;
const HOUR: u64 = 3600;
/// The shortest that is doubted.
const DOUBTED_MIN: u64 = 5_000;

fn run(pipeline: &Pipeline) -> Vec<Mistake> {
    let mut doubts = Vec::new();
    let mut ask = |what: &str, seconds: u64, span: Span| {
        if seconds >= DOUBTED_MIN && seconds.is_multiple_of(MS) && !seconds.is_multiple_of(HOUR) {
            let (hours, minutes) = (seconds / HOUR, seconds % HOUR / 60);
            let sentence = format!("{what} is {seconds} seconds, which are {hours} h {minutes} min");
            let advice = format!("durations are in seconds: {seconds} ms are `{}s`", seconds / MS);
            doubts.push(Mistake::new(CHECK.name, span, sentence).with_suggestion(advice));
        }
    };
    for queue in &pipeline.queues {
        let name = &queue.name;
        ask(&format!("the visibility timeout of `{}`", name.value), queue.visibility_timeout_s, name.span);
        ask(&format!("the retention of `{}`", name.value), queue.retention_s, name.span);
    }
    for target in pipeline.rules.iter().flat_map(|rule| &rule.targets) {
        if let Some(seconds) = target.retry.max_age_s {
            ask(&format!("the maximum age for `{}`", target.id.value), seconds, target.span);
        }
    }
    doubts
}
