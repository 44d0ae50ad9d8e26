//! A scripted CloudFormation: a table of states in memory, which answers XML as the service does.
//!
//! A case says which stack is there, what a change set would change, and how each operation goes on: one step is taken after each
//! DescribeStacks, so that what is read just after an operation is still of before, as it may be on AWS.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

const NAME: &str = "crm";
const ACCOUNT: &str = "123456789012";

/// The members of a request.
type Members = BTreeMap<String, String>;

pub(crate) struct Double {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    asked: Arc<Condvar>,
}

struct State {
    case: Value,
    stack: Option<Value>,
    /// Newest first.
    events: Vec<Value>,
    /// What is still to happen.
    steps: VecDeque<Value>,
    change_sets: BTreeMap<String, Value>,
    asked: Vec<String>,
    faults: BTreeMap<String, VecDeque<Value>>,
    count: u32,
    objects: BTreeMap<String, String>,
}

/// A refusal: status, code, words.
struct Refusal(u16, String, String);

fn refuse(code: &str, words: impl Into<String>) -> Refusal {
    Refusal(400, code.to_owned(), words.into())
}

impl Double {
    pub(crate) fn start(case: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::of(case)));
        let asked = Arc::new(Condvar::new());
        let (kept, bell) = (state.clone(), asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, state, bell) = (stream.unwrap(), kept.clone(), bell.clone());
                std::thread::spawn(move || {
                    serve(stream, &state);
                    bell.notify_all();
                });
            }
        });
        Self { url, state, asked }
    }

    /// The operations that were asked, in order; each with the members that a case may look at.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    /// Waits until an operation was asked so many times.
    pub(crate) fn wait_for(&self, operation: &str, times: usize) {
        let state = self.state.lock().unwrap();
        let is_missing =
            |state: &mut State| state.asked.iter().filter(|line| line.starts_with(operation)).count() < times;
        let (state, waited) =
            self.asked.wait_timeout_while(state, Duration::from_secs(120), is_missing).unwrap();
        assert!(!waited.timed_out(), "{:?}", state.asked);
    }

    /// The stack's status and how many change sets there are.
    pub(crate) fn left(&self) -> Value {
        let state = self.state.lock().unwrap();
        let status = state.stack.as_ref().map(|stack| stack["StackStatus"].clone());
        json!({"stack": status.filter(|status| status != "DELETE_COMPLETE"), "changeSets": state.change_sets.len()})
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut size = 0;
    let mut target = String::new();
    let mut put = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(path) = line.strip_prefix("put /") {
            put = path.split(' ').next().map(str::to_owned);
        }
        if let Some(named) = line.strip_prefix("x-amz-target: ") {
            named.clone_into(&mut target);
        }
        size = line.strip_prefix("content-length: ").map_or(size, |text| text.parse().unwrap());
    }
    let mut body = vec![0; size];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let body = String::from_utf8(body).unwrap();
    if let Some(path) = put {
        let (status, text) = state.lock().unwrap().keep(&path, body);
        let _ = write!(
            stream,
            "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        );
        return;
    }
    let members: Members = body
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    let (status, text) = match target.as_str() {
        "" => state.lock().unwrap().answer(&members),
        // In lower case, as headers are read.
        "awsevents.describeeventsource" => state.lock().unwrap().source(),
        other => panic!("nobody answers {other}"),
    };
    // The command may have gone away.
    let _ = write!(
        stream,
        "HTTP/1.1 {status} x\r\ncontent-type: text/xml\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    );
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [left.next().unwrap(), left.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

impl State {
    fn of(case: &Value) -> Self {
        let faults = case["faults"].as_object().into_iter().flatten();
        let faults =
            faults.map(|(name, list)| (name.clone(), list.as_array().unwrap().iter().cloned().collect()));
        let mut state = Self {
            case: case.clone(),
            stack: None,
            events: Vec::new(),
            steps: VecDeque::new(),
            change_sets: BTreeMap::new(),
            asked: Vec::new(),
            faults: faults.collect(),
            count: 0,
            objects: BTreeMap::new(),
        };
        if let Value::Object(members) = &case["stack"] {
            state.make("CREATE_COMPLETE");
            state.stack.as_mut().unwrap().as_object_mut().unwrap().extend(members.clone());
        }
        for event in case["history"].as_array().into_iter().flatten() {
            state.happen(event);
        }
        state.steps = steps(&case["underWay"]);
        state
    }

    fn make(&mut self, status: &str) {
        let id = format!("arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/{NAME}/1");
        self.stack = Some(json!({"StackId": id, "StackName": NAME, "StackStatus": status}));
    }

    fn status(&self) -> String {
        let status = self.stack.as_ref().map(|stack| stack["StackStatus"].as_str().unwrap().to_owned());
        status.filter(|status| status != "DELETE_COMPLETE").unwrap_or_default()
    }

    /// Adds an event.
    fn happen(&mut self, event: &Value) {
        self.count += 1;
        let mut event = event.clone();
        let members = event.as_object_mut().unwrap();
        members.insert("EventId".to_owned(), json!(format!("e{}", self.count)));
        members.insert("StackName".to_owned(), json!(NAME));
        members.insert("Timestamp".to_owned(), json!("2026-11-28T00:00:00Z"));
        self.events.insert(0, event);
    }

    /// Takes the next step of what is under way.
    fn step(&mut self) {
        let Some(step) = self.steps.pop_front() else { return };
        for event in step["events"].as_array().into_iter().flatten() {
            self.happen(event);
        }
        if let Some(status) = step["status"].as_str() {
            self.stack.as_mut().unwrap()["StackStatus"] = json!(status);
            // An endpoint may tell nothing of the stack itself.
            if step["isSilent"] != true {
                self.happen(&json!({"LogicalResourceId": NAME, "ResourceType": "AWS::CloudFormation::Stack", "ResourceStatus": status}));
            }
        }
    }

    /// An object of a bucket.
    fn keep(&mut self, path: &str, body: String) -> (u16, String) {
        self.asked.push("PutObject".to_owned());
        if let Some(fault) = self.faults.get_mut("PutObject").and_then(VecDeque::pop_front) {
            let text = |name: &str| fault[name].as_str().unwrap_or_default();
            let words =
                format!("<Error><Code>{}</Code><Message>{}</Message></Error>", text("code"), text("message"));
            return (404, words);
        }
        self.objects.insert(path.to_owned(), body);
        (200, String::new())
    }

    /// A partner event source, which comes to be while it is looked for.
    fn source(&mut self) -> (u16, String) {
        self.asked.push("DescribeEventSource".to_owned());
        let looks = self.asked.iter().filter(|line| *line == "DescribeEventSource").count();
        if looks < 2 {
            return (400, json!({"__type": "ResourceNotFoundException", "message": "none"}).to_string());
        }
        (200, json!({"State": "PENDING"}).to_string())
    }

    fn answer(&mut self, members: &Members) -> (u16, String) {
        let action = members.get("Action").cloned().unwrap_or_default();
        let told = [
            "ChangeSetType",
            "OnStackFailure",
            "RoleARN",
            "EnableTerminationProtection",
            "RetainExceptOnCreate",
        ];
        let listed = |name: &&String| {
            ["ResourcesToSkip", "RetainResources", "Parameters"].iter().any(|list| name.starts_with(list))
        };
        let mut line = action.clone();
        let all = told.iter().filter_map(|name| members.get_key_value(*name));
        for (name, value) in all.chain(members.iter().filter(|(name, _)| listed(name))) {
            line.push_str(&format!(" {name}={value}"));
        }
        self.asked.push(line);
        if let Some(fault) = self.faults.get_mut(&action).and_then(VecDeque::pop_front) {
            let text = |name: &str| fault[name].as_str().unwrap_or_default().to_owned();
            let status = fault["status"].as_u64().unwrap_or(400);
            return error(&Refusal(u16::try_from(status).unwrap(), text("code"), text("message")));
        }
        match self.operation(&action, members) {
            Ok(result) => {
                let mut text = String::new();
                write_xml(&mut text, &format!("{action}Result"), &result);
                (
                    200,
                    format!(
                        "<{action}Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">{text}</{action}Response>"
                    ),
                )
            }
            Err(refusal) => error(&refusal),
        }
    }

    fn operation(&mut self, action: &str, members: &Members) -> Result<Value, Refusal> {
        match action {
            "DescribeStacks" => {
                let asked = members.get("StackName").unwrap();
                let gone = self.stack.as_ref().is_none_or(|stack| stack["StackStatus"] == "DELETE_COMPLETE");
                if self.stack.is_none() || (gone && !asked.starts_with("arn:")) {
                    return Err(absent());
                }
                let answer = json!({"Stacks": [self.stack]});
                self.step();
                Ok(answer)
            }
            "DescribeStackEvents" if self.stack.is_some() => {
                Ok(self.paged("StackEvents", &self.events.clone(), members))
            }
            "CreateChangeSet" => self.create_change_set(members),
            "DescribeChangeSet" => {
                let name = self.named(members)?;
                let set = self.change_sets.get_mut(&name).unwrap();
                let answer = set.clone();
                // It is being made at the first look.
                if set["Status"] == "CREATE_IN_PROGRESS" {
                    set["Status"] = json!("CREATE_COMPLETE");
                    set["ExecutionStatus"] = json!("AVAILABLE");
                    set.as_object_mut()
                        .unwrap()
                        .extend(self.case["changeSet"].as_object().cloned().unwrap_or_default());
                }
                let changes = answer["Changes"].as_array().cloned().unwrap_or_default();
                let mut answer = answer;
                answer
                    .as_object_mut()
                    .unwrap()
                    .extend(self.paged("Changes", &changes, members).as_object().unwrap().clone());
                Ok(answer)
            }
            "ExecuteChangeSet" => {
                self.named(members)?;
                self.change_sets.clear();
                let is_new = self.status() == "REVIEW_IN_PROGRESS";
                let verb = if is_new { "CREATE" } else { "UPDATE" };
                self.begin(action, &[&format!("{verb}_IN_PROGRESS"), &format!("{verb}_COMPLETE")])
            }
            "DeleteChangeSet" => {
                let name = self.named(members)?;
                self.change_sets.remove(&name);
                Ok(json!({}))
            }
            "DescribeEvents" => Ok(json!({"OperationEvents": self.case["validation"]})),
            "ListStackResources" => {
                let all = self.case["resources"].as_array().cloned().unwrap_or_default();
                Ok(self.paged("StackResourceSummaries", &all, members))
            }
            "GetTemplate" => Ok(json!({"TemplateBody": self.case["template"].to_string()})),
            "DetectStackDrift" => Ok(json!({"StackDriftDetectionId": "d1"})),
            "DescribeStackDriftDetectionStatus" => {
                self.count += 1;
                let status = if self.count < 2 { "DETECTION_IN_PROGRESS" } else { "DETECTION_COMPLETE" };
                Ok(json!({"DetectionStatus": self.case["detection"].as_str().unwrap_or(status)}))
            }
            "DescribeStackResourceDrifts" => {
                let all = self.case["drifts"].as_array().cloned().unwrap_or_default();
                Ok(self.paged("StackResourceDrifts", &all, members))
            }
            "UpdateTerminationProtection" => {
                let is_on = members["EnableTerminationProtection"] == "true";
                self.stack.as_mut().unwrap()["EnableTerminationProtection"] = json!(is_on);
                Ok(json!({}))
            }
            _ => self.of_stack(action),
        }
    }

    /// The operations that set a stack going.
    fn of_stack(&mut self, action: &str) -> Result<Value, Refusal> {
        let status = self.status();
        let wants = |wanted: &str| {
            let words = format!("Stack:{NAME} is in {status} state and can not be used for {action}");
            if status == wanted { Ok(()) } else { Err(refuse("ValidationError", words)) }
        };
        match action {
            "DeleteStack" => {
                let is_protected =
                    self.stack.as_ref().is_some_and(|stack| stack["EnableTerminationProtection"] == true);
                if is_protected {
                    let words =
                        format!("Stack [{NAME}] cannot be deleted while TerminationProtection is enabled");
                    return Err(refuse("ValidationError", words));
                }
                self.change_sets.clear();
                self.begin(action, &["DELETE_IN_PROGRESS", "DELETE_COMPLETE"])
            }
            "ContinueUpdateRollback" => {
                wants("UPDATE_ROLLBACK_FAILED")?;
                self.begin(action, &["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"])
            }
            "RollbackStack" => {
                wants("UPDATE_FAILED")?;
                self.begin(action, &["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"])
            }
            _ => Err(absent()),
        }
    }

    /// Sets an operation going: as the case says, or as it goes well.
    fn begin(&mut self, action: &str, well: &[&str]) -> Result<Value, Refusal> {
        if self.stack.is_none() {
            return Err(absent());
        }
        let said = steps(&self.case["operations"][action]);
        self.steps = if said.is_empty() {
            well.iter().map(|status| json!({"status": status})).collect()
        } else {
            said
        };
        Ok(json!({}))
    }

    fn create_change_set(&mut self, members: &Members) -> Result<Value, Refusal> {
        let (status, kind) = (self.status(), members["ChangeSetType"].as_str());
        let refused = match (kind, status.as_str()) {
            ("CREATE", "" | "REVIEW_IN_PROGRESS") => None,
            ("CREATE", _) => {
                Some(format!("Stack [{NAME}] already exists and cannot be created again with the changeSet"))
            }
            (_, "") => return Err(absent()),
            (_, status) if status.contains("COMPLETE") && status != "ROLLBACK_COMPLETE" => None,
            (_, status) => Some(format!("Stack:{NAME} is in {status} state and can not be updated.")),
        };
        if let Some(words) = refused {
            return Err(refuse("ValidationError", words));
        }
        let text = match members.get("TemplateURL") {
            Some(url) => &self.objects[url.splitn(4, '/').nth(3).unwrap()],
            None => &members["TemplateBody"],
        };
        assert!(members.contains_key("TemplateURL") || text.len() <= 51_200, "it is too large to be sent");
        let template: Value = serde_json::from_str(text).unwrap();
        if status.is_empty() {
            self.make("REVIEW_IN_PROGRESS");
        }
        let stack = self.stack.as_mut().unwrap();
        stack["Description"] = template["Description"].clone();
        let name = members["ChangeSetName"].clone();
        let id = format!("arn:aws:cloudformation:us-east-1:{ACCOUNT}:changeSet/{name}/2");
        let set = json!({
            "ChangeSetName": name, "ChangeSetId": id, "StackId": stack["StackId"], "StackName": NAME,
            "Status": "CREATE_IN_PROGRESS", "ExecutionStatus": "UNAVAILABLE", "Changes": self.changes(&template),
        });
        self.change_sets.insert(name, set);
        Ok(json!({"Id": id}))
    }

    /// The changes that the case says, or every resource added.
    fn changes(&self, template: &Value) -> Value {
        let said = self.case["changes"].as_array().cloned();
        let added = || {
            let resources = template["Resources"].as_object().unwrap().iter();
            let added = resources.map(
                |(id, one)| json!({"Action": "Add", "LogicalResourceId": id, "ResourceType": one["Type"]}),
            );
            added.collect()
        };
        let changes: Vec<Value> = said.unwrap_or_else(added);
        changes.into_iter().map(|change| json!({"Type": "Resource", "ResourceChange": change})).collect()
    }

    /// The change set that is asked for, by name or ARN.
    fn named(&self, members: &Members) -> Result<String, Refusal> {
        let asked = &members["ChangeSetName"];
        let found = self
            .change_sets
            .iter()
            .find(|(name, set)| *name == asked || set["ChangeSetId"] == *asked.as_str());
        found.map(|(name, _)| name.clone()).ok_or_else(|| {
            Refusal(404, "ChangeSetNotFound".to_owned(), format!("ChangeSet [{asked}] does not exist"))
        })
    }

    /// A page of a list, of as many as the case says.
    fn paged(&self, name: &str, all: &[Value], members: &Members) -> Value {
        let size = self.case["page"].as_u64().map_or(usize::MAX, |size| usize::try_from(size).unwrap());
        let from: usize = members.get("NextToken").map_or(0, |token| token.parse().unwrap());
        let page: Vec<Value> = all.iter().skip(from).take(size).cloned().collect();
        let next = from.saturating_add(size);
        let next = (next < all.len()).then(|| next.to_string());
        json!({name: page, "NextToken": next})
    }
}

fn steps(value: &Value) -> VecDeque<Value> {
    value.as_array().into_iter().flatten().cloned().collect()
}

fn error(Refusal(status, code, words): &Refusal) -> (u16, String) {
    let mut text = String::new();
    write_xml(&mut text, "Error", &json!({"Type": "Sender", "Code": code, "Message": words}));
    (*status, format!("<ErrorResponse>{text}<RequestId>r</RequestId></ErrorResponse>"))
}

/// A value as the query protocol's XML: lists are `member`s, what is null is left out.
fn write_xml(out: &mut String, name: &str, value: &Value) {
    let inside = match value {
        Value::Null => return,
        Value::Object(members) => {
            let mut inside = String::new();
            members.iter().for_each(|(name, value)| write_xml(&mut inside, name, value));
            inside
        }
        Value::Array(items) => {
            let mut inside = String::new();
            items.iter().for_each(|item| write_xml(&mut inside, "member", item));
            inside
        }
        Value::String(text) => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        other => other.to_string(),
    };
    out.push_str(&format!("<{name}>{inside}</{name}>"));
}

fn absent() -> Refusal {
    refuse("ValidationError", format!("Stack with id {NAME} does not exist"))
}
