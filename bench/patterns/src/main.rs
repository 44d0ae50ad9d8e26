//! `cargo xtask bench patterns`: events per second on one core, bytes in, rule ids out; ours beside the `quamina` crate
//! in the same run, event-ruler's figures as they were measured on such a machine, and a plain structural scan.
//!
//! Options: `--quick` (fewer events and passes, no peer beyond 1,000 rules), `--ours` (no peer at all), and names of rule
//! sets, numbers of rules. Figures are of CPU time of the one thread, the median of several passes.

mod citylots;
mod genesys;
mod memory;
mod random;
mod structure;

use std::hint::black_box;
use std::time::{Duration, Instant};

use pattern::explain::nearness::near_misses;
use pattern::{Event, EventPattern, RuleSet, Scratch};
use quamina::{Quamina, QuaminaBuilder};

#[global_allocator]
static MEMORY: memory::Counting = memory::Counting;

struct Options {
    quick: bool,
    ours: bool,
    names: Vec<String>,
    counts: Vec<usize>,
}

/// One line of the table.
struct Cell {
    name: String,
    rules: Vec<String>,
    events: Vec<String>,
    /// event-ruler's events per second, from measurements on such a machine.
    ruler: Option<u32>,
    /// Whether to measure the peer.
    peer: bool,
}

fn main() {
    let mut options = Options { quick: false, ours: false, names: vec![], counts: vec![] };
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--ours" => options.ours = true,
            name => match name.parse() {
                Ok(count) => options.counts.push(count),
                Err(_) => options.names.push(name.to_owned()),
            },
        }
    }
    println!("| rule set | rules | ours, events/s | GB/s | plain scan, GB/s | quamina crate | ratio | event-ruler | bytes/rule | matches/event |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    let wanted = |name: &str| options.names.is_empty() || options.names.iter().any(|n| name.starts_with(n.as_str()));
    let pool = genesys::Pool::new();
    for set in genesys::SETS.into_iter().filter(|set| wanted(set)) {
        for count in [10, 1_000, 10_000, 100_000] {
            let unwanted = !options.counts.is_empty() && !options.counts.contains(&count);
            if unwanted || (set == "wild2" && count > 10_000) {
                continue;
            }
            let events = pool.events(count, if options.quick { 4_000 } else { 20_000 });
            let slow = if set == "wild2" { 10 } else if options.quick { 1_000 } else { 10_000 };
            let peer = !options.ours && count <= slow && set != "operators";
            let rules = pool.rules(set, count);
            measure(&Cell { name: set.to_owned(), rules, events, ruler: ruler(set, count), peer }, options.quick);
        }
    }
    for set in citylots::SETS.into_iter().filter(|set| wanted(set)) {
        let events = citylots::events(if options.quick { 4_000 } else { 40_000 });
        let rules = citylots::rules(set);
        // The peer lacks ignore-case in prefix and suffix and what is nested in anything-but.
        let peer = !options.ours;
        measure(&Cell { name: set.to_owned(), rules, events, ruler: ruler(set, 0), peer }, options.quick);
    }
    if options.names.is_empty() || wanted("visible") {
        visible(&pool);
    }
    if options.names.is_empty() || wanted("near") {
        near(&pool);
    }
}

/// How long the ranking of all rules by how close they came takes.
fn near(pool: &genesys::Pool) {
    println!("\n| rules ranked | kind | `near_misses` takes, median | slowest of 200 |");
    println!("|---:|---|---:|---:|");
    for (set, count) in [("real3", 300), ("operators", 300)] {
        let patterns: Vec<EventPattern> =
            pool.rules(set, count).iter().map(|text| EventPattern::parse(text).expect("valid")).collect();
        let mut times: Vec<Duration> = pool.events(count, 200).iter().map(|event| {
            let start = cpu_time();
            let event = Event::parse(event.as_bytes()).expect("valid");
            black_box(near_misses(patterns.iter().enumerate(), &event).expect("bounded"));
            Duration::from_secs_f64(cpu_time() - start)
        }).collect();
        times.sort();
        println!("| {count} | {set} | {:.2?} | {:.2?} |", times[100], times[199]);
    }
}

fn measure(cell: &Cell, quick: bool) {
    let passes = if quick { 3 } else { 7 };
    let patterns: Vec<EventPattern> = cell.rules.iter().map(|text| EventPattern::parse(text).expect("valid")).collect();
    let before = memory::allocated();
    let rules = RuleSet::new();
    for (id, pattern) in (0..).zip(&patterns) {
        rules.put(id, pattern);
    }
    let bytes = (memory::allocated() - before) as usize / patterns.len();
    drop(patterns);
    let mut scratch = Scratch::new();
    let mut matched = 0;
    let ours = median(passes, || {
        matched = 0;
        for event in &cell.events {
            matched += rules.matches_with(event.as_bytes(), &mut scratch).expect("valid").len();
        }
        cell.events.len()
    });
    let size: usize = cell.events.iter().map(String::len).sum();
    let size = size as f64 / cell.events.len() as f64;
    let plain = median(passes, || {
        cell.events.iter().for_each(|event| {
            black_box(structure::scan(event.as_bytes()));
        });
        cell.events.len()
    });
    let peer = if cell.peer { measure_peer(cell, matched, passes) } else { Err("not measured".to_owned()) };
    println!(
        "| {} | {} | {} | {:.2} | {:.2} | {} | {} | {} | {bytes} | {:.2} |",
        cell.name,
        cell.rules.len(),
        thousands(ours),
        ours * size / 1e9,
        plain * size / 1e9,
        peer.as_ref().map_or_else(Clone::clone, |p| thousands(*p)),
        peer.as_ref().map_or("-".to_owned(), |p| format!("{:.1}", ours / p)),
        cell.ruler.map_or("-".to_owned(), |r| thousands(f64::from(r))),
        matched as f64 / cell.events.len() as f64,
    );
}

/// Events per second of the peer, or why there is no figure.
fn measure_peer(cell: &Cell, expected: usize, passes: usize) -> Result<f64, String> {
    const BUILD_MAX: Duration = Duration::from_secs(30);
    let mut peer: Quamina<u64> =
        QuaminaBuilder::new().with_arena_byte_budget(usize::MAX).build().map_err(|e| e.to_string())?;
    let start = Instant::now();
    for (id, rule) in (0..).zip(&cell.rules) {
        if peer.add_pattern(id, rule).is_err() {
            return Err("refuses a rule".to_owned());
        }
        if start.elapsed() > BUILD_MAX {
            return Err(format!("{id} rules in 30 s"));
        }
    }
    // The first match builds what the others use.
    let _ = black_box(peer.matches_for_event(cell.events[0].as_bytes()));
    let mut matched = 0;
    let figure = median(passes, || {
        matched = 0;
        let start = Instant::now();
        let mut done = 0;
        for event in &cell.events {
            matched += peer.matches_for_event(event.as_bytes()).map_or(0, |ids| ids.len());
            done += 1;
            if done % 64 == 0 && start.elapsed() > Duration::from_secs(2) {
                break;
            }
        }
        if done < cell.events.len() {
            matched = expected;
        }
        done
    });
    if matched != expected {
        eprintln!("{}: the peer finds {matched} matches, not {expected}", cell.name);
    }
    Ok(figure)
}

/// How long after `put` begins an event finds the new rule: everything included that this thread
/// does, but not the time in which others have the processor.
fn visible(pool: &genesys::Pool) {
    println!("\n| rules there | added rule is seen after, median | 99 % | slowest of 1,000 | removed after, median | slowest |");
    println!("|---:|---:|---:|---:|---:|---:|");
    for count in [1_000, 10_000, 99_000] {
        let rules = RuleSet::new();
        let patterns: Vec<EventPattern> =
            pool.rules("real3", 100_000).iter().map(|text| EventPattern::parse(text).expect("valid")).collect();
        for (id, pattern) in (0..count as u64).zip(&patterns) {
            rules.put(id, pattern);
        }
        let (mut added, mut removed, mut scratch) = (vec![], vec![], Scratch::new());
        // Memory for matching is in use already, as it is in a server.
        rules.matches_with(pool.real3_event(0).as_bytes(), &mut scratch).expect("valid");
        for id in count..count + 1_000 {
            let event = pool.real3_event(id);
            let start = cpu_time();
            rules.put(id as u64, &patterns[id]);
            let ids = rules.matches_with(event.as_bytes(), &mut scratch).expect("valid");
            added.push(Duration::from_secs_f64(cpu_time() - start));
            assert_eq!(ids, [id as u64]);
        }
        for id in count..count + 1_000 {
            let event = pool.real3_event(id);
            let start = cpu_time();
            rules.remove(id as u64);
            let ids = rules.matches_with(event.as_bytes(), &mut scratch).expect("valid");
            removed.push(Duration::from_secs_f64(cpu_time() - start));
            assert!(ids.is_empty());
        }
        added.sort();
        removed.sort();
        println!(
            "| {} | {:.1?} | {:.1?} | {:.1?} | {:.1?} | {:.1?} |",
            thousands(count as f64), added[500], added[990], added[999], removed[500], removed[999]
        );
    }
}

/// The median of events per second of CPU time over several passes; `pass` answers how many events it did.
fn median(passes: usize, mut pass: impl FnMut() -> usize) -> f64 {
    pass();
    let mut figures: Vec<f64> = (0..passes)
        .map(|_| {
            let start = cpu_time();
            let events = pass();
            events as f64 / (cpu_time() - start)
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Seconds that this thread has had the processor.
fn cpu_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn thousands(figure: f64) -> String {
    let digits = format!("{:.0}", figure);
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// event-ruler's events per second, one core of a 2-vCPU Zen 3 machine, CPU median of five passes.
fn ruler(set: &str, rules: usize) -> Option<u32> {
    let figure = match (set, rules) {
        ("exact1", 10) => 172_000,
        ("exact1", 1_000) => 136_000,
        ("exact1", 10_000) => 125_000,
        ("exact1", 100_000) => 121_000,
        ("real3", 10) => 129_000,
        ("real3", 1_000) => 64_200,
        ("real3", 10_000) => 5_770,
        ("real3", 100_000) => 570,
        ("prefix", 10) => 170_000,
        ("prefix", 10_000) => 105_000,
        ("spread", 10) => 118_000,
        ("spread", 1_000) => 86_000,
        ("spread", 10_000) => 61_000,
        ("spread", 100_000) => 41_000,
        ("mix", 10) => 156_000,
        ("mix", 1_000) => 119_000,
        ("mix", 10_000) => 99_000,
        ("mix", 100_000) => 89_000,
        ("wild1", 10) => 138_000,
        ("wild1", 10_000) => 106_000,
        ("wild2", 10) => 75_500,
        ("wild2", 1_000) => 23_600,
        ("wild2", 10_000) => 3_290,
        ("EXACT", _) => 297_000,
        ("WILDCARD", _) => 210_000,
        ("SUFFIX", _) => 250_000,
        ("EQUALS_IGNORE_CASE", _) => 252_000,
        ("NUMERIC", _) => 153_000,
        ("ANYTHING_BUT", _) => 165_000,
        ("COMPLEX_ARRAYS", _) => 33_000,
        ("COMBO", _) => 19_500,
        _ => return None,
    };
    Some(figure)
}
