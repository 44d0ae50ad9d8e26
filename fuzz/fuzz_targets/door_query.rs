//! Fuzz target: `fuzz::door::request` on any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::door::request(data));
