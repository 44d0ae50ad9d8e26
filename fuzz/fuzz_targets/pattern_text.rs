//! Fuzz target: `fuzz::pattern_text` on any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::pattern_text(data));
