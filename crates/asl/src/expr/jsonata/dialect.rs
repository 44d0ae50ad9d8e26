//! The functions that Step Functions adds to JSONata, and the one that it takes away.
//!
//! What they answer to odd arguments was measured on AWS (floci-io/floci#2662 and its pull request #2676).

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use jlens_core::{Bindings, Error, HostFunction, function_catalog};
use serde_json::{Number, Value};

use crate::expr::{
    digest::hex_digest,
    jsonata::bounds::{DISTINCT, ITEMS_MAX, RANGE, RANGES_ITEMS_MAX},
    random::{JavaRandom, mix, uuid},
};

/// The names that are functions of AWS's own.
const NAMES: [&str; 9] = ["eval", "hash", "parse", "partition", "random", "range", "uuid", DISTINCT, RANGE];

type Answer = Result<Option<Value>, Error>;
type Arguments = [Option<Value>];

/// Whether a name is a function's, of JSONata or of AWS.
pub(super) fn is_function(name: &str) -> bool {
    NAMES.contains(&name) || function_catalog().iter().any(|function| function.name == name)
}

/// The functions with what they share during one evaluation.
pub(super) struct Dialect {
    random: Arc<AtomicU64>,
    range_items: Arc<AtomicU64>,
}

impl Dialect {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: Arc::new(AtomicU64::new(seed)), range_items: Arc::default() }
    }

    pub(super) fn bind(self, bindings: Bindings) -> Bindings {
        let Self { random, range_items } = self;
        let for_uuid = Arc::clone(&random);
        let for_range = Arc::clone(&range_items);
        bindings
            // "Attempted to invoke a non-function": `$eval` is none on AWS.
            .function("eval", function(1, |_| Err(Error::new("T1006"))))
            .function("hash", function(2, hash))
            .function("parse", function(1, parse))
            .function("partition", function(2, partition))
            .function("random", function(1, move |arguments| random_number(arguments, &random)))
            .function("range", function(3, move |arguments| range(arguments, &for_range)))
            .function("uuid", function(0, move |arguments| new_uuid(arguments, &for_uuid)))
            .function(RANGE, function(2, move |arguments| range_operator(arguments, &range_items)))
    }
}

fn function(arity: usize, call: impl Fn(&Arguments) -> Answer + Send + Sync + 'static) -> HostFunction {
    HostFunction::new(arity, move |arguments, _| call(arguments)).without_input()
}

fn argument(arguments: &Arguments, index: usize) -> Option<&Value> {
    arguments.get(index).and_then(Option::as_ref)
}

/// `Argument 1 of function "hash" does not match function signature`.
fn mismatch(function: &str, argument: usize) -> Error {
    Error::new("T0410").with("index", argument).with("token", function)
}

fn refuse(message: String) -> Error {
    Error::new("D3137").with("message", message)
}

/// Fails where more than `count` arguments were given.
fn at_most(arguments: &Arguments, count: usize, function: &str) -> Result<(), Error> {
    match argument(arguments, count) {
        Some(_) => Err(mismatch(function, count + 1)),
        None => Ok(()),
    }
}

/// A number cut off towards zero.
fn whole(value: Option<&Value>, function: &str, argument: usize) -> Result<i64, Error> {
    let number = value.and_then(Value::as_number).ok_or_else(|| mismatch(function, argument))?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast from a double stops at the ends, as Java's does"
    )]
    let cut = number.as_f64().unwrap_or_default() as i64;
    Ok(number.as_i64().unwrap_or(cut))
}

/// `$hash(text, algorithm)`; nothing without an algorithm.
fn hash(arguments: &Arguments) -> Answer {
    at_most(arguments, 2, "hash")?;
    let text = argument(arguments, 0).and_then(Value::as_str).ok_or_else(|| mismatch("hash", 1))?;
    let Some(algorithm) = argument(arguments, 1) else { return Ok(None) };
    let algorithm = algorithm.as_str().ok_or_else(|| mismatch("hash", 2))?;
    match hex_digest(text, algorithm) {
        Some(digest) => Ok(Some(Value::String(digest))),
        None => Err(refuse(format!(
            "Hash algorithm '{algorithm}' must be one of SHA-1, SHA-384, SHA-256, SHA-512, MD5"
        ))),
    }
}

/// `$parse(text)`: the JSON that a text says.
fn parse(arguments: &Arguments) -> Answer {
    at_most(arguments, 1, "parse")?;
    let Some(text) = argument(arguments, 0) else { return Ok(None) };
    let text = text.as_str().ok_or_else(|| mismatch("parse", 1))?;
    serde_json::from_str(text).map(Some).map_err(|_| refuse("Invalid JSON".to_owned()))
}

/// `$partition(array, size)`: the array in pieces; whole without a size; nothing of an empty array or for size 0.
fn partition(arguments: &Arguments) -> Answer {
    at_most(arguments, 2, "partition")?;
    let Some(array) = argument(arguments, 0) else { return Ok(None) };
    let items =
        array.as_array().ok_or_else(|| Error::new("T0412").with("index", 1).with("token", "partition"))?;
    if items.is_empty() {
        return Ok(None);
    }
    let Some(size) = argument(arguments, 1) else { return Ok(Some(Value::Array(vec![array.clone()]))) };
    let size = whole(Some(size), "partition", 2)?;
    let size =
        usize::try_from(size).map_err(|_| refuse("Second argument must be zero or greater".to_owned()))?;
    if size == 0 {
        return Ok(None);
    }
    Ok(Some(items.chunks(size).map(|piece| Value::Array(piece.to_vec())).collect()))
}

/// `$random()` and `$random(seed)`: from 0 to 1.
fn random_number(arguments: &Arguments, state: &AtomicU64) -> Answer {
    at_most(arguments, 1, "random")?;
    let drawn = match argument(arguments, 0) {
        Some(seed) => JavaRandom::new(whole(Some(seed), "random", 1)?),
        None => JavaRandom::new(draw(state).cast_signed()),
    }
    .next_f64();
    Ok(Number::from_f64(drawn).map(Value::Number))
}

/// `$uuid()`
fn new_uuid(arguments: &Arguments, state: &AtomicU64) -> Answer {
    at_most(arguments, 0, "uuid")?;
    Ok(Some(Value::String(uuid(draw(state), draw(state)))))
}

fn draw(state: &AtomicU64) -> u64 {
    mix(state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed).wrapping_add(1))
}

/// `$range(first, last, step)`: `last` included; one item comes bare; nothing without a step that leads there.
fn range(arguments: &Arguments, made: &AtomicU64) -> Answer {
    at_most(arguments, 3, "range")?;
    let first = whole(argument(arguments, 0), "range", 1)?;
    let last = whole(argument(arguments, 1), "range", 2)?;
    let Some(step) = argument(arguments, 2) else { return Ok(None) };
    let step = whole(Some(step), "range", 3)?;
    let span = i128::from(last) - i128::from(first);
    if step == 0 || span.signum() * i128::from(step.signum()) < 0 {
        return Ok(None);
    }
    if span == 0 {
        return Ok(Some(Value::from(first)));
    }
    let steps = span.checked_div(i128::from(step)).unwrap_or(0);
    let items = items(made, steps)?;
    Ok(Some(items.map(|nth| Value::from(first.saturating_add(nth.saturating_mul(step)))).collect()))
}

/// `first..last`, as JSONata has it: nothing where `first` is greater.
fn range_operator(arguments: &Arguments, made: &AtomicU64) -> Answer {
    let end = |index: usize, code: &str| match argument(arguments, index) {
        None => Ok(None),
        Some(value) => match value.as_f64().filter(|number| number.fract() == 0.0) {
            Some(_) => whole(Some(value), "range", index + 1).map(Some),
            None => Err(Error::new(code).with("value", value.clone())),
        },
    };
    let (first, last) = (end(0, "T2003")?, end(1, "T2004")?);
    let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
    let steps = i128::from(last) - i128::from(first);
    if steps < 0 {
        return Ok(None);
    }
    // The engine's own bound, with its words.
    if steps >= 10_000_000 {
        let size = u64::try_from(steps + 1).unwrap_or(u64::MAX);
        return Err(Error::new("D2014").with("value", size));
    }
    let items = items(made, steps)?;
    Ok(Some(items.map(|nth| Value::from(first.saturating_add(nth))).collect()))
}

/// The places 0 to `steps`, where one more range of that length is within the bounds.
fn items(made: &AtomicU64, steps: i128) -> Result<std::ops::RangeInclusive<i64>, Error> {
    let too_many = || Error::new("U1001").with("message", "A range would make too many items");
    let steps = i64::try_from(steps).map_err(|_| too_many())?;
    let count = u64::try_from(steps).unwrap_or(u64::MAX).saturating_add(1);
    let before = made.fetch_add(count.min(RANGES_ITEMS_MAX), Ordering::Relaxed);
    if count > ITEMS_MAX as u64 || before.saturating_add(count) > RANGES_ITEMS_MAX {
        return Err(too_many());
    }
    Ok(0..=steps)
}
