//! Whether each target is of a kind that is served.

use aws::Arn;
use events::TargetKind;
use provision::resource::target::Destination;
use provision::{Mistake, Pipeline};

use crate::check::Check;

pub(super) const CHECK: Check = Check {
    name: "served-target",
    asks: "Is each target of a kind that Trunkline serves?",
    why: "PutTargets refuses a kind that is not served, and the apply stops there",
    fix: "send to a queue or a function that passes the event on",
    run,
};

fn run(pipeline: &Pipeline) -> Vec<Mistake> {
    let targets = pipeline.rules.iter().flat_map(|rule| &rule.targets);
    let unserved = targets.filter_map(|target| {
        let Destination::Arn(written) = &target.destination else { return None };
        // What is no ARN has been told already.
        let arn: Arn = written.value.parse().ok()?;
        if TargetKind::of(&arn).is_some() {
            return None;
        }
        let sentence = format!("targets of the service `{}` are not served", arn.service);
        let advice = format!("there are {}", TargetKind::all());
        Some(Mistake::new(CHECK.name, written.span, sentence).with_suggestion(advice))
    });
    unserved.collect()
}
