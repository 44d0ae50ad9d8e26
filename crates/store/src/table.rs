//! A table: a named part of the keyspace with one type of key and one of value.

use std::marker::PhantomData;

use crate::error::Error;
use crate::key::{Key, KeyRange, successor};
use crate::record::Record;
use crate::view::Number;

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
    /// The table `number`, which no other table may have. 0 and 1 are the store's own.
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

    /// Table, scope, key: the bytes that an entry lies under.
    pub(crate) fn full_key(&self, scope: Number, key: &impl Key) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(40);
        bytes.extend_from_slice(&prefix(self.number, scope));
        key.write(&mut bytes);
        bytes
    }
}

/// Bytes in front of a table's own key.
pub(crate) const PREFIX_BYTES: usize = 3;

/// What stands before the keys of a table in a scope.
pub(crate) fn prefix(table: u8, scope: Number) -> [u8; PREFIX_BYTES] {
    let [high, low] = scope.to_be_bytes();
    [table, high, low]
}

/// From which key, and up to which, exclusive, something reaches.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    pub(crate) from: Vec<u8>,
    pub(crate) to: Vec<u8>,
}

/// The bounds of a range of a table in a scope.
pub(crate) fn full_range<K: Key, V: Record>(table: &Table<K, V>, scope: Number, range: &KeyRange) -> Bounds {
    let prefix = prefix(table.number(), scope);
    let with_prefix = |bytes: &[u8]| [prefix.as_slice(), bytes].concat();
    // Nothing is greater than the last table's last scope; no table has that number.
    let end = || successor(&prefix).unwrap_or_else(|| vec![u8::MAX; PREFIX_BYTES + 1]);
    let to = range.to.as_deref().map_or_else(end, with_prefix);
    let from = with_prefix(&range.from);
    // An empty range the wrong way round would be an error of the engine; it is just empty.
    if from > to { Bounds { from: to.clone(), to } } else { Bounds { from, to } }
}

/// A key as the table's type reads it.
pub(crate) fn key_of<K: Key, V: Record>(table: &Table<K, V>, key: &[u8]) -> Result<K, Error> {
    let parts = key.get(PREFIX_BYTES..).and_then(|mut rest| K::read(&mut rest).filter(|_| rest.is_empty()));
    parts.ok_or_else(|| damaged(table, key))
}

/// The error that names an entry.
pub(crate) fn damaged<K: Key, V: Record>(table: &Table<K, V>, key: &[u8]) -> Error {
    let key = key.iter().map(|byte| format!("{byte:02x}")).collect();
    Error::Damaged { table: table.name(), key }
}
