//! The trip of one event: accepted, each target paid or owed, attempted, settled; counted at every step.

pub mod accept;
pub mod attempts;
pub mod books;
pub mod delivery;
pub mod owe;

pub(crate) mod pay;
pub(crate) mod settle;
