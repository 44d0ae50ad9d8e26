//! The conversation tracker: joins the detail events of one conversation into the derived events that people want.
//!
//! It is pure but for [`intake`]: no store, no clock, no randomness. `intake` keeps a [`conversation::Conversation`] per
//! conversation, tells it what arrived and when, and hands out what is due, state and events in one commit.
//!
//! **Any order and any duplication of the same detail events give the same derived events, byte for byte.** Three rules
//! carry that:
//!
//! 1. The state is a set of facts. A derived event is either *told by one fact alone* (`conversation.queue.start`,
//!    `.queue.end`, `conversation.agent.connected` out of a queue, `.agent.disconnected` after talk): then its content comes
//!    from that fact only and it is due at once, whatever else has come or will come. Or it *joins* facts
//!    (`conversation.start`, `.end`, `.wrapup`, an agent who connected without a queue): then it is due only when nothing
//!    new has been heard for `settle_ms`, and what is incomplete by its own evidence (an agent without a wrap-up, a
//!    transfer that leads nowhere yet, an end whose start is missing) waits for the grace.
//! 2. Which facts belong together is decided by *their* times, never by arrival: see `episode`.
//! 3. What has been published stays published: after an end only the hashes of its facts are kept, so that a late or repeated fact can
//!    make neither a second end nor a second anything.
//!
//! The promise therefore holds as long as the gaps between arrivals stay below `settle_ms`; an event that comes later than
//! that and later than the grace is late: it never makes a second end, and a late wrap-up is told as
//! `conversation.wrapup`.

mod agent;
pub mod conversation;
pub mod derived;
mod episode;
mod fact;
pub mod grace;
pub mod intake;
mod leg;
mod summary;
mod symbol;
pub mod user;
