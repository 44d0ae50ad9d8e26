//! The paths that rules name, as a tree of keys that the walk goes down with the event.
//!
//! A key of an event may have dots, and then counts as nested keys. So a node has not only its children by their keys
//! but also what is further down by the keys joined; only paths of very many keys make the walk look for dots.
//!
//! Like the [hash tree](crate::ruleset::hash_tree) the tree is never changed, only replaced node by node.

use std::sync::Arc;

use crate::ruleset::hash;
use crate::ruleset::hash_tree::{HashTree, Item};

/// More keys than this under one node go into a hash tree, and come back from it when only half as many are left.
const FEW_MAX: usize = 32;
const SLOTS: usize = 64;
/// More keys than this are not joined.
const JOINED_MAX: usize = 8;

/// What the rules want of the values at one path.
#[derive(Debug)]
pub(crate) struct PathProbes {
    /// The path's number.
    pub(crate) path: u32,
    /// Which probes to make with a value, each with its [seed](crate::ruleset::probe::seed).
    pub(crate) probes: Box<[(u16, u64)]>,
}

/// One key's place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    wanted: Option<Arc<PathProbes>>,
    children: Children,
    filter: Filter,
    /// In the root: how many paths have more keys than can be joined.
    deep: u32,
}

/// What the last bytes of keys say about whose they are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filter {
    /// A bit for the last four bytes of each key; for keys of three, with the quotation mark before them.
    bits: u64,
    /// Whether a key is shorter.
    short: bool,
}

#[derive(Debug, Clone)]
enum Children {
    /// A small open table: a slot holds a child's index and one.
    Few {
        slots: [u8; SLOTS],
        children: Arc<[Child]>,
    },
    Many {
        tree: HashTree<Child>,
        count: usize,
    },
}

#[derive(Debug, Clone)]
struct Child {
    hash: u64,
    key: Arc<str>,
    node: Arc<Node>,
}

impl Item for Child {
    fn tie(&self) -> u64 {
        hash::bytes(0, self.key.as_bytes())
    }
}

impl Default for Children {
    fn default() -> Children {
        Children::Few { slots: [0; SLOTS], children: Arc::from([]) }
    }
}

impl Node {
    /// What is wanted of a value here.
    #[inline]
    pub(crate) fn wanted(&self) -> Option<&PathProbes> {
        self.wanted.as_deref()
    }

    /// Whether any path leads on from here.
    #[inline]
    pub(crate) fn leads_on(&self) -> bool {
        !self.children.is_empty()
    }

    /// Whether nothing is wanted here or below.
    pub(crate) fn is_empty(&self) -> bool {
        self.wanted.is_none() && self.children.is_empty()
    }

    /// The place of `key`, whose [`hash::key`] is `hash`.
    #[inline]
    pub(crate) fn child(&self, hash: u64, key: &[u8]) -> Option<&Node> {
        match &self.children {
            Children::Few { slots, children } => {
                let mut at = first_slot(hash);
                loop {
                    let index = slots.get(at)?.checked_sub(1)?;
                    let child = children.get(usize::from(index))?;
                    if child.hash == hash && child.key.as_bytes() == key {
                        return Some(&child.node);
                    }
                    at = (at + 1) % SLOTS;
                }
            }
            Children::Many { tree, .. } => find_child(tree, hash, key),
        }
    }

    /// Whether some path is so long that a key's dots have to be looked for.
    pub(crate) fn is_deep(&self) -> bool {
        self.deep > 0
    }

    /// Tells most keys that are no child's.
    #[inline]
    pub(crate) fn filter(&self) -> Filter {
        self.filter
    }

    /// Sets what is wanted at `path`, its keys joined with dots; `None` takes the path away.
    pub(crate) fn set(&mut self, path: &str, wanted: Option<Arc<PathProbes>>) {
        let keys: Vec<&str> = path.split('.').collect();
        let deep = self.deep;
        // From the root to the end of the path, then back up: a path may have as many keys as its text has letters,
        // and a thread's stack has not.
        let mut line = vec![self.clone()];
        for key in &keys {
            let next = line.last().and_then(|node| node.get(key)).cloned().unwrap_or_default();
            line.push(next);
        }
        let Some(mut end) = line.pop() else { return };
        let (was, is) = (end.wanted.is_some(), wanted.is_some());
        end.wanted = wanted;
        // From the end back: each node with the keys that lead to it from the one above.
        let mut below: Vec<(String, Arc<Node>)> = vec![];
        let mut node = end;
        for key in keys.iter().rev() {
            let Some(mut parent) = line.pop() else { return };
            if below.len() == JOINED_MAX {
                below.remove(0);
            }
            for (joined, _) in &mut below {
                *joined = format!("{key}.{joined}");
            }
            below.push(((*key).to_owned(), Arc::new(node)));
            for (joined, node) in &below {
                parent.put(joined, node);
            }
            node = parent;
        }
        *self = node;
        self.deep = match (keys.len() > JOINED_MAX, was, is) {
            (true, false, true) => deep + 1,
            (true, true, false) => deep - 1,
            _ => deep,
        };
    }

    /// Puts `node` under `key`, or takes the key away where the node is empty.
    fn put(&mut self, key: &str, node: &Arc<Node>) {
        self.children.set(key, node);
        self.filter = self.children.filter();
    }

    fn get(&self, key: &str) -> Option<&Node> {
        let key = key.as_bytes();
        self.child(hash::key(key.len(), hash::last(key)), key)
    }
}

impl Children {
    fn is_empty(&self) -> bool {
        match self {
            Children::Few { children, .. } => children.is_empty(),
            Children::Many { tree, .. } => tree.is_empty(),
        }
    }

    fn set(&mut self, key: &str, node: &Arc<Node>) {
        let hash = hash::key(key.len(), hash::last(key.as_bytes()));
        let new = (!node.is_empty()).then(|| Child { hash, key: Arc::from(key), node: Arc::clone(node) });
        match self {
            Children::Few { children, .. } => {
                let others = children.iter().filter(|c| &*c.key != key).cloned();
                *self = Children::of(others.chain(new).collect());
            }
            Children::Many { tree, count } => {
                *count -= usize::from(find_child(tree, hash, key.as_bytes()).is_some());
                tree.remove(hash, hash::bytes(0, key.as_bytes()));
                if let Some(child) = new {
                    *count += 1;
                    tree.insert(hash, child);
                } else if *count <= FEW_MAX / 2 {
                    let mut few = vec![];
                    tree.all(|child| {
                        few.push(child.clone());
                        true
                    });
                    *self = Children::of(few);
                }
            }
        }
    }

    fn filter(&self) -> Filter {
        match self {
            Children::Few { children, .. } => {
                let mut filter = Filter::default();
                children.iter().for_each(|child| filter.note(child.key.as_bytes()));
                filter
            }
            // Looking at all of them would take its time, and most bits would be set.
            Children::Many { .. } => Filter { bits: u64::MAX, short: true },
        }
    }

    fn of(children: Vec<Child>) -> Children {
        if children.len() > FEW_MAX {
            let (mut tree, count) = (HashTree::default(), children.len());
            children.into_iter().for_each(|child| tree.insert(child.hash, child));
            return Children::Many { tree, count };
        }
        let mut slots = [0_u8; SLOTS];
        for (number, child) in (1_u8..).zip(&children) {
            let mut at = first_slot(child.hash);
            while slots.get(at).is_some_and(|taken| *taken != 0) {
                at = (at + 1) % SLOTS;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = number;
            }
        }
        Children::Few { slots, children: Arc::from(children) }
    }
}

fn find_child<'a>(tree: &'a HashTree<Child>, hash: u64, key: &[u8]) -> Option<&'a Node> {
    let mut found = None;
    tree.find(hash, |child| {
        if child.key.as_bytes() == key {
            found = Some(&*child.node);
        }
        found.is_none()
    });
    found
}

impl Filter {
    fn note(&mut self, key: &[u8]) {
        match *key {
            [.., a, b, c, d] => self.bits |= Filter::bit([a, b, c, d]),
            [a, b, c] => self.bits |= Filter::bit([b'"', a, b, c]),
            _ => self.short = true,
        }
    }

    /// Whether a key may be a child's, of which these are the last bytes, or the quotation mark before it and what may
    /// stand before that.
    #[inline]
    pub(crate) fn may_have(self, tail: [u8; 4]) -> bool {
        let [_, second, third, fourth] = tail;
        let short = self.short && (second == b'"' || third == b'"' || fourth == b'"');
        short || self.bits & Filter::bit(tail) != 0
    }

    #[inline]
    fn bit(tail: [u8; 4]) -> u64 {
        1 << (u32::from_le_bytes(tail).wrapping_mul(0x9e37_79b1) >> 26)
    }
}

#[inline]
fn first_slot(hash: u64) -> usize {
    usize::try_from(hash % SLOTS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::{any, proptest};

    use super::{Node, PathProbes};

    fn find<'a>(root: &'a Node, path: &str) -> Option<&'a PathProbes> {
        path.split('.').try_fold(root, |node, key| node.get(key)).and_then(Node::wanted)
    }

    proptest! {
        #[test]
        fn it_holds_what_a_map_holds(
            steps in proptest::collection::vec((any::<bool>(), "[ab]{0,2}(\\.[abcdefgh]{0,2}){0,3}"), 0..300),
        ) {
            let (mut root, mut model) = (Node::default(), BTreeMap::new());
            for (number, (add, path)) in (0..).zip(steps) {
                let wanted = add.then(|| Arc::new(PathProbes { path: number, probes: Box::default() }));
                root.set(&path, wanted);
                if add { model.insert(path, number); } else { model.remove(&path); }
            }
            for (path, number) in &model {
                assert_eq!(find(&root, path).map(|w| w.path), Some(*number));
                // Keys joined in every way lead to the same place.
                let joined = root.get(path).and_then(Node::wanted);
                assert_eq!(joined.map(|w| w.path), Some(*number));
                if let Some((first, rest)) = path.split_once('.') {
                    let wanted = root.get(first).and_then(|node| node.get(rest)).and_then(Node::wanted);
                    assert_eq!(wanted.map(|w| w.path), Some(*number));
                }
            }
            for path in model.into_keys() {
                root.set(&path, None);
                assert!(find(&root, &path).is_none());
            }
            assert!(root.is_empty());
        }
    }

    #[test]
    fn a_path_may_be_deep() {
        let (path, mut root) = ("a.".repeat(500), Node::default());
        root.set(&path, Some(Arc::new(PathProbes { path: 1, probes: Box::default() })));
        assert!(find(&root, &path).is_some() && root.is_deep());
        root.set(&path, None);
        assert!(root.is_empty() && !root.is_deep());
    }
}
