//! The same configuration gives the same bytes; another start or run gives other conversations in the same org.

use std::collections::HashSet;

use genesys_org::simulator::{Config, Families, LoadCurve, Opening, Simulator};

use crate::simulator::{Event, START_MS, config};

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let first: Vec<_> = Simulator::new(config()).take(3_000).collect();
    let second: Vec<_> = Simulator::new(config()).take(3_000).collect();
    assert!(first == second);
    let other: Vec<_> = Simulator::new(Config { seed: 43, ..config() }).take(3_000).collect();
    assert!(first.iter().zip(&other).all(|(a, b)| a.text != b.text));
}

#[test]
fn the_bytes_do_not_change_unnoticed() {
    // A change here changes every recorded simulation: mean it, and say so in the commit.
    let hash = Simulator::new(Config { families: Families::All, ..config() })
        .take(2_000)
        .flat_map(|event| event.text.into_bytes())
        .fold(0xcbf2_9ce4_8422_2325, fnv1a);
    assert_eq!(format!("{hash:016x}"), "2bae4853c8c5b39b");
}

fn fnv1a(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

#[test]
fn a_later_run_has_the_same_org_and_other_conversations() {
    let ids = |config: Config| {
        let mut simulator = Simulator::new(config);
        let org: Vec<String> =
            simulator.org().queues().iter().map(|queue| format!("{} {}", queue.name, queue.id)).collect();
        let events: Vec<_> = simulator.by_ref().take(3_000).collect();
        let conversations: HashSet<String> =
            events.iter().map(|event| Event::of(event).body().conversation_id.to_owned()).collect();
        (org, simulator.org().source().to_owned(), conversations)
    };
    let first = ids(config());
    for later in [Config { start_ms: START_MS + 1, ..config() }, Config { run: 1, ..config() }] {
        let later = ids(later);
        assert_eq!((&first.0, &first.1), (&later.0, &later.1));
        assert_eq!(first.2.intersection(&later.2).filter(|id| !id.is_empty()).count(), 0);
    }
    let org =
        Simulator::new(Config { agents: 7, queues: vec!["Billing".into(), "Support".into()], ..config() });
    let support = format!("Support {}", org.org().queue("Support").unwrap().id);
    assert!(first.0.contains(&support), "a queue's id follows from the seed and its name alone");
}

#[test]
fn the_text_of_a_stream_names_what_decides_it() {
    let stream = |edit: fn(&mut Config)| {
        let mut config = config();
        edit(&mut config);
        config.stream()
    };
    let plain = config().stream();
    for same in [stream(|config| config.start_ms += 1), stream(|config| config.history = 7)] {
        assert_eq!(same, plain);
    }
    let others = [
        stream(|config| config.seed += 1),
        stream(|config| config.agents += 1),
        stream(|config| config.queues.push("More".to_owned())),
        stream(|config| config.families = Families::Conversations),
        stream(|config| config.load = LoadCurve::Day),
        stream(|config| config.opening = Opening::Cold),
        stream(|config| config.trouble.drop = 0.1),
        stream(|config| config.trouble.backlog_ms = 1),
    ];
    assert_eq!(others.iter().collect::<HashSet<_>>().len(), others.len());
    assert!(!others.contains(&plain));
}
