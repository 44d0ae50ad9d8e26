//! What the crate promises, checked through its public interface: one module per piece.

mod bus_integration;
mod derived;
mod intake;
mod simulator;
mod synthesis;
