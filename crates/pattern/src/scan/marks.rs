//! The loop that marks an event, whatever compares its bytes: strings told from structure, 64 bytes at a time.

/// Bytes in one block: one bit of a `u64` for each.
pub(crate) const BLOCK: usize = BLOCK_BYTES as usize;
const BLOCK_BYTES: u8 = 64;

/// What is where in 64 bytes, strings not yet told apart from structure. Bit 0 is the first byte.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Raw {
    pub(crate) quote: u64,
    pub(crate) backslash: u64,
    /// Colons and brackets.
    pub(crate) token: u64,
    /// Not zero where a byte is 0x80 or above.
    pub(crate) high: u64,
    /// Not zero where a byte is below 0x20.
    pub(crate) control: u64,
}

/// What the walk must beware of in this event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// There is a backslash.
    pub(crate) backslash: bool,
    /// Some byte is not ASCII.
    pub(crate) high: bool,
    /// Some byte is a control character, a line end or a tab.
    pub(crate) control: bool,
    /// How many tokens there are.
    pub(crate) tokens: usize,
}

/// What one block hands to the next.
#[derive(Debug, Clone, Copy, Default)]
struct Carry {
    /// All ones inside a string.
    in_string: u64,
    /// 1 where the first byte of the next block is escaped.
    escaped: u64,
    /// What was seen so far, and how many tokens.
    backslash: bool,
    high: u64,
    control: u64,
    count: usize,
}

/// The loop that both means share: `raw` compares 64 bytes, `parity` is the running exclusive or of all lower bits.
#[inline(always)]
pub(crate) fn index_with(
    event: &[u8],
    (quotes, tokens): (&mut [u64], &mut [u32]),
    raw: impl Fn(&[u8; BLOCK]) -> Raw,
    parity: impl Fn(u64) -> u64,
) -> Summary {
    let mut carry = Carry::default();
    let (blocks, rest) = event.as_chunks::<BLOCK>();
    let mut start = 0;
    for (block, quotes) in blocks.iter().zip(quotes.iter_mut()) {
        let marked = mark(raw(block), &parity, &mut carry);
        *quotes = marked.quotes;
        write_tokens(marked.tokens, start, tokens, &mut carry.count);
        start += u32::from(BLOCK_BYTES);
    }
    let mut last = [b' '; BLOCK];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let marked = mark(raw(&last), &parity, &mut carry);
    if let Some(quotes) = quotes.get_mut(blocks.len()) {
        *quotes = marked.quotes;
    }
    write_tokens(marked.tokens, start, tokens, &mut carry.count);
    Summary {
        backslash: carry.backslash,
        high: carry.high != 0,
        control: carry.control != 0,
        tokens: carry.count,
    }
}

/// Writes where the tokens of a block are, always a few at once: how many there are cannot be foretold, and guessing
/// wrong costs more than writing.
#[inline(always)]
fn write_tokens(mut bits: u64, start: u32, tokens: &mut [u32], count: &mut usize) {
    const AT_ONCE: usize = 4;
    let end = *count + bits.count_ones() as usize;
    let mut at = *count;
    // At least once: a branch for blocks without tokens would be guessed wrong too.
    while let Some(room) = tokens.get_mut(at..).and_then(<[u32]>::first_chunk_mut::<AT_ONCE>) {
        for token in room {
            *token = start + bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
        }
        at += AT_ONCE;
        if at >= end {
            break;
        }
    }
    *count = end;
}

/// What a block is, strings told apart.
struct BlockMarks {
    quotes: u64,
    tokens: u64,
}

#[inline(always)]
fn mark(raw: Raw, parity: &impl Fn(u64) -> u64, carry: &mut Carry) -> BlockMarks {
    let mut quotes = raw.quote;
    if raw.backslash | carry.escaped != 0 {
        carry.backslash = true;
        quotes &= !escaped(raw.backslash, carry);
    }
    carry.high |= raw.high;
    carry.control |= raw.control;
    let inside = parity(quotes) ^ carry.in_string;
    // All ones where the last byte is inside a string.
    carry.in_string = 0u64.wrapping_sub(inside >> 63);
    BlockMarks { quotes, tokens: raw.token & !inside }
}

/// The bytes that a backslash escapes: those after an odd number of backslashes.
#[inline(always)]
fn escaped(backslash: u64, carry: &mut Carry) -> u64 {
    let mut escaped = carry.escaped;
    let mut rest = backslash & !escaped;
    carry.escaped = 0;
    while rest != 0 {
        let at = rest.trailing_zeros();
        if at == 63 {
            carry.escaped = 1;
            break;
        }
        escaped |= 2 << at;
        // The escaped byte, if a backslash itself, escapes nothing.
        rest &= !(3 << at);
    }
    escaped
}
