//! A set of items by hash that is never changed, only replaced: a new version shares all but a few nodes with the old
//! one, so that readers keep theirs and a change costs the same at ten items and at a million.

use std::sync::Arc;

/// Children of a branch: five bits of the hash choose one.
const WIDTH: usize = 32;
const BITS: u32 = 5;
/// A bucket with more items becomes a branch.
const BUCKET_MAX: usize = 12;
/// So many hashes are looked up in step.
const AT_ONCE: usize = 8;

/// What the tree holds.
pub(crate) trait Item: Clone {
    /// Tells items of the same hash apart, evenly: equal ties mean the same item.
    fn tie(&self) -> u64;
}

/// Items by hash. Several may share one.
#[derive(Debug, Clone)]
pub(crate) struct HashTree<T> {
    root: Node<T>,
}

#[derive(Debug, Clone)]
enum Node<T> {
    Empty,
    /// Few items, in no order.
    Bucket(Arc<[Entry<T>]>),
    Branch(Arc<[Node<T>; WIDTH]>),
    /// Many items of one and the same hash, by their tie.
    Same(u64, Arc<HashTree<T>>),
}

#[derive(Debug, Clone)]
struct Entry<T> {
    hash: u64,
    item: T,
}

impl<T> Default for HashTree<T> {
    fn default() -> HashTree<T> {
        HashTree { root: Node::Empty }
    }
}

impl<T> HashTree<T> {
    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self.root, Node::Empty)
    }

    /// Hands each item of this hash to `each`, until it answers false.
    #[inline]
    pub(crate) fn find<'a>(&'a self, hash: u64, mut each: impl FnMut(&'a T) -> bool) {
        let mut node = &self.root;
        let mut level = 0;
        while let Some(child) = node.child(hash, level) {
            node = child;
            level += 1;
        }
        node.find_here(hash, &mut each);
    }

    /// Likewise for several hashes. They go down the tree in step, so that the memory of one is waited for together with
    /// that of the others.
    #[inline]
    pub(crate) fn find_each<'a>(&'a self, hashes: &[u64], mut each: impl FnMut(&'a T)) {
        for hashes in hashes.chunks(AT_ONCE) {
            let mut nodes = [&self.root; AT_ONCE];
            let (mut level, mut more) = (0, true);
            while more {
                more = false;
                for (node, hash) in nodes.iter_mut().zip(hashes) {
                    let child = node.child(*hash, level);
                    more |= child.is_some();
                    *node = child.unwrap_or(node);
                }
                level += 1;
            }
            for (node, hash) in nodes.into_iter().zip(hashes) {
                node.find_here(*hash, &mut |item| {
                    each(item);
                    true
                });
            }
        }
    }

    /// Hands the hashes that start with the same `bits` bits to `each`, until it answers false. A hash that many items
    /// have comes once or several times.
    pub(crate) fn near(&self, hash: u64, bits: u32, each: &mut impl FnMut(u64) -> bool) {
        let mut node = &self.root;
        let mut level = 0;
        while let Node::Branch(children) = node
            && (level + 1) * BITS <= bits
        {
            let Some(child) = children.get(slot(hash, level)) else { return };
            node = child;
            level += 1;
        }
        node.hashes(&mut |other| (other ^ hash).leading_zeros() < bits || each(other));
    }

    /// Hands every item to `each`, until it answers false.
    pub(crate) fn all<'a>(&'a self, mut each: impl FnMut(&'a T) -> bool) {
        self.root.all(&mut each);
    }

    /// How many items have this hash; counts no further than `max`.
    pub(crate) fn count(&self, hash: u64, max: usize) -> usize {
        let mut count = 0;
        self.find(hash, |_| {
            count += 1;
            count < max
        });
        count
    }
}

impl<T: Item> HashTree<T> {
    /// Adds `item`, in place of one with the same hash and tie.
    pub(crate) fn insert(&mut self, hash: u64, item: T) {
        self.root.insert(Entry { hash, item }, 0);
    }

    /// Removes the item with this hash and tie, if it is there.
    pub(crate) fn remove(&mut self, hash: u64, tie: u64) {
        self.root.remove(hash, tie, 0);
    }
}

impl<T> Node<T> {
    /// The child on the way to this hash, if this is a branch.
    #[inline]
    fn child(&self, hash: u64, level: u32) -> Option<&Node<T>> {
        let Node::Branch(children) = self else { return None };
        children.get(slot(hash, level))
    }

    /// Hands each item of this hash that is right here to `each`, until it answers false.
    #[inline]
    fn find_here<'a>(&'a self, hash: u64, each: &mut impl FnMut(&'a T) -> bool) {
        match self {
            Node::Empty | Node::Branch(_) => {}
            Node::Bucket(entries) => {
                entries.iter().filter(|entry| entry.hash == hash).all(|entry| each(&entry.item));
            }
            Node::Same(of, tree) => {
                if *of == hash {
                    tree.root.all(each);
                }
            }
        }
    }

    /// Hands every item to `each`, until it answers false.
    fn all<'a>(&'a self, each: &mut impl FnMut(&'a T) -> bool) -> bool {
        match self {
            Node::Empty => true,
            Node::Bucket(entries) => entries.iter().all(|entry| each(&entry.item)),
            Node::Branch(children) => children.iter().all(|child| child.all(each)),
            Node::Same(_, tree) => tree.root.all(each),
        }
    }

    /// Hands every hash to `each`, until it answers false.
    fn hashes(&self, each: &mut impl FnMut(u64) -> bool) -> bool {
        match self {
            Node::Empty => true,
            Node::Bucket(entries) => entries.iter().all(|entry| each(entry.hash)),
            Node::Branch(children) => children.iter().all(|child| child.hashes(each)),
            Node::Same(of, _) => each(*of),
        }
    }
}

impl<T: Item> Node<T> {
    fn insert(&mut self, new: Entry<T>, level: u32) {
        match self {
            Node::Empty => *self = Node::Bucket(Arc::from([new])),
            Node::Bucket(entries) => {
                let tie = new.item.tie();
                let hash = new.hash;
                let others = entries.iter().filter(|e| e.hash != hash || e.item.tie() != tie).cloned();
                let all: Vec<Entry<T>> = others.chain([new]).collect();
                *self = Node::of(all, level);
            }
            Node::Branch(children) => {
                if let Some(child) = Arc::make_mut(children).get_mut(slot(new.hash, level)) {
                    child.insert(new, level + 1);
                }
            }
            Node::Same(of, tree) if *of == new.hash => {
                let tie = new.item.tie();
                Arc::make_mut(tree).insert(tie, new.item);
            }
            Node::Same(of, _) => {
                let at = slot(*of, level);
                let same = std::mem::replace(self, Node::Empty);
                let mut children = Node::none();
                if let Some(child) = children.get_mut(at) {
                    *child = same;
                }
                if let Some(child) = children.get_mut(slot(new.hash, level)) {
                    child.insert(new, level + 1);
                }
                *self = Node::Branch(Arc::new(children));
            }
        }
    }

    fn none() -> [Node<T>; WIDTH] {
        std::array::from_fn(|_| Node::Empty)
    }

    /// The node for these items.
    fn of(entries: Vec<Entry<T>>, level: u32) -> Node<T> {
        let Some(first) = entries.first().map(|e| e.hash) else { return Node::Empty };
        if entries.len() <= BUCKET_MAX {
            return Node::Bucket(Arc::from(entries));
        }
        if entries.iter().all(|e| e.hash == first) {
            let mut tree = HashTree::default();
            entries.into_iter().for_each(|e| tree.insert(e.item.tie(), e.item));
            return Node::Same(first, Arc::new(tree));
        }
        let mut children = Node::none();
        for entry in entries {
            if let Some(child) = children.get_mut(slot(entry.hash, level)) {
                child.insert(entry, level + 1);
            }
        }
        Node::Branch(Arc::new(children))
    }

    fn remove(&mut self, hash: u64, tie: u64, level: u32) {
        match self {
            Node::Empty => {}
            Node::Bucket(entries) => {
                if entries.iter().any(|e| e.hash == hash && e.item.tie() == tie) {
                    let others = entries.iter().filter(|e| e.hash != hash || e.item.tie() != tie).cloned();
                    *self = Node::of(others.collect(), level);
                }
            }
            Node::Branch(children) => {
                let children = Arc::make_mut(children);
                if let Some(child) = children.get_mut(slot(hash, level)) {
                    child.remove(hash, tie, level + 1);
                }
                if let Some(merged) = Node::merged(children, level) {
                    *self = merged;
                }
            }
            Node::Same(of, tree) => {
                if *of == hash {
                    Arc::make_mut(tree).remove(tie, tie);
                    if tree.is_empty() {
                        *self = Node::Empty;
                    }
                }
            }
        }
    }

    /// One bucket, or nothing, where that is all that a branch still holds.
    fn merged(children: &[Node<T>; WIDTH], level: u32) -> Option<Node<T>> {
        let mut entries = vec![];
        for child in children {
            match child {
                Node::Empty => {}
                Node::Bucket(some) if entries.len() + some.len() <= BUCKET_MAX / 2 => {
                    entries.extend(some.iter().cloned());
                }
                _ => return None,
            }
        }
        Some(Node::of(entries, level))
    }
}

/// The child that five bits of the hash choose. The bits are taken from the top and go round.
#[inline]
fn slot(hash: u64, level: u32) -> usize {
    usize::try_from(hash.rotate_left(BITS * (level + 1)) % WIDTH as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{ProptestConfig, any, proptest};

    use super::{HashTree, Item};

    impl Item for u64 {
        fn tie(&self) -> u64 {
            self.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_holds_what_a_sorted_set_holds(steps in proptest::collection::vec((any::<bool>(), 0u64..6, 0u64..120), 0..900)) {
            let (mut tree, mut model) = (HashTree::default(), BTreeSet::new());
            for (add, hash, item) in steps {
                // Some hashes differ in their last bits only.
                let hash = if hash < 4 { hash } else { hash << 60 };
                let old = (tree.clone(), model.clone());
                if add {
                    tree.insert(hash, item);
                    model.insert((hash, item));
                } else {
                    tree.remove(hash, item.tie());
                    model.remove(&(hash, item));
                }
                for bits in [5, 18, 20, 62] {
                    let mut near = BTreeSet::new();
                    tree.near(hash, bits, &mut |hash| {
                        near.insert(hash);
                        true
                    });
                    let expected = model.iter().map(|(h, _)| *h).filter(|h| (h ^ hash).leading_zeros() >= bits);
                    assert_eq!(near, expected.collect());
                }
                let hashes: Vec<u64> = (0..30).chain([4 << 60, 5 << 60]).collect();
                let (mut all, mut expected) = (vec![], model.iter().map(|(_, i)| *i).collect::<Vec<u64>>());
                tree.find_each(&hashes, |item| all.push(*item));
                all.sort();
                expected.sort();
                assert_eq!(all, expected);
                // The version before is what it was.
                for (tree, model) in [&old, &(tree.clone(), model.clone())] {
                    let mut found = BTreeSet::new();
                    tree.find(hash, |i| found.insert((hash, *i)));
                    assert_eq!(found, model.iter().filter(|(h, _)| *h == hash).copied().collect());
                }
            }
            for (hash, item) in model {
                tree.remove(hash, item.tie());
            }
            assert!(tree.is_empty());
        }
    }
}
