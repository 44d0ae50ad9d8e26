//! The structure of an event as bit masks, one bit for each byte, 64 bytes at a time.

use crate::error::InvalidEvent;
use crate::scan::marks::{BLOCK, Summary};
use crate::scan::portable;
#[cfg(target_arch = "x86_64")]
use crate::scan::wide;

/// The marks of one event. Kept between events for its memory.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    /// The quotation marks that begin or end a string.
    quotes: Vec<u64>,
    /// Where the tokens are, the colons and brackets outside strings; what comes after them is of no meaning.
    tokens: Vec<u32>,
    summary: Summary,
}

impl Blocks {
    /// Marks `event`.
    ///
    /// # Errors
    /// [`InvalidEvent`]: no UTF-8, or longer than 4 GiB.
    pub(crate) fn mark(&mut self, event: &[u8]) -> Result<(), InvalidEvent> {
        if u32::try_from(event.len()).is_err() {
            return Err(InvalidEvent { message: "an event of more than 4 GiB".to_owned(), offset: 0 });
        }
        self.mark_start(event);
        if self.summary.high
            && let Err(error) = std::str::from_utf8(event)
        {
            return Err(InvalidEvent { message: "invalid UTF-8".to_owned(), offset: error.valid_up_to() });
        }
        Ok(())
    }

    /// Marks the start of an event, which may end in the middle of anything: what comes after it has no marks.
    pub(crate) fn mark_start(&mut self, start: &[u8]) {
        // Nothing of a longer event before stays behind.
        self.quotes.resize(start.len() / BLOCK + 1, 0);
        // Tokens are written a few at once, so there is room for those after the last one.
        if self.tokens.len() < start.len() + BLOCK {
            self.tokens.resize(start.len() + BLOCK, 0);
        }
        self.summary = index(start, &mut self.quotes, &mut self.tokens);
    }

    /// What to beware of.
    pub(crate) fn summary(&self) -> Summary {
        self.summary
    }

    /// Where the tokens are, in order.
    pub(crate) fn tokens(&self) -> &[u32] {
        self.tokens.get(..self.summary.tokens).unwrap_or_default()
    }

    /// The first quotation mark at `from` or after.
    #[inline]
    pub(crate) fn quote_from(&self, from: usize) -> Option<usize> {
        let mut block = from / BLOCK;
        let mut quotes = *self.quotes.get(block)? & (u64::MAX << (from % BLOCK));
        while quotes == 0 {
            block += 1;
            quotes = *self.quotes.get(block)?;
        }
        Some(block * BLOCK + quotes.trailing_zeros() as usize)
    }

    /// The last quotation mark before `before`.
    #[inline]
    pub(crate) fn quote_before(&self, before: usize) -> Option<usize> {
        let mut block = before / BLOCK;
        let mut quotes = *self.quotes.get(block)? & !(u64::MAX << (before % BLOCK));
        while quotes == 0 {
            block = block.checked_sub(1)?;
            quotes = *self.quotes.get(block)?;
        }
        Some(block * BLOCK + 63 - quotes.leading_zeros() as usize)
    }
}

/// Marks `event` by the best means that this machine has. There is room in `quotes` for each block and in `tokens` for
/// each byte and a block more.
fn index(event: &[u8], quotes: &mut [u64], tokens: &mut [u32]) -> Summary {
    #[cfg(target_arch = "x86_64")]
    if let Some(summary) = wide::index(event, quotes, tokens) {
        return summary;
    }
    portable::index(event, quotes, tokens)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_oneof, proptest};
    use proptest::strategy::{Just, Strategy};

    use super::Blocks;
    use crate::scan::marks::Summary;
    use crate::scan::portable;

    /// The same marks, one byte after another.
    fn naive(event: &[u8]) -> Vec<(usize, u8)> {
        let (mut marks, mut inside, mut escaped) = (vec![], false, false);
        for (at, byte) in event.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    inside = !inside;
                    marks.push((at, b'"'));
                }
                b':' | b'{' | b'}' | b'[' | b']' if !inside => marks.push((at, *byte)),
                _ => {}
            }
        }
        marks
    }

    fn found(event: &[u8], blocks: &Blocks) -> Vec<(usize, u8)> {
        let quotes = (0..event.len()).filter(|at| blocks.quotes[at / 64] >> (at % 64) & 1 == 1);
        let mut all: Vec<usize> = blocks.tokens().iter().map(|at| *at as usize).chain(quotes).collect();
        all.sort();
        all.into_iter().map(|at| (at, event[at])).collect()
    }

    /// Bytes rich in structure. A backslash only where JSON may have one: before something, inside a string.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just("\"a.b\":"),
            Just("\"a\": \"x.y\","),
            Just("\"\\\\\""),
            Just("\"\\\"\\\\\\\"\""),
            Just("{"),
            Just("}"),
            Just("[1,"),
            Just("]"),
            Just("                       "),
            Just("\"abcdefghijklmnopqrstuvwxyz\""),
            Just("\"ü\""),
        ];
        proptest::collection::vec(piece, 0..60).prop_map(|p| p.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn wide_portable_and_naive_agree(event in bytes(), junk in proptest::collection::vec(any::<u8>(), 0..200)) {
            for event in [event.as_slice(), junk.as_slice()] {
                let room = || (vec![0; event.len() / 64 + 1], vec![0; event.len() + 64]);
                let (mut first, mut second) = (room(), room());
                let one = super::index(event, &mut first.0, &mut first.1);
                let other = portable::index(event, &mut second.0, &mut second.1);
                assert_eq!((one, first.0), (other, second.0));
                assert_eq!(first.1[..one.tokens], second.1[..other.tokens]);
            }
            let mut blocks = Blocks::default();
            blocks.mark(&event).unwrap();
            assert_eq!(found(&event, &blocks), naive(&event));
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let mut blocks = Blocks::default();
        assert_eq!(blocks.mark(b"{\"a\": \"\xff\"}").unwrap_err().offset, 7);
        assert!(blocks.mark("{\"a\": \"\u{fc}\"}".as_bytes()).is_ok());
        assert!(blocks.summary().high);
        assert!(blocks.mark(b"{\"a\":\n1}").is_ok());
        assert_eq!(blocks.summary(), Summary { control: true, tokens: 3, ..Summary::default() });
    }
}
