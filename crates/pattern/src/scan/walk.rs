//! The walk over an event: from colon to colon and bracket to bracket, down the tree of wanted paths. What no rule names
//! is passed over by counting brackets.

use crate::error::InvalidEvent;
use crate::ruleset::hash;
use crate::ruleset::last_keys::LastKeys;
use crate::ruleset::paths::{Node, PathProbes};
use crate::scan::blocks::Blocks;
use crate::scan::literal;
use crate::scan::number::NumberMemo;

/// How deep an event may nest: what AWS's JSON reader (Jackson, `StreamReadConstraints`) allows.
pub(crate) const DEPTH_MAX: usize = 1000;

/// A value at a wanted path.
#[derive(Debug, Clone)]
pub(crate) struct Leaf<'s> {
    pub(crate) wanted: &'s PathProbes,
    pub(crate) kind: Kind,
    /// Where its text is: the inside of the quotes, or the digits.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// The element of an array that it is in, as an index into [`EventValues::contexts`]; 0 is none.
    pub(crate) context: u32,
    /// One more than the index of the leaf before it at the same path; 0 is none.
    pub(crate) previous: u32,
    pub(crate) number: NumberMemo,
}

/// What kind of value a leaf is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string whose text is in the event.
    String,
    /// A string whose text, escapes undone, is in [`EventValues::unescaped`].
    Unescaped,
    Number,
    True,
    False,
    Null,
}

/// An element of an array of the event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context {
    /// The element of the array around the array, 0 where there is none.
    pub(crate) parent: u32,
    /// The array's number, from 1.
    pub(crate) array: u32,
}

/// Where the walk stands in one container.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'s> {
    node: &'s Node,
    /// The array's number; 0 in an object.
    array: u32,
    context: u32,
    /// In an array: after an element.
    between: bool,
}

/// The values that the walk found.
#[derive(Debug, Default)]
pub(crate) struct EventValues<'s> {
    pub(crate) leaves: Vec<Leaf<'s>>,
    pub(crate) frames: Vec<Frame<'s>>,
    pub(crate) contexts: Vec<Context>,
    pub(crate) unescaped: Vec<u8>,
    /// By path: the event's number, and one more than the index of the last leaf there.
    pub(crate) heads: Vec<(u64, u32)>,
    /// The event's number.
    pub(crate) epoch: u64,
}

impl EventValues<'_> {
    /// Forgets what was found, to find it again.
    pub(crate) fn clear(&mut self) {
        self.leaves.clear();
        self.frames.clear();
        self.contexts.clear();
        self.unescaped.clear();
        self.epoch += 1;
    }

    /// One more than the index of the last leaf at `path`; 0 where there is none.
    #[inline]
    pub(crate) fn head(&self, path: u32) -> u32 {
        match self.heads.get(path as usize) {
            Some((epoch, head)) if *epoch == self.epoch => *head,
            _ => 0,
        }
    }
}

/// The paths that rules name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paths<'s> {
    pub(crate) root: &'s Node,
    /// Where they are few.
    pub(crate) last_keys: Option<&'s LastKeys>,
}

/// Finds the values of `event`, of which `blocks` marks all or the start, at the paths that are wanted. Answers how far the
/// event was read.
///
/// # Errors
/// [`InvalidEvent`] where what is read is no JSON object. What is passed over is only checked for quotes and brackets;
/// what comes after the last value that is wanted, and what follows the object, not at all.
#[inline(never)]
pub(crate) fn walk<'s>(
    event: &[u8],
    blocks: &Blocks,
    wanted: Paths<'s>,
    found: &mut EventValues<'s>,
) -> Result<usize, InvalidEvent> {
    let careful = blocks.summary().backslash || wanted.root.is_deep();
    let unseen = wanted.last_keys.map_or(usize::MAX, LastKeys::paths);
    let mut walk = Walk {
        event,
        blocks,
        tokens: blocks.tokens(),
        found,
        last_keys: wanted.last_keys,
        unseen,
        careful,
        at: 0,
        next: 0,
        arrays: 0,
        arrays_open: 0,
    };
    walk.run(wanted.root)?;
    Ok(walk.at)
}

struct Walk<'w, 's> {
    event: &'w [u8],
    blocks: &'w Blocks,
    tokens: &'w [u32],
    found: &'w mut EventValues<'s>,
    last_keys: Option<&'s LastKeys>,
    /// How many of the paths had no value so far; out of reach where that is of no use.
    unseen: usize,
    /// Keys may have escapes, or more dots than the tree is ready for.
    careful: bool,
    /// After the last thing read.
    at: usize,
    /// The index of the next token.
    next: usize,
    /// Arrays so far.
    arrays: u32,
    /// How many arrays the walk is in.
    arrays_open: usize,
}

impl<'s> Walk<'_, 's> {
    fn run(&mut self, root: &'s Node) -> Result<(), InvalidEvent> {
        let start = self.skip_space(0);
        if self.byte(start) != Some(b'{') {
            return Err(invalid("not a JSON object", start));
        }
        self.take(start)?;
        self.found.frames.push(Frame { node: root, array: 0, context: 0, between: false });
        while let Some(frame) = self.found.frames.last().copied() {
            let inner = if frame.array == 0 { self.object(frame)? } else { self.array(frame)? };
            match inner {
                Some(inner) if self.found.frames.len() < DEPTH_MAX => {
                    self.arrays_open += usize::from(inner.array != 0);
                    self.found.frames.push(inner);
                }
                Some(_) => return Err(invalid("nested too deep", self.at)),
                None => {
                    self.arrays_open -= usize::from(frame.array != 0);
                    self.found.frames.pop();
                }
            }
        }
        Ok(())
    }

    /// Goes on in an object, up to a container that is wanted, which is returned, or up to its end.
    fn object(&mut self, frame: Frame<'s>) -> Result<Option<Frame<'s>>, InvalidEvent> {
        loop {
            if self.unseen == 0 && self.is_complete() {
                self.found.frames.clear();
                return Ok(None);
            }
            self.pass_over_keys(frame.node);
            let Some(at) = self.next_token() else {
                return Err(invalid("an object that does not end", self.event.len()));
            };
            match self.byte(at) {
                Some(b':') => {
                    if let Some(node) = self.find_child(frame.node, at)?
                        && let Some(inner) = self.value(node, at + 1, frame.context)?
                    {
                        return Ok(Some(inner));
                    }
                }
                Some(b'}') => {
                    self.at = at + 1;
                    return Ok(None);
                }
                Some(b'{' | b'[') => self.pass_over(at)?,
                _ => return Err(invalid("a bracket that was not opened", at)),
            }
        }
    }

    /// Whether the rest of the event, where every path has a value, adds none. Asked outside of arrays, whose elements need
    /// no key, and once: the search is not made again from key to key.
    #[inline(never)]
    fn is_complete(&mut self) -> bool {
        if self.arrays_open > 0 {
            return false;
        }
        self.unseen = usize::MAX;
        let rest = self.event.get(self.at..).unwrap_or_default();
        self.last_keys.is_some_and(|keys| !keys.may_come(rest))
    }

    /// Goes on in an array, up to an element to go into, which is returned, or up to its end.
    fn array(&mut self, frame: Frame<'s>) -> Result<Option<Frame<'s>>, InvalidEvent> {
        let mut between = frame.between;
        loop {
            let mut at = self.skip_space(self.at);
            match (self.byte(at), between) {
                (Some(b']'), _) => {
                    self.take(at)?;
                    self.at = at + 1;
                    return Ok(None);
                }
                (Some(b','), true) => at = self.skip_space(at + 1),
                (_, false) => {}
                _ => return Err(invalid("an array without a comma", at)),
            }
            between = true;
            if let Some(top) = self.found.frames.last_mut() {
                top.between = true;
            }
            // Scalars right in an array go with every element of it; see `event::Place`.
            let container = matches!(self.byte(at), Some(b'{' | b'['));
            let context = if container { self.element(frame) } else { frame.context };
            if let Some(inner) = self.value(frame.node, at, context)? {
                return Ok(Some(inner));
            }
        }
    }

    /// A new element of the array.
    fn element(&mut self, frame: Frame<'s>) -> u32 {
        let contexts = &mut self.found.contexts;
        // The root's own entry is made with the first array.
        if contexts.is_empty() {
            contexts.push(Context { parent: 0, array: 0 });
        }
        contexts.push(Context { parent: frame.context, array: frame.array });
        index(contexts.len() - 1)
    }

    /// Reads the value at `from` for `node`, or returns the container to go into.
    #[inline]
    fn value(
        &mut self,
        node: &'s Node,
        from: usize,
        context: u32,
    ) -> Result<Option<Frame<'s>>, InvalidEvent> {
        let at = self.skip_space(from);
        match self.byte(at) {
            Some(b'"') => {
                let Some(end) = self.blocks.quote_from(at + 1) else {
                    return Err(invalid("a string that does not end", at));
                };
                self.at = end + 1;
                if let Some(wanted) = node.wanted() {
                    self.string(wanted, (at + 1, end), context)?;
                }
            }
            Some(b'{') => {
                self.take(at)?;
                if node.leads_on() {
                    return Ok(Some(Frame { node, array: 0, context, between: false }));
                }
                self.pass_over(at)?;
            }
            Some(b'[') => {
                self.take(at)?;
                self.at = at + 1;
                self.arrays += 1;
                return Ok(Some(Frame { node, array: self.arrays, context, between: false }));
            }
            Some(_) => self.literal(node, at, context)?,
            None => return Err(invalid("a value is missing", at)),
        }
        Ok(None)
    }

    fn string(
        &mut self,
        wanted: &'s PathProbes,
        (start, end): (usize, usize),
        context: u32,
    ) -> Result<(), InvalidEvent> {
        let text = self.event.get(start..end).unwrap_or_default();
        if self.blocks.summary().control && text.iter().any(|byte| *byte < b' ') {
            return Err(invalid("a control character in a string", start));
        }
        if self.blocks.summary().backslash && memchr::memchr(b'\\', text).is_some() {
            let first = self.found.unescaped.len();
            if literal::unescape(text, &mut self.found.unescaped).is_none() {
                return Err(invalid("a wrong escape", start));
            }
            let last = self.found.unescaped.len();
            self.leaf(wanted, Kind::Unescaped, (first, last), context);
        } else {
            self.leaf(wanted, Kind::String, (start, end), context);
        }
        Ok(())
    }

    fn literal(&mut self, node: &'s Node, at: usize, context: u32) -> Result<(), InvalidEvent> {
        let rest = self.event.get(at..).unwrap_or_default();
        let (kind, length) = match rest {
            [b'-' | b'0'..=b'9', ..] => (Kind::Number, literal::number_length(rest).unwrap_or(0)),
            [b't', b'r', b'u', b'e', ..] => (Kind::True, 4),
            [b'f', b'a', b'l', b's', b'e', ..] => (Kind::False, 5),
            [b'n', b'u', b'l', b'l', ..] => (Kind::Null, 4),
            _ => (Kind::Null, 0),
        };
        let ends = rest.get(length).is_none_or(|b| matches!(b, b',' | b'}' | b']') || is_space(*b));
        if length == 0 || !ends {
            return Err(invalid("no value", at));
        }
        self.at = at + length;
        if let Some(wanted) = node.wanted() {
            self.leaf(wanted, kind, (at, at + length), context);
        }
        Ok(())
    }

    #[inline]
    fn leaf(&mut self, wanted: &'s PathProbes, kind: Kind, (start, end): (usize, usize), context: u32) {
        let found = &mut *self.found;
        let previous = found.head(wanted.path);
        let (start, end) = (index(start), index(end));
        found.leaves.push(Leaf {
            wanted,
            kind,
            start,
            end,
            context,
            previous,
            number: NumberMemo::default(),
        });
        // Wraps nowhere: a path has its first value once.
        self.unseen = self.unseen.wrapping_sub(usize::from(previous == 0));
        if let Some(head) = found.heads.get_mut(wanted.path as usize) {
            *head = (found.epoch, index(found.leaves.len()));
        }
    }

    /// Passes over keys that are nobody's, and over their values where those are scalars or flat. Most keys are, which
    /// their last four bytes tell, and those are had in one read with the quotation mark and the colon after them.
    #[inline]
    fn pass_over_keys(&mut self, node: &Node) {
        const QUOTE_COLON: u64 = 0x3a22;
        if self.careful {
            return;
        }
        let (event, tokens, filter) = (self.event, self.tokens, node.filter());
        let word = |token: &u32| {
            let word = event.get(..=*token as usize).and_then(<[u8]>::last_chunk::<8>)?;
            Some(u64::from_le_bytes(*word))
        };
        let mut next = self.next;
        while let Some(token) = tokens.get(next).and_then(word) {
            if token >> 48 == QUOTE_COLON {
                let [_, _, tail @ .., _, _] = token.to_le_bytes();
                if filter.may_have(tail) {
                    break;
                }
                next += 1;
            } else {
                let end = tokens.get(next + 1).and_then(word).unwrap_or_default();
                // `[` and `{` against `]` and `}`.
                if (token | 0x20 << 56) >> 56 != 0x7b || (end | 0x20 << 56) >> 56 != 0x7d {
                    break;
                }
                next += 2;
            }
        }
        self.next = next;
    }

    /// The place of the key that ends before the colon at `colon`.
    fn find_child(&mut self, node: &'s Node, colon: usize) -> Result<Option<&'s Node>, InvalidEvent> {
        let mut end = colon.wrapping_sub(1);
        while self.byte(end).is_some_and(is_space) {
            end = end.wrapping_sub(1);
        }
        if self.byte(end) != Some(b'"') {
            return Err(invalid("a colon without a key", colon));
        }
        let start = self.blocks.quote_before(end).unwrap_or(end) + 1;
        if self.careful {
            return self.careful_child(node, (start, end));
        }
        let key = self.event.get(start..end).unwrap_or_default();
        Ok(node.child(hash::key(key.len(), hash::last(key)), key))
    }

    /// Likewise where a key may have escapes. Dots count as nesting.
    fn careful_child(
        &mut self,
        node: &'s Node,
        (start, end): (usize, usize),
    ) -> Result<Option<&'s Node>, InvalidEvent> {
        let key = self.event.get(start..end).unwrap_or_default();
        let mut undone = vec![];
        let key = if self.blocks.summary().backslash && memchr::memchr(b'\\', key).is_some() {
            if literal::unescape(key, &mut undone).is_none() {
                return Err(invalid("a wrong escape", start));
            }
            undone.as_slice()
        } else {
            key
        };
        let mut node = node;
        for key in key.split(|b| *b == b'.') {
            match node.child(hash::key(key.len(), hash::last(key)), key) {
                Some(child) => node = child,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    /// Passes over the container that opens at `at`, the last token taken.
    fn pass_over(&mut self, at: usize) -> Result<(), InvalidEvent> {
        let mut depth = 1_i32;
        let mut deepest = depth;
        for (count, token) in (1..).zip(self.tokens.get(self.next..).unwrap_or_default()) {
            let byte = self.byte(*token as usize).unwrap_or_default() | 0x20;
            // Colons change nothing, and that without a branch that could be guessed wrong.
            depth += i32::from(byte == b'{') - i32::from(byte == b'}');
            deepest = deepest.max(depth);
            if depth == 0 {
                self.next += count;
                self.at = *token as usize + 1;
                if self.found.frames.len() + deepest.unsigned_abs() as usize > DEPTH_MAX {
                    return Err(invalid("nested too deep", at));
                }
                return Ok(());
            }
        }
        Err(invalid("a bracket that is not closed", at))
    }

    /// Takes the next token, which must be the one at `at`.
    fn take(&mut self, at: usize) -> Result<(), InvalidEvent> {
        if self.next_token() == Some(at) { Ok(()) } else { Err(invalid("no value", at)) }
    }

    #[inline]
    fn next_token(&mut self) -> Option<usize> {
        let token = self.tokens.get(self.next)?;
        self.next += 1;
        Some(*token as usize)
    }

    #[inline]
    fn byte(&self, at: usize) -> Option<u8> {
        self.event.get(at).copied()
    }

    #[inline]
    fn skip_space(&self, mut at: usize) -> usize {
        while self.byte(at).is_some_and(is_space) {
            at += 1;
        }
        at
    }
}

#[cold]
fn invalid(message: &str, offset: usize) -> InvalidEvent {
    InvalidEvent { message: message.to_owned(), offset }
}

#[inline]
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// An offset or index as it is kept. The event is below 4 GiB, and no list is longer than the event.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the walk refuses longer events")]
fn index(at: usize) -> u32 {
    at as u32
}
