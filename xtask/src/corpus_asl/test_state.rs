//! One recorded answer of TestState: the request is read as the operation has it, a task answers what AWS's answered.

use asl::About;
use asl::step::test_state::{Answer, Configuration, Mock, Progress, Refusal, Request, begin};
use serde_json::{Map, Value, json};

/// What is asked, in texts that live as long as the request.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) definition: String,
    pub(crate) input: Option<String>,
    /// `inspectionLevel`, `mock`, `stateName` and so on, filled.
    pub(crate) params: Value,
    /// What was recorded.
    pub(crate) expect: Value,
    pub(crate) now_ms: u64,
}

impl Asked {
    /// Our answer in the shape of the recordings.
    pub(crate) fn answer(&self) -> Value {
        match begin(&self.request()) {
            Err(Refusal { code, message }) => json!({"status": "REFUSED", "code": code, "message": message}),
            Ok(Progress::Done(answer)) => self.shape(*answer),
            Ok(Progress::Call(test)) => self.shape(test.finish(Ok(self.recorded_result()))),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.params.get(name).and_then(Value::as_str)
    }

    fn request(&self) -> Request<'_> {
        let place = "us-east-1:111111111111";
        // The recordings leave the role out of the request.
        let expect = self.expect.to_string();
        let has_role = !expect.contains("RoleArn must be specified") && !expect.contains("\"RoleArn\":null");
        let role_arn = if has_role { "arn:aws:iam::111111111111:role/tester" } else { "" };
        Request {
            definition: &self.definition,
            state_name: self.text("stateName"),
            input: self.input.as_deref(),
            variables: self.text("variables"),
            context: self.text("context"),
            reveal_secrets: false,
            mock: self.params.get("mock").map(Mock::of_request),
            configuration: self
                .params
                .get("stateConfiguration")
                .map(Configuration::of_request)
                .unwrap_or_default(),
            about: About {
                execution_arn: format!("arn:aws:states:{place}:express:tested:run"),
                execution_name: "run".to_owned(),
                role_arn: role_arn.to_owned(),
                machine_arn: format!("arn:aws:states:{place}:stateMachine:tested"),
                machine_name: "tested".to_owned(),
                ..About::default()
            },
            now_ms: self.now_ms,
            seed: 7,
        }
    }

    /// What the task answered when this was recorded.
    fn recorded_result(&self) -> Value {
        let result = self.expect.get("inspectionData").and_then(|data| data.get("result"));
        match result.or_else(|| self.expect.get("output")) {
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            Some(other) => other.clone(),
            None => Value::Null,
        }
    }

    fn shape(&self, answer: Answer) -> Value {
        let mut members = Map::new();
        members.insert("status".to_owned(), json!(answer.status.name()));
        let texts = [("error", answer.error), ("cause", answer.cause), ("nextState", answer.next_state)];
        for (name, text) in texts {
            members.extend(text.map(|text| (name.to_owned(), json!(text))));
        }
        members.extend(answer.output.map(|output| ("output".to_owned(), output)));
        if matches!(self.text("inspectionLevel"), Some("DEBUG" | "TRACE")) {
            let seen: Map<String, Value> = answer.inspection.into_iter().map(opened).collect();
            members.insert("inspectionData".to_owned(), Value::Object(seen));
        }
        Value::Object(members)
    }
}

/// The recordings have the objects among the texts parsed.
fn opened(member: (String, Value)) -> (String, Value) {
    let parsed = member.1.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    match parsed {
        Some(object @ Value::Object(_)) => (member.0, object),
        _ => member,
    }
}
