//! Message groups: within a group, messages come out in the order they went in (contract C5).
//!
//! A message that is in flight holds back what lies behind it in its group, and nothing before it.
//!
//! INVARIANT: a group's first message is in the index. So a group wakes up by itself when that falls due, and a group that
//! waits costs its queue nothing.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use store::{Found, KeyRange, Read};

use crate::engine::desk::{Desk, Entry};
use crate::engine::memory::Change;
use crate::engine::receive::entry_of;
use crate::engine::record::{GROUPS, Group, INDEX, Member, PARKED, ParkedMessage, Phase, QueueId, State};

impl Desk<'_> {
    /// Puts a waiting message in the index, or parks it behind its group.
    pub(crate) fn place(&mut self, queue: QueueId, entry: Entry) {
        let Some(name) = entry.state.group.clone() else {
            self.index(queue, &entry);
            self.ring(queue);
            return;
        };
        match self.group(&(queue.0, name)) {
            Some(group) if group.first().is_some_and(|first| first < entry.sequence) => {
                self.park(queue, entry)
            }
            group => {
                self.join(queue, &entry, group.unwrap_or_default());
                self.ring(queue);
            }
        }
    }

    /// Moves a message within the index, its group in step.
    pub(crate) fn shift(&mut self, queue: QueueId, from: &Entry, to: &Entry) {
        self.unindex(queue, from);
        self.index(queue, to);
        let Some(name) = to.state.group.clone() else { return };
        let key = (queue.0, name);
        let mut group = self.group(&key).unwrap_or_default();
        group.members.retain(|member| member.sequence != to.sequence);
        group.members.push(to.member());
        self.tx.put(&GROUPS, &key, &group);
    }

    /// Takes a message out of the index; the next of its group comes in if it was the last one there.
    pub(crate) fn leave(&mut self, queue: QueueId, entry: &Entry) {
        self.unindex(queue, entry);
        let Some(name) = entry.state.group.clone() else { return };
        self.without(queue, name, entry.sequence);
    }

    /// What of a group can be given out now, first first, at most `max`; `due` is one of its messages that has fallen
    /// due. Where none can, `due` is parked, so that it does not fall due again and again.
    pub(crate) fn ready_of_group(
        &mut self,
        queue: QueueId,
        due: Entry,
        now_ms: u64,
        max: usize,
    ) -> Vec<Entry> {
        let Some(name) = due.state.group.clone() else { return vec![due] };
        let key = (queue.0, name);
        let mut group = self.group(&key).unwrap_or_default();
        let mut ready = self.in_order(queue, &key, &group, max);
        // What is in flight is due when its lease ends; nothing behind it goes before it.
        let due_until = ready.iter().position(|entry| entry.at_ms > now_ms).unwrap_or(ready.len());
        ready.truncate(due_until);
        if ready.is_empty() {
            self.park_again(queue, due);
        }
        for entry in &ready {
            if group.members.iter().any(|member| member.sequence == entry.sequence) {
                continue;
            }
            // It was parked; from here on it is in the index like the others.
            self.tx.remove(&PARKED, &(key.0, key.1.clone(), entry.sequence));
            self.note(Change::Unparked(queue));
            self.index(queue, entry);
            group.members.push(entry.member());
            self.tx.put(&GROUPS, &key, &group);
        }
        ready
    }

    /// Parks a message that is in the index, if it is still there, behind the others of its group.
    pub(crate) fn park_again(&mut self, queue: QueueId, entry: Entry) {
        let place = (queue.0, entry.phase.byte(), (entry.at_ms, entry.sequence));
        let Some(name) = entry.state.group.clone() else { return };
        if !self.tx.contains(&INDEX, &place) {
            return;
        }
        let sequence = entry.sequence;
        self.unindex(queue, &entry);
        self.park(queue, entry);
        self.without(queue, name, sequence);
    }

    /// The group without one of its messages in the index; keeps the invariant.
    fn without(&mut self, queue: QueueId, name: String, sequence: u64) {
        let key = (queue.0, name);
        let mut group = self.group(&key).unwrap_or_default();
        group.members.retain(|member| member.sequence != sequence);
        self.put_group(queue, &key, group);
    }

    /// Stores what a group has left in the index; where its first message is parked, that comes in.
    fn put_group(&mut self, queue: QueueId, key: &(u64, String), group: Group) {
        let parked = self.parked(key, 1).pop();
        match parked.filter(|parked| group.first().is_none_or(|first| parked.sequence < first)) {
            None if group.members.is_empty() => self.tx.remove(&GROUPS, key),
            None => self.tx.put(&GROUPS, key, &group),
            Some(first) => {
                self.tx.remove(&PARKED, &(key.0, key.1.clone(), first.sequence));
                self.note(Change::Unparked(queue));
                self.join(queue, &first, group);
                self.ring(queue);
            }
        }
    }

    /// A group's messages in the index; `None`: there are none. A damaged record is made again out of the index.
    fn group(&mut self, key: &(u64, String)) -> Option<Group> {
        match self.tx.find(&GROUPS, key) {
            Found::Value(group) => return Some(group),
            Found::Nothing => return None,
            Found::Damaged => self.tx.pass_over(&GROUPS, key),
        }
        let group = self.members_by_group(QueueId(key.0)).remove(&key.1).unwrap_or_default();
        self.put_group(QueueId(key.0), key, group);
        self.tx.get(&GROUPS, key)
    }

    /// The groups of a queue as its index says. Reads the whole queue: for what is damaged only.
    fn members_by_group(&mut self, queue: QueueId) -> BTreeMap<String, Group> {
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        self.tx.visit_found(&INDEX, &KeyRange::prefix(&queue.0), &mut |place, state| {
            if let Some(entry) = state.map(|state| entry_of(place, state))
                && let Some(name) = &entry.state.group
            {
                groups.entry(name.clone()).or_default().members.push(entry.member());
            }
            ControlFlow::Continue(())
        });
        groups
    }

    /// Makes the groups of a queue anew that a message has left whose group nobody can tell any more: otherwise they
    /// would wait for it for ever.
    pub(crate) fn mend_groups(&mut self, queue: QueueId) {
        let mut stored = BTreeMap::new();
        for ((_, name), group) in self.tx.list_found(&GROUPS, &KeyRange::prefix(&queue.0), usize::MAX) {
            stored.insert(name, group);
        }
        self.tx.keys(&PARKED, &KeyRange::prefix(&queue.0), &mut |(_, name, _)| {
            stored.entry(name).or_insert(None);
            ControlFlow::Continue(())
        });
        if stored.is_empty() {
            return;
        }
        let mut indexed = self.members_by_group(queue);
        stored.extend(
            indexed
                .keys()
                .filter(|name| !stored.contains_key(*name))
                .map(|name| (name.clone(), None))
                .collect::<Vec<_>>(),
        );
        for (name, group) in stored {
            let whole = indexed.remove(&name).unwrap_or_default();
            if group.is_none_or(|group| group.members.len() != whole.members.len()) {
                self.put_group(queue, &(queue.0, name), whole);
            }
        }
    }

    /// The first `max` parked messages of a group. Damaged ones are passed over.
    fn parked(&mut self, key: &(u64, String), max: usize) -> Vec<Entry> {
        let mut parked = Vec::new();
        let range = KeyRange::prefix(key);
        while parked.len() < max && !self.tx.has_failed() {
            parked.clear();
            let found = self.tx.list_found(&PARKED, &range, max);
            let listed = found.len();
            for (key, value) in found {
                match value {
                    Some(value) => parked.push(waiting(key.2, value)),
                    None => {
                        self.tx.remove(&PARKED, &key);
                        self.note(Change::Unparked(QueueId(key.0)));
                        self.lose(&PARKED, &key);
                    }
                }
            }
            if parked.len() == listed {
                break;
            }
        }
        parked
    }

    /// The first `max` messages of a group, those in the index and those parked, in the order of their sending.
    fn in_order(&mut self, queue: QueueId, key: &(u64, String), group: &Group, max: usize) -> Vec<Entry> {
        let mut all = self.parked(key, max);
        for member in &group.members {
            let place = (queue.0, member.phase.byte(), (member.at_ms, member.sequence));
            // One that is damaged is passed over when it falls due.
            if let Found::Value(state) = self.tx.find(&INDEX, &place) {
                let Member { sequence, phase, at_ms } = *member;
                all.push(Entry { phase, at_ms, sequence, state });
            }
        }
        all.sort_by_key(|entry| entry.sequence);
        all.truncate(max);
        all
    }

    fn join(&mut self, queue: QueueId, entry: &Entry, mut group: Group) {
        self.index(queue, entry);
        if let Some(name) = entry.state.group.clone() {
            group.members.push(entry.member());
            self.tx.put(&GROUPS, &(queue.0, name), &group);
        }
    }

    fn park(&mut self, queue: QueueId, entry: Entry) {
        let Some(name) = entry.state.group.clone() else { return };
        // Parked is not leased: an old receipt handle does not find it, as it would not after a new receive.
        let not_before_ms = entry.at_ms;
        let state = State { moved: false, ..entry.state };
        self.tx.put(&PARKED, &(queue.0, name, entry.sequence), &ParkedMessage { state, not_before_ms });
        self.note(Change::Parked(queue));
    }
}

impl Group {
    /// The least sequence number of those in the index.
    fn first(&self) -> Option<u64> {
        self.members.iter().map(|member| member.sequence).min()
    }
}

impl Entry {
    fn member(&self) -> Member {
        Member { sequence: self.sequence, phase: self.phase, at_ms: self.at_ms }
    }
}

fn waiting(sequence: u64, parked: ParkedMessage) -> Entry {
    Entry { phase: Phase::Waiting, at_ms: parked.not_before_ms, sequence, state: parked.state }
}
