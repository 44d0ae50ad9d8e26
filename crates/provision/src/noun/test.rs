//! `tests:` what must come of given events: rules that match, functions that answer, state machines that walk, tables that fill.

use crate::fields::Fields;
use crate::json::JsonText;
use crate::mistake::{Marked, Mistake, Span, kind};
use crate::names::{self, Names};
use crate::resource::rule::Rule;
use crate::resource::target::{Destination, Target};
use crate::table::{Choice, Kind, Section, may, must};

/// A test of the pipeline.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it shows.
    pub name: Marked<String>,
    /// The events, each as a JSON object; members of the envelope that are absent get what PutEvents would give them. What has
    /// no `detail-type` is given as it is to functions and state machines.
    pub given: Vec<JsonText>,
    /// What tasks of state machines answer, by the names of their states: in order, the last one again and again.
    pub mocks: Vec<Mock>,
    /// What must come of each of them.
    pub expect: Vec<Expectation>,
    /// Where it stands.
    pub span: Span,
}

/// What the tasks of a state answer.
#[derive(Clone, Debug)]
pub struct Mock {
    /// The state's name.
    pub state: Marked<String>,
    /// The answers, in order.
    pub answers: Vec<Answer>,
}

/// What a task answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// This, as JSON text.
    Return(String),
    /// An error.
    Throw {
        /// Its name.
        error: String,
        /// Its cause.
        cause: String,
    },
}

/// What must come of each of a test's events.
#[derive(Clone, Debug)]
pub enum Expectation {
    /// What a rule does with it.
    Rule(RuleExpectation),
    /// What a function answers to it.
    Function(FunctionExpectation),
    /// How a state machine walks with it as its input.
    StateMachine(MachineExpectation),
    /// What a table holds when all events have been given.
    Table(TableExpectation),
}

/// What one rule must do with each of a test's events.
#[derive(Clone, Debug)]
pub struct RuleExpectation {
    /// The rule's name.
    pub rule: Marked<String>,
    /// Whether it must match, or must not.
    pub matches: bool,
    /// The ids of exactly the targets that the event must go to; `None` where the test does not say.
    pub targets: Option<Vec<Marked<String>>>,
    /// What each of the targets must receive.
    pub input: Option<JsonText>,
}

/// What a function must do.
#[derive(Clone, Debug)]
pub struct FunctionExpectation {
    /// Its name.
    pub function: Marked<String>,
    /// What it must return.
    pub returns: Option<JsonText>,
    /// What its log must contain.
    pub logs: Vec<Marked<String>>,
    /// The type of the error that it must end with; `None`: it must end without one.
    pub fails: Option<Marked<String>>,
}

/// How a state machine must walk.
#[derive(Clone, Debug)]
pub struct MachineExpectation {
    /// Its name.
    pub state_machine: Marked<String>,
    /// The states that it enters, in order.
    pub states: Option<Vec<Marked<String>>>,
    /// What it must end with.
    pub output: Option<JsonText>,
    /// The error that it must end with; `None`: it must succeed.
    pub fails: Option<Marked<String>>,
}

/// What a table must hold.
#[derive(Clone, Debug)]
pub struct TableExpectation {
    /// Its name.
    pub table: Marked<String>,
    /// How many items.
    pub items: u64,
}

pub(crate) const SECTION: Section = Section {
    noun: "a test",
    keys: &[
        must("name", "What the test shows.", Kind::Text { chars_max: 512 }),
        must(
            "given",
            "The events: `source`, `detail-type`, `detail`. Missing members of the envelope are filled in; the default `source` is `genesys.cloud`. What has no `detail-type` is given to functions and state machines as it is.",
            Kind::List(&Kind::JsonObject),
        ),
        may(
            "mocks",
            "What tasks of state machines answer, by the name of the state: `{return: VALUE}`, `{throw: {error, cause}}`, or a list of these, one for each try.",
            Kind::JsonObject,
        ),
        must(
            "expect",
            "What must happen: one entry per rule, function, state machine or table.",
            Kind::List(&Kind::Object(&EXPECTATION)),
        ),
    ],
    choices: &[],
    later: &[],
};

const EXPECTATION: Section = Section {
    noun: "an expectation",
    keys: &[
        may("rule", "A rule, one of `rules`.", Kind::Text { chars_max: 64 }),
        may(
            "function",
            "A function, one of `functions`: it is run with each event.",
            Kind::Text { chars_max: 64 },
        ),
        may(
            "stateMachine",
            "A state machine, one of `stateMachines`: it is walked with each event as its input.",
            Kind::Text { chars_max: 80 },
        ),
        may("table", "A table, one of `tables`, after functions have run.", Kind::Text { chars_max: 255 }),
        may("matches", "Whether the rule must match each event, or must not. Default true.", Kind::Flag),
        may(
            "targets",
            "The ids or names of all targets that each event must reach, and no others.",
            Kind::List(&Kind::Text { chars_max: 80 }),
        ),
        may("input", "What each of these targets must receive: any value.", Kind::Json),
        may("returns", "What the function must return: any value.", Kind::Json),
        may(
            "logs",
            "Text that the function's log must contain.",
            Kind::List(&Kind::Text { chars_max: 1024 }),
        ),
        may("states", "The states that are entered, in order.", Kind::List(&Kind::Text { chars_max: 80 })),
        may("output", "What the state machine must end with: any value.", Kind::Json),
        may(
            "fails",
            "The error that the function or state machine must end with. Default: none.",
            Kind::Text { chars_max: 256 },
        ),
        may("items", "How many items the table must hold.", Kind::Integer { min: 0, max: 1_000_000 }),
    ],
    choices: &[Choice { among: &["rule", "function", "stateMachine", "table"], is_required: true }],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> Test {
    let mocks = fields.entries("mocks").into_iter();
    Test {
        name: fields.name("name"),
        given: fields.list("given").map(|event| JsonText::of_node(event.node)).collect(),
        mocks: mocks
            .map(|(state, answers)| Mock { state, answers: answers.into_iter().map(answer).collect() })
            .collect(),
        expect: fields.list("expect").map(expectation).collect(),
        span: fields.span(),
    }
}

fn answer(fields: Fields<'_>) -> Answer {
    match (fields.object("throw"), fields.json("return")) {
        (Some(thrown), _) => Answer::Throw {
            error: thrown.name("error").value,
            cause: thrown.text("cause").unwrap_or_default().value,
        },
        (None, returned) => Answer::Return(returned.map_or_else(|| "null".to_owned(), |json| json.text)),
    }
}

fn expectation(fields: Fields<'_>) -> Expectation {
    let list = |key: &str| fields.node.get(key).is_some().then(|| fields.texts(key));
    if let Some(function) = fields.text("function") {
        return Expectation::Function(FunctionExpectation {
            function,
            returns: fields.json("returns"),
            logs: fields.texts("logs"),
            fails: fields.text("fails"),
        });
    }
    if let Some(state_machine) = fields.text("stateMachine") {
        return Expectation::StateMachine(MachineExpectation {
            state_machine,
            states: list("states"),
            output: fields.json("output"),
            fails: fields.text("fails"),
        });
    }
    if let Some(table) = fields.text("table") {
        return Expectation::Table(TableExpectation {
            table,
            items: fields.integer("items").unwrap_or_default(),
        });
    }
    Expectation::Rule(RuleExpectation {
        rule: fields.name("rule"),
        matches: fields.flag("matches").unwrap_or(true),
        targets: list("targets"),
        input: fields.json("input"),
    })
}

impl Test {
    /// Whether it runs something that needs a server.
    pub fn is_live(&self) -> bool {
        self.expect.iter().any(|one| matches!(one, Expectation::Function(_) | Expectation::Table(_)))
    }
}

pub(crate) fn check(tests: &[Test], rules: &[Rule], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("test", tests.iter().map(|test| &test.name), out);
    for test in tests {
        for event in &test.given {
            names.check_references(event, out);
        }
        for expectation in &test.expect {
            match expectation {
                Expectation::Rule(expectation) => check_rule(expectation, rules, out),
                Expectation::Function(one) => names.check_function(&one.function, out),
                Expectation::StateMachine(one) => names.check_state_machine(&one.state_machine, out),
                Expectation::Table(one) => names.check_table(&one.table, out),
            }
        }
        if !test.name.value.is_empty() && (test.given.is_empty() || test.expect.is_empty()) {
            let sentence = "this test shows nothing: it needs at least one event and one expectation";
            out.push(Mistake::new(kind::TEST_FORM, test.span, sentence));
        }
    }
}

fn check_rule(expectation: &RuleExpectation, rules: &[Rule], out: &mut Vec<Mistake>) {
    let wanted = &expectation.rule;
    let Some(rule) = rules.iter().find(|rule| rule.name.value == wanted.value) else {
        if !wanted.value.is_empty() {
            let names = rules.iter().map(|rule| rule.name.value.as_str());
            let mistake = Mistake::new(
                kind::UNKNOWN_NAME,
                wanted.span,
                format!("there is no rule `{}` in `rules`", wanted.value),
            );
            out.push(names::instead(mistake, &wanted.value, names));
        }
        return;
    };
    for target in expectation.targets.iter().flatten() {
        if rule.targets.iter().all(|known| !known.is_called(&target.value)) {
            let sentence = format!("the rule `{}` has no target `{}`", rule.name.value, target.value);
            let ids = rule.targets.iter().map(|target| target.id.value.as_str());
            out.push(names::instead(
                Mistake::new(kind::UNKNOWN_NAME, target.span, sentence),
                &target.value,
                ids,
            ));
        }
    }
}

impl Target {
    /// Whether a test means this target by `name`: its id, or the queue or API destination that it sends to.
    pub fn is_called(&self, name: &str) -> bool {
        let is_named = !matches!(self.destination, Destination::Bus(_) | Destination::Arn(_));
        self.id.value == name || (is_named && self.destination.name().value == name)
    }
}
