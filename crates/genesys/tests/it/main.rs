//! What the crate promises, checked through its public interface: one module per piece.

mod bus_integration;
mod catalogue;
mod client;
mod derived;
mod envelope;
mod intake;
mod rendering;
mod simulator;
mod stored;
mod stream;
mod subscription;
mod synthesis;
mod tracker;
mod webhook;
