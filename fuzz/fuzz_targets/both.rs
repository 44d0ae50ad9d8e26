//! Fuzz target: `fuzz::both` on any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::both(data));
