//! Runs the tests of a pipeline file: which rules match the given events, and where those go.

use std::collections::BTreeMap;

use pattern::EventPattern;
use serde_json::value::RawValue;

use crate::api::Place;
use crate::json::JsonText;
use crate::mistake::{Mistake, Span};
use crate::noun::test::{Expectation, Test};
use crate::pipeline::Pipeline;
use crate::reference::{self, QueueIds};
use crate::resource::rule::Rule;

/// What came of one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// The test's name.
    pub name: String,
    /// Where it stands in the file.
    pub span: Span,
    /// What was expected and did not come, at the place of the expectation; empty where the test has passed.
    pub failures: Vec<Mistake>,
}

impl TestResult {
    /// Whether all came as expected.
    pub fn has_passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Runs all tests of the file, as if the pipeline were made at `place`. `ids` knows the ids of the Genesys queues.
pub fn run_tests(pipeline: &Pipeline, place: &Place, ids: QueueIds<'_>) -> Vec<TestResult> {
    pipeline
        .tests
        .iter()
        .map(|test| TestResult {
            name: test.name.value.clone(),
            span: test.span,
            failures: Run { pipeline, place, ids }.test(test),
        })
        .collect()
}

struct Run<'a> {
    pipeline: &'a Pipeline,
    place: &'a Place,
    ids: QueueIds<'a>,
}

impl Run<'_> {
    fn test(&self, test: &Test) -> Vec<Mistake> {
        let mut failures = Vec::new();
        for (index, given) in test.given.iter().enumerate() {
            match self.event(given) {
                Ok(event) => {
                    let which = which(index, test.given.len());
                    let found = test
                        .expect
                        .iter()
                        .filter_map(|expectation| self.compare(expectation, &event, &which));
                    failures.extend(found);
                }
                Err(sentence) => failures.push(Mistake::new(given.span, sentence)),
            }
        }
        failures
    }

    /// The event as the bus would show it to rules. What the test leaves out is filled in; the detail keeps its bytes.
    fn event(&self, given: &JsonText) -> Result<String, String> {
        let text = reference::settle_queues(&given.text, self.ids)
            .map_err(|name| format!("the Genesys org has no queue or wrap-up code `{name}`"))?;
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&text)
            .map_err(|error| format!("this event is not a JSON object: {error}"))?;
        if !members.contains_key("detail-type") {
            return Err("this event has no `detail-type`".to_owned());
        }
        let defaults = [
            ("version", "0"),
            ("id", "00000000-0000-0000-0000-000000000000"),
            ("source", "genesys.cloud"),
            ("account", self.place.account.as_str()),
            // Any time will do: what matches now and not tomorrow is no test.
            ("time", "2026-01-01T00:00:00Z"),
            ("region", self.place.region.as_str()),
        ];
        let mut event = String::from("{");
        for (name, value) in defaults.into_iter().filter(|(name, _)| !members.contains_key(*name)) {
            push(&mut event, name, &serde_json::Value::from(value).to_string());
        }
        for (name, value) in [("resources", "[]"), ("detail", "{}")] {
            if !members.contains_key(name) {
                push(&mut event, name, value);
            }
        }
        for (name, value) in &members {
            push(&mut event, name, value.get());
        }
        event.push('}');
        Ok(event)
    }

    fn compare(&self, expectation: &Expectation, event: &str, which: &str) -> Option<Mistake> {
        let span = expectation.rule.span;
        let name = &expectation.rule.value;
        let Some(rule) = self.pipeline.rules.iter().find(|rule| rule.name.value == *name) else {
            return Some(Mistake::new(span, format!("there is no rule `{name}`")));
        };
        let matches = match self.matches(rule, event) {
            Ok(matches) => matches,
            Err(sentence) => return Some(Mistake::new(span, sentence)),
        };
        if matches != expectation.matches {
            let word = if matches { "matches" } else { "does not match" };
            let mistake = Mistake::new(span, format!("{which} {word} the rule `{name}`"));
            return Some(if !rule.is_enabled {
                mistake.with_suggestion("the rule is disabled")
            } else if matches {
                mistake
            } else {
                mistake.with_suggestion("`trunkline explain` shows which part of the pattern fails")
            });
        }
        if matches { unexpected_targets(expectation, rule, which) } else { None }
    }

    fn matches(&self, rule: &Rule, event: &str) -> Result<bool, String> {
        let pattern =
            rule.pattern(self.ids).map_err(|name| format!("the Genesys org has no queue or wrap-up code `{name}`"))?;
        let pattern = EventPattern::parse(&pattern).map_err(|invalid| invalid.message)?;
        let matches = pattern.matches(event.as_bytes()).map_err(|invalid| invalid.message)?;
        Ok(matches && rule.is_enabled)
    }
}

/// What to call one of so many events.
fn which(index: usize, events: usize) -> String {
    if events > 1 { format!("event {}", index + 1) } else { "the event".to_owned() }
}

/// Appends a member to an object that is being written.
fn push(object: &mut String, name: &str, value: &str) {
    if object.len() > 1 {
        object.push(',');
    }
    aws::envelope::push_quoted(object, name);
    object.push(':');
    object.push_str(value);
}

fn unexpected_targets(expectation: &Expectation, rule: &Rule, which: &str) -> Option<Mistake> {
    let expected = expectation.targets.as_ref()?;
    if let Some(missing) =
        expected.iter().find(|name| rule.targets.iter().all(|target| !target.is_called(&name.value)))
    {
        return Some(Mistake::new(missing.span, format!("{which} does not go to `{}`", missing.value)));
    }
    let is_expected =
        |target: &&crate::resource::target::Target| expected.iter().any(|name| target.is_called(&name.value));
    let more: Vec<&str> = rule
        .targets
        .iter()
        .filter(|target| !is_expected(target))
        .map(|target| target.id.value.as_str())
        .collect();
    if more.is_empty() {
        return None;
    }
    let sentence = format!("{which} also goes to {}", crate::shape::list(more, "and"));
    Some(Mistake::new(expectation.rule.span, sentence).with_suggestion("`targets` names all of them"))
}
