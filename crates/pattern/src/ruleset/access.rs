//! Which of a conjunction's fields it waits on.
//!
//! It is woken by one field only, the one that fewest events are likely to have and that fewest other rules wait on: a
//! queue's id, not the source that all share. The other fields are tested when it wakes.

use std::sync::Arc;

use crate::matcher::Matcher;
use crate::matcher::numeric::NumericRange;
use crate::matcher::wildcard::Wildcard;
use crate::pattern::{Alternative, Field};
use crate::ruleset::conjunction::Conjunction;
use crate::ruleset::hash_tree::HashTree;
use crate::ruleset::probe::{self, Code, Key};

/// Others under a key, counted so far and no further.
const COUNT_MAX: usize = 64;
/// So many ranges of numbers at a path are tested one by one; more are looked up.
const RANGES_FEW: usize = 8;
/// How many places of a wildcard's literals are weighed.
const GRAMS_MAX: usize = 64;

/// Keys, and how bad they are: the lower, the rarer.
struct Choice {
    keys: Vec<Key>,
    badness: usize,
}

/// Where a conjunction of these fields had best wait, and on which path; `paths` are the fields' numbers.
pub(crate) fn choose(
    alternative: &Alternative,
    paths: &[u32],
    waiting: &HashTree<Arc<Conjunction>>,
) -> (Box<[Key]>, Option<u32>) {
    let fields = alternative.fields.iter().zip(paths);
    let choices =
        fields.filter_map(|(field, path)| Some((Chooser { path: *path, waiting }.field(field)?, *path)));
    match choices.min_by_key(|(choice, _)| choice.badness) {
        Some((choice, path)) => (choice.keys.into(), Some(path)),
        None => (Box::new([probe::ALWAYS]), None),
    }
}

struct Chooser<'a> {
    path: u32,
    waiting: &'a HashTree<Arc<Conjunction>>,
}

impl Chooser<'_> {
    /// Keys such that each value that the field accepts has one of them; none where no value is needed.
    fn field(&self, field: &Field) -> Option<Choice> {
        let mut all = Choice { keys: vec![], badness: 0 };
        for leaf in &field.leaves {
            let choice = self.matcher(&leaf.matcher)?;
            all.badness = all.badness.max(choice.badness) + 2;
            all.keys.extend(choice.keys);
        }
        Some(all)
    }

    fn matcher(&self, matcher: &Matcher) -> Option<Choice> {
        let choice = match matcher {
            Matcher::Exists(false) => return None,
            Matcher::Exists(true) | Matcher::AnythingBut(_) => self.bare(probe::ANY),
            Matcher::String(text) => self.bytes(probe::STRING, text.as_bytes()),
            Matcher::Boolean(true) => self.bare(probe::TRUE),
            Matcher::Boolean(false) => self.bare(probe::FALSE),
            Matcher::Null => self.bare(probe::NULL),
            Matcher::Number(number) => match number.value() {
                Some(value) => self.one(Key::number(self.path, probe::NUMBER, probe::ordered(value)), 40),
                None => self.bytes(probe::DIGITS, number.text().as_bytes()),
            },
            Matcher::Numeric(range) => self.range(range),
            // A prefix that ends with a quotation mark also accepts the string without it.
            Matcher::Prefix(prefix) => {
                self.start(probe::PREFIX, without_last_quote(prefix.text()).as_bytes())
            }
            Matcher::Suffix(suffix) => self.end(probe::SUFFIX, without_first_quote(suffix.text()).as_bytes()),
            Matcher::PrefixIgnoreCase(text) => {
                self.start(probe::FOLDED_PREFIX, &folded(without_last_quote(text.text())))
            }
            Matcher::SuffixIgnoreCase(text) => {
                self.end(probe::FOLDED_SUFFIX, &folded(without_first_quote(text.text())))
            }
            Matcher::EqualsIgnoreCase(text) => self.bytes(probe::FOLDED, &folded(text.text())),
            Matcher::Wildcard(wildcard) => self.wildcard(wildcard),
            Matcher::Address { range, .. } | Matcher::Cidr { range, .. } => {
                let digits = range.common_digits();
                let length = probe::length(digits.len());
                let digits = digits.get(..usize::from(length)).unwrap_or_default();
                self.one(Key::bytes(self.path, probe::ADDRESS | u16::from(length), digits), 40)
            }
        };
        Some(choice)
    }

    /// A key that says no more than what kind of value it is.
    fn bare(&self, code: Code) -> Choice {
        self.one(Key::bare(self.path, code), 150)
    }

    fn bytes(&self, code: Code, bytes: &[u8]) -> Choice {
        self.one(Key::bytes(self.path, code, bytes), commonness(bytes))
    }

    fn one(&self, key: Key, badness: usize) -> Choice {
        let others = self.waiting.count(key.hash, COUNT_MAX);
        Choice { keys: vec![key], badness: badness + 16 * others }
    }

    fn start(&self, code: Code, text: &[u8]) -> Choice {
        let length = probe::length(text.len());
        match text.get(..usize::from(length)) {
            None | Some([]) => self.bare(probe::ANY_STRING),
            Some(start) => self.bytes(code | u16::from(length), start),
        }
    }

    fn end(&self, code: Code, text: &[u8]) -> Choice {
        let length = probe::length(text.len());
        match text.get(text.len() - usize::from(length)..) {
            None | Some([]) => self.bare(probe::ANY_STRING),
            Some(end) => self.bytes(code | u16::from(length), end),
        }
    }

    fn range(&self, range: &NumericRange) -> Choice {
        let any = Key::bare(self.path, probe::ANY_NUMBER);
        if range.equals().is_none() && self.waiting.count(any.hash, RANGES_FEW) < RANGES_FEW {
            return Choice { keys: vec![any], badness: 100 };
        }
        let bottom = range.bottom.map_or(probe::ordered(f64::MIN), |b| {
            probe::ordered(b.value).saturating_add(u64::from(!b.closed))
        });
        let top = range.top.map_or(probe::ordered(f64::MAX), |t| {
            probe::ordered(t.value).saturating_sub(u64::from(!t.closed))
        });
        let blocks = probe::blocks(bottom, top);
        // The wider, the worse.
        let badness = 40 + blocks.iter().map(|(size, _)| usize::from(*size)).max().unwrap_or(0);
        let key =
            |(size, number): &(u8, u64)| Key::number(self.path, probe::NUMBER | u16::from(*size), *number);
        let keys: Vec<Key> = blocks.iter().map(key).collect();
        let others: usize = keys.iter().map(|k| self.waiting.count(k.hash, COUNT_MAX)).sum();
        Choice { keys, badness: badness + others }
    }

    /// The start, the end, or some bytes in between, whatever is rarest.
    fn wildcard(&self, wildcard: &Wildcard) -> Choice {
        let literals = wildcard.literals();
        let (Some(first), Some(last)) = (literals.first(), literals.last()) else {
            return self.bare(probe::ANY_STRING);
        };
        if literals.len() == 1 {
            return self.bytes(probe::STRING, first.as_bytes());
        }
        let mut best = self.start(probe::PREFIX, first.as_bytes());
        let end = self.end(probe::SUFFIX, last.as_bytes());
        if end.badness < best.badness {
            best = end;
        }
        let longest = literals.iter().map(String::len).max().unwrap_or(0);
        let Some(size) = [8, 4, 2].into_iter().find(|size| *size <= longest) else { return best };
        let code = probe::GRAM | u16::try_from(size).unwrap_or(0);
        for gram in literals.iter().flat_map(|l| l.as_bytes().windows(size)).take(GRAMS_MAX) {
            // To look for it everywhere costs far more than to look at a start or an end.
            let choice = self.one(Key::gram(self.path, code, gram), commonness(gram) + 48);
            if choice.badness < best.badness {
                best = choice;
            }
        }
        best
    }
}

/// How common values like this one are likely to be, from 4 to 64: short words and kinds are, long ids are not.
fn commonness(bytes: &[u8]) -> usize {
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    64 - 2 * bytes.len().min(16) - 4 * digits.min(7)
}

fn folded(text: &str) -> Vec<u8> {
    let mut out = vec![];
    probe::fold(text.as_bytes(), &mut out);
    out
}

fn without_last_quote(text: &str) -> &str {
    text.strip_suffix('"').unwrap_or(text)
}

fn without_first_quote(text: &str) -> &str {
    text.strip_prefix('"').unwrap_or(text)
}
