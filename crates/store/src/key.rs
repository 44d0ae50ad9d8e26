//! Keys whose bytes sort as their values do, and ranges of them.

/// A key of a table. Its bytes sort as the values do, and a tuple's bytes are its parts' bytes one after the other, so
/// that the bytes of the first parts are a prefix that a range can name.
pub trait Key: Sized {
    /// Appends the bytes.
    fn write(&self, bytes: &mut Vec<u8>);
    /// Takes the value off the front; `None` where the bytes are no such key.
    fn read(bytes: &mut &[u8]) -> Option<Self>;

    /// The bytes of this key alone.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(24);
        self.write(&mut bytes);
        bytes
    }
}

impl Key for () {
    fn write(&self, _bytes: &mut Vec<u8>) {}
    fn read(_bytes: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

macro_rules! unsigned_key {
    ($($number:ty),*) => {$(
        impl Key for $number {
            fn write(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_be_bytes());
            }
            fn read(bytes: &mut &[u8]) -> Option<Self> {
                let (head, tail) = bytes.split_first_chunk()?;
                *bytes = tail;
                Some(Self::from_be_bytes(*head))
            }
        }
    )*};
}

unsigned_key!(u8, u16, u32, u64, u128);

/// Text ends with `00 01`; a zero byte inside is written `00 FF`, so that no text is a prefix of another's bytes and
/// the order stays that of the text.
impl Key for String {
    fn write(&self, bytes: &mut Vec<u8>) {
        write_text(self, bytes);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let mut text = Vec::new();
        loop {
            match bytes.split_first()? {
                (0, tail) => {
                    let (mark, tail) = tail.split_first()?;
                    *bytes = tail;
                    match mark {
                        1 => return Self::from_utf8(text).ok(),
                        0xFF => text.push(0),
                        _ => return None,
                    }
                }
                (byte, tail) => {
                    text.push(*byte);
                    *bytes = tail;
                }
            }
        }
    }
}

fn write_text(text: &str, bytes: &mut Vec<u8>) {
    for byte in text.bytes() {
        bytes.push(byte);
        if byte == 0 {
            bytes.push(0xFF);
        }
    }
    bytes.extend_from_slice(&[0, 1]);
}

impl<A: Key, B: Key> Key for (A, B) {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
    }
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::read(bytes)?, B::read(bytes)?))
    }
}

impl<A: Key, B: Key, C: Key> Key for (A, B, C) {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
        self.2.write(bytes);
    }
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::read(bytes)?, B::read(bytes)?, C::read(bytes)?))
    }
}

/// A half-open range of keys of one table, by their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    pub(crate) from: Vec<u8>,
    /// Exclusive; `None` reaches to the table's end.
    pub(crate) to: Option<Vec<u8>>,
}

impl KeyRange {
    /// Every key.
    pub fn all() -> Self {
        Self { from: Vec::new(), to: None }
    }

    /// Every key that begins with these first parts of a tuple.
    pub fn prefix(parts: &impl Key) -> Self {
        let from = parts.to_bytes();
        let to = successor(&from);
        Self { from, to }
    }

    /// From `from` (inclusive) up to `to` (exclusive); either may be the first parts of a tuple.
    pub fn between(from: &impl Key, to: &impl Key) -> Self {
        Self { from: from.to_bytes(), to: Some(to.to_bytes()) }
    }

    /// From `from` (inclusive) to the end of those that begin with `prefix`.
    pub fn from_within(from: &impl Key, prefix: &impl Key) -> Self {
        Self { from: from.to_bytes(), to: successor(&prefix.to_bytes()) }
    }
}

/// The least bytes greater than everything that begins with `bytes`; `None` where there is none.
pub(crate) fn successor(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut next = bytes.to_vec();
    while let Some(last) = next.pop() {
        if last < 0xFF {
            next.push(last + 1);
            return Some(next);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::Key;

    proptest! {
        #[test]
        fn bytes_sort_as_values_do(a: (String, u64, String), b: (String, u64, String)) {
            assert_eq!(a.cmp(&b), a.to_bytes().cmp(&b.to_bytes()));
        }

        #[test]
        fn there_and_back(key in any::<(String, u64, u32)>()) {
            let bytes = key.to_bytes();
            let mut rest = bytes.as_slice();
            assert_eq!(<(String, u64, u32)>::read(&mut rest), Some(key));
            assert!(rest.is_empty());
        }

        #[test]
        fn strange_bytes_are_no_key_and_no_panic(bytes: Vec<u8>) {
            let _ = <(String, u64)>::read(&mut bytes.as_slice());
        }
    }
}
