//! Fuzz target: `fuzz::pattern::event_bytes` on any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::pattern::event_bytes(data));
