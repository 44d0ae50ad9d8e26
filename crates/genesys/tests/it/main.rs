//! What the crate promises, checked through its public interface: one module per piece.

mod catalogue;
mod client;
mod conversation_query;
mod envelope;
mod rendering;
mod stream;
mod subscription;
mod tracker;
mod webhook;
