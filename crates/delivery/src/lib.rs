//! Carries each owed delivery to its target: the only room that knows how to pay what the rooms below owe.
//!
//! [`Porter::carry`] takes what has fallen due of one kind of [`debts::Debts`], calls whom it is owed to (a rule's targets: one
//! file a kind in `target/`), and settles each attempt in one commit. A crash at any point makes it carry again what was
//! under way, and nothing else (contract C4). [`Answers`] is the porter's other task: calls whose caller waits. [`Mappings`] reads
//! queues for functions.

pub mod answer;
mod authorizer;
pub mod debts;
pub mod deliveries;
mod event_stream;
mod hidden;
pub mod invocations;
pub mod invoker;
pub mod judgement;
pub mod machines;
pub mod mappings;
pub mod meters;
pub mod porter;
mod response_stream;
pub mod stream;
mod target;
mod tokens;

pub use crate::answer::Answers;
pub use crate::deliveries::Deliveries;
pub use crate::invocations::{FunctionHook, Invocations};
pub use crate::invoker::{Invoker, Invokers};
pub use crate::machines::caller::{Caller, Serve};
pub use crate::machines::express::Runs;
pub use crate::machines::folders::DiskFolders;
pub use crate::machines::rule::{MachineHook, give_back};
pub use crate::machines::steps::Steps;
pub use crate::machines::tasks::Tasks;
pub use crate::machines::waiting::Waiters;
pub use crate::mappings::Mappings;
pub use crate::meters::Meters;
pub use crate::porter::Porter;
pub use crate::stream::Posts;
