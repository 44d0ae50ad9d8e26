//! Deleting log groups and log streams: at once for everybody who looks, their events a little at a time by the sweeps.

use aws::Error;
use store::{KeyRange, Read, Tx};

use crate::Logs;
use crate::error;
use crate::group::GROUPS;
use crate::stream::{CLEARING, STREAMS, Stream};

impl Logs {
    /// Deletes a log group with its streams; their events go with the sweeps.
    pub(crate) fn delete_group(tx: &mut Tx<'_>, name: &str) -> Result<(), Error> {
        if Self::group(tx, name)?.is_protected {
            return Err(error::protected());
        }
        for (key, stream) in tx.list(&STREAMS, &KeyRange::prefix(&name.to_owned()), usize::MAX) {
            tx.remove(&STREAMS, &key);
            tx.put(&CLEARING, &stream.number, &());
        }
        tx.remove(&GROUPS, &name.to_owned());
        Ok(())
    }

    /// Deletes a log stream; its events go with the sweeps.
    pub(crate) fn delete_stream(tx: &mut Tx<'_>, group: &str, stream: &str) -> Result<(), Error> {
        let mut record = Self::group(tx, group)?;
        let gone = Self::stream(tx, group, stream)?;
        record.size_bytes = record.size_bytes.saturating_sub(gone.size_bytes);
        tx.put(&GROUPS, &group.to_owned(), &record);
        tx.remove(&STREAMS, &Stream::key(group, stream));
        tx.put(&CLEARING, &gone.number, &());
        Ok(())
    }
}
