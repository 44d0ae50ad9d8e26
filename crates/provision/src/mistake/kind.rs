//! The kinds of mistake, by the ids that reports and documents know them under.

/// A kind of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its stable id, in lower case with hyphens.
    pub id: &'static str,
    /// What is wrong, in a sentence.
    pub about: &'static str,
}

pub(crate) const YAML: &str = "yaml";
pub(crate) const REFERENCE: &str = "reference";
pub(crate) const INCLUDE: &str = "include";
pub(crate) const PROFILE: &str = "profile";
pub(crate) const UNKNOWN_KEY: &str = "unknown-key";
pub(crate) const MISSING_KEY: &str = "missing-key";
pub(crate) const EXCLUDED_KEY: &str = "excluded-key";
pub(crate) const DUPLICATE_KEY: &str = "duplicate-key";
pub(crate) const WRONG_KIND: &str = "wrong-kind";
pub(crate) const WRONG_VALUE: &str = "wrong-value";
pub(crate) const NAME: &str = "name";
pub(crate) const DUPLICATE_NAME: &str = "duplicate-name";
pub(crate) const UNKNOWN_NAME: &str = "unknown-name";
pub(crate) const LIMIT: &str = "limit";
pub(crate) const DEAD_LETTER_CIRCLE: &str = "dead-letter-circle";
pub(crate) const EVENT_PATTERN: &str = "event-pattern";
pub(crate) const SCHEDULE: &str = "schedule";
pub(crate) const TARGET: &str = "target";
pub(crate) const INPUT: &str = "input";
pub(crate) const ENDPOINT: &str = "endpoint";
pub(crate) const SECRET_IN_FILE: &str = "secret-in-file";
pub(crate) const FUNCTION_CODE: &str = "function-code";
pub(crate) const STATE_MACHINE: &str = "state-machine";
pub(crate) const WEBHOOK: &str = "webhook";
pub(crate) const TEST_FORM: &str = "test-form";
pub(crate) const TEST: &str = "test";

/// What [`Mistake::new`](crate::Mistake::new) is given outside this room for a test that fails.
pub const FAILED_TEST: &str = TEST;
/// And for what cannot be opened.
pub const UNUSABLE_WEBHOOK: &str = WEBHOOK;

/// Every kind that reading a file can tell.
pub const ALL: &[Kind] = &[
    Kind { id: YAML, about: "The text is not YAML as a pipeline file takes it." },
    Kind {
        id: REFERENCE,
        about: "A `${...}` leads nowhere: no such variable or file, no closing brace, or no place for it here.",
    },
    Kind { id: INCLUDE, about: "A file cannot be included." },
    Kind { id: PROFILE, about: "A profile is missing, or changes what a profile cannot." },
    Kind { id: UNKNOWN_KEY, about: "A key that its section does not have." },
    Kind { id: MISSING_KEY, about: "A key that its section needs." },
    Kind { id: EXCLUDED_KEY, about: "A key that another one excludes." },
    Kind { id: DUPLICATE_KEY, about: "A key that stands there already." },
    Kind { id: WRONG_KIND, about: "A value of another kind: text for a number, a mapping for a list." },
    Kind { id: WRONG_VALUE, about: "A value of the right kind that is not allowed." },
    Kind { id: NAME, about: "A name that AWS does not accept." },
    Kind { id: DUPLICATE_NAME, about: "A name that is taken." },
    Kind { id: UNKNOWN_NAME, about: "A name that leads to nothing." },
    Kind { id: LIMIT, about: "More than AWS allows." },
    Kind { id: DEAD_LETTER_CIRCLE, about: "Dead-letter queues that lead back." },
    Kind { id: EVENT_PATTERN, about: "An event pattern that AWS refuses." },
    Kind { id: SCHEDULE, about: "A schedule that AWS refuses." },
    Kind { id: TARGET, about: "A target that AWS refuses, or a setting without effect on it." },
    Kind { id: INPUT, about: "A target's input that cannot be made." },
    Kind { id: ENDPOINT, about: "An address that cannot be called." },
    Kind { id: SECRET_IN_FILE, about: "A secret that stands in the file itself." },
    Kind { id: FUNCTION_CODE, about: "Code or a handler that is not there." },
    Kind { id: STATE_MACHINE, about: "A definition that Step Functions refuses." },
    Kind { id: WEBHOOK, about: "A webhook whose settings contradict each other." },
    Kind { id: TEST_FORM, about: "A test that shows nothing." },
    Kind { id: TEST, about: "A test of the file that fails." },
];
