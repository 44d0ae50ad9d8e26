//! Seeds in the ordinary suite: each keeps every promise, each is the same twice, and a planted bug is found.
//!
//! `TRUNKLINE_SEEDS=n` plays n seeds in the place of the sample.

use std::sync::atomic::{AtomicU64, Ordering};

use simulation::{Bug, Options, Outcome, simulate};

/// Seeds that the ordinary suite plays.
const SAMPLE: u64 = 20;

#[test]
fn every_seed_keeps_every_promise() {
    let seeds = std::env::var("TRUNKLINE_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(SAMPLE);
    let next = AtomicU64::new(0);
    let play = || {
        let mut outcomes = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return outcomes;
            }
            outcomes.push(simulate(seed, Options::default()));
        }
    };
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let players = [scope.spawn(play), scope.spawn(play)];
        players.into_iter().flat_map(|player| player.join().unwrap()).collect()
    });
    let broken: Vec<String> = outcomes
        .iter()
        .filter_map(|outcome| Some(format!("seed {}: {}", outcome.seed, outcome.broken.as_ref()?)))
        .collect();
    assert!(broken.is_empty(), "play one by `cargo xtask simulate --seed N --trace`\n{}", broken.join("\n"));
    let sum = |what: fn(&Outcome) -> u64| outcomes.iter().map(what).sum::<u64>();
    assert!(sum(|outcome| outcome.tally.power_losses) > 0 && sum(|outcome| outcome.tally.kills) > 0);
    assert!(sum(|outcome| outcome.tally.dead_letters) > 0 && sum(|outcome| outcome.tally.executions) > 0);
    assert!(sum(|outcome| outcome.tally.acknowledged) > seeds, "or nothing was at stake");
}

#[test]
fn a_seed_gives_the_same_bytes_twice() {
    for seed in 0..6 {
        let options = Options { keeps_lines: true, ..Options::default() };
        let (one, other) = (simulate(seed, options), simulate(seed, options));
        let differs = one.trace.lines().iter().zip(other.trace.lines()).find(|(a, b)| a != b);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(one, other, "seed {seed}");
    }
}

/// The proof can fail: a settle that forgets its dead letter, while its books still add up, is found, and its seed finds it again.
#[test]
fn a_forgotten_dead_letter_is_found() {
    let options = Options { planted: Some(Bug::ForgottenDeadLetter), ..Options::default() };
    let found = (0..50).map(|seed| simulate(seed, options)).find(|outcome| outcome.broken.is_some());
    let found = found.expect("50 seeds, and none finds it");
    let sentence = found.broken.clone().unwrap();
    assert!(sentence.starts_with("lost: ") && sentence.ends_with("has no dead letter"), "{sentence}");
    assert_eq!(simulate(found.seed, options), found, "the seed finds it again");
    assert_eq!(
        simulate(found.seed, Options::default()).broken,
        None,
        "and without the bug there is nothing to find"
    );
}
