//! The check: do own keys let EventBridge in?

use std::collections::BTreeSet;

use crate::aws::facts::{Facts, queue_name};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "own-keys",
    asks: "Do own keys let EventBridge in?",
    why: "a key whose policy leaves out events.amazonaws.com makes every send fail, without a retry",
    fix: "in the key's policy: kms:Decrypt and kms:GenerateDataKey for the service events.amazonaws.com",
    sureness: Sureness::Possible,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let mut out = BTreeSet::new();
    for (_, target) in facts.targets() {
        for queue in [Some(target.arn()), target.dead_letter()]
            .into_iter()
            .flatten()
            .filter_map(|arn| facts.queue(arn))
        {
            let key =
                queue.get("KmsMasterKeyId").filter(|key| !key.is_empty() && !key.ends_with("alias/aws/sqs"));
            out.extend(key.map(|key| format!("the queue {} is encrypted with {key}", queue_name(queue))));
        }
    }
    out.into_iter().collect()
}
