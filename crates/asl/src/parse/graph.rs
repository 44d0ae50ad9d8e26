//! How the states of a block lead to each other: missing targets, no end, states that nothing leads to.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{Kind, State, Transition};
use crate::diagnostic::{Diagnostic, Severity};
use crate::parse::fields::Fields;

/// A block whose states have all been read.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) start_at: &'a str,
    pub(super) states: &'a [State],
    pub(super) fields: &'a Fields<'a>,
    /// Only the machine's own block must have an end.
    pub(super) outermost: bool,
}

/// Where a state names another.
struct Target<'a> {
    name: &'a str,
    at: String,
}

/// Tells everything about the block's graph: targets first, then the end, then what cannot be reached.
pub(super) fn check(block: &Block<'_>) {
    let names: BTreeSet<&str> = block.states.iter().map(|state| state.name.as_str()).collect();
    let at = &block.fields.at;
    let missing = |name: &str, at: &str| {
        if !names.contains(name) {
            let message = format!("Missing 'Next' target: {name}");
            block.fields.tell(Diagnostic::error("MISSING_TRANSITION_TARGET", message, at));
        }
    };
    missing(block.start_at, &format!("{at}/StartAt"));
    for state in block.states {
        for target in targets(state, &format!("{at}/States/{}", state.name)) {
            missing(target.name, &target.at);
        }
    }
    if block.outermost && !block.states.iter().any(ends) {
        block.fields.tell(Diagnostic {
            severity: Severity::Error,
            code: "MISSING_END_STATE",
            message: "Workflow has no terminal state".to_owned(),
            location: None,
        });
        return;
    }
    let reached = reached(block);
    for state in block.states.iter().filter(|state| !reached.contains(state.name.as_str())) {
        let message = format!("State \"{}\" is not reachable.", state.name);
        let place = format!("{at}/States/{}", state.name);
        block.fields.tell(Diagnostic::error("MISSING_TRANSITION_TARGET", message, &place));
    }
}

fn ends(state: &State) -> bool {
    match state.kind {
        Kind::Succeed | Kind::Fail(_) => true,
        Kind::Choice(_) => false,
        _ => state.transition == Transition::End,
    }
}

fn targets<'a>(state: &'a State, at: &str) -> Vec<Target<'a>> {
    let mut targets = Vec::new();
    if let Transition::Next(next) = &state.transition {
        targets.push(Target { name: next, at: format!("{at}/Next") });
    }
    if let Kind::Choice(choice) = &state.kind {
        for (number, rule) in choice.rules.iter().enumerate() {
            targets.push(Target { name: &rule.next, at: format!("{at}/Choices[{number}]/Next") });
        }
        if let Some(default) = &choice.default {
            targets.push(Target { name: default, at: format!("{at}/Default") });
        }
    }
    if let Some(guard) = state.guard() {
        for (number, catcher) in guard.catch.iter().enumerate() {
            targets.push(Target { name: &catcher.next, at: format!("{at}/Catch[{number}]/Next") });
        }
    }
    targets
}

fn reached<'a>(block: &Block<'a>) -> BTreeSet<&'a str> {
    let by_name: BTreeMap<&str, &State> =
        block.states.iter().map(|state| (state.name.as_str(), state)).collect();
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut open = vec![block.start_at];
    while let Some(name) = open.pop() {
        let Some(state) = by_name.get(name) else { continue };
        if reached.insert(&state.name) {
            open.extend(state.targets());
        }
    }
    reached
}
