//! What the crate promises, checked through its public interface: one module per piece.

mod catalogue;
mod client;
mod envelope;
mod rendering;
mod stored;
mod stream;
mod subscription;
mod tracker;
mod webhook;
