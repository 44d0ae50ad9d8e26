//! The conversation tracker on AWS: partner events from a queue, one item a conversation, derived events by PutEvents.
//!
//! What happens with messages is an [`errand::Errand`], which asks for one thing after the other and can be stopped anywhere: the messages
//! that it is for are deleted only when it is over, and doing all of it again changes nothing. The order carries that: a timer is sent
//! before the state that counts on it is written, what is derived lies in the item in the same write as the state that it follows from,
//! and leaves it only after it was published.
//!
//! The only clock is the queue's: an event arrived when SQS says that it was sent, a timer rings at its own sending and its delay. So the
//! clocks of the workers do not matter, and a backlog is read as if it had been read in time, because timers stand in line behind it.

pub mod errand;
pub mod item;
pub mod message;
