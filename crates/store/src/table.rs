//! A table: a named part of the keyspace with one type of key and one of value.

use std::marker::PhantomData;

use crate::error::Error;
use crate::key::{Key, KeyRange};
use crate::record::Record;

/// A table of the store. Declared once as a `const` in the room that owns it; its number is its place in the
/// keyspace and never changes. docs/format.md lists all of them.
pub struct Table<K, V> {
    number: u8,
    name: &'static str,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> std::fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "table {} '{}'", self.number, self.name)
    }
}

impl<K: Key, V: Record> Table<K, V> {
    /// The table `number`, which no other table may have. 0 is the store's own.
    pub const fn new(number: u8, name: &'static str) -> Self {
        Self { number, name, types: PhantomData }
    }

    /// Its place in the keyspace.
    pub const fn number(&self) -> u8 {
        self.number
    }

    /// Its name, for people.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn full_key(&self, key: &impl Key) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32);
        bytes.push(self.number);
        key.write(&mut bytes);
        bytes
    }
}

/// The bytes from which and up to which, exclusive, a range of a table reaches.
pub(crate) fn full_range<K: Key, V: Record>(table: &Table<K, V>, range: &KeyRange) -> (Vec<u8>, Vec<u8>) {
    let number = table.number();
    let with_number = |bytes: &[u8]| [&[number], bytes].concat();
    let to = range.to.as_deref().map_or_else(|| vec![number.saturating_add(1)], with_number);
    let from = with_number(&range.from);
    // An empty range the wrong way round would be an error of the engine; it is just empty.
    if from > to { (to.clone(), to) } else { (from, to) }
}

/// A key as the table's type reads it.
pub(crate) fn key_of<K: Key, V: Record>(table: &Table<K, V>, key: &[u8]) -> Result<K, Error> {
    let parts = key.split_first().and_then(|(_, mut rest)| K::read(&mut rest).filter(|_| rest.is_empty()));
    parts.ok_or_else(|| damaged(table, key))
}

/// The error that names an entry.
pub(crate) fn damaged<K: Key, V: Record>(table: &Table<K, V>, key: &[u8]) -> Error {
    let key = key.iter().map(|byte| format!("{byte:02x}")).collect();
    Error::Damaged { table: table.name(), key }
}
