//! The feeds of a real org: what listens to it, what asks it for what was missed, and how far each has come.

pub mod catch_up;
pub mod envelope;
pub mod notifications;
pub mod partner_queue;
pub mod watermark;
