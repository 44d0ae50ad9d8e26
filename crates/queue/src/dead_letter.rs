//! Dead-letter queues: the queues that redrive policies name, and the queues that name them.

use aws::{Arn, Error, Scope};
use store::{KeyRange, Read};

use crate::engine::Queues;
use crate::engine::receive::Redrive;
use crate::error;
use crate::queue::{Queue, SQS_QUEUES, find, name_in_arn};
use crate::redrive::{RedrivePolicy, Sources};

/// Checks that the policy's target is there, is of the same type, and takes messages from `source`.
pub(crate) fn check_redrive(
    read: &mut impl Read,
    policy: &RedrivePolicy,
    source: &Queue,
    scope: &Scope,
) -> Result<(), Error> {
    let invalid = |reason: &str| error::invalid_value(&policy.text, "RedrivePolicy", reason);
    if policy.target.account.as_str() != &*scope.account {
        return Err(invalid("Dead-letter target owner should be same as the source."));
    }
    let target = name_in_arn(&policy.target, &scope.account, &scope.region);
    let target = if target.as_ref() == Some(&source.name) {
        Some(source.clone())
    } else {
        target.and_then(|name| find(read, &name))
    };
    let target = target.ok_or_else(|| invalid("Dead letter target does not exist."))?;
    if target.attributes.fifo.is_some() != source.attributes.fifo.is_some() {
        return Err(invalid("Dead-letter queue must be same type of queue as the source."));
    }
    let allowed = match target.attributes.redrive_allow.as_ref().map(|allow| &allow.sources) {
        None | Some(Sources::All) => true,
        Some(Sources::None) => false,
        Some(Sources::These(arns)) => arns.contains(&source.arn(scope)),
    };
    if allowed {
        Ok(())
    } else {
        Err(invalid("The dead-letter queue's RedriveAllowPolicy does not permit this source queue."))
    }
}

/// What the engine does with messages of `queue` that were received too often. Nothing, if the dead-letter queue is
/// gone: then they go on being received, as on AWS.
pub(crate) fn redrive_of(read: &mut impl Read, queue: &Queue, scope: &Scope) -> Option<Redrive> {
    let policy = queue.attributes.redrive.as_ref()?;
    let target = find(read, &name_in_arn(&policy.target, &scope.account, &scope.region)?)?;
    if target.engine == queue.engine {
        // Its own dead-letter queue: a move would change nothing.
        return None;
    }
    let source = scope.arn("sqs", queue.name.clone()).to_string();
    Some(Redrive { max_receives: policy.max_receives, to: target.engine, source })
}

impl Queues {
    /// Where messages of a queue go that were received too often, for a receive by another room; `None` where they go
    /// nowhere.
    pub fn redrive(&self, read: &mut impl Read, queue: &Queue) -> Option<Redrive> {
        redrive_of(read, queue, self.scope())
    }
}

/// The queues whose dead letters go to `target`, in the order of their names.
pub(crate) fn sources_of(read: &mut impl Read, target: &Arn) -> Vec<Queue> {
    let queues = read.list(&SQS_QUEUES, &KeyRange::all(), usize::MAX).into_iter().map(|(_, queue)| queue);
    queues.filter(|queue| queue.attributes.redrive.as_ref().is_some_and(|p| p.target == *target)).collect()
}
