//! The table of scopes: each pair of account and region has a number, and the number is part of every key.

use std::sync::Arc;

use aws::Scope;

use crate::error::Error;
use crate::key::KeyRange;
use crate::read::{Read, Source};
use crate::table::Table;
use crate::tx::Tx;
use crate::view::{Number, Registry};

/// Which number an account and a region have. It lies in the home scope; the home scope itself is not in it.
pub(crate) const SCOPES: Table<(String, String), u64> = Table::new(1, "scopes");

/// Reads into `registry` what is registered on disk, from a reader of the home scope.
pub(crate) fn load(registry: &Registry, read: &mut impl Read) {
    for ((account, region), number) in read.list(&SCOPES, &KeyRange::all(), usize::MAX) {
        if let Ok(number) = Number::try_from(number) {
            registry.add(Scope::new(&account, &region), number);
        }
    }
}

/// Gives `scope` the next number, if it has none yet. For a job in the home scope.
pub(crate) fn register(tx: &mut Tx<'_>, scope: &Scope) -> Result<Number, Error> {
    let key = (scope.account.to_string(), scope.region.to_string());
    // The mirror changes after the sync: another job of the same commit may have been here.
    let taken = tx.list(&SCOPES, &KeyRange::all(), usize::MAX);
    let last = taken.iter().map(|(_, number)| *number).max().unwrap_or_default();
    let found = taken.into_iter().find(|(other, _)| *other == key).map(|(_, number)| number);
    let number = Number::try_from(found.unwrap_or(last + 1)).map_err(|_| Error::Stopped {
        cause: "65,535 pairs of account and region have been registered, and there is no number for another"
            .to_owned(),
    })?;
    if found.is_none() {
        tx.put(&SCOPES, &key, &u64::from(number));
    }
    let (registry, scope) = (Arc::clone(&tx.view().registry), scope.clone());
    tx.after_commit(move || registry.add(scope, number));
    Ok(number)
}
