//! Event buses, the rules on them, the partner event sources they are made of, and which rules an event matches.

pub mod bus;
pub mod partner;
pub mod rule;

pub(crate) mod managed;
pub(crate) mod routing;
