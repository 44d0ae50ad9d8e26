//! The one who changes the set: knows which rule is where, and makes the versions that readers see.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::pattern::{EventPattern, Field};
use crate::ruleset::RuleId;
use crate::ruleset::access;
use crate::ruleset::conjunction::{Conjunction, FieldTest};
use crate::ruleset::hash_tree::Item;
use crate::ruleset::key_filter::Keys;
use crate::ruleset::last_keys::LastKeys;
use crate::ruleset::paths::PathProbes;
use crate::ruleset::probe::{self, Code};
use crate::ruleset::search::Snapshot;

/// What is known of all rules. Trees rather than tables: a table that grows stops everything while it moves.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    snapshot: Snapshot,
    rules: BTreeMap<RuleId, Conjunctions>,
    /// The most work that one value can make, by rule.
    works: BTreeMap<RuleId, usize>,
    paths: BTreeMap<Arc<str>, Path>,
    /// Since the last version for readers.
    paths_changed: bool,
    /// By number.
    names: BTreeMap<u32, Arc<str>>,
    /// Numbers of paths below the highest that no path has.
    free_paths: BTreeSet<u32>,
    /// How many conjunctions there have been.
    conjunctions: u64,
    always: usize,
    shared: FieldPool,
    keys: Keys,
}

/// A rule's alternatives; most have one.
#[derive(Debug)]
enum Conjunctions {
    One(Arc<Conjunction>),
    Some(Box<[Arc<Conjunction>]>),
}

/// Fields that several conjunctions have, once: less memory, and warm in the cache when one after another is tested.
#[derive(Debug, Default)]
struct FieldPool(BTreeMap<u64, (Arc<FieldTest>, usize)>);

impl FieldPool {
    fn take(&mut self, test: FieldTest) -> Arc<FieldTest> {
        match self.0.entry(test.hash()) {
            Entry::Vacant(vacant) => Arc::clone(&vacant.insert((Arc::new(test), 1)).0),
            Entry::Occupied(mut same) if *same.get().0 == test => {
                same.get_mut().1 += 1;
                Arc::clone(&same.get().0)
            }
            Entry::Occupied(_) => Arc::new(test),
        }
    }

    /// One conjunction less has it.
    fn give(&mut self, test: &Arc<FieldTest>) {
        if let Entry::Occupied(mut entry) = self.0.entry(test.hash())
            && Arc::ptr_eq(&entry.get().0, test)
        {
            entry.get_mut().1 -= 1;
            if entry.get().1 == 0 {
                entry.remove();
            }
        }
    }
}

/// A path that rules name.
#[derive(Debug)]
struct Path {
    number: u32,
    /// How many fields of conjunctions name it.
    fields: usize,
    /// How many keys wait there, by how they are looked up.
    codes: BTreeMap<Code, usize>,
}

impl Conjunctions {
    fn as_slice(&self) -> &[Arc<Conjunction>] {
        match self {
            Conjunctions::One(one) => std::slice::from_ref(one),
            Conjunctions::Some(some) => some,
        }
    }
}

impl Writer {
    /// The version for readers.
    pub(crate) fn snapshot(&mut self) -> Arc<Snapshot> {
        if self.paths_changed {
            self.snapshot.last_keys = LastKeys::of(self.paths.keys().map(Arc::as_ref)).map(Arc::new);
            self.paths_changed = false;
        }
        Arc::new(self.snapshot.clone())
    }

    pub(crate) fn len(&self) -> usize {
        self.rules.len()
    }

    pub(crate) fn contains(&self, id: RuleId) -> bool {
        self.rules.contains_key(&id)
    }

    /// Adds or replaces a rule; answers whether there was one.
    pub(crate) fn put(&mut self, id: RuleId, pattern: &EventPattern) -> bool {
        let replaced = self.remove(id);
        let mut conjunctions: Vec<Arc<Conjunction>> = vec![];
        for alternative in pattern.alternatives() {
            let paths: Vec<u32> =
                alternative.fields.iter().map(|field| self.take_path(&field.path)).collect();
            let (keys, access) = access::choose(alternative, &paths, &self.snapshot.waiting);
            let mut fields: Vec<(&Field, u32)> =
                alternative.fields.iter().map(Arc::as_ref).zip(paths).collect();
            fields.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
            // What a rule waits on is rarely another's too; the rest often is. Combinations of one rule share all of it, so
            // that each field is looked for once in an event.
            let access = access.filter(|_| pattern.alternatives().len() == 1);
            let own_at = fields.iter().position(|(_, path)| access == Some(*path)).unwrap_or(fields.len());
            let tests = fields.into_iter().map(|(field, path)| FieldTest::new(path, field));
            let mut tests: Vec<FieldTest> = tests.collect();
            let own = (own_at < tests.len()).then(|| tests.remove(own_at));
            let shared = tests.into_iter().map(|test| self.shared.take(test)).collect();
            self.conjunctions += 1;
            let number = self.conjunctions;
            let conjunction = Arc::new(Conjunction { rule: id, number, own, own_at, shared, keys });
            self.insert(&conjunction);
            conjunctions.push(conjunction);
        }
        let conjunctions = match conjunctions.as_slice() {
            [one] => Conjunctions::One(Arc::clone(one)),
            _ => Conjunctions::Some(conjunctions.into()),
        };
        self.rules.insert(id, conjunctions);
        // Each combination is looked at once more where arrays are in play.
        let combinations = pattern.alternatives().len().saturating_sub(1);
        let work = pattern.work().saturating_add(combinations);
        self.snapshot.work = self.snapshot.work.saturating_add(work);
        self.works.insert(id, work);
        replaced
    }

    /// Removes a rule and all that only it needed; answers whether it was there.
    pub(crate) fn remove(&mut self, id: RuleId) -> bool {
        let Some(conjunctions) = self.rules.remove(&id) else { return false };
        let work = self.works.remove(&id).unwrap_or_default();
        self.snapshot.work = self.snapshot.work.saturating_sub(work);
        for conjunction in conjunctions.as_slice() {
            for key in &conjunction.keys {
                self.snapshot.waiting.remove(key.hash, conjunction.tie());
                self.snapshot.filter.remove(key.hash, &mut self.keys, &self.snapshot.waiting);
                self.count_code(key.path, key.code, Change::Less);
            }
            for field in &conjunction.shared {
                self.shared.give(field);
            }
            for field in conjunction.fields() {
                self.give_path(field.path);
            }
        }
        if self.rules.is_empty() {
            // Nothing refers to a number any more: start afresh and give the memory back.
            *self = Writer::default();
        }
        true
    }

    fn insert(&mut self, conjunction: &Arc<Conjunction>) {
        for key in &conjunction.keys {
            self.snapshot.waiting.insert(key.hash, Arc::clone(conjunction));
            self.snapshot.filter.insert(key.hash, &mut self.keys, &self.snapshot.waiting);
            self.count_code(key.path, key.code, Change::More);
        }
    }

    /// The number of a path, which one more field names.
    fn take_path(&mut self, name: &str) -> u32 {
        if let Some(path) = self.paths.get_mut(name) {
            path.fields += 1;
            return path.number;
        }
        let name: Arc<str> = Arc::from(name);
        // The lowest, so that the numbers stay close together.
        let number = self.free_paths.pop_first().unwrap_or_else(|| {
            self.snapshot.paths_end += 1;
            // Four billion paths do not fit into memory.
            u32::try_from(self.snapshot.paths_end - 1).unwrap_or(u32::MAX)
        });
        self.names.insert(number, Arc::clone(&name));
        let path = Path { number, fields: 1, codes: BTreeMap::new() };
        self.snapshot.root.set(&name, Some(path.wanted()));
        self.paths.insert(name, path);
        self.paths_changed = true;
        number
    }

    /// One field less names this path.
    fn give_path(&mut self, number: u32) {
        let Some(name) = self.names.get(&number).cloned() else { return };
        let Some(path) = self.paths.get_mut(&name) else { return };
        path.fields -= 1;
        if path.fields == 0 {
            self.paths.remove(&name);
            self.paths_changed = true;
            self.snapshot.root.set(&name, None);
            self.names.remove(&number);
            self.free_paths.insert(number);
            while let Some(last) = self.free_paths.last().copied()
                && last as usize + 1 == self.snapshot.paths_end
            {
                self.free_paths.pop_last();
                self.snapshot.paths_end -= 1;
            }
        }
    }

    /// One key more or less waits at a path. The readers' tree changes only with the first and the last of a kind.
    fn count_code(&mut self, number: u32, code: Code, change: Change) {
        if number == probe::ALWAYS.path {
            match change {
                Change::More => self.always += 1,
                Change::Less => self.always -= 1,
            }
            self.snapshot.always = self.always > 0;
            return;
        }
        let Some(name) = self.names.get(&number).cloned() else { return };
        let Some(path) = self.paths.get_mut(&name) else { return };
        let before = path.codes.len();
        match change {
            Change::More => *path.codes.entry(code).or_default() += 1,
            Change::Less => {
                let left = path.codes.get(&code).map_or(0, |count| count - 1);
                if left == 0 {
                    path.codes.remove(&code)
                } else {
                    path.codes.insert(code, left)
                };
            }
        }
        if path.codes.len() != before {
            self.snapshot.root.set(&name, Some(path.wanted()));
        }
    }
}

#[derive(Clone, Copy)]
enum Change {
    More,
    Less,
}

impl Path {
    fn wanted(&self) -> Arc<PathProbes> {
        Arc::new(PathProbes {
            path: self.number,
            probes: self.codes.keys().map(|code| (*code, probe::seed(self.number, *code))).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Writer;
    use crate::pattern::EventPattern;

    /// All that there is, but for the count of conjunctions so far and the order within the hash tree.
    fn content(writer: &Writer) -> String {
        let Writer { snapshot, paths, names, free_paths, always, shared, rules, keys, .. } = writer;
        let ends = (snapshot.paths_end, snapshot.always, always, rules.len());
        format!("{:?} {keys:?} {names:?} {paths:?} {free_paths:?} {shared:?} {ends:?}", snapshot.filter)
    }

    #[test]
    fn what_is_removed_leaves_nothing_behind() {
        let put = |writer: &mut Writer, id: u64, field: &str| {
            let text = format!(
                r#"{{"s": ["all"], "{field}": {{"x": ["v{id}", {{"wildcard": "*w{id}*z"}}], "y{id}": [{{"numeric": ["<", {id}]}}]}}}}"#
            );
            writer.put(id, &EventPattern::parse(&text).unwrap());
        };
        let mut writer = Writer::default();
        (0..300).for_each(|id| put(&mut writer, id, "stays"));
        let before = content(&writer);
        let tree = format!("{:?}", writer.snapshot.waiting).len();
        let root = format!("{:?}", writer.snapshot.root).len();
        for step in [1, 7, 1998] {
            (0..1999).for_each(|n| put(&mut writer, 1000 + n, &format!("goes{}", n % 50)));
            assert_ne!(content(&writer), before);
            (0..1999).for_each(|n| assert!(writer.remove(1000 + n * step % 1999)));
            assert_eq!(content(&writer), before);
            // A tree's shape depends a little on its history, and its size hardly.
            assert!(format!("{:?}", writer.snapshot.waiting).len() < tree * 2);
            assert!(format!("{:?}", writer.snapshot.root).len() * 10 < root * 11);
        }
        (0..300).for_each(|id| assert!(writer.remove(id)));
        assert_eq!(content(&writer), content(&Writer::default()));
    }
}
