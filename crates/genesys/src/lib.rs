//! Genesys Cloud: topic catalogue, conversation tracker, simulator.

pub mod catalogue;
pub mod dedupe;
pub mod envelope;
pub mod intake;
pub mod platform;
pub mod position;
pub mod simulator;
pub mod tracker;
pub mod webhook;
