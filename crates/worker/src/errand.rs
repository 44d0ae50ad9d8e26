//! What is done with one message, step by step: claimed, called, completed, deleted. Pure, so that a test can stop it anywhere.

use serde_json::Value;

use crate::record::Standing;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Claim the record.
    Claim,
    /// Call the target.
    Call,
    /// Complete the record with this result.
    Complete(Value),
    /// Forget the record.
    Forget,
    /// Delete the message.
    Delete,
    /// Hide the message for so many seconds.
    Hide(u64),
    /// Nothing: it is over.
    Nothing,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// It was done.
    Done,
    /// The record is somebody else's.
    Refused(Standing),
    /// The target did it, with this result.
    Called(Value),
    /// It did not, or nobody knows; the message is to be hidden for so many seconds.
    Failed {
        /// In seconds.
        hide_s: u64,
    },
}

/// One message on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Errand {
    next: Next,
    is_recorded: bool,
    hide_s: u64,
}

/// Whether records are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// What was done is not done again.
    Kept,
    /// Each message is a call.
    None,
}

impl Errand {
    /// For a message that was received.
    pub fn new(records: Records) -> Self {
        let is_recorded = records == Records::Kept;
        Self { next: if is_recorded { Next::Claim } else { Next::Call }, is_recorded, hide_s: 0 }
    }

    /// What is to be done.
    pub fn next(&self) -> &Next {
        &self.next
    }

    /// Goes on after what came of it. A message is deleted only after its record was completed, or found to be; everything that is
    /// unclear leaves it in the queue.
    pub fn came(&mut self, came: Came, now_ms: u64) {
        self.next = match (&self.next, came) {
            (Next::Claim, Came::Done) => Next::Call,
            (Next::Claim, Came::Refused(Standing::Done)) => Next::Delete,
            (Next::Claim, Came::Refused(Standing::Busy(until))) => {
                // SQS: at most 12 hours from the receive.
                Next::Hide((until.unix_ms().saturating_sub(now_ms) / 1_000 + 1).min(3_600))
            }
            (Next::Call, Came::Called(data)) if self.is_recorded => Next::Complete(data),
            (Next::Call, Came::Called(_)) => Next::Delete,
            (Next::Call, Came::Failed { hide_s }) if self.is_recorded => {
                self.hide_s = hide_s;
                Next::Forget
            }
            // Another attempt has the record by now: the call was made, and the message is that attempt's business.
            (Next::Complete(_), Came::Done) => Next::Delete,
            (Next::Complete(_), Came::Refused(_)) => Next::Nothing,
            (Next::Forget, _) => Next::Hide(self.hide_s),
            (Next::Claim | Next::Call, Came::Failed { hide_s }) => Next::Hide(hide_s),
            _ => Next::Nothing,
        };
    }
}

/// For how long a message is hidden after an attempt that failed, in seconds: twice as long each time, up to 15 minutes, and between half
/// and all of it, so that messages which failed together do not come back together.
pub fn back_off_s(receive_count: u64, random: u64) -> u64 {
    let most = 1_u64 << receive_count.saturating_sub(1).min(10);
    let most = most.min(900);
    (most - random % (most / 2 + 1)).max(1)
}

#[cfg(test)]
mod tests {
    use aws::Timestamp;
    use serde_json::json;

    use super::{Came, Errand, Next, Records, back_off_s};
    use crate::record::Standing;

    fn plays(records: Records, came: &[Came]) -> Vec<Next> {
        let mut errand = Errand::new(records);
        let mut told = vec![errand.next().clone()];
        for came in came {
            errand.came(came.clone(), 1_000);
            told.push(errand.next().clone());
        }
        told
    }

    #[test]
    fn a_message_goes_only_when_its_record_is_complete() {
        let called = Came::Called(json!(1));
        let all = plays(Records::Kept, &[Came::Done, called.clone(), Came::Done, Came::Done]);
        assert_eq!(all, [Next::Claim, Next::Call, Next::Complete(json!(1)), Next::Delete, Next::Nothing]);
        let failed = Came::Failed { hide_s: 4 };
        let again = plays(Records::Kept, &[Came::Done, failed.clone(), Came::Done, Came::Done]);
        assert_eq!(again, [Next::Claim, Next::Call, Next::Forget, Next::Hide(4), Next::Nothing]);
        // The record could not be written after the call: the message stays, and so does the record until it is completed or over.
        let lost = plays(Records::Kept, &[Came::Done, called.clone(), failed.clone()]);
        assert_eq!(lost.last(), Some(&Next::Nothing));
        let over = plays(Records::Kept, &[Came::Done, called.clone(), Came::Refused(Standing::Done)]);
        assert_eq!(over.last(), Some(&Next::Nothing));
        let done = plays(Records::Kept, &[Came::Refused(Standing::Done)]);
        assert_eq!(done, [Next::Claim, Next::Delete]);
        let busy = Standing::Busy(Timestamp::from_unix_ms(6_500));
        assert_eq!(plays(Records::Kept, &[Came::Refused(busy)]), [Next::Claim, Next::Hide(6)]);
        assert_eq!(plays(Records::Kept, std::slice::from_ref(&failed)), [Next::Claim, Next::Hide(4)]);
        assert_eq!(plays(Records::None, &[called]), [Next::Call, Next::Delete]);
        assert_eq!(plays(Records::None, &[failed]), [Next::Call, Next::Hide(4)]);
    }

    #[test]
    fn waits_grow_to_a_quarter_of_an_hour() {
        let longest: Vec<u64> = [0, 1, 2, 3, 5, 10, 11, 99].map(|count| back_off_s(count, 0)).to_vec();
        assert_eq!(longest, [1, 1, 2, 4, 16, 512, 900, 900]);
        let shortest: Vec<u64> = [1, 2, 3, 99]
            .map(|count| (0..2_000).map(|random| back_off_s(count, random)).min().unwrap())
            .to_vec();
        assert_eq!(shortest, [1, 1, 2, 450]);
    }
}
