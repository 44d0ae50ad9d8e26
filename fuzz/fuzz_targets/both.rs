//! Fuzz target: `fuzz::pattern::both` on any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::pattern::both(data));
