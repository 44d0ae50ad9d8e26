//! The porter's slots: how many deliveries it carries at a time, and how targets share them.
//!
//! A target may hold as many slots as are free (the dynamic threshold of Choudhury and Hahne for shared memory switches,
//! IEEE/ACM Transactions on Networking 6(2), 1998): alone it gets half of all, among ten that hang each gets a share, and
//! some stay free for the others whatever hangs. A target whose last call was cut off is only probed until it answers.

use std::collections::HashMap;

use aws::Timestamp;

/// Slots of a target that did not answer in time.
const PROBES_MAX: usize = 2;

/// The porter's slots.
#[derive(Clone, Debug)]
pub struct Slots {
    free: usize,
    targets: HashMap<String, TargetSlots>,
    /// The target that was given a slot last.
    last: String,
}

#[derive(Clone, Copy, Debug, Default)]
struct TargetSlots {
    slots: usize,
    /// Its last call was cut off.
    hangs: bool,
    /// Something of ours stands in the way: it is left alone until then, and tried once.
    held_until: Option<Timestamp>,
}

impl Slots {
    /// This many, all of them free.
    pub fn new(count: usize) -> Self {
        Self { free: count, targets: HashMap::new(), last: String::new() }
    }

    /// Slots that nobody holds.
    pub fn free(&self) -> usize {
        self.free
    }

    /// How many more a target may take now.
    pub fn available(&self, target: &str, now: Timestamp) -> usize {
        let held = self.held(target);
        if let Some(until) = held.held_until {
            return if now < until { 0 } else { self.free.min(1_usize.saturating_sub(held.slots)) };
        }
        // With n more it holds slots + n, and free - n stay free; one is always granted while there is one.
        let share = self.free.saturating_sub(held.slots).div_ceil(2);
        if held.hangs { share.min(PROBES_MAX.saturating_sub(held.slots)) } else { share }
    }

    /// Gives a target a slot.
    pub fn take(&mut self, target: &str) {
        self.free = self.free.saturating_sub(1);
        self.targets.entry(target.to_owned()).or_default().slots += 1;
        target.clone_into(&mut self.last);
    }

    /// Takes a slot back.
    pub fn give_back(&mut self, target: &str) {
        let Some(held) = self.targets.get_mut(target) else { return };
        held.slots = held.slots.saturating_sub(1);
        self.free += 1;
        // A target that hangs is remembered until it answers: there are no more of them than targets.
        if held.slots == 0 && !held.hangs && held.held_until.is_none() {
            self.targets.remove(target);
        }
    }

    /// A target that has a slot answered in time. Whether the slot may be used for its next delivery at once: others may
    /// need it more by now.
    pub fn answered(&mut self, target: &str) -> bool {
        let held = self.targets.entry(target.to_owned()).or_default();
        held.hangs = false;
        held.slots <= self.free.max(1)
    }

    /// The same of a target whose call was cut off.
    pub fn was_cut_off(&mut self, target: &str) -> bool {
        let held = self.targets.entry(target.to_owned()).or_default();
        held.hangs = true;
        held.slots <= self.free.clamp(1, PROBES_MAX)
    }

    /// Leaves a target alone until a moment; whether it was not held before.
    pub fn hold(&mut self, target: &str, until: Timestamp) -> bool {
        let held = self.targets.entry(target.to_owned()).or_default();
        held.held_until.replace(until).is_none()
    }

    /// Nothing of ours stands in a target's way; whether something did.
    pub fn release(&mut self, target: &str) -> bool {
        self.targets.get_mut(target).is_some_and(|held| held.held_until.take().is_some())
    }

    /// The target that was given a slot last; empty before the first.
    pub fn last(&self) -> &str {
        &self.last
    }

    fn held(&self, target: &str) -> TargetSlots {
        self.targets.get(target).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use aws::Timestamp;

    use super::{PROBES_MAX, Slots};

    fn fill(slots: &mut Slots, target: &str, permits: usize) -> usize {
        let held = slots.held(target).slots;
        let taken = slots.available(target, Timestamp::ZERO).min(permits.saturating_sub(held));
        (0..taken).for_each(|_| slots.take(target));
        taken
    }

    #[test]
    fn targets_that_hang_leave_places_for_the_others() {
        let mut slots = Slots::new(1_000);
        let names: Vec<String> = (0..10).map(|number| format!("hangs{number}")).collect();
        // The first ten take all they may; 100 is what a target without a limit of its own may have under way.
        names.iter().for_each(|name| assert!(fill(&mut slots, name, 100) > 0));
        assert!(slots.free() > 0 && slots.available("runs", Timestamp::ZERO) > 0, "{}", slots.free());
        // Their calls are cut off: from now on they are probed, however many they are.
        for name in &names {
            while slots.held(name).slots > 0 {
                let goes_on = slots.was_cut_off(name);
                assert_eq!(goes_on, slots.held(name).slots <= PROBES_MAX);
                slots.give_back(name);
            }
        }
        assert_eq!(slots.free(), 1_000);
        for name in &names {
            assert_eq!((fill(&mut slots, name, 100), fill(&mut slots, name, 100)), (PROBES_MAX, 0));
        }
        assert!(slots.available("runs", Timestamp::ZERO) >= 100);
        // One answers, and has its share again.
        assert!(slots.answered("hangs3"));
        assert!(fill(&mut slots, "hangs3", 100) > 50);
    }

    #[test]
    fn one_target_alone_never_holds_everything() {
        let mut slots = Slots::new(1_000);
        while fill(&mut slots, "hangs", usize::MAX) > 0 {}
        assert!((400..=500).contains(&slots.free()), "{}", slots.free());
        assert!(slots.available("runs", Timestamp::ZERO) > 200);
    }

    #[test]
    fn what_is_taken_comes_back() {
        let mut slots = Slots::new(1);
        assert_eq!((slots.available("a", Timestamp::ZERO), slots.free()), (1, 1));
        slots.take("a");
        assert_eq!((slots.available("b", Timestamp::ZERO), slots.last()), (0, "a"));
        assert!(slots.answered("a"), "nobody else can have it anyway");
        slots.give_back("a");
        slots.give_back("a");
        assert_eq!((slots.available("b", Timestamp::ZERO), slots.free()), (1, 1));
        assert!(slots.targets.is_empty());
    }

    #[test]
    fn a_target_that_is_held_is_left_alone_and_then_tried_once() {
        let mut slots = Slots::new(1_000);
        let at = Timestamp::from_unix_ms;
        assert!(slots.hold("held", at(30)), "told");
        assert!(!slots.hold("held", at(60)), "once");
        assert_eq!((slots.available("held", at(59)), slots.available("held", at(60))), (0, 1));
        slots.take("held");
        assert_eq!(slots.available("held", at(61)), 0, "by one");
        slots.give_back("held");
        assert!(slots.release("held") && !slots.release("held"));
        assert!(slots.available("held", at(61)) > 100);
    }
}
