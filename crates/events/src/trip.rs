//! The trip of one event: accepted, each target paid or owed, attempted, settled; counted at every step.

pub mod accept;
pub mod attempts;
pub mod books;
pub mod delivery;
pub mod emit;
pub(crate) mod hold;
pub mod owe;
pub mod pay_hook;
pub mod trace;

pub(crate) mod pay;
pub(crate) mod settle;
