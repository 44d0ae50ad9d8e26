//! Fuzz target: `fuzz::pipeline::pipeline` on any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::pipeline::pipeline(data));
