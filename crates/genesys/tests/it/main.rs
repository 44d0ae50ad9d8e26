//! What the crate promises, checked through its public interface: one module per piece.

mod catalogue;
mod derived;
mod envelope;
mod intake;
mod simulator;
mod tracker;
mod webhook;
