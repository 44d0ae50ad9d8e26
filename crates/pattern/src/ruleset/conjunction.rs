//! One way to satisfy a rule, in the form that is tested many times: the pattern without its text.

use std::collections::HashSet;
use std::sync::Arc;

use crate::matcher::Matcher;
use crate::matcher::anything_but::AnythingBut;
use crate::pattern::Field;
use crate::ruleset::hash_tree::Item;
use crate::ruleset::probe::Key;
use crate::ruleset::{RuleId, hash};
use crate::scan::number::Number;

/// Fields that must all match.
#[derive(Debug)]
pub(crate) struct Conjunction {
    pub(crate) rule: RuleId,
    /// Its number, which no other conjunction ever has.
    pub(crate) number: u64,
    /// The field that it waits on, right here where it is found. None where it waits on no value, or is one of several
    /// combinations of its rule.
    pub(crate) own: Option<FieldTest>,
    /// Where among the others that one belongs.
    pub(crate) own_at: usize,
    /// The others, which other conjunctions may have too.
    pub(crate) shared: Box<[Arc<FieldTest>]>,
    /// Where it waits: any one value that it needs is found by one of these.
    pub(crate) keys: Box<[Key]>,
}

impl Conjunction {
    /// All fields in the order of their paths: in that order the elements of arrays are
    /// [chosen](crate::reference::choice).
    pub(crate) fn fields(&self) -> impl Iterator<Item = &FieldTest> {
        let (before, after) = self.shared.split_at_checked(self.own_at).unwrap_or((&self.shared, &[]));
        before.iter().map(Arc::as_ref).chain(&self.own).chain(after.iter().map(Arc::as_ref))
    }

    /// All fields in the order in which they are best tested.
    pub(crate) fn tests(&self) -> impl Iterator<Item = &FieldTest> {
        self.own.iter().chain(self.shared.iter().map(Arc::as_ref))
    }
}

impl Item for Arc<Conjunction> {
    fn tie(&self) -> u64 {
        hash::number(0, self.number)
    }
}

#[cfg(test)]
thread_local! {
    /// How many values this thread has tested: what matching costs, whatever else the machine does.
    pub(crate) static LOOKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A path and what its value may be.
#[derive(Debug, PartialEq)]
pub(crate) struct FieldTest {
    pub(crate) path: u32,
    /// Whether the absence of every value suffices.
    pub(crate) accepts_absence: bool,
    tests: Tests,
}

/// Any one suffices. Most fields have one.
#[derive(Debug, PartialEq)]
enum Tests {
    One(Test),
    Some(Box<[Test]>),
    Many(Box<ManyTests>),
}

/// From so many texts in one list on they are looked up and not compared one by one.
const TEXTS_MANY: usize = 16;

/// A long list.
#[derive(Debug, PartialEq)]
struct ManyTests {
    texts: HashSet<Box<[u8]>>,
    others: Box<[Test]>,
    /// Equal for equal lists.
    hash: u64,
}

/// A [`Matcher`] with the common ones first and small.
#[derive(Debug, PartialEq)]
enum Test {
    String(Box<str>),
    Other(Box<Matcher>),
}

/// A value as it is tested.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    String(&'a [u8]),
    Number(Number<'a>),
    True,
    False,
    Null,
}

impl FieldTest {
    pub(crate) fn new(path: u32, field: &Field) -> FieldTest {
        let mut tests: Vec<Test> = field.leaves.iter().map(|leaf| Test::new(&leaf.matcher)).collect();
        let accepts_absence = field.accepts_absence();
        if tests.iter().filter(|test| matches!(test, Test::String(_))).count() >= TEXTS_MANY {
            return FieldTest { path, accepts_absence, tests: Tests::Many(Box::new(ManyTests::new(tests))) };
        }
        let tests = match tests.pop() {
            Some(only) if tests.is_empty() => Tests::One(only),
            last => Tests::Some(tests.into_iter().chain(last).collect()),
        };
        FieldTest { path, accepts_absence, tests }
    }

    /// Equal for equal fields.
    pub(crate) fn hash(&self) -> u64 {
        let seed = hash::number(0, u64::from(self.path));
        match &self.tests {
            Tests::One(test) => test.hash(seed),
            Tests::Some(tests) => tests.iter().fold(seed, |seed, test| test.hash(seed)),
            Tests::Many(many) => hash::number(seed, many.hash),
        }
    }

    /// Whether a value suffices.
    #[inline]
    pub(crate) fn accepts(&self, value: Value<'_>) -> bool {
        #[cfg(test)]
        LOOKS.set(LOOKS.get() + 1);
        match &self.tests {
            Tests::One(test) => test.accepts(value),
            Tests::Some(tests) => tests.iter().any(|test| test.accepts(value)),
            Tests::Many(many) => many.accepts(value),
        }
    }
}

impl ManyTests {
    fn new(tests: Vec<Test>) -> ManyTests {
        let hash = tests.iter().fold(0, |seed, test| test.hash(seed));
        let mut texts = HashSet::new();
        let mut others = Vec::new();
        for test in tests {
            match test {
                Test::String(text) => drop(texts.insert(text.into_boxed_bytes())),
                other @ Test::Other(_) => others.push(other),
            }
        }
        ManyTests { texts, others: others.into(), hash }
    }

    fn accepts(&self, value: Value<'_>) -> bool {
        matches!(value, Value::String(found) if self.texts.contains(found))
            || self.others.iter().any(|test| test.accepts(value))
    }
}

impl Test {
    fn new(matcher: &Matcher) -> Test {
        match matcher {
            Matcher::String(text) => Test::String(text.as_str().into()),
            other => Test::Other(Box::new(other.clone())),
        }
    }

    fn hash(&self, seed: u64) -> u64 {
        match self {
            Test::String(text) => hash::bytes(seed, text.as_bytes()),
            Test::Other(matcher) => hash::bytes(seed, format!("{matcher:?}").as_bytes()),
        }
    }

    fn accepts(&self, value: Value<'_>) -> bool {
        match self {
            Test::String(wanted) => matches!(value, Value::String(found) if found == wanted.as_bytes()),
            Test::Other(matcher) => accepts(matcher, value),
        }
    }
}

/// [`Matcher::accepts`] without making a number's text anew for each look.
fn accepts(matcher: &Matcher, value: Value<'_>) -> bool {
    match (value, matcher) {
        (_, Matcher::Exists(wanted)) => *wanted,
        (Value::String(text), _) => matcher.accepts_text(text),
        (Value::Number(found), Matcher::AnythingBut(AnythingBut::Numbers(numbers))) => {
            !found.is(|value| numbers.contains(&value))
        }
        (_, Matcher::AnythingBut(_)) | (Value::Null, Matcher::Null) => true,
        (Value::Number(found), Matcher::Number(wanted)) => {
            wanted.text().as_bytes() == found.text()
                || wanted.value().is_some_and(|wanted| found.is(|value| value == wanted))
        }
        (Value::Number(found), Matcher::Numeric(range)) => found.is(|value| range.contains(value)),
        (Value::True, Matcher::Boolean(wanted)) => *wanted,
        (Value::False, Matcher::Boolean(wanted)) => !*wanted,
        _ => false,
    }
}
