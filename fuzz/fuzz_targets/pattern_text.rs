//! Fuzz target: `fuzz::pattern::pattern_text` on any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::pattern::pattern_text(data));
