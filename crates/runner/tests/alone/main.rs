//! What takes the machine's processes for a moment, and so runs beside no other test.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "what is skipped is said")]

#[expect(dead_code, reason = "only what a fork bomb needs of it")]
#[path = "../it/house.rs"]
mod house;

use std::sync::Arc;

use house::{House, function, has};

/// Trunkline's own rule: the number of processes is bounded. Root's are counted by the watcher alone, who comes late.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_bomb_is_ended() {
    if !has("node") {
        return;
    }
    let house = House::new(|_| {});
    let bomb = Arc::new(function("nodejs20.x", "node", "index.bomb"));
    let outcome = house.invoke(&bomb, "null").await;
    assert_eq!(outcome.error_type.as_deref(), Some("Runtime.ExitError"), "{outcome:?}");
    assert!(outcome.payload.starts_with(br#"{"errorType":"Runtime.ExitError""#), "{outcome:?}");

    let echo = Arc::new(function("nodejs20.x", "node", "index.echo"));
    assert_eq!(house.answer(&echo, "1").await, "1", "and the next function runs");
}
