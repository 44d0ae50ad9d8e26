//! What happened, line by line: the same seed gives the same lines.

use std::fmt;

use crate::clock;

/// The lines of a run, or their sum alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Kept where somebody wants to read them.
    lines: Option<Vec<String>>,
    count: u64,
    sum: u64,
}

/// FNV-1a, 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Trace {
    /// A trace whose lines are kept.
    pub(crate) fn kept() -> Self {
        Self { lines: Some(Vec::new()), ..Self::default() }
    }

    /// Adds a line, with the moment in ms since the beginning.
    pub(crate) fn say(&mut self, what: fmt::Arguments<'_>) {
        let line = format!("{:>8} {what}", clock::now_ms());
        let fold = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(PRIME);
        self.sum = line.bytes().chain([b'\n']).fold(if self.count == 0 { BASIS } else { self.sum }, fold);
        self.count = self.count.saturating_add(1);
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    /// The lines, where they were kept.
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }

    /// How many lines there are, kept or not.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// A number that all bytes of all lines make.
    pub fn sum(&self) -> u64 {
        self.sum
    }
}
