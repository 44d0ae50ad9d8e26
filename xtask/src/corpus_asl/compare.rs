//! A recorded history against ours: in its order, or, where branches ran side by side, as the same tree of events.

use std::collections::BTreeMap;

use asl::HistoryEvent;
use serde_json::{Map, Value};

use crate::corpus_asl::matching::Match;

/// How two histories are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Event by event.
    Same,
    /// The same tree, its branches interleaved in another way.
    Other,
}

/// Whether a recording kept its events' numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    Kept,
    /// It sorted the branches' events, dropped their numbers and lost the event before the exit.
    Lost,
}

/// An event in the shape of the recordings.
fn plain(event: &HistoryEvent) -> Value {
    let mut json = event.to_json();
    for (_, details) in json.iter_mut().filter(|(name, _)| name.ends_with("EventDetails")) {
        if let Value::Object(details) = details {
            details.iter_mut().for_each(|(name, value)| open(name, value));
        }
    }
    Value::Object(json)
}

/// JSON texts are parsed in the recordings.
fn open(name: &str, value: &mut Value) {
    let parsed = |value: &Value| value.as_str().and_then(|text| serde_json::from_str(text).ok());
    if matches!(name, "input" | "output" | "parameters") {
        if let Some(parsed) = parsed(value) {
            *value = parsed;
        }
    } else if name == "assignedVariables"
        && let Value::Object(members) = value
    {
        for member in members.values_mut() {
            if let Some(parsed) = parsed(member) {
                *member = parsed;
            }
        }
    }
}

fn body(event: &Value) -> Value {
    let members: Map<String, Value> = event
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !matches!(name.as_str(), "id" | "previousEventId"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Value::Object(members)
}

fn kind(event: &Value) -> &str {
    event.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn number(event: &Value, name: &str) -> Option<u64> {
    event.get(name).and_then(Value::as_u64)
}

/// # Errors
/// The first difference.
pub(crate) fn histories(
    want: &[Value],
    got: &[HistoryEvent],
    matched: &mut Match,
    numbers: Numbers,
) -> Result<Order, String> {
    let lost = ["ParallelStateSucceeded", "ParallelStateFailed"];
    let sorted = numbers == Numbers::Lost;
    let keep = |event: &Value| !sorted || !lost.contains(&kind(event));
    let want: Vec<&Value> = want.iter().filter(|event| keep(event)).collect();
    let got: Vec<Value> = got.iter().map(plain).filter(keep).collect();
    let first = match in_order(&want, &got, matched) {
        Ok(()) => return Ok(Order::Same),
        Err(first) => first,
    };
    let beside = want
        .iter()
        .any(|event| kind(event).starts_with("Parallel") || kind(event).starts_with("MapIteration"));
    if !(sorted || beside) || want.len() != got.len() {
        return Err(first);
    }
    as_tree(&want, &got, matched, numbers).map_err(|()| first).map(|()| Order::Other)
}

fn in_order(want: &[&Value], got: &[Value], matched: &mut Match) -> Result<(), String> {
    let kinds = |events: &mut dyn Iterator<Item = &str>| events.collect::<Vec<_>>().join(" ");
    let wanted = kinds(&mut want.iter().map(|event| kind(event)));
    let given = kinds(&mut got.iter().map(kind));
    if wanted != given {
        return Err(format!("{given}\n    must be {wanted}"));
    }
    let mut trial = matched.clone();
    for (want, got) in want.iter().zip(got) {
        let at = format!("#{} {}", number(got, "id").unwrap_or_default(), kind(want));
        if let Some(previous) = number(want, "previousEventId") {
            let ours = number(got, "previousEventId").unwrap_or_default();
            if previous != ours {
                return Err(format!("{at}.previousEventId: {ours} must be {previous}"));
            }
        }
        trial.value(&body(want), &body(got), &at)?;
    }
    *matched = trial;
    Ok(())
}

fn as_tree(want: &[&Value], got: &[Value], matched: &mut Match, numbers: Numbers) -> Result<(), ()> {
    let mut free: Vec<&Value> = got.iter().collect();
    let mut known: BTreeMap<u64, u64> = BTreeMap::from([(0, 0)]);
    for want in want {
        let parent = number(want, "previousEventId").and_then(|previous| known.get(&previous).copied());
        let mut chosen = None;
        for (place, candidate) in free.iter().enumerate() {
            let same_parent = numbers == Numbers::Lost || parent == number(candidate, "previousEventId");
            if kind(candidate) != kind(want) || !same_parent {
                continue;
            }
            let mut trial = matched.clone();
            if trial.value(&body(want), &body(candidate), "").is_ok() {
                chosen = Some((place, trial));
                break;
            }
        }
        let (place, trial) = chosen.ok_or(())?;
        let event = free.remove(place);
        *matched = trial;
        if let (Some(theirs), Some(ours)) = (number(want, "id"), number(event, "id")) {
            known.insert(theirs, ours);
        }
    }
    Ok(())
}
