//! Genesys Cloud: topic catalogue, conversation tracker, simulator.

pub mod analytics;
mod canonical;
pub mod catalogue;
pub mod client;
pub mod connect;
pub mod dedupe;
pub mod envelope;
pub mod feed;
pub mod intake;
pub mod platform;
pub mod position;
pub mod rendering;
pub mod simulator;
pub mod stream;
pub mod subscription;
pub mod tracker;
mod wanted;
pub mod webhook;
