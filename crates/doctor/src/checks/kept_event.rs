//! Whether what a target fails to take is kept.

use provision::resource::target::Destination;
use provision::{Mistake, Pipeline};

use crate::check::Check;

pub(super) const CHECK: Check = Check {
    name: "kept-event",
    asks: "Has each target that is called a dead-letter queue?",
    why: "an event that a target does not take within its retries is dropped, here and on AWS",
    fix: "add `deadLetter:` with the name of a queue",
    run,
};

fn run(pipeline: &Pipeline) -> Vec<Mistake> {
    let mut doubts = Vec::new();
    for rule in &pipeline.rules {
        for target in rule.targets.iter().filter(|target| target.dead_letter.is_none()) {
            // A queue of the file has its message with the commit that accepts the event.
            if matches!(target.destination, Destination::Queue(_)) {
                continue;
            }
            let sentence = format!(
                "the target `{}` of the rule `{}` has no dead-letter queue: what it does not take within its retries is dropped",
                target.id.value, rule.name.value
            );
            doubts.push(Mistake::new(CHECK.name, target.span, sentence).with_suggestion(CHECK.fix));
        }
    }
    doubts
}
