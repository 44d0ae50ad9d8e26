//! Genesys Cloud: topic catalogue, conversation tracker, feeds from a real org.

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
pub mod rendering;
pub mod stream;
pub mod subscription;
pub mod tracker;
mod wanted;
pub mod webhook;
