//! Fuzz target: `fuzz::webhook::webhook` on any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::webhook::webhook(data));
