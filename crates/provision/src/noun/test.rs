//! `tests:` given these events, these rules match and their targets are served.

use crate::fields::Fields;
use crate::json::JsonText;
use crate::mistake::{Marked, Mistake, Span};
use crate::names::{self, Names};
use crate::resource::rule::Rule;
use crate::resource::target::{Destination, Target};
use crate::table::{Kind, Section, may, must};

/// A test of the pipeline.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it shows.
    pub name: Marked<String>,
    /// The events, each as a JSON object; members of the envelope that are absent get what PutEvents would give them.
    pub given: Vec<JsonText>,
    /// What must come of each of them.
    pub expect: Vec<Expectation>,
    /// Where it stands.
    pub span: Span,
}

/// What one rule must do with each of a test's events.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The rule's name.
    pub rule: Marked<String>,
    /// Whether it must match, or must not.
    pub matches: bool,
    /// The ids of exactly the targets that the event must go to; `None` where the test does not say.
    pub targets: Option<Vec<Marked<String>>>,
}

pub(crate) const SECTION: Section = Section {
    noun: "a test",
    keys: &[
        must("name", "What the test shows.", Kind::Text { chars_max: 512 }),
        must(
            "given",
            "The events: `source`, `detail-type`, `detail`. Missing members of the envelope are filled in; the default `source` is `genesys.cloud`.",
            Kind::List(&Kind::JsonObject),
        ),
        must(
            "expect",
            "What must happen to each event: one entry per rule.",
            Kind::List(&Kind::Object(&EXPECTATION)),
        ),
    ],
    choices: &[],
    later: &[],
};

const EXPECTATION: Section = Section {
    noun: "an expectation",
    keys: &[
        must("rule", "The rule's name, one of `rules`.", Kind::Text { chars_max: 64 }),
        may("matches", "Whether the rule must match each event, or must not. Default true.", Kind::Flag),
        may(
            "targets",
            "The ids or queues of all targets that each event must reach, and no others.",
            Kind::List(&Kind::Text { chars_max: 80 }),
        ),
    ],
    choices: &[],
    later: &[(
        "input",
        "this version's tests say which rules match and where events go, not yet what arrives there",
    )],
};

pub(crate) fn read(fields: Fields<'_>) -> Test {
    let expect = fields.list("expect").map(|fields| Expectation {
        rule: fields.name("rule"),
        matches: fields.flag("matches").unwrap_or(true),
        targets: fields.node.get("targets").is_some().then(|| fields.texts("targets")),
    });
    Test {
        name: fields.name("name"),
        given: fields.list("given").map(|event| JsonText::of_node(event.node)).collect(),
        expect: expect.collect(),
        span: fields.span(),
    }
}

pub(crate) fn check(tests: &[Test], rules: &[Rule], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("test", tests.iter().map(|test| &test.name), out);
    for test in tests {
        for event in &test.given {
            names.check_references(event, out);
        }
        for expectation in &test.expect {
            check_expectation(expectation, rules, out);
        }
        if !test.name.value.is_empty() && (test.given.is_empty() || test.expect.is_empty()) {
            let sentence = "this test shows nothing: it needs at least one event and one expectation";
            out.push(Mistake::new(test.span, sentence));
        }
    }
}

fn check_expectation(expectation: &Expectation, rules: &[Rule], out: &mut Vec<Mistake>) {
    let wanted = &expectation.rule;
    let Some(rule) = rules.iter().find(|rule| rule.name.value == wanted.value) else {
        if !wanted.value.is_empty() {
            let names = rules.iter().map(|rule| rule.name.value.as_str());
            let mistake =
                Mistake::new(wanted.span, format!("there is no rule `{}` in `rules`", wanted.value));
            out.push(names::instead(mistake, &wanted.value, names));
        }
        return;
    };
    for target in expectation.targets.iter().flatten() {
        if rule.targets.iter().all(|known| !known.is_called(&target.value)) {
            let sentence = format!("the rule `{}` has no target `{}`", rule.name.value, target.value);
            let ids = rule.targets.iter().map(|target| target.id.value.as_str());
            out.push(names::instead(Mistake::new(target.span, sentence), &target.value, ids));
        }
    }
}

impl Target {
    /// Whether a test means this target by `name`: its id, or the queue or API destination that it sends to.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let is_named = !matches!(self.destination, Destination::Bus(_) | Destination::Arn(_));
        self.id.value == name || (is_named && self.destination.name().value == name)
    }
}
