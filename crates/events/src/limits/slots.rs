//! A carrier's places: how many deliveries it carries at a time, and how they are shared out among targets.
//!
//! A target may hold as many places as are free (the dynamic threshold of Choudhury and Hahne for shared memory switches,
//! IEEE/ACM Transactions on Networking 6(2), 1998): alone it gets half of all, among ten that hang each gets a share, and
//! some stay free for the others whatever hangs. A target whose last call was cut off is only probed until it answers.

use std::collections::HashMap;

/// Places of a target that did not answer in time.
const PROBES_MAX: usize = 2;

/// A carrier's places.
#[derive(Clone, Debug)]
pub struct Slots {
    free: usize,
    targets: HashMap<String, TargetSlots>,
    /// The target that was given a place last.
    last: String,
}

#[derive(Clone, Copy, Debug, Default)]
struct TargetSlots {
    places: usize,
    /// Its last call was cut off.
    hangs: bool,
}

impl Slots {
    /// So many, all of them free.
    pub fn new(places: usize) -> Self {
        Self { free: places, targets: HashMap::new(), last: String::new() }
    }

    /// Places that nobody holds.
    pub fn free(&self) -> usize {
        self.free
    }

    /// How many more a target may take now.
    pub fn room(&self, target: &str) -> usize {
        let held = self.held(target);
        // With n more it holds places + n, and free - n stay free; one is always granted while there is one.
        let share = self.free.saturating_sub(held.places).div_ceil(2);
        if held.hangs { share.min(PROBES_MAX.saturating_sub(held.places)) } else { share }
    }

    /// Gives a target a place.
    pub fn take(&mut self, target: &str) {
        self.free = self.free.saturating_sub(1);
        self.targets.entry(target.to_owned()).or_default().places += 1;
        target.clone_into(&mut self.last);
    }

    /// Takes a place back.
    pub fn give_back(&mut self, target: &str) {
        let Some(held) = self.targets.get_mut(target) else { return };
        held.places = held.places.saturating_sub(1);
        self.free += 1;
        // A target that hangs is remembered until it answers: there are no more of them than targets.
        if held.places == 0 && !held.hangs {
            self.targets.remove(target);
        }
    }

    /// A target that has a place answered in time. Whether the place may be used for its next delivery at once: others may
    /// need it more by now.
    pub fn answered(&mut self, target: &str) -> bool {
        let held = self.targets.entry(target.to_owned()).or_default();
        held.hangs = false;
        held.places <= self.free.max(1)
    }

    /// The same of a target whose call was cut off.
    pub fn was_cut_off(&mut self, target: &str) -> bool {
        let held = self.targets.entry(target.to_owned()).or_default();
        held.hangs = true;
        held.places <= self.free.clamp(1, PROBES_MAX)
    }

    /// The target that was given a place last; empty before the first.
    pub fn last(&self) -> &str {
        &self.last
    }

    fn held(&self, target: &str) -> TargetSlots {
        self.targets.get(target).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{PROBES_MAX, Slots};

    fn fill(places: &mut Slots, target: &str, permits: usize) -> usize {
        let held = places.held(target).places;
        let taken = places.room(target).min(permits.saturating_sub(held));
        (0..taken).for_each(|_| places.take(target));
        taken
    }

    #[test]
    fn targets_that_hang_leave_places_for_the_others() {
        let mut places = Slots::new(1_000);
        let names: Vec<String> = (0..10).map(|number| format!("hangs{number}")).collect();
        // The first ten take all they may; 100 is what a target without a limit of its own may have under way.
        names.iter().for_each(|name| assert!(fill(&mut places, name, 100) > 0));
        assert!(places.free() > 0 && places.room("runs") > 0, "{}", places.free());
        // Their calls are cut off: from now on they are probed, however many they are.
        for name in &names {
            while places.held(name).places > 0 {
                let goes_on = places.was_cut_off(name);
                assert_eq!(goes_on, places.held(name).places <= PROBES_MAX);
                places.give_back(name);
            }
        }
        assert_eq!(places.free(), 1_000);
        for name in &names {
            assert_eq!((fill(&mut places, name, 100), fill(&mut places, name, 100)), (PROBES_MAX, 0));
        }
        assert!(places.room("runs") >= 100);
        // One answers, and has its share again.
        assert!(places.answered("hangs3"));
        assert!(fill(&mut places, "hangs3", 100) > 50);
    }

    #[test]
    fn one_target_alone_never_holds_everything() {
        let mut places = Slots::new(1_000);
        while fill(&mut places, "hangs", usize::MAX) > 0 {}
        assert!((400..=500).contains(&places.free()), "{}", places.free());
        assert!(places.room("runs") > 200);
    }

    #[test]
    fn what_is_taken_comes_back() {
        let mut places = Slots::new(1);
        assert_eq!((places.room("a"), places.free()), (1, 1));
        places.take("a");
        assert_eq!((places.room("b"), places.last()), (0, "a"));
        assert!(places.answered("a"), "nobody else can have it anyway");
        places.give_back("a");
        places.give_back("a");
        assert_eq!((places.room("b"), places.free()), (1, 1));
        assert!(places.targets.is_empty());
    }
}
