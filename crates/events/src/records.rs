//! What is kept of accepted events, and of the rules that they met.

pub mod history;
pub mod place;
pub mod record;
