//! What must hold for any bytes: the functions that the fuzz targets run, and the tests of each crate with them.

pub mod door;
pub mod mutation;
pub mod pattern;
pub mod pipeline;
pub mod webhook;
