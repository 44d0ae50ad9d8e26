//! Identifiers: random for what happens, derived from the seed for what exists.

use std::fmt;

use super::random::Dice;

/// A UUID, version 4 in form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid(u128);

impl Uuid {
    pub(super) fn from_random(bits: u128) -> Self {
        Self(bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62)
    }

    /// The id of an entity of the org: the same for the same seed, kind and name, whatever else the org holds.
    pub(super) fn of_entity(seed: u64, kind: &str, name: &str) -> Self {
        Dice::new(seed, fnv1a(kind), fnv1a(name)).uuid()
    }

    /// Reads the form with hyphens, in any case.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_form = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        let bits = is_form.then(|| u128::from_str_radix(&text.replace('-', ""), 16).ok());
        bits.flatten().map(Self)
    }

    /// Its second half, as a number.
    pub(super) fn low(self) -> u64 {
        u64::try_from(self.0 & u128::from(u64::MAX)).unwrap_or_default()
    }

    /// Appends the 36 characters.
    pub(super) fn push_to(self, out: &mut String) {
        for (at, byte) in self.0.to_be_bytes().into_iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                out.push('-');
            }
            out.push(hex(byte >> 4));
            out.push(hex(byte & 0xf));
        }
    }
}

impl Dice {
    /// A random UUID, version 4.
    pub(super) fn uuid(&mut self) -> Uuid {
        Uuid::from_random(self.bits())
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(36);
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

fn hex(digit: u8) -> char {
    char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 })
}

fn fnv1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::Uuid;

    #[test]
    fn the_form_is_that_of_version_4() {
        let text = Uuid::from_random(u128::MAX).to_string();
        assert_eq!(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(Uuid::from_random(0).to_string(), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn an_id_is_read_as_it_was_written() {
        let id = Uuid::of_entity(7, "queue", "Support");
        assert_eq!(Uuid::parse(&id.to_string()), Some(id));
        assert_eq!(Uuid::parse(&id.to_string().to_uppercase()), Some(id));
        for wrong in ["", "ffffffff-ffff-4fff-bfff-fffffffffff", "ffffffffffff-4fff-bfff-ffffffffffff-"] {
            assert_eq!(Uuid::parse(wrong), None);
        }
    }

    #[test]
    fn an_entity_keeps_its_id() {
        assert_eq!(Uuid::of_entity(7, "queue", "Support"), Uuid::of_entity(7, "queue", "Support"));
        assert_ne!(Uuid::of_entity(7, "queue", "Support"), Uuid::of_entity(8, "queue", "Support"));
        assert_ne!(Uuid::of_entity(7, "queue", "Support"), Uuid::of_entity(7, "user", "Support"));
    }
}
