//! Runs the tests of a pipeline file: which rules match the given events, where those go and what arrives, and how state
//! machines walk with them.

mod machine;

use std::collections::BTreeMap;
use std::fmt;

use pattern::explain::explain;
use pattern::{Event, EventPattern};
use serde_json::value::RawValue;

use crate::api::Place;
use crate::json::JsonText;
use crate::mistake::{Mistake, Span, kind};
use crate::noun::test::{Expectation, RuleExpectation, Test};
use crate::pipeline::Pipeline;
use crate::reference::{self, QueueIds};
use crate::resource::rule::Rule;
use crate::resource::target::Target;

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

/// Where tests run.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// As if the pipeline were made here.
    pub place: &'a Place,
    /// Knows the ids of the Genesys queues.
    pub ids: QueueIds<'a>,
    /// What a target of a rule receives of an event, or why it receives nothing.
    pub input: TargetInput<'a>,
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("place", self.place).finish_non_exhaustive()
    }
}

/// What a target of a rule (its name) receives of an event.
pub type TargetInput<'a> = &'a dyn Fn(&str, &Target, &str) -> Result<String, String>;

/// Runs all tests of the file, but for what needs a server: functions and tables.
pub fn run_tests(pipeline: &Pipeline, world: World<'_>) -> Vec<TestResult> {
    let run = Run { pipeline, place: world.place, ids: world.ids, input: world.input };
    let tests = pipeline.tests.iter();
    tests
        .map(|test| TestResult { name: test.name.value.clone(), span: test.span, failures: run.test(test) })
        .collect()
}

/// The events of a test as functions get them: as the bus shows them, or as they are given where they are no events.
///
/// # Errors
/// What is wrong with the first that is wrong.
pub fn inputs(pipeline: &Pipeline, test: &Test, world: World<'_>) -> Result<Vec<String>, Box<Mistake>> {
    let run = Run { pipeline, place: world.place, ids: world.ids, input: world.input };
    let given = test.given.iter();
    given
        .map(|one| run.payload(one).map_err(|why| Box::new(Mistake::new(kind::TEST, one.span, why))))
        .collect()
}

/// Whether two JSON texts say the same.
pub fn says_the_same(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    read(one).is_some_and(|value| Some(value) == read(other))
}

struct Run<'a> {
    pipeline: &'a Pipeline,
    place: &'a Place,
    ids: QueueIds<'a>,
    input: TargetInput<'a>,
}

impl Run<'_> {
    fn test(&self, test: &Test) -> Vec<Mistake> {
        let mut failures = Vec::new();
        for (index, given) in test.given.iter().enumerate() {
            let which = which(index, test.given.len());
            for expectation in &test.expect {
                let failure = match expectation {
                    Expectation::Rule(one) => match self.event(given) {
                        Ok(event) => self.compare(one, &event, &which),
                        Err(sentence) => Some(Mistake::new(kind::TEST, given.span, sentence)),
                    },
                    Expectation::StateMachine(one) => match self.payload(given) {
                        Ok(input) => {
                            machine::compare(self.pipeline, one, machine::Given { test, input: &input })
                        }
                        Err(sentence) => Some(Mistake::new(kind::TEST, given.span, sentence)),
                    },
                    Expectation::Function(_) | Expectation::Table(_) => None,
                };
                if let Some(failure) = failure.filter(|failure| !failures.contains(failure)) {
                    failures.push(failure);
                }
            }
        }
        failures
    }

    /// What a function or a state machine gets.
    fn payload(&self, given: &JsonText) -> Result<String, String> {
        let text = reference::settle_queues(&given.text, self.ids)
            .map_err(|name| format!("the Genesys org has no queue `{name}`"))?;
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&text)
            .map_err(|error| format!("this event is not a JSON object: {error}"))?;
        if members.contains_key("detail-type") { self.event(given) } else { Ok(text) }
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

    fn compare(&self, expectation: &RuleExpectation, event: &str, which: &str) -> Option<Mistake> {
        let span = expectation.rule.span;
        let name = &expectation.rule.value;
        let Some(rule) = self.pipeline.rules.iter().find(|rule| rule.name.value == *name) else {
            return Some(Mistake::new(kind::TEST, span, format!("there is no rule `{name}`")));
        };
        let matches = match self.matches(rule, event) {
            Ok(matches) => matches,
            Err(sentence) => return Some(Mistake::new(kind::TEST, span, sentence)),
        };
        if matches != expectation.matches {
            let word = if matches { "matches" } else { "does not match" };
            let mistake = Mistake::new(kind::TEST, span, format!("{which} {word} the rule `{name}`"));
            return Some(if !rule.is_enabled {
                mistake.with_suggestion("the rule is disabled")
            } else if matches {
                mistake
            } else {
                mistake.with_suggestion(self.reason(rule, event))
            });
        }
        if !matches {
            return None;
        }
        unexpected_targets(expectation, rule, which)
            .or_else(|| self.unexpected_input(expectation, rule, event))
    }

    /// Which parts of the pattern keep an event from matching.
    fn reason(&self, rule: &Rule, event: &str) -> String {
        let pattern = rule.pattern(self.ids).ok().and_then(|text| EventPattern::parse(&text).ok());
        let event = Event::parse(event.as_bytes()).ok();
        let explained = pattern.zip(event).and_then(|(pattern, event)| explain(&pattern, &event).ok());
        let blamed = explained.iter().flat_map(|explained| explained.blamed());
        let blamed: Vec<String> = blamed.map(|field| format!("{}: {}", field.path, field.reason)).collect();
        blamed.join("; ")
    }

    /// A target that receives something else than was expected.
    fn unexpected_input(&self, expectation: &RuleExpectation, rule: &Rule, event: &str) -> Option<Mistake> {
        let wanted = expectation.input.as_ref()?;
        let text = reference::settle_queues(&wanted.text, self.ids).ok()?;
        let is_meant = |target: &&Target| match &expectation.targets {
            Some(names) => names.iter().any(|name| target.is_called(&name.value)),
            None => true,
        };
        rule.targets.iter().filter(is_meant).find_map(|target| {
            let sentence = match (self.input)(&rule.name.value, target, event) {
                Ok(input) if says_the_same(&input, &text) => return None,
                Ok(input) => format!("`{}` receives {input}", target.id.value),
                Err(why) => format!("`{}` receives nothing: {why}", target.id.value),
            };
            Some(
                Mistake::new(kind::TEST, wanted.span, sentence)
                    .with_suggestion(format!("expected was {text}")),
            )
        })
    }

    fn matches(&self, rule: &Rule, event: &str) -> Result<bool, String> {
        let pattern = rule
            .pattern(self.ids)
            .map_err(|name| format!("the Genesys org has no queue or wrap-up code `{name}`"))?;
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

fn unexpected_targets(expectation: &RuleExpectation, rule: &Rule, which: &str) -> Option<Mistake> {
    let expected = expectation.targets.as_ref()?;
    if let Some(missing) =
        expected.iter().find(|name| rule.targets.iter().all(|target| !target.is_called(&name.value)))
    {
        return Some(Mistake::new(
            kind::TEST,
            missing.span,
            format!("{which} does not go to `{}`", missing.value),
        ));
    }
    let is_expected = |target: &&Target| expected.iter().any(|name| target.is_called(&name.value));
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
    Some(
        Mistake::new(kind::TEST, expectation.rule.span, sentence)
            .with_suggestion("`targets` names all of them"),
    )
}
