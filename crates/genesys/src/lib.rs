//! Genesys Cloud: topic catalogue, conversation tracker, feeds from a real org.

pub mod analytics;
pub mod catalogue;
pub mod client;
pub mod connect;
pub mod envelope;
pub mod feed;
pub mod platform;
pub mod tracker;
pub mod webhook;
