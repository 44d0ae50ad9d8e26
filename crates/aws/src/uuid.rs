//! UUIDs (RFC 9562): made of random bits, read, written.

use std::fmt;

/// A UUID of any version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid(u128);

/// The two bits of the variant that RFC 9562 describes, and where they are.
const VARIANT: u128 = 0b10 << 62;
const VARIANT_MASK: u128 = 0b11 << 62;
/// Where the version is.
const VERSION_MASK: u128 = 0xF << 76;

impl Uuid {
    /// Version 4: all bits but version and variant are those of `random`.
    #[must_use]
    pub fn v4(random: u128) -> Self {
        Self(random & !VERSION_MASK & !VARIANT_MASK | 0x4 << 76 | VARIANT)
    }

    /// Version 7: begins with the milliseconds since 1970, so that ids made after one another lie beside one another in an
    /// index; the rest is of `random`.
    #[must_use]
    pub fn v7(unix_ms: u64, random: u128) -> Self {
        let time = u128::from(unix_ms & 0xFFFF_FFFF_FFFF) << 80;
        let rest = random & ((1 << 76) - 1) & !VARIANT_MASK;
        Self(time | 0x7 << 76 | rest | VARIANT)
    }

    /// Reads the form with hyphens, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_form = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        let bits = is_form.then(|| u128::from_str_radix(&text.replace('-', ""), 16).ok());
        bits.flatten().map(Self)
    }

    /// All 128 bits.
    #[must_use]
    pub fn bits(self) -> u128 {
        self.0
    }

    /// Its second half, as a number.
    #[must_use]
    pub fn low(self) -> u64 {
        u64::try_from(self.0 & u128::from(u64::MAX)).unwrap_or_default()
    }

    /// Appends the 36 characters, in lower case; faster than through a formatter.
    pub fn push_to(self, out: &mut String) {
        out.push_str(text_of(&self.characters()));
    }

    fn characters(self) -> [u8; 36] {
        let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
        let mut characters = [b'-'; 36];
        let places = characters.iter_mut().enumerate().filter(|(at, _)| !matches!(at, 8 | 13 | 18 | 23));
        for (number, (_, place)) in (0..).zip(places) {
            let nibble = self.0 >> (124 - 4 * number) & 0xF;
            *place = digit(u8::try_from(nibble).unwrap_or_default());
        }
        characters
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(text_of(&self.characters()))
    }
}

/// Digits and hyphens are ASCII.
fn text_of(characters: &[u8; 36]) -> &str {
    std::str::from_utf8(characters).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Uuid;

    #[test]
    fn version_and_variant_stand_where_they_belong() {
        assert_eq!(Uuid::v4(u128::MAX).to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(Uuid::v4(0).to_string(), "00000000-0000-4000-8000-000000000000");
        assert_eq!(Uuid::v7(0, u128::MAX).to_string(), "00000000-0000-7fff-bfff-ffffffffffff");
        // RFC 9562, A.6: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00.
        let random = 0x0CC3 << 64 | 0x18C4_DC0C_0C07_398F;
        assert_eq!(Uuid::v7(0x017F_22E2_79B0, random).to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    }

    #[test]
    fn an_id_is_read_as_it_was_written() {
        let id = Uuid::v4(0x0123_4567_89AB_CDEF_0123_4567_89AB_CDEF);
        assert_eq!(Uuid::parse(&id.to_string()), Some(id));
        assert_eq!(Uuid::parse(&id.to_string().to_uppercase()), Some(id));
        for wrong in ["", "ffffffff-ffff-4fff-bfff-fffffffffff", "ffffffffffff-4fff-bfff-ffffffffffff-"] {
            assert_eq!(Uuid::parse(wrong), None);
        }
    }
}
