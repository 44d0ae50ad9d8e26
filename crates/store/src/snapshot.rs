//! A snapshot: what was committed at one moment.

use std::fmt;
use std::ops::ControlFlow;

use redb::{Database, ReadableDatabase};

use crate::error::Error;
use crate::guard::engine;
use crate::key::{Key, KeyRange};
use crate::keyspace::KEYSPACE;
use crate::read::{Direction, Read};
use crate::record::{Record, unseal};
use crate::table::{Table, damaged, decode, full_range};

/// What was committed at one moment.
pub struct Snapshot {
    engine: redb::ReadOnlyTable<&'static [u8], &'static [u8]>,
    failure: Option<Error>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("failure", &self.failure).finish_non_exhaustive()
    }
}

impl Snapshot {
    pub(crate) fn of(database: &Database) -> Result<Self, Error> {
        let open = || -> Result<_, redb::Error> { Ok(database.begin_read()?.open_table(KEYSPACE)?) };
        let engine = engine(open).map_err(|cause| Error::Stopped { cause })?;
        Ok(Self { engine, failure: None })
    }

    /// The first failure or damage that was met.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.failure.map_or(Ok(()), Err)
    }

    fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }
}

impl Read for Snapshot {
    fn get<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> Option<V> {
        let key = table.full_key(key);
        let found = engine(|| self.engine.get(key.as_slice()).map(|found| Some(found?.value().to_vec())));
        let bytes = match found {
            Ok(found) => found?,
            Err(cause) => {
                self.fail(Error::Stopped { cause });
                return None;
            }
        };
        let value = unseal(&key, &bytes);
        if value.is_none() {
            self.fail(damaged(table, &key));
        }
        value
    }

    fn get_known<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> Option<V> {
        let value = self.get(table, key);
        if value.is_none() {
            self.fail(damaged(table, &table.full_key(key)));
        }
        value
    }

    fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    fn visit<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        direction: Direction,
        visit: &mut dyn FnMut(K, V) -> ControlFlow<()>,
    ) {
        let (from, to) = full_range(table, range);
        let mut entries = match engine(|| self.engine.range::<&[u8]>(from.as_slice()..to.as_slice())) {
            Ok(entries) => entries,
            Err(cause) => return self.fail(Error::Stopped { cause }),
        };
        let mut step = || -> Result<ControlFlow<()>, Error> {
            let next = engine(|| match direction {
                Direction::Forwards => entries.next().transpose(),
                Direction::Backwards => entries.next_back().transpose(),
            });
            let Some((key, value)) = next.map_err(|cause| Error::Stopped { cause })? else {
                return Ok(ControlFlow::Break(()));
            };
            let (key, value) = decode(table, key.value(), value.value())?;
            Ok(visit(key, value))
        };
        loop {
            match step() {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return,
                Err(error) => return self.fail(error),
            }
        }
    }
}
