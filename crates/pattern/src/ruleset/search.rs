//! One event against all rules.

use std::sync::Arc;

use crate::error::InvalidEvent;
use crate::matcher::cidr;
use crate::ruleset::conjunction::Conjunction;
use crate::ruleset::early_end::EarlyEnd;
use crate::ruleset::hash_tree::HashTree;
use crate::ruleset::key_filter::KeyFilter;
use crate::ruleset::last_keys::LastKeys;
use crate::ruleset::paths::Node;
use crate::ruleset::probe::{self, Code};
use crate::ruleset::tested::TestTable;
use crate::ruleset::verify::{Memory, Values};
use crate::ruleset::{RuleId, hash};
use crate::scan::blocks::Blocks;
use crate::scan::walk::{Context, EventValues, Frame, Kind, Leaf, Paths, walk};

/// So many hashes are looked up together.
const AT_ONCE: usize = 8;

/// From so many look-ups on, one that was made before is not made again: an array may say one value ten thousand times, and a
/// thousand combinations may wait for it.
const LOOK_UPS_FEW: usize = 64;

/// All rules, as readers see them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) root: Node,
    pub(crate) waiting: HashTree<Arc<Conjunction>>,
    /// Which keys anything may wait under.
    pub(crate) filter: KeyFilter,
    /// Numbers of paths are below this.
    pub(crate) paths_end: usize,
    /// Where the paths are few: what tells whether a value at one of them can come again.
    pub(crate) last_keys: Option<Arc<LastKeys>>,
    /// The most work that one value can make.
    pub(crate) work: usize,
    /// Whether some conjunction is tested with every event.
    pub(crate) always: bool,
}

/// Memory for matching, to be used again for the next event. One for each thread.
#[derive(Debug, Default)]
pub struct Scratch {
    ids: Vec<RuleId>,
    blocks: Blocks,
    leaves: Vec<Leaf<'static>>,
    frames: Vec<Frame<'static>>,
    contexts: Vec<Context>,
    unescaped: Vec<u8>,
    heads: Vec<(u64, u32)>,
    tested: TestTable,
    looked_up: TestTable,
    folded: Vec<u8>,
    early_end: EarlyEnd,
    epoch: u64,
}

impl Scratch {
    /// Empty memory.
    #[must_use]
    pub fn new() -> Scratch {
        Scratch::default()
    }

    /// The ids that the last match found.
    pub(crate) fn into_ids(self) -> Vec<RuleId> {
        self.ids
    }
}

impl Snapshot {
    /// The ids of the rules that match, in ascending order.
    pub(crate) fn search<'c>(
        &self,
        event: &[u8],
        scratch: &'c mut Scratch,
    ) -> Result<&'c [RuleId], InvalidEvent> {
        scratch.ids.clear();
        scratch.epoch += 1;
        if scratch.heads.len() < self.paths_end {
            // New memory, which costs next to nothing where it is not touched; what the old one held has served.
            scratch.heads = vec![(0, 0); self.paths_end.next_power_of_two()];
        }
        scratch.tested.begin(scratch.epoch);
        scratch.looked_up.begin(scratch.epoch);
        let mut found = EventValues {
            leaves: again(std::mem::take(&mut scratch.leaves)),
            frames: again(std::mem::take(&mut scratch.frames)),
            contexts: std::mem::take(&mut scratch.contexts),
            unescaped: std::mem::take(&mut scratch.unescaped),
            heads: std::mem::take(&mut scratch.heads),
            epoch: scratch.epoch,
        };
        let result =
            self.find(event, &mut scratch.blocks, &mut scratch.early_end, &mut found).and_then(|()| {
                let mut search = Search {
                    snapshot: self,
                    values: Values { event, found: &found },
                    memory: Memory::default(),
                    tested: &mut scratch.tested,
                    looked_up: &mut scratch.looked_up,
                    look_ups: 0,
                    folded: &mut scratch.folded,
                    ids: &mut scratch.ids,
                    woken: [0; AT_ONCE],
                    woken_count: 0,
                    failure: None,
                };
                search.run();
                search.failure.map_or(Ok(()), Err)
            });
        found.contexts.clear();
        found.unescaped.clear();
        scratch.epoch = found.epoch;
        scratch.leaves = again(found.leaves);
        scratch.frames = again(found.frames);
        scratch.contexts = found.contexts;
        scratch.unescaped = found.unescaped;
        scratch.heads = found.heads;
        result?;
        if scratch.ids.len() > 1 {
            scratch.ids.sort_unstable();
            scratch.ids.dedup();
        }
        Ok(&scratch.ids)
    }

    /// Finds the values that rules want. Where the events before ended early, only the start is marked at first; all of
    /// the event where that was not enough, so that the outcome is the same.
    fn find<'s>(
        &'s self,
        event: &[u8],
        blocks: &mut Blocks,
        early_end: &mut EarlyEnd,
        found: &mut EventValues<'s>,
    ) -> Result<(), InvalidEvent> {
        let wanted = Paths { root: &self.root, last_keys: self.last_keys.as_deref() };
        if let Some((start, rest)) = early_end.start(event) {
            blocks.mark_start(start);
            let text = if blocks.summary().high { event } else { rest };
            if walk(event, blocks, wanted, found).is_ok() && std::str::from_utf8(text).is_ok() {
                return Ok(());
            }
            found.clear();
        }
        blocks.mark(event)?;
        let read = walk(event, blocks, wanted, found)?;
        early_end.note(read, event.len());
        Ok(())
    }
}

/// The same memory, empty, for items of another lifetime: the standard library collects in place.
fn again<A, B>(mut items: Vec<A>) -> Vec<B> {
    items.clear();
    items.into_iter().filter_map(|_| None).collect()
}

struct Search<'v, 's> {
    snapshot: &'v Snapshot,
    values: Values<'v, 's>,
    memory: Memory,
    tested: &'v mut TestTable,
    looked_up: &'v mut TestTable,
    look_ups: usize,
    folded: &'v mut Vec<u8>,
    ids: &'v mut Vec<RuleId>,
    /// Hashes that something may wait under, not yet looked up, and how many there are.
    woken: [u64; AT_ONCE],
    woken_count: usize,
    failure: Option<InvalidEvent>,
}

impl Search<'_, '_> {
    fn run(&mut self) {
        let found = self.values.found;
        for leaf in &found.leaves {
            let mut folded = false;
            for probe in &leaf.wanted.probes {
                self.probe(leaf, *probe, &mut folded);
            }
        }
        if self.snapshot.always {
            self.wake(probe::ALWAYS.hash);
        }
        self.test_woken();
    }

    /// Looks a value up in one way.
    #[inline]
    fn probe(&mut self, leaf: &Leaf<'_>, (code, seed): (Code, u64), folded: &mut bool) {
        match (leaf.kind, code & 0xff00) {
            (_, probe::ANY) => self.wake(seed),
            (Kind::String | Kind::Unescaped, probe::STRING) => {
                self.wake(hash::bytes(seed, self.values.bytes(leaf)));
            }
            (Kind::String | Kind::Unescaped, _) => self.probe_string(leaf, (code, seed), folded),
            (Kind::Number, probe::DIGITS) => {
                self.wake(hash::bytes(seed, self.values.bytes(leaf)));
            }
            (Kind::Number, probe::ANY_NUMBER) => self.wake(seed),
            (Kind::Number, probe::NUMBER) => {
                let block = probe::ordered(self.values.number(leaf).nearest()) >> (code & 0x3f);
                self.wake(hash::number(seed, block));
            }
            (Kind::True, _) if code == probe::TRUE => self.wake(seed),
            (Kind::False, _) if code == probe::FALSE => self.wake(seed),
            (Kind::Null, _) if code == probe::NULL => self.wake(seed),
            _ => {}
        }
    }

    fn probe_string(&mut self, leaf: &Leaf<'_>, (code, seed): (Code, u64), folded: &mut bool) {
        let length = usize::from(code & 0xff);
        let bytes = self.values.bytes(leaf);
        match code & 0xff00 {
            probe::ANY_STRING => self.wake(seed),
            probe::PREFIX => {
                if let Some(start) = bytes.get(..length) {
                    self.wake(hash::bytes(seed, start));
                }
            }
            probe::SUFFIX => {
                if let Some((_, end)) =
                    bytes.len().checked_sub(length).and_then(|at| bytes.split_at_checked(at))
                {
                    self.wake(hash::bytes(seed, end));
                }
            }
            probe::GRAM => {
                // Once for every letter of the string, so it is worth telling the compiler the usual length.
                for gram in bytes.windows(length.max(1)) {
                    let hash = match gram.first_chunk::<8>() {
                        Some(gram) if length == 8 => probe::gram_hash(seed, gram),
                        _ => probe::gram_hash(seed, gram),
                    };
                    self.wake(hash);
                }
            }
            // No address starts otherwise, and most other strings do.
            probe::ADDRESS if matches!(bytes, [b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b':', ..]) => {
                let digits = std::str::from_utf8(bytes).ok().and_then(cidr::digits);
                if let Some(start) = digits.as_deref().and_then(|digits| digits.get(..length)) {
                    self.wake(hash::bytes(seed, start));
                }
            }
            probe::FOLDED | probe::FOLDED_PREFIX | probe::FOLDED_SUFFIX => {
                if !*folded {
                    probe::fold(bytes, self.folded);
                    *folded = true;
                }
                self.probe_folded(seed, code);
            }
            _ => {}
        }
    }

    /// Looks up the value whose caseless form is in `folded`.
    fn probe_folded(&mut self, seed: u64, code: Code) {
        let length = usize::from(code & 0xff);
        let folded = self.folded.as_slice();
        let part = match code & 0xff00 {
            probe::FOLDED => Some(folded),
            probe::FOLDED_PREFIX => folded.get(..length),
            _ => folded.len().checked_sub(length).and_then(|at| folded.get(at..)),
        };
        if let Some(hash) = part.map(|part| hash::bytes(seed, part)) {
            self.wake(hash);
        }
    }

    /// Whatever waits under this hash is to be tested.
    #[inline]
    fn wake(&mut self, hash: u64) {
        if !self.snapshot.filter.may_have(hash) {
            return;
        }
        self.look_ups += 1;
        if self.look_ups > LOOK_UPS_FEW && !self.looked_up.is_first(hash) {
            return;
        }
        if self.woken_count == AT_ONCE {
            self.test_woken();
        }
        if let Some(woken) = self.woken.get_mut(self.woken_count) {
            *woken = hash;
            self.woken_count += 1;
        }
    }

    /// Tests the conjunctions that wait under the hashes so far, each once an event.
    fn test_woken(&mut self) {
        let Search { snapshot, values, memory, tested, ids, failure, woken, woken_count, .. } = self;
        let hashes = woken.get(..*woken_count).unwrap_or_default();
        snapshot.waiting.find_each(hashes, |conjunction| {
            if failure.is_some() || !tested.is_first(conjunction.number) {
                return;
            }
            match values.satisfy(conjunction, memory) {
                Ok(true) => ids.push(conjunction.rule),
                Ok(false) => {}
                Err(error) => *failure = Some(error),
            }
        });
        *woken_count = 0;
    }
}
