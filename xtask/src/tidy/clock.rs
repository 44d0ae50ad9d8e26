//! Time and randomness are arguments: below floor 4 nobody reads a clock or a random source.

use crate::tidy::finding::Finding;
use crate::tidy::outside::{self, Outside, is_in};
use crate::tidy::tree::Tree;

const CLOCK: Outside = Outside {
    what: "a clock or a random source is read",
    right: "take the time, the seed or the random number as an argument; the loops of floors 4 to 6 hand it in",
    paths: &[
        "SystemTime::now",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "Utc::now",
        "Local::now",
        "tokio::time",
        "thread::sleep",
        "thread_rng",
        "rand::rng",
        "rand::random",
        "OsRng",
        "SysRng",
        "from_entropy",
        "from_os_rng",
        "getrandom",
        "fastrand",
        "Uuid::new_v4",
        "Uuid::now_v7",
        "RandomState",
    ],
    may: may_read,
};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    outside::check(tree, &CLOCK)
}

/// `genesys` paces its feeds, but its tracker joins events by their own times alone. The simulated org, floor 4 though it is, is a
/// function of its seed.
fn may_read(path: &str) -> bool {
    let floors_with_loops = [
        "crates/cli/",
        "crates/server/",
        // Its clock is virtual, and stands still while anybody is at work.
        "crates/simulation/",
        "crates/worker/",
        "crates/delivery/",
        "crates/provision/",
        "xtask/",
    ];
    let in_genesys = is_in(path, &["crates/genesys/"]) && !path.contains("/tracker");
    // A function's time-out, its idle processes, the moments of its log lines.
    let runner = ["crates/runner/"];
    // A deadline is part of a call: the answer that has not come by then is a failure.
    let calls = ["crates/http_client/src/client.rs", "crates/http_client/src/connect.rs"];
    is_in(path, &floors_with_loops) || is_in(path, &calls) || is_in(path, &runner) || in_genesys
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn a_clock_below_floor_4_is_found() {
        let now = "fn f() { std::time::SystemTime::now(); }\n";
        let found = check(&sample(&[
            ("crates/queue/src/lib.rs", now),
            ("crates/genesys/src/tracker.rs", now),
            ("crates/lambda/src/function.rs", now),
            ("crates/events/src/lib.rs", "use rand::{thread_rng, Rng};\n"),
            ("crates/genesys/src/feed.rs", now),
            ("crates/genesys_org/src/simulator.rs", now),
            ("crates/runner/src/pool.rs", now),
            ("crates/delivery/src/lib.rs", now),
            ("crates/queue/tests/it/main.rs", now),
        ]));
        let paths: Vec<&str> = found.iter().map(|f| f.path.as_str()).collect();
        let wanted = [
            "crates/events/src/lib.rs",
            "crates/genesys/src/tracker.rs",
            "crates/genesys_org/src/simulator.rs",
            "crates/lambda/src/function.rs",
            "crates/queue/src/lib.rs",
        ];
        assert_eq!(paths, wanted);
    }
}
