//! The engine's one table, and what the store itself keeps in it.

use redb::{Database, ReadableTable, TableDefinition};

use crate::folder::UNSCOPED;
use crate::record::{seal, unseal, with_secret_key};
use crate::sealing::{SECRET_TABLES, SecretKey};
use crate::table::Table;
use crate::view::HOME;

pub(crate) const KEYSPACE: TableDefinition<'static, &'static [u8], &'static [u8]> =
    TableDefinition::new("trunkline");

/// The engine's table, open in a write transaction.
pub(crate) type EngineTable<'txn> = redb::Table<'txn, &'static [u8], &'static [u8]>;

/// How keys are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Table, scope, the table's own key.
    Scoped,
    /// Table, the table's own key: format 1.
    Unscoped,
}

impl Layout {
    /// The layout of a folder's format.
    pub(crate) fn of(format: u32) -> Self {
        if format <= UNSCOPED { Self::Unscoped } else { Self::Scoped }
    }
}

/// The store's own table: the limit of the numbers given out.
pub(crate) const META: Table<String, u64> = Table::new(0, "meta");
pub(crate) const SEQUENCE: &str = "sequence";

/// Where the limit lay in format 1.
pub(crate) const UNSCOPED_SEQUENCE_KEY: &[u8] = b"\0sequence\0\x01";

/// Numbers that only grow, also across restarts: a limit on disk is raised in steps, and a restart begins at the limit.
#[derive(Debug)]
pub(crate) struct Sequence {
    next: u64,
    limit: u64,
}

impl Sequence {
    /// How far the limit on disk is raised at a time: one write for so many numbers.
    const STEP: u64 = 1 << 16;

    fn starting_at(limit: u64) -> Self {
        Self { next: limit, limit }
    }

    pub(crate) fn next(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// Raises the limit on disk if the numbers given have passed it; whether it did. It counts with the commit that
    /// `table` belongs to.
    pub(crate) fn store(&mut self, table: &mut EngineTable<'_>) -> Result<bool, String> {
        if self.next <= self.limit {
            return Ok(false);
        }
        let limit = (self.next / Self::STEP + 1) * Self::STEP;
        write_limit(table, limit).map_err(|error| error.to_string())?;
        self.limit = limit;
        Ok(true)
    }
}

/// The numbers to go on with, and the keyspace made where it is missing, so that a snapshot can always open it.
pub(crate) fn prepare(database: &Database) -> Result<Sequence, redb::Error> {
    let transaction = database.begin_write()?;
    let mut number = 1;
    {
        let mut table = transaction.open_table(KEYSPACE)?;
        let key = sequence_key();
        let stored = table.get(key.as_slice())?.map(|guard| guard.value().to_vec());
        match stored {
            Some(bytes) => {
                let damaged = || redb::Error::Corrupted("the stored sequence number is damaged".to_owned());
                number = unseal(&key, &bytes).ok_or_else(damaged)?;
            }
            None if table.get(UNSCOPED_SEQUENCE_KEY)?.is_some() => {
                // A folder that lost its file 'format': what is in it must not look as if it were gone.
                let cause = "its keys have no scope: it is of format 1, and its folder does not say so";
                return Err(redb::Error::Corrupted(cause.to_owned()));
            }
            None => write_limit(&mut table, number)?,
        }
    }
    transaction.commit()?;
    Ok(Sequence::starting_at(number))
}

/// Makes sure that the secrets of a database are sealed with this key, if any; what is not sealed yet is sealed now.
///
/// # Errors
/// Which key is missing or wrong, as the second part.
pub(crate) fn seal_secrets(database: &Database, key: Option<&SecretKey>) -> Result<KeyFit, redb::Error> {
    let transaction = database.begin_write()?;
    let fit = {
        let mut table = transaction.open_table(KEYSPACE)?;
        let mark = META.full_key(HOME, &"secrets".to_owned());
        let known = table.get(mark.as_slice())?.and_then(|guard| unseal::<u64>(&mark, guard.value()));
        match (known, key) {
            (None, None) => KeyFit::Fits,
            (Some(_), None) => KeyFit::Missing,
            (Some(known), Some(key)) if known != key.check() => KeyFit::Wrong,
            (_, Some(key)) => {
                let mut plain = Vec::new();
                for number in SECRET_TABLES {
                    for record in table.range::<&[u8]>([number].as_slice()..[number + 1].as_slice())? {
                        let (under, value) = record?;
                        let sealed = with_secret_key(under.value(), value.value(), key);
                        plain.extend(sealed.map(|sealed| (under.value().to_vec(), sealed)));
                    }
                }
                for (under, sealed) in &plain {
                    table.insert(under.as_slice(), sealed.as_slice())?;
                }
                if let Some(value) = seal(&mark, &key.check()) {
                    table.insert(mark.as_slice(), value.as_slice())?;
                }
                KeyFit::Fits
            }
        }
    };
    if key.is_some() {
        transaction.commit()?
    } else {
        transaction.abort()?
    }
    Ok(fit)
}

/// Whether a key is that of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFit {
    Fits,
    Missing,
    Wrong,
}

/// Where the limit lies.
pub(crate) fn sequence_key() -> Vec<u8> {
    META.full_key(HOME, &SEQUENCE.to_owned())
}

/// Sets the limit.
pub(crate) fn write_limit(table: &mut EngineTable<'_>, limit: u64) -> Result<(), redb::Error> {
    let key = sequence_key();
    let unwritable = || redb::Error::Corrupted("the sequence number cannot be encoded".to_owned());
    let value = seal(&key, &limit).ok_or_else(unwritable)?;
    table.insert(key.as_slice(), value.as_slice())?;
    Ok(())
}
