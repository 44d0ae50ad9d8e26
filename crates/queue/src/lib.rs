//! The durable queue: delay, visibility, groups, receive count, redrive, permits; its SQS operations.
//!
//! Two layers. [`engine`] knows queues by number and messages by a handle, and serves whatever is owed: SQS messages,
//! deliveries, retries, timers. On it stand SQS's nouns ([`queue`], a message, a redrive policy, a move task) and its
//! operations ([`ops`]), which hold all that is particular to SQS.
//!
//! - A receive, a settlement, a move to a dead-letter queue is part of the caller's [`store::Tx`]; time is an argument.
//! - INVARIANT: memory follows the disk, never the other way: counts and wake-ups change after a commit.
//! - A loop of the server calls [`Queues::sweep`] and [`Queues::step_move_tasks`] when [`Queues::needs_sweep`] or
//!   [`Queues::has_move_tasks`] says that there is something to do.

mod attempt;
pub mod backoff;
mod dead_letter;
mod deleted;
pub mod engine;
pub mod error;
pub mod limits;
pub mod mend;
mod message;
mod move_task;
pub mod ops;
pub mod queue;
mod redrive;

pub use crate::engine::family::WaitingTimes;
pub use crate::engine::handle::{Handle, InvalidHandle};
pub use crate::engine::memory::{Arrival, Counts, Traffic};
pub use crate::engine::receive::{Receive, ReceivedMessage, Redrive};
pub use crate::engine::record::{Attribute, QueueId, Settings, Value};
pub use crate::engine::relocate::{Portion, Relocation};
pub use crate::engine::send::{Deduplication, NewMessage, SendReceipt};
pub use crate::engine::settle::{DeadLetter, Extension, LeaseChange};
pub use crate::engine::withdraw::{Look, QueuePosition, Withdrawn};
pub use crate::engine::{Due, Queues};
pub use crate::queue::{Queue, name_in_arn};
