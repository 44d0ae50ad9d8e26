//! What is owed, as the porter sees it: one face for rules' deliveries, event streams' posts, and what else comes to be owed.

use std::future::Future;
use std::time::Duration;

use aws::Timestamp;
use aws::trace::Span;
use events::Slots;
use queue::Arrival;
use store::{Commit, Store};

/// A kind of debts: how they are leased, paid and settled. Each debt is a message of the queue engine with a not-before time;
/// the room that owes it knows what it says, the porter only when to look and how much to carry at a time.
pub trait Debts: Clone + Send + Sync + 'static {
    /// One thing owed, leased to the porter.
    type Debt: Send + Sync + 'static;
    /// What came of an attempt to pay it.
    type Outcome: Send + 'static;

    /// The store that they are in.
    fn store(&self) -> &Store;

    /// Completes when a debt has come or has changed its time. Asked for before the look whose failure it follows.
    fn arrival(&self) -> Arrival;

    /// When [`Debts::lease`] is worth asking next; `None`: nothing is owed.
    fn next_due_at(&self) -> Option<Timestamp>;

    /// Leases what has fallen due, as far as the payees' permits and the porter's slots go.
    fn lease(&self, commit: &mut Commit<'_>, slots: Slots) -> Vec<Self::Debt>;

    /// Leases the next debt to one payee, whose slot and permit have just become free in this commit.
    fn lease_next(&self, commit: &mut Commit<'_>, payee: &str) -> Option<Self::Debt>;

    /// Renews the lease of a debt whose call has not begun, from this commit's moment on, with `spare` time for the commit
    /// itself. `false`: the lease has ended, and the permit is somebody else's.
    fn renew(&self, commit: &mut Commit<'_>, debt: &mut Self::Debt, spare: Duration) -> bool;

    /// What the porter must know of a debt.
    fn terms(debt: &Self::Debt) -> Terms;

    /// What is said of a debt in the log.
    fn label(debt: &Self::Debt) -> Label;

    /// One attempt: calls the payee. It is given up after `time`, within which the lease holds.
    fn call(&self, debt: &Self::Debt, time: Duration) -> impl Future<Output = Self::Outcome> + Send;

    /// The span of an attempt, of a kind whose attempts are not recorded by its settlement; `None`: there is none to be made.
    fn span(_debt: &Self::Debt, _outcome: &Self::Outcome, _time: CallTime) -> Option<Span> {
        None
    }

    /// Whether the payee did not answer in time: then it gets little to do until it answers.
    fn was_cut_off(outcome: &Self::Outcome) -> bool;

    /// Why the payee was not called, where what stood in the way is ours: a guard, missing credentials. Its debts are then held.
    fn is_held(_outcome: &Self::Outcome) -> Option<&str> {
        None
    }

    /// Settles an attempt: the debt is paid, put off, or moved to where dead letters go, in this commit.
    fn settle(&self, commit: &mut Commit<'_>, debt: Self::Debt, outcome: Self::Outcome) -> Verdict;
}

/// What the porter must know of a debt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whose slots it takes: a target's ARN, a stream's id.
    pub payee: String,
    /// How long its call may take, from its beginning.
    pub call_time: Duration,
    /// When its call is cut off at the latest. INVARIANT (C11): the lease holds until then, also where the porter was killed:
    /// the payee may still be at work on the call, and the permit is in use.
    pub call_until: Timestamp,
}

/// When a call was made.
#[derive(Clone, Copy, Debug)]
pub struct CallTime {
    /// Its beginning.
    pub began: Timestamp,
    /// Its end.
    pub ended: Timestamp,
}

/// What is said of a debt in the log; fields that a kind has no use for are empty.
#[derive(Clone, Debug, Default)]
pub struct Label {
    /// The debt's stable id.
    pub delivery_id: String,
    /// The event that it came of.
    pub event_id: String,
    /// The rule that matched.
    pub rule_arn: String,
    /// Who is called.
    pub target_arn: String,
    /// 1 at the first try.
    pub attempt: u32,
}

/// What a settlement came to, as far as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Paid, put off, in a dead-letter queue, or settled by somebody else before.
    Settled,
    /// Given up, with nowhere to keep it.
    Lost {
        /// Why the last attempt failed.
        reason: String,
    },
}
