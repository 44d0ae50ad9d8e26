//! Identifiers: random for what happens, derived from the seed for what exists.

use aws::Uuid;

use super::random::Dice;

/// The id of an entity of the org: the same for the same seed, kind and name, whatever else the org holds.
pub(super) fn of_entity(seed: u64, kind: &str, name: &str) -> Uuid {
    Dice::new(seed, fnv1a(kind), fnv1a(name)).uuid()
}

impl Dice {
    /// A random UUID, version 4.
    pub(super) fn uuid(&mut self) -> Uuid {
        Uuid::v4(self.bits())
    }
}

fn fnv1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::of_entity;

    #[test]
    fn an_entity_keeps_its_id() {
        assert_eq!(of_entity(7, "queue", "Support"), of_entity(7, "queue", "Support"));
        assert_ne!(of_entity(7, "queue", "Support"), of_entity(8, "queue", "Support"));
        assert_ne!(of_entity(7, "queue", "Support"), of_entity(7, "user", "Support"));
    }
}
