//! Many rules at once: which of them match an event, at a cost that does not grow with their number.
//!
//! An event is walked once, and only the paths that some rule names are looked at. Each rule waits on one of its fields,
//! the rarest ([`access`]), under a key that a matching value leads to by one look-up ([`probe`]); what wakes is tested
//! whole ([`verify`]). The set that readers see is never changed but replaced, most of it shared
//! ([`hash_tree`], [`paths`]): readers wait for nobody, and a change costs microseconds at any size.

mod access;
mod conjunction;
mod early_end;
pub(crate) mod hash;
mod hash_tree;
mod key_filter;
pub(crate) mod last_keys;
pub(crate) mod paths;
mod probe;
mod search;
mod tested;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::error::InvalidEvent;
use crate::pattern::EventPattern;
use crate::ruleset::search::Snapshot;
use crate::ruleset::writer::Writer;

pub use crate::ruleset::search::Scratch;

/// What a rule is called in a [`RuleSet`]: a number that the caller chooses, and maps to names where it has them.
pub type RuleId = u64;

/// Rules by id, any number of them, matched together.
///
/// All methods take `&self`: share it between threads as it is. Readers never wait. A change is complete when the method
/// returns: every event matched after that sees it.
///
/// ```
/// use pattern::{EventPattern, RuleSet};
///
/// let rules = RuleSet::new();
/// rules.put(1, &EventPattern::parse(r#"{"detail": {"queue": ["sales"]}}"#).unwrap());
/// rules.put(2, &EventPattern::parse(r#"{"detail": {"queue": [{"prefix": "s"}], "wait": [{"numeric": [">", 30]}]}}"#).unwrap());
/// let event = br#"{"detail": {"queue": "sales", "wait": 31}}"#;
/// assert_eq!(rules.matches(event).unwrap(), [1, 2]);
///
/// rules.remove(1);
/// assert_eq!(rules.matches(event).unwrap(), [2]);
/// ```
pub struct RuleSet {
    current: ArcSwap<Snapshot>,
    writer: Mutex<Writer>,
}

impl RuleSet {
    /// A set without rules.
    #[must_use]
    pub fn new() -> RuleSet {
        RuleSet { current: ArcSwap::default(), writer: Mutex::default() }
    }

    /// Adds a rule, or replaces the pattern of the rule that has this id: every event sees the old one or the new one.
    /// Answers whether there was one.
    pub fn put(&self, id: RuleId, pattern: &EventPattern) -> bool {
        let mut writer = self.writer();
        let replaced = writer.put(id, pattern);
        self.current.store(writer.snapshot());
        replaced
    }

    /// Adds or replaces many rules; readers see all of them at once. Where an id comes twice, the last one stays.
    pub fn put_all<'p>(&self, rules: impl IntoIterator<Item = (RuleId, &'p EventPattern)>) {
        let mut writer = self.writer();
        for (id, pattern) in rules {
            writer.put(id, pattern);
        }
        self.current.store(writer.snapshot());
    }

    /// Removes a rule; answers whether it was there.
    pub fn remove(&self, id: RuleId) -> bool {
        let mut writer = self.writer();
        let removed = writer.remove(id);
        self.current.store(writer.snapshot());
        removed
    }

    /// Whether a rule has this id.
    #[must_use]
    pub fn contains(&self, id: RuleId) -> bool {
        self.writer().contains(id)
    }

    /// How many rules there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.writer().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most work that one value of an event can make, over all rules: what an event of many bytes may take is known by
    /// it beforehand, in comparisons of short texts. Most events take far less.
    #[must_use]
    pub fn work(&self) -> usize {
        self.current.load().work
    }

    /// The ids of the rules that match an event, any JSON object, in ascending order.
    ///
    /// # Errors
    /// As [`RuleSet::matches_with`].
    pub fn matches(&self, event: &[u8]) -> Result<Vec<RuleId>, InvalidEvent> {
        let mut scratch = Scratch::new();
        self.matches_with(event, &mut scratch)?;
        Ok(scratch.into_ids())
    }

    /// The same with memory that is used again: what a loop over many events should call.
    ///
    /// # Errors
    /// [`InvalidEvent`] where the bytes are no UTF-8 or what was read is no JSON object. The parts of an event that no
    /// rule names are passed over: only their quotes and brackets count, and not even these once every value that rules
    /// want was seen and none can come again. So not every fault is seen; where that matters, ask
    /// [`Event::parse`](crate::Event::parse). And as [`EventPattern::matches_event`] where repeated keys
    /// make the choice between array elements cost more than it may.
    pub fn matches_with<'s>(
        &self,
        event: &[u8],
        scratch: &'s mut Scratch,
    ) -> Result<&'s [RuleId], InvalidEvent> {
        self.current.load().search(event, scratch)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A change that did not finish was not published, and the next one publishes what it left; no rule is lost.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for RuleSet {
    fn default() -> RuleSet {
        RuleSet::new()
    }
}

impl fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleSet").field("len", &self.len()).finish_non_exhaustive()
    }
}
