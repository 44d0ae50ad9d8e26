//! The engine's two commit slots, as far as they tell whether recovery has left out the newest commit.
//!
//! redb 4's `docs/design.md`: a header of 64 bytes, whose byte 9 says in bit 0 which slot is the primary one, then two slots of 128
//! bytes. A slot has its tree's root with its checksum and length from byte 8 on, its transaction's number at byte 104 and its own
//! checksum at its end. Only for telling a person: what is served is the engine's decision.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use redb::StorageBackend;

const HEADER_BYTES: usize = 64;
const SLOT_BYTES: usize = 128;
const SLOTS_END: usize = HEADER_BYTES + 2 * SLOT_BYTES;
/// The byte whose first bit names the primary slot.
const FLAGS: usize = 9;

/// What the slots said before recovery: of the newest commit and of the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slots {
    slots: [Slot; 2],
    primary: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot {
    number: u64,
    root: Vec<u8>,
}

impl Slots {
    /// Reads them; `None` where the disk is too short for a header.
    pub(crate) fn of(disk: &dyn StorageBackend) -> io::Result<Option<Self>> {
        let mut bytes = [0; SLOTS_END];
        if disk.len()? < bytes.len() as u64 {
            return Ok(None);
        }
        disk.read(0, &mut bytes)?;
        Ok(Self::parse(&bytes))
    }

    /// The same of a file that is not there yet, or in use.
    #[expect(clippy::disallowed_methods, reason = "this room is the one that opens files")]
    pub(crate) fn of_file(file: &Path) -> io::Result<Option<Self>> {
        let mut bytes = [0; SLOTS_END];
        let mut file = File::open(file)?;
        if file.metadata()?.len() < bytes.len() as u64 {
            return Ok(None);
        }
        file.read_exact(&mut bytes)?;
        Ok(Self::parse(&bytes))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let slot = |number: usize| {
            let slot = bytes.get(HEADER_BYTES + number * SLOT_BYTES..)?.get(..SLOT_BYTES)?;
            let number = slot.get(104..112)?.try_into().ok()?;
            Some(Slot { number: u64::from_le_bytes(number), root: slot.get(8..40)?.to_vec() })
        };
        let primary = usize::from(bytes.get(FLAGS)? & 1);
        Some(Self { slots: [slot(0)?, slot(1)?], primary })
    }

    fn newest(&self) -> &Slot {
        let [first, second] = &self.slots;
        if first.number >= second.number { first } else { second }
    }

    fn primary(&self) -> &Slot {
        let [first, second] = &self.slots;
        if self.primary == 0 { first } else { second }
    }

    /// Whether recovery, after which the slots are `after`, has left out the newest commit.
    pub(crate) fn is_dropped(&self, after: &Self) -> bool {
        self.newest().root != after.primary().root
    }
}
