//! One state of a definition.

use serde_json::{Map, Value};

use crate::definition::{
    Catcher, Choice, ChoiceRule, Condition, Fail, Flow, Guard, Jitter, Kind, MachineType, Parallel,
    QueryLanguage, Retrier, State, Task, Transition, Until,
};
use crate::expr::choice::Rule;
use crate::expr::timestamp;
use crate::parse::fields::{Fields, Range, is_expression};
use crate::parse::members::{self, JSONATA_ONLY, JSONPATH_ONLY};
use crate::parse::{Parser, check_language, language_of};
use crate::resource::{Pattern, Resource};

/// The values of `Type`, in the order in which AWS lists them.
const TYPES: [&str; 8] = ["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"];

impl Parser {
    pub(super) fn state(&mut self, name: &str, fields: &Fields<'_>, depth: usize) -> Option<State> {
        let kind = Self::kind_of(fields)?;
        for member in unsupported(fields, kind) {
            fields.refuse(format!("Field '{member}' is not supported"));
        }
        let language = self.language_of_state(fields);
        let fields = fields.clone().into_state().speaking(language);
        fields.string("Comment");
        let transition = transition(&fields, kind);
        let flow = flow(&fields, kind);
        let kind = match kind {
            "Pass" => Some(Kind::Pass { result: fields.get("Result").cloned() }),
            "Task" => self.task(&fields).map(|task| Kind::Task(Box::new(task))),
            "Choice" => choice(&fields).map(Kind::Choice),
            "Wait" => until(&fields).map(Kind::Wait),
            "Succeed" => Some(Kind::Succeed),
            "Fail" => Some(Kind::Fail(Fail { error: fields.text("Error"), cause: fields.text("Cause") })),
            "Parallel" => self.parallel(&fields, depth).map(Kind::Parallel),
            _ => self.map(&fields, depth).map(|map| Kind::Map(Box::new(map))),
        };
        Some(State {
            name: name.to_owned(),
            query_language: language,
            flow,
            transition: transition?,
            kind: kind?,
        })
    }

    fn kind_of(fields: &Fields<'_>) -> Option<&'static str> {
        if !fields.require(&["Type"]) {
            return None;
        }
        let named = fields.string("Type")?;
        let known = TYPES.iter().find(|known| **known == named);
        if known.is_none() {
            let message = format!("The field 'Type' should have one of these values: [{}]", TYPES.join(", "));
            fields.refuse_field("Type", message);
        }
        known.copied()
    }

    /// The state's own language or the machine's; the members of the other language are told, then an unknown language.
    fn language_of_state(&self, fields: &Fields<'_>) -> QueryLanguage {
        let language = language_of(fields).unwrap_or(self.language);
        if self.language == QueryLanguage::Jsonata && language == QueryLanguage::JsonPath {
            let message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
            fields.refuse(message);
            return language;
        }
        let (here, there, foreign): (&str, &str, &[&str]) = match language {
            QueryLanguage::JsonPath => ("JSONPath", "JSONata", &JSONATA_ONLY),
            QueryLanguage::Jsonata => ("JSONata", "JSONPath", &JSONPATH_ONLY),
        };
        for name in fields.object.keys().filter(|name| foreign.contains(&name.as_str())) {
            fields.refuse(format!(
                "The QueryLanguage is set to '{here}', but field '{name}' is only supported for the '{there}' \
                 QueryLanguage"
            ));
        }
        check_language(fields);
        language
    }

    fn task(&self, fields: &Fields<'_>) -> Option<Task> {
        fields.require(&["Resource"]);
        let resource = fields.string("Resource").and_then(|arn| self.resource(fields, &arn));
        let seconds = Range::whole(1.0, 99_999_999.0);
        let timeout = fields.amount("TimeoutSeconds", seconds);
        let heartbeat = fields.amount("HeartbeatSeconds", seconds);
        if let Some(credentials) = fields.object("Credentials")
            && !credentials.has("RoleArn")
            && !credentials.has("RoleArn.$")
        {
            credentials.refuse("The field 'RoleArn' is required but was missing");
        }
        let credentials = fields.payload("Credentials");
        let guard = guard(fields);
        Some(Task { resource: resource?, timeout, heartbeat, credentials, guard })
    }

    fn resource(&self, fields: &Fields<'_>, arn: &str) -> Option<Resource> {
        let Some(resource) = Resource::parse(arn) else {
            fields.refuse_field(
                "Resource",
                format!(
                    "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the \
                     resource is not available in this region."
                ),
            );
            return None;
        };
        if self.kind == MachineType::Express {
            let refused = match (&resource, resource.pattern()) {
                (Resource::Activity { .. }, _) => "Express state machine does not support Activity ARN",
                (_, Pattern::Sync | Pattern::Sync2) => {
                    "Express state machine does not support '.sync' service integration"
                }
                // AWS's text has the second space.
                (_, Pattern::WaitForTaskToken) => {
                    "Express state machine does not support '.waitForTaskToken' service integration "
                }
                (_, Pattern::RequestResponse) => "",
            };
            if !refused.is_empty() {
                fields.refuse_field("Resource", refused);
            }
        }
        Some(resource)
    }

    fn parallel(&mut self, fields: &Fields<'_>, depth: usize) -> Option<Parallel> {
        fields.require(&["Branches"]);
        let mut branches = Vec::new();
        fields.refuse_empty("Branches");
        let listed = fields.objects("Branches");
        for branch in &listed {
            branch.only(&["Comment", "StartAt", "States"]);
            if branch.require(&["States", "StartAt"]) {
                branches.extend(self.block(branch, depth + 1));
            }
        }
        let complete = branches.len() == listed.len();
        let guard = guard(fields);
        complete.then_some(Parallel { branches, guard })
    }
}

/// In the order in which AWS tells three of them.
fn unsupported(fields: &Fields<'_>, kind: &str) -> Vec<String> {
    let known = members::of(kind);
    let mut found: Vec<String> = fields
        .object
        .keys()
        .filter(|name| {
            !["Type", "Comment", "QueryLanguage"].contains(&name.as_str()) && !known.contains(&name.as_str())
        })
        .cloned()
        .collect();
    let place = |name: &str| {
        ["TimeoutSeconds", "Catch", "Retry"].iter().position(|first| *first == name).unwrap_or(3)
    };
    found.sort_by_key(|name| place(name));
    found
}

fn transition(fields: &Fields<'_>, kind: &str) -> Option<Transition> {
    if matches!(kind, "Choice" | "Succeed" | "Fail") {
        return Some(Transition::End);
    }
    let end = match fields.get("End") {
        None | Some(Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(_) => {
            fields.refuse_field("End", "Expected value of type [BOOLEAN]");
            return None;
        }
    };
    match (fields.has("Next"), end) {
        (true, false) => fields.string("Next").map(Transition::Next),
        (false, true) => Some(Transition::End),
        (true, true) => {
            fields.refuse("Only one of these fields can be set: [Next, End]");
            None
        }
        (false, false) => {
            fields.refuse("One of these fields is required: [Next, End]");
            None
        }
    }
}

fn flow(fields: &Fields<'_>, kind: &str) -> Flow {
    let parameters = match kind {
        // A Map's `Parameters` is the old name of `ItemSelector`.
        "Map" => None,
        _ if fields.is_jsonata() => fields.payload("Arguments"),
        _ => fields.payload("Parameters"),
    };
    Flow {
        input_path: fields.selection("InputPath"),
        parameters,
        result_selector: fields.payload("ResultSelector"),
        result_path: fields.placement("ResultPath"),
        output_path: fields.selection("OutputPath"),
        output: fields.payload("Output"),
        assign: assign(fields),
    }
}

/// `Assign`: an object whose keys are variables' names.
fn assign(fields: &Fields<'_>) -> Option<crate::definition::Payload> {
    let object = fields.object("Assign")?;
    for name in object.object.keys() {
        let bare = name.strip_suffix(".$").filter(|_| !fields.is_jsonata()).unwrap_or(name);
        let begins = bare.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
        let right = bare.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !begins || !right || bare.chars().count() > 80 || bare == "states" {
            object.refuse(format!("The variable name '{bare}' is not valid"));
        }
    }
    fields.payload("Assign")
}

/// `Retry` and `Catch`.
pub(super) fn guard(fields: &Fields<'_>) -> Guard {
    let retry = fields.objects("Retry");
    let catch = fields.objects("Catch");
    all_stands_last(&retry);
    all_stands_last(&catch);
    Guard {
        retry: retry.iter().filter_map(retrier).collect(),
        catch: catch.iter().filter_map(catcher).collect(),
    }
}

/// `States.ALL` must be alone in its list, and its list the last.
fn all_stands_last(listed: &[Fields<'_>]) {
    for (number, fields) in listed.iter().enumerate() {
        let Some(names) = fields.get("ErrorEquals").and_then(Value::as_array) else { continue };
        let all = names.iter().any(|name| name.as_str() == Some("States.ALL"));
        if all && (names.len() > 1 || number + 1 < listed.len()) {
            fields.refuse_field("ErrorEquals", "'States.ALL' must appear alone and in the last entry");
        }
    }
}

fn retrier(fields: &Fields<'_>) -> Option<Retrier> {
    fields.only(&[
        "ErrorEquals",
        "IntervalSeconds",
        "MaxAttempts",
        "BackoffRate",
        "MaxDelaySeconds",
        "JitterStrategy",
        "Comment",
    ]);
    fields.require(&["ErrorEquals"]);
    let jitter = match fields.string("JitterStrategy").as_deref() {
        None | Some("NONE") => Jitter::None,
        Some("FULL") => Jitter::Full,
        Some(_) => {
            fields.refuse_field("JitterStrategy", "Value should be one of the following: [FULL, NONE]");
            Jitter::None
        }
    };
    let attempts = fields.number("MaxAttempts", Range::whole(0.0, 99_999_999.0)).unwrap_or(3.0);
    Some(Retrier {
        error_equals: fields.strings("ErrorEquals"),
        interval_seconds: fields.number("IntervalSeconds", Range::whole(1.0, 99_999_999.0)).unwrap_or(1.0),
        max_attempts: u32::try_from(crate::parse::whole_number(attempts)).unwrap_or(u32::MAX),
        backoff_rate: fields
            .number("BackoffRate", Range { min: 1.0, max: f64::MAX, whole: false })
            .unwrap_or(2.0),
        max_delay_seconds: fields.number("MaxDelaySeconds", Range::whole(1.0, 31_622_400.0)),
        jitter,
    })
}

fn catcher(fields: &Fields<'_>) -> Option<Catcher> {
    let members: &[&str] = if fields.is_jsonata() {
        &["ErrorEquals", "Next", "Output", "Assign", "Comment"]
    } else {
        &["ErrorEquals", "Next", "ResultPath", "Assign", "Comment"]
    };
    fields.only(members);
    fields.require(&["ErrorEquals", "Next"]);
    let error_equals = fields.strings("ErrorEquals");
    let result_path = fields.placement("ResultPath");
    let output = if fields.is_jsonata() { fields.payload("Output") } else { None };
    let assign = assign(fields);
    Some(Catcher { error_equals, result_path, output, assign, next: fields.string("Next")? })
}

fn choice(fields: &Fields<'_>) -> Option<Choice> {
    fields.require(&["Choices"]);
    fields.refuse_empty("Choices");
    let listed = fields.objects("Choices");
    let rules: Vec<ChoiceRule> = listed.iter().filter_map(choice_rule).collect();
    let complete = rules.len() == listed.len() && !rules.is_empty();
    let default = fields.string("Default");
    complete.then_some(Choice { rules, default })
}

fn choice_rule(fields: &Fields<'_>) -> Option<ChoiceRule> {
    let condition = if fields.is_jsonata() {
        fields.only(&["Condition", "Next", "Assign", "Output", "Comment"]);
        fields.require(&["Condition", "Next"]);
        fields.jsonata("Condition").map(Condition::Jsonata)
    } else {
        if fields.has("Condition") {
            fields.refuse(
                "The QueryLanguage is set to 'JSONPath', but field 'Condition' is only supported for the 'JSONata' \
                 QueryLanguage",
            );
        }
        fields.require(&["Next"]);
        match Rule::parse(&comparison(fields.object)) {
            Ok(rule) => Some(Condition::Rule(Box::new(rule))),
            Err(error) => {
                fields.refuse(error.cause);
                None
            }
        }
    };
    let assign = assign(fields);
    let output = if fields.is_jsonata() { fields.payload("Output") } else { None };
    Some(ChoiceRule { condition: condition?, assign, output, next: fields.string("Next")? })
}

/// The part of a rule that compares.
fn comparison(rule: &Map<String, Value>) -> Map<String, Value> {
    let others = ["Next", "Assign", "Output", "Comment", "Condition"];
    rule.iter()
        .filter(|(name, _)| !others.contains(&name.as_str()))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect()
}

fn until(fields: &Fields<'_>) -> Option<Until> {
    let forms = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];
    let given: Vec<&str> = forms.into_iter().filter(|name| fields.has(name)).collect();
    let [form] = given.as_slice() else {
        fields.refuse(
            "Exactly one of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath]",
        );
        return None;
    };
    match *form {
        "Seconds" | "SecondsPath" => {
            fields.amount("Seconds", Range::whole(0.0, 99_999_999.0)).map(Until::Seconds)
        }
        "TimestampPath" => fields.path("TimestampPath").map(Until::MomentPath),
        _ => {
            let text = fields.string("Timestamp")?;
            if fields.is_jsonata() && is_expression(&text) {
                return fields.jsonata("Timestamp").map(Until::MomentJsonata);
            }
            let moment = timestamp::parse(&text);
            if moment.is_none() {
                fields.refuse_field("Timestamp", "String does not match RFC3339 timestamp");
            }
            moment.map(|moment| Until::Moment(moment.as_millisecond()))
        }
    }
}
