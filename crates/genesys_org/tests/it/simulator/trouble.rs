//! Trouble on demand: what goes wrong on the way, and nothing else.

use std::collections::{HashMap, HashSet};

use genesys_org::simulator::{Config, SimulatedEvent, Trouble};

use crate::simulator::{MINUTE_MS, START_MS, config, run};

#[test]
fn trouble_happens_on_the_way_and_changes_nothing_else() {
    let calm = run(15, config());
    let ids =
        |events: &[SimulatedEvent]| events.iter().map(|event| event.text.clone()).collect::<HashSet<_>>();
    let all = ids(&calm);
    let with = |trouble: Trouble| run(15, Config { trouble, ..config() });

    let doubled = with(Trouble { duplicate: 0.2, ..Trouble::default() });
    let extra = (doubled.len() - calm.len()) as f64 / calm.len() as f64;
    assert!((0.17..0.23).contains(&extra), "{extra}");
    assert!(ids(&doubled).is_superset(&all));
    assert!(ids(&doubled).len() > all.len(), "some copies have an id of their own");

    let dropped = with(Trouble { drop: 0.1, ..Trouble::default() });
    assert!((0.87..0.93).contains(&(dropped.len() as f64 / calm.len() as f64)));
    assert!(ids(&dropped).is_subset(&all));

    let shuffled = with(Trouble { reorder: 0.3, reorder_window_ms: 20_000, ..Trouble::default() });
    assert_eq!(ids(&shuffled), all);
    assert!(shuffled.iter().zip(&calm).any(|(a, b)| a.text != b.text));
    assert!(shuffled.windows(2).all(|pair| pair[0].due_ms <= pair[1].due_ms));

    let late = with(Trouble { late_wrapup: 1.0, ..Trouble::default() });
    assert_eq!(ids(&late), all);
    let due = |events: &[SimulatedEvent]| {
        events.iter().map(|event| (event.text.clone(), event.due_ms)).collect::<HashMap<_, _>>()
    };
    let (before, after) = (due(&calm), due(&late));
    for (event, due_ms) in before {
        let delay_ms = after[&event] - due_ms;
        assert_eq!(delay_ms >= 75_000, event.contains("{id}.acw\""), "{delay_ms} {event}");
    }
}

#[test]
fn a_backlog_comes_at_once_and_in_order() {
    let calm = run(30, config());
    let backlog_ms = 20 * MINUTE_MS;
    let held = run(30, Config { trouble: Trouble { backlog_ms, ..Trouble::default() }, ..config() });
    assert_eq!(calm.len(), held.len());
    for (calm, held) in calm.iter().zip(&held) {
        assert_eq!(calm.text, held.text);
        assert_eq!(held.due_ms, calm.due_ms.max(START_MS + backlog_ms));
    }
}
