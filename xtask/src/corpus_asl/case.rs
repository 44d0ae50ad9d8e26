//! One recorded case: what it needs is put in its place, the machine is walked, the answers are compared.

use std::collections::{BTreeMap, VecDeque};

use asl::diagnostic::refusal;
use asl::map_run::{ItemSource, MapRunOrder};
use asl::resource::{Pattern, Resource};
use asl::step::TaskCall;
use asl::walk::{Beginning, Outside, Walk};
use asl::{About, MachineType, Severity, TaskError, What};
use serde_json::{Map, Value, json};

use crate::corpus_asl::compare::{self, Numbers, Order};
use crate::corpus_asl::matching::{Match, Piece, pieces};
use crate::corpus_asl::test_state::Asked;

/// 2026-11-28T09:00:00Z.
const NOW_MS: u64 = 1_795_856_400_000;
const DAY_MS: u64 = 86_400_000;
const PLACE: &str = "us-east-1:111111111111";

/// What a case comes to.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It asks for what is not the language's.
    LeftOut,
    Checked {
        wrong: Vec<String>,
        /// None where none was recorded.
        history: Option<Result<Order, String>>,
    },
}

/// A row of the file.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    row: &'a Value,
}

impl<'a> Case<'a> {
    pub(crate) fn new(row: &'a Value) -> Self {
        Self { row }
    }

    pub(crate) fn id(&self) -> &'a str {
        let id = self.row.get("id").and_then(Value::as_str).unwrap_or_default();
        id.rsplit("::").next().unwrap_or(id)
    }

    pub(crate) fn kind(&self) -> &'a str {
        self.row.get("kind").and_then(Value::as_str).unwrap_or_default()
    }

    fn expect(&self, name: &str) -> Option<&'a Value> {
        self.row.get("expect")?.get(name)
    }

    fn machine_type(&self) -> MachineType {
        match self.row.get("type").and_then(Value::as_str) {
            Some("EXPRESS") => MachineType::Express,
            _ => MachineType::Standard,
        }
    }

    pub(crate) fn run(&self) -> Verdict {
        let mut values = Values::new(self.row);
        match (self.kind(), self.row.get("op").and_then(Value::as_str)) {
            ("execution" | "choice" | "intrinsic", _) => self.execute(&mut values),
            ("validation", Some("validate_state_machine_definition")) => self.validate(&mut values),
            ("validation", _) => self.variable_references(&mut values),
            ("create_error", Some("create_state_machine")) => self.create(&mut values),
            ("create_error", Some("start_execution")) => self.start(),
            ("test_state", _) => self.test_state(&mut values),
            _ => Verdict::LeftOut,
        }
    }

    fn definition(&self, values: &mut Values<'_>) -> String {
        match (self.row.get("definition"), self.row.get("definition_text")) {
            (None | Some(Value::Null), Some(text)) => text.as_str().unwrap_or_default().to_owned(),
            (definition, _) => values.fill(definition.unwrap_or(&Value::Null)).to_string(),
        }
    }

    fn execute(&self, values: &mut Values<'_>) -> Verdict {
        // Stopped while it runs, or answered by another machine that the case starts: more than the language.
        let definition = self.definition(values);
        let reading = asl::parse(&definition, self.machine_type());
        let Some(machine) = reading.machine else {
            let told = refusal(&reading.diagnostics).unwrap_or_default();
            return Verdict::Checked { wrong: vec![format!("refused: {told}")], history: None };
        };
        let input = self.row.get("input").map_or_else(|| json!({}), |input| values.fill(input));
        let name = "case";
        let machine_arn = format!("arn:aws:states:{PLACE}:stateMachine:{name}");
        let about = About {
            execution_arn: format!("arn:aws:states:{PLACE}:execution:{name}:run"),
            execution_name: "run".to_owned(),
            role_arn: values.made("snf_role_arn"),
            machine_arn,
            machine_name: name.to_owned(),
            input,
            item: None,
            block: 0,
        };
        let mut world = Recorded::new(self.row, values);
        let mut walk = Walk::new(&machine, Beginning { about, now_ms: NOW_MS, seed: 7 });
        walk.advance(&mut world);
        let stops = self.row.get("during").and_then(Value::as_array).is_some_and(|during| !during.is_empty());
        if stops {
            walk.tell(What::Stop { error: None, cause: None });
        }
        if self.expect("status") == Some(&json!("RUNNING")) {
            walk.run_now(&mut world);
        } else {
            walk.run(&mut world);
        }
        self.compare(&walk, values)
    }

    fn compare(&self, walk: &Walk<'_>, values: &Values<'_>) -> Verdict {
        let mut matched = Match { bound: values.bound() };
        let execution = &walk.execution;
        let got = [
            ("status", Some(json!(execution.status.name()))),
            ("output", execution.output.clone()),
            ("error", execution.error.clone().map(Value::from)),
            ("cause", execution.cause.clone().map(Value::from)),
        ];
        let mut wrong = Vec::new();
        let succeeded = self.expect("status") == Some(&json!("SUCCEEDED"));
        for (name, got) in got {
            let want = self.expect(name);
            match (want, got) {
                (None, None) => {}
                (None, Some(_)) if name == "status" || (name == "output" && succeeded) => {}
                (Some(want), Some(got)) => wrong.extend(matched.value(want, &got, name).err()),
                (want, got) => wrong.push(format!("{name}: {got:?} must be {want:?}")),
            }
        }
        let history = self
            .expect("history")
            .and_then(Value::as_array)
            .filter(|_| self.machine_type() == MachineType::Standard);
        let sorted = self.row.get("history_order").is_some_and(Value::is_string);
        let numbers = if sorted { Numbers::Lost } else { Numbers::Kept };
        let history = history.map(|want| compare::histories(want, &walk.history, &mut matched, numbers));
        Verdict::Checked { wrong, history }
    }

    fn validate(&self, values: &mut Values<'_>) -> Verdict {
        let found = asl::validate(&self.definition(values), self.machine_type());
        let failed = found.iter().any(|found| found.severity == Severity::Error);
        let diagnostics: Vec<Value> = found
            .iter()
            .map(|found| {
                let severity = if found.severity == Severity::Error { "ERROR" } else { "WARNING" };
                let mut json = json!({"severity": severity, "code": found.code, "message": found.message});
                if let (Value::Object(members), Some(location)) = (&mut json, &found.location) {
                    members.insert("location".to_owned(), json!(location));
                }
                json
            })
            .collect();
        let result = if failed { "FAIL" } else { "OK" };
        self.same(&json!({"result": result, "diagnostics": diagnostics, "truncated": false}))
    }

    fn variable_references(&self, values: &mut Values<'_>) -> Verdict {
        let reading = asl::parse(&self.definition(values), self.machine_type());
        let Some(machine) = reading.machine else {
            return Verdict::Checked { wrong: vec!["refused".to_owned()], history: None };
        };
        let got: Map<String, Value> =
            machine.variable_references().into_iter().map(|(state, names)| (state, json!(names))).collect();
        let mut want = self.expect("variableReferences").cloned().unwrap_or_default();
        for names in want.as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Value::Array(names) = names {
                names.sort_by_key(Value::to_string);
            }
        }
        let wrong = Match::default().value(&want, &Value::Object(got), "variableReferences").err();
        Verdict::Checked { wrong: wrong.into_iter().collect(), history: None }
    }

    fn create(&self, values: &mut Values<'_>) -> Verdict {
        if self.expect("code") != Some(&json!("InvalidDefinition")) {
            return Verdict::LeftOut;
        }
        let found = asl::validate(&self.definition(values), self.machine_type());
        let message = refusal(&found).unwrap_or_else(|| "(accepted)".to_owned());
        self.same(&json!({"code": "InvalidDefinition", "message": message}))
    }

    fn start(&self) -> Verdict {
        let text = self.row.get("input_text").and_then(Value::as_str).unwrap_or_default();
        let message = asl::json::parse_input(text).err().unwrap_or_else(|| "(accepted)".to_owned());
        self.same(&json!({"code": "InvalidExecutionInput", "message": message}))
    }

    fn test_state(&self, values: &mut Values<'_>) -> Verdict {
        let definition = self.definition(values);
        let input = self.row.get("input").map(|input| values.fill(input).to_string());
        let params = self.row.get("params").map(|params| values.fill(params)).unwrap_or_default();
        let expect = values.fill_known(self.row.get("expect").unwrap_or(&Value::Null));
        let got = Asked { definition, input, params, expect: expect.clone(), now_ms: NOW_MS }.answer();
        let mut matched = Match { bound: values.bound() };
        let wrong = matched.value(&expect, &got, "answer").err();
        Verdict::Checked { wrong: wrong.into_iter().collect(), history: None }
    }

    fn same(&self, got: &Value) -> Verdict {
        let want = self.row.get("expect").cloned().unwrap_or_default();
        let mut matched = Match { bound: Values::new(self.row).bound() };
        let wrong = matched.value(&want, got, "answer").err();
        Verdict::Checked { wrong: wrong.into_iter().collect(), history: None }
    }
}

/// What the placeholders of requests are made to be.
#[derive(Debug)]
struct Values<'a> {
    row: &'a Value,
    made: BTreeMap<String, String>,
}

impl<'a> Values<'a> {
    fn new(row: &'a Value) -> Self {
        Self { row, made: BTreeMap::new() }
    }

    fn bound(&self) -> BTreeMap<String, String> {
        let mut bound = self.made.clone();
        bound.insert("partition".to_owned(), "aws".to_owned());
        bound.insert("region".to_owned(), "us-east-1".to_owned());
        bound
    }

    /// A recorded value with its placeholders filled.
    fn fill(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill_text(text)),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect())
            }
            other => other.clone(),
        }
    }

    fn fill_text(&mut self, text: &str) -> String {
        let mut filled = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Literal(literal) => filled.push_str(literal),
                Piece::Named(name) => filled.push_str(&self.made(name)),
                Piece::Any => filled.push_str("any"),
            }
        }
        filled
    }

    /// A recorded answer: only what requests have made is filled.
    fn fill_known(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let bound = self.bound();
                let mut filled = text.clone();
                for (name, value) in &bound {
                    filled = filled.replace(&format!("<{name}>"), value);
                }
                Value::String(filled)
            }
            Value::Array(items) => items.iter().map(|item| self.fill_known(item)).collect(),
            Value::Object(members) => Value::Object(
                members.iter().map(|(name, value)| (name.clone(), self.fill_known(value))).collect(),
            ),
            other => other.clone(),
        }
    }

    fn made(&mut self, name: &str) -> String {
        if let Some(made) = self.made.get(name) {
            return made.clone();
        }
        let slug: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let made = match name {
            "partition" => "aws".to_owned(),
            "region" => "us-east-1".to_owned(),
            _ if self.moment(name).is_some() => self.moment(name).unwrap_or_default(),
            _ if name.contains("role") => format!("arn:aws:iam::111111111111:role/{slug}"),
            _ if name.contains("activity") => format!("arn:aws:states:{PLACE}:activity:{slug}"),
            _ if name.contains("state_machine") => format!("arn:aws:states:{PLACE}:stateMachine:{slug}"),
            _ if name.contains("topic") => format!("arn:aws:sns:{PLACE}:{slug}"),
            _ if name.to_lowercase().contains("queue") => {
                format!("https://sqs.us-east-1.amazonaws.com/111111111111/{slug}")
            }
            _ => slug,
        };
        self.made.insert(name.to_owned(), made.clone());
        made
    }

    /// `values`: now and so many days, in a format.
    fn moment(&self, name: &str) -> Option<String> {
        let value = self.row.get("values")?.get(format!("<{name}>"))?;
        let days = value.get("now_plus_days")?.as_u64()?;
        let format = value.get("format")?.as_str()?;
        let text = asl::history::time_text(NOW_MS + days * DAY_MS);
        Some(format.replace("%Y-%m-%dT%H:%M:%S", text.get(..19)?))
    }
}

/// What AWS's services answered, task by task in the order in which they were asked.
struct Recorded {
    answers: VecDeque<Vec<Value>>,
    files: BTreeMap<String, String>,
    /// The function that the case names raises an exception.
    raises: bool,
}

impl Recorded {
    fn new(row: &Value, values: &Values<'_>) -> Self {
        let history = row.get("expect").and_then(|expect| expect.get("history")).and_then(Value::as_array);
        let events: Vec<Value> =
            history.into_iter().flatten().map(|event| values.fill_known(event)).collect();
        let mut answers: VecDeque<Vec<Value>> = VecDeque::new();
        // Where the events of branches are sorted, an end may stand before its beginning.
        let mut early: Vec<Value> = Vec::new();
        for event in events {
            let kind = event.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
            if kind.ends_with("Scheduled") {
                answers.push_back(std::mem::take(&mut early));
            } else if is_answer(&kind) {
                let open = answers.iter_mut().find(|answer| !answer.iter().any(is_end));
                match open {
                    Some(open) => open.push(event),
                    None => early.push(event),
                }
            }
        }
        let raises =
            row.get("lambda").is_some_and(|functions| functions.to_string().contains("raise_exception.py"));
        Self { answers, files: files(row, values), raises }
    }
}

fn files(row: &Value, values: &Values<'_>) -> BTreeMap<String, String> {
    let setup = row.get("setup").and_then(Value::as_array);
    setup
        .into_iter()
        .flatten()
        .filter(|step| step.get("op").and_then(Value::as_str) == Some("put_object"))
        .filter_map(|step| {
            let params = values.fill_known(step.get("params")?);
            let text = |name: &str| params.get(name).and_then(Value::as_str).map(str::to_owned);
            Some((text("Key")?, text("Body")?))
        })
        .collect()
}

fn is_answer(kind: &str) -> bool {
    let begins = ["Task", "LambdaFunction", "Activity"].iter().any(|prefix| kind.starts_with(prefix));
    let ends = ["Submitted", "Succeeded", "Failed", "TimedOut"].iter().any(|suffix| kind.ends_with(suffix));
    begins && (ends || kind == "ActivityStarted") && !kind.starts_with("TaskState")
}

fn is_end(event: &Value) -> bool {
    let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
    !kind.ends_with("Submitted") && kind != "ActivityStarted"
}

impl Outside for Recorded {
    fn task(&mut self, call: &TaskCall) -> Vec<What> {
        let task = call.task;
        let Some(answer) = self.answers.pop_front() else {
            return if self.raises { vec![raised(task)] } else { unrecorded(call) };
        };
        let mut events = Vec::new();
        for event in answer {
            let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
            let details = event
                .as_object()
                .into_iter()
                .flatten()
                .find(|(name, _)| name.ends_with("EventDetails"))
                .map(|(_, details)| details.clone())
                .unwrap_or_default();
            let text = |name: &str| {
                details.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            };
            let output = details.get("output").cloned().unwrap_or_default();
            if kind == "ActivityStarted" {
                events.push(What::ActivityStarted { task, worker_name: text("workerName") });
            } else if kind.ends_with("Submitted") {
                events.push(What::TaskSubmitted { task, output });
            } else if kind.ends_with("Succeeded") {
                events.push(What::TaskSucceeded { task, output });
            } else if kind.ends_with("Failed") {
                events.push(What::TaskFailed { task, error: text("error"), cause: text("cause") });
            }
        }
        events
    }

    fn items(&mut self, order: &MapRunOrder) -> Result<Vec<Value>, TaskError> {
        let ItemSource::Reader { parameters, config, max_items, .. } = &order.source else {
            return Ok(Vec::new());
        };
        let key = parameters
            .as_ref()
            .and_then(|given| given.get("Key"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        asl::reader::items(self.files.get(key).map_or("", String::as_str), config, *max_items)
    }
}

/// A task without a recorded answer: a function that gives back what it is given.
fn unrecorded(call: &TaskCall) -> Vec<What> {
    let task = call.task;
    let output = match &call.resource {
        Resource::Service { service, pattern: Pattern::RequestResponse, .. } if service == "lambda" => {
            let payload = call.input.get("Payload").cloned().unwrap_or_default();
            json!({"ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200})
        }
        Resource::Function { .. } => call.input.clone(),
        _ => return Vec::new(),
    };
    vec![What::TaskSucceeded { task, output }]
}

/// What Lambda tells of the exception that the cases' function raises.
fn raised(task: u64) -> What {
    let cause = json!({
        "errorMessage": "Some exception was raised.",
        "errorType": "Exception",
        "requestId": "r",
        "stackTrace": [
            "  File \"/var/task/handler.py\", line 2, in handler\n    raise Exception(\"Some exception was raised.\")\n",
        ],
    });
    What::TaskFailed { task, error: Some("Exception".to_owned()), cause: Some(cause.to_string()) }
}
