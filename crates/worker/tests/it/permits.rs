//! Permits over a fleet: the limit holds, what is lost comes back, and what fencing is for.

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use worker::permit::Terms;

use crate::fleet::{Dice, World};

fn terms(permits: u32) -> Terms {
    Terms::new("crm", permits, 200)
}

#[test]
fn all_permits_are_used_and_no_more() {
    let mut world = World::new(terms(4), 9, 1);
    world.run_for(60_000);
    assert_eq!((world.outcome.most, world.outcome.refused), (4, 0));
    // 60 s, 4 at a time, 100 ms each; the first look and the first bids take a moment.
    assert!(world.outcome.calls >= 4 * 580, "{} calls", world.outcome.calls);
}

#[test]
fn a_permit_of_a_process_that_was_killed_is_used_again_within_one_and_a_half_leases() {
    for seed in 0..50 {
        let mut world = World::new(terms(1), 2, seed);
        world.run_for(30_000 + 37 * seed);
        let holder = world.holder().unwrap();
        world.kill(holder);
        let killed_at = world.now;
        let patience = world.terms.lease_ms * 3 / 2;
        world.run_for(patience);
        assert!(world.holds(1 - holder), "seed {seed}");
        assert!(world.outcome.taken_over_at[&0] >= killed_at + world.terms.lease_ms * 2 / 3, "seed {seed}");
        assert_eq!(world.outcome.most, 1);
    }
}

#[test]
fn a_permit_that_was_given_back_is_used_at_once() {
    let mut world = World::new(terms(1), 2, 3);
    world.run_for(30_000);
    let holder = world.holder().unwrap();
    world.end(holder);
    world.run_for(world.terms.scan_ms() + 500);
    assert!(world.holds(1 - holder));
}

/// A process that is stopped between its check and its call, for longer than its lease: a target that looks at the fence refuses it, one
/// that does not sees one call too many. This is the case that no lease can see.
#[test]
fn a_process_that_slept_past_its_lease_is_what_the_fence_is_for() {
    let mut world = World::new(terms(2), 3, 5);
    world.run_for(30_000);
    let holder = world.holder().unwrap();
    world.stop_before_call(holder, world.terms.lease_ms * 2);
    world.run_for(world.terms.lease_ms * 3);
    assert_eq!((world.outcome.most, world.outcome.most_fenced, world.outcome.refused), (3, 2, 1));
}

#[test]
fn while_the_table_is_away_every_lane_stops_itself() {
    let mut world = World::new(terms(3), 4, 7);
    world.run_for(30_000);
    world.down_until = world.now + world.terms.lease_ms * 2;
    world.run_for(world.terms.lease_ms + 200);
    let calls = world.outcome.calls;
    world.run_for(world.terms.lease_ms / 2);
    assert_eq!(world.outcome.calls, calls, "nobody calls without a lease");
    assert!((0..4).all(|at| !world.works_for(at)));
    world.run_for(world.terms.lease_ms * 3);
    assert!(world.outcome.calls > calls, "and all go on");
    assert_eq!(world.outcome.most, 3);
}

#[test]
fn a_limit_that_is_lowered_holds_as_soon_as_the_holders_go() {
    let mut world = World::new(terms(4), 4, 11);
    world.run_for(20_000);
    world.terms.permits = 2;
    (0..4).for_each(|at| world.end(at));
    world.run_for(2_000);
    (0..4).for_each(|_| world.start());
    world.outcome.most = 0;
    world.run_for(30_000);
    assert_eq!(world.outcome.most, 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is killed, stopped at rest, lost on the way or away for a while: never more calls than permits, and in the end all of them
    /// are in use again.
    #[test]
    fn the_limit_holds(seed in any::<u64>(), permits in 1_u32..5, processes in 2_usize..7) {
        let mut world = World::new(terms(permits), processes, seed);
        world.loses_one_in = 12;
        let mut dice = Dice(seed ^ 0x5eed);
        for _ in 0..40 {
            world.run_for(1_000 + 10 * dice.below(300));
            let at = usize::try_from(dice.below(u64::try_from(world.processes.len()).unwrap())).unwrap();
            match dice.below(6) {
                0 => {
                    world.kill(at);
                    world.start();
                }
                1 if !world.processes[at].is_dead => {
                    world.processes[at].stopped_until = world.now + dice.below(25_000);
                }
                2 => world.down_until = world.now + dice.below(15_000),
                _ => {}
            }
        }
        prop_assert!(world.outcome.most <= usize::try_from(permits).unwrap(), "{} at a time", world.outcome.most);
        prop_assert_eq!(world.outcome.refused, 0);
        world.loses_one_in = 0;
        world.run_for(60_000);
        let calls = world.outcome.calls;
        world.run_for(10_000);
        let living = world.processes.iter().filter(|process| !process.is_dead).count();
        let lanes = living.min(usize::try_from(permits).unwrap());
        prop_assert!(world.outcome.calls - calls >= lanes * 90, "{} calls by {lanes} lanes", world.outcome.calls - calls);
    }
}
