//! The check: can EventBridge use the keys of encrypted queues?

use std::collections::BTreeSet;

use crate::aws::facts::{Facts, queue_name};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "sendable-keys",
    asks: "Can EventBridge use the keys of encrypted queues?",
    why: "SQS's AWS-managed key does not let EventBridge encrypt: the event is dropped",
    fix: "SqsManagedSseEnabled, or a key of your own whose policy lets events.amazonaws.com have kms:Decrypt and kms:GenerateDataKey",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let mut out = BTreeSet::new();
    for arn in receiving(facts) {
        let Some(queue) = facts.queue(arn) else { continue };
        if queue.get("KmsMasterKeyId").is_some_and(|key| key.ends_with("alias/aws/sqs")) {
            out.insert(format!("the queue {} is encrypted with alias/aws/sqs", queue_name(queue)));
        }
    }
    out.into_iter().collect()
}

/// The queues that EventBridge sends to.
fn receiving(facts: &Facts) -> impl Iterator<Item = &str> {
    facts.targets().flat_map(|(_, target)| [Some(target.arn()), target.dead_letter()]).flatten()
}
