//! The check: does every queue let its rules in?

use crate::aws::facts::{Facts, lets_in, queue_name};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "queue-policies",
    asks: "Does every queue let its rules in?",
    why: "without sqs:SendMessage for events.amazonaws.com the event is dropped, without a retry; a second policy overwrites the first",
    fix: "one policy for the queue with every rule's ARN in `aws:SourceArn`",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let queues =
        facts.targets().filter_map(|(rule, target)| Some((rule, target, facts.queue(target.arn())?)));
    let refused = queues.filter(|(rule, target, queue)| {
        let policy = queue.get("Policy").map(String::as_str);
        lets_in(policy, "sqs:SendMessage", (target.arn(), rule.arn())) == Some(false)
    });
    refused
        .map(|(rule, _, queue)| {
            format!("the queue {} does not let the rule {} in", queue_name(queue), rule.label())
        })
        .collect()
}
