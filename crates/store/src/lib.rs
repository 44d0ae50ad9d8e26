//! The durable store: one ordered keyspace on disk, one writer, one sync for all that arrived meanwhile.
//!
//! Every key belongs to a scope, an account and a region; a [`Store`] is the view of one ([`Store::in_scope`] gives another).
//!
//! A room declares its [`Table`]s, reads them in a [`Snapshot`], and changes them in a closure that it hands to
//! [`Store::write`]. The writer runs closures one after the other, commits what all of them wrote with one sync, and
//! only then releases their [`Ticket`]s: that is contract C1 and the group commit of docs/format.md. A closure that
//! returns an error leaves nothing behind.

pub mod backup;
mod changes;
pub mod check;
pub mod commit;
pub mod driven;
mod engine;
pub mod error;
pub mod folder;
mod guard;
pub mod key;
mod keyspace;
mod overlay;
mod pages;
mod passed_over;
mod pending;
pub mod read;
pub mod record;
mod recovering;
mod scopes;
pub mod sealing;
pub mod simulated_disk;
mod slots;
pub mod snapshot;
mod space;
pub mod store;
pub mod table;
pub mod ticket;
pub mod tx;
mod view;
mod writer;

pub use crate::check::{Damage, QuickReport, Report};
pub use crate::commit::Commit;
pub use crate::driven::Drive;
pub use crate::error::{Error, OpenError};
pub use crate::folder::{keep_folder_private, keep_private};
pub use crate::key::{Key, KeyRange};
pub use crate::read::{Direction, Found, Read};
pub use crate::record::Record;
pub use crate::sealing::SecretKey;
pub use crate::snapshot::Snapshot;
pub use crate::store::{Options, Store};
pub use crate::table::Table;
pub use crate::ticket::Ticket;
pub use crate::tx::Tx;
