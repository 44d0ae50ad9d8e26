//! Plays seeds: `cargo xtask simulate`.
#![expect(clippy::print_stdout, reason = "it speaks to the person who runs it")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use simulation::{Bug, Options, Outcome, simulate};

/// Which seeds, and how.
#[derive(Clone, Copy, Debug)]
struct Wish {
    from: u64,
    seeds: u64,
    shows_trace: bool,
    planted: Option<Bug>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some(wish) = read(&words) else {
        println!("cargo xtask simulate [--seeds N] [--from SEED] | --seed SEED [--trace] [--planted]");
        return ExitCode::from(2);
    };
    let (next, broken) = (AtomicU64::new(wish.from), Mutex::new(Vec::new()));
    let players = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..players {
            scope.spawn(|| play(wish, &next, &broken));
        }
    });
    let broken = broken.into_inner().unwrap_or_default();
    if broken.is_empty() {
        println!("{} seeds from {} on: every promise was kept", wish.seeds, wish.from);
        return ExitCode::SUCCESS;
    }
    println!("{} of {} seeds broke a promise: {broken:?}", broken.len(), wish.seeds);
    ExitCode::FAILURE
}

fn read(words: &[String]) -> Option<Wish> {
    let mut wish = Wish { from: 0, seeds: 1_000, shows_trace: false, planted: None };
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--trace" => wish.shows_trace = true,
            "--planted" => wish.planted = Some(Bug::ForgottenDeadLetter),
            "--seeds" => wish.seeds = words.next()?.parse().ok()?,
            "--from" => wish.from = words.next()?.parse().ok()?,
            "--seed" => (wish.from, wish.seeds) = (words.next()?.parse().ok()?, 1),
            _ => return None,
        }
    }
    Some(wish)
}

fn play(wish: Wish, next: &AtomicU64, broken: &Mutex<Vec<u64>>) {
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed - wish.from >= wish.seeds {
            return;
        }
        let outcome = simulate(seed, Options { keeps_lines: wish.shows_trace, planted: wish.planted });
        tell(wish, &outcome);
        if outcome.broken.is_some()
            && let Ok(mut broken) = broken.lock()
        {
            broken.push(seed);
        }
    }
}

fn tell(wish: Wish, outcome: &Outcome) {
    outcome.trace.lines().iter().for_each(|line| println!("{line}"));
    let Outcome { seed, trace, tally, broken } = outcome;
    if wish.seeds == 1 {
        println!("seed {seed}: {} lines, their sum {:016x}; {tally:?}", trace.count(), trace.sum());
    }
    if let Some(sentence) = broken {
        println!("seed {seed} breaks a promise: {sentence}");
        println!("    cargo xtask simulate --seed {seed} --trace");
    }
    let played = seed - wish.from + 1;
    if played.is_multiple_of(1_000) {
        println!("{played} seeds");
    }
}
