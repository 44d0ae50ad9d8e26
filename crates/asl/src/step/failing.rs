//! What happens to an error: retried, caught, or carried outwards until the execution fails.

use serde_json::{Value, json};

use crate::definition::{Catcher, Jitter, QueryLanguage, Retrier, State, Transition};
use crate::execution::{Parent, Phase, Thread};
use crate::expr::Scope;
use crate::payload::{place, render};
use crate::step::failure::Failure;
use crate::step::flow::assigned;
use crate::step::run::{Exit, Outcome, Run, Trouble};

impl Run<'_> {
    /// Makes a failure of any trouble, and records what AWS records of it.
    pub(super) fn failure_of(&mut self, thread: &mut Thread, trouble: Trouble) -> Failure {
        let error = match trouble {
            Trouble::Failure(failure) => return failure,
            Trouble::Expression(error) => error,
        };
        let cause = if error.cause.starts_with("Reference path ") {
            error.cause
        } else {
            format!(
                "An error occurred while executing the state '{}' (entered at the event id #{}). {}",
                thread.state, thread.entered, error.cause
            )
        };
        if error.error == "States.QueryEvaluationError" {
            let mut details = json!({"error": error.error, "cause": cause, "state": thread.state});
            if let (Value::Object(members), Some(location)) = (&mut details, error.location) {
                members.insert("location".to_owned(), Value::from(location));
            }
            // AWS chains it to what came before the state, unless the state has done something; in the catcher of a Map
            // or Parallel to what came before the failure.
            let inside = matches!(thread.phase, Phase::Parallel { .. } | Phase::Map(_));
            let previous = match thread.last {
                last if last == thread.entered => thread.entered_previous,
                last if inside => last,
                _ => thread.entered,
            };
            thread.last = self.append(previous, "EvaluationFailed", details);
        }
        let fatal = error.error == "States.Runtime";
        Failure { error: Some(error.error), cause: Some(cause), fatal, ..Failure::default() }
    }

    /// Retry, then catch, then outwards.
    pub(super) fn failing(&mut self, mut thread: Thread, failure: Failure) {
        let Ok(state) = self.state_of(&thread) else { return self.outwards(thread, failure) };
        let guard = state.guard();
        if let Some(guard) = guard
            && let Some(place) = guard.retry.iter().position(|retrier| failure.matches(&retrier.error_equals))
            && let Some(retrier) = guard.retry.get(place)
            && self.retry(&mut thread, place, retrier)
        {
            self.drop_children(thread.id);
            self.execution.threads.insert(thread.id, thread);
            return;
        }
        let before = thread.last;
        let compound = matches!(state.type_name(), "Map" | "Parallel");
        if compound && !failure.fatal {
            thread.last = self.append(thread.last, format!("{}StateFailed", state.type_name()), Value::Null);
        }
        let catcher =
            guard.and_then(|guard| guard.catch.iter().find(|catcher| failure.matches(&catcher.error_equals)));
        let Some(catcher) = catcher else { return self.outwards(thread, failure) };
        self.drop_children(thread.id);
        let outcome = self.caught(&thread, state, &Catch { catcher, failure: &failure });
        match outcome {
            Ok(exit) => self.settle(thread, Ok(Outcome::Exit(exit))),
            // An error in a catcher is not caught by the same state again: the state fails a second time.
            Err(trouble) => {
                thread.last = before;
                let failure = self.failure_of(&mut thread, trouble);
                if compound && !failure.fatal {
                    thread.last =
                        self.append(thread.last, format!("{}StateFailed", state.type_name()), Value::Null);
                }
                self.outwards(thread, failure);
            }
        }
    }

    /// Sets the timer of the next attempt, if the retrier has one left.
    fn retry(&mut self, thread: &mut Thread, place: usize, retrier: &Retrier) -> bool {
        let Some(used) = thread.attempts.get_mut(place).filter(|used| **used < retrier.max_attempts) else {
            return false;
        };
        let longest = delay_ms(retrier, *used);
        *used += 1;
        let delay_ms = match retrier.jitter {
            Jitter::None => longest,
            Jitter::Full => self.random() % longest.saturating_add(1),
        };
        thread.phase = Phase::Backoff { timer: self.timer(delay_ms) };
        true
    }

    fn caught(&mut self, thread: &Thread, state: &State, catch: &Catch<'_>) -> Result<Exit, Trouble> {
        let error_output = catch.failure.error_output();
        let sight = self.sight(thread);
        let next = Transition::Next(catch.catcher.next.clone());
        if state.query_language == QueryLanguage::Jsonata {
            let scope = Scope { error_output: Some(&error_output), ..sight.scope(&thread.input) };
            let output = match &catch.catcher.output {
                Some(output) => render(output, &scope)?,
                None => error_output.clone(),
            };
            let assigned = assigned(catch.catcher.assign.as_ref(), &scope)?;
            return Ok(Exit { output, assigned, next });
        }
        let assigned = assigned(catch.catcher.assign.as_ref(), &sight.scope(&error_output))?;
        let output = place(&catch.catcher.result_path, &thread.input, error_output)?;
        Ok(Exit { output, assigned, next })
    }

    /// Nobody in this state helps: the branch fails, or the execution.
    fn outwards(&mut self, mut thread: Thread, failure: Failure) {
        let previous = thread.last;
        // What nothing can catch ends the execution where it is, without a word from the states around.
        let parent = thread.parent.filter(|_| !failure.fatal);
        if !matches!(thread.phase, Phase::Parallel { .. } | Phase::Map(_)) {
            thread.phase = Phase::Stopped;
        }
        let id = thread.id;
        self.execution.threads.insert(id, thread);
        match parent {
            None => self.end_failed(previous, failure),
            Some(parent) => self.child_failed(parent, id, failure),
        }
    }

    /// A branch or an iteration has failed: the others are stopped, and its Parallel or Map fails.
    fn child_failed(&mut self, parent: Parent, child: u64, failure: Failure) {
        let Some(mut owner) = self.execution.threads.remove(&parent.thread) else { return };
        let culprit = self.execution.threads.get(&child).map_or(owner.last, |child| child.last);
        let is_map = matches!(owner.phase, Phase::Map(_));
        if is_map {
            let details = json!({"name": owner.state, "index": parent.index});
            self.append(culprit, "MapIterationFailed", details);
        }
        self.aborted(child, culprit);
        let others: Vec<Sibling> =
            self.execution.threads.values().filter_map(|thread| sibling(thread, &owner)).collect();
        for other in others.iter().filter(|other| other.thread != child) {
            self.stop_tree(other.thread, culprit);
            if is_map {
                let details = json!({"name": owner.state, "index": other.index});
                self.append(culprit, "MapIterationAborted", details);
            }
        }
        owner.last = culprit;
        self.failing(owner, failure);
    }

    /// Records that the state of a stopped thread was aborted, where AWS has an event for its type.
    fn aborted(&mut self, id: u64, culprit: u64) {
        let Some(thread) = self.execution.threads.get(&id) else { return };
        let kind = self.state_of(thread).map_or("", State::type_name);
        // A Parallel or Map that fails by itself has said so already.
        let known = match kind {
            "Task" | "Wait" => true,
            "Map" | "Parallel" => thread.last != culprit,
            _ => false,
        };
        if known && thread.entered > 0 {
            self.append(culprit, format!("{kind}StateAborted"), Value::Null);
        }
    }

    fn stop_tree(&mut self, id: u64, culprit: u64) {
        let below: Vec<u64> = self
            .execution
            .threads
            .values()
            .filter(|thread| thread.parent.is_some_and(|parent| parent.thread == id))
            .map(|thread| thread.id)
            .collect();
        for child in below {
            self.stop_tree(child, culprit);
        }
        self.execution.runnable.retain(|runnable| *runnable != id);
        self.aborted(id, culprit);
        self.abandon(id);
    }

    /// Forgets the branches of a state that is left or tried again.
    fn drop_children(&mut self, id: u64) {
        let below: Vec<u64> = self
            .execution
            .threads
            .values()
            .filter(|thread| thread.parent.is_some_and(|parent| parent.thread == id))
            .map(|thread| thread.id)
            .collect();
        for child in below {
            self.drop_children(child);
            self.abandon(child);
            self.execution.runnable.retain(|runnable| *runnable != child);
            self.execution.threads.remove(&child);
        }
    }
}

/// A catcher at work.
struct Catch<'a> {
    catcher: &'a Catcher,
    failure: &'a Failure,
}

/// A thread beside the one that failed.
struct Sibling {
    thread: u64,
    index: usize,
}

fn sibling(thread: &Thread, owner: &Thread) -> Option<Sibling> {
    let parent = thread.parent.filter(|parent| parent.thread == owner.id)?;
    Some(Sibling { thread: thread.id, index: parent.index })
}

/// How long a retrier waits at most before its next attempt, after so many.
pub(super) fn delay_ms(retrier: &Retrier, used: u32) -> u64 {
    let doublings = i32::try_from(used).unwrap_or(i32::MAX);
    let delay = retrier.interval_seconds * retrier.backoff_rate.powi(doublings);
    milliseconds(retrier.max_delay_seconds.map_or(delay, |max| delay.min(max)))
}

/// Seconds as whole milliseconds; what is out of range is the end of the range.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float is cut to the range of the integer"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1_000.0) as u64
}
