//! SQS and EventBridge in memory, as far as a pipeline uses them. They know nothing of provision's types but the seam.

use std::collections::BTreeMap;
use std::sync::Mutex;

use provision::api::{Api, ApiError, Request};
use serde_json::{Value, json};

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) queues: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) buses: Vec<String>,
    pub(crate) rules: BTreeMap<(String, String), Value>,
    pub(crate) targets: BTreeMap<(String, String, String), Value>,
    /// Connections and API destinations as they were sent, by the words of their operations.
    pub(crate) outside: BTreeMap<(&'static str, String), Value>,
    /// Functions, roles, tables and the rest: by the service's word and the name, as they were sent.
    pub(crate) others: BTreeMap<(&'static str, String), Value>,
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) state: Mutex<State>,
    /// Every operation that changes something, in order.
    pub(crate) changes: Mutex<Vec<String>>,
    /// The operation that fails, if any.
    pub(crate) broken: Mutex<Option<&'static str>>,
    /// Owners and what they own, in the order in which that was recorded.
    ownership: Mutex<Vec<(String, String)>>,
}

impl Model {
    /// A queue that somebody makes by hand.
    pub(crate) fn make_queue(&self, name: &str) {
        let defaults =
            [("VisibilityTimeout", "30"), ("MessageRetentionPeriod", "345600"), ("DelaySeconds", "0")];
        let attributes = defaults.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.state.lock().unwrap().queues.insert(name.to_owned(), BTreeMap::from(attributes));
    }

    fn own(&self, operation: &str, body: &Value) -> Result<Value, ApiError> {
        let mut rows = self.ownership.lock().unwrap();
        let owner = text(body, "Owner");
        if operation == "ListOwnership" {
            let own = rows.iter().filter(|(by, what)| *by == owner && !what.is_empty());
            let others = rows.iter().filter(|(by, what)| *by != owner && !what.is_empty());
            return Ok(json!({
                "IsKnown": rows.iter().any(|(by, _)| *by == owner),
                "Resources": own.map(|(_, what)| what).collect::<Vec<_>>(),
                "Others": others.map(|(by, what)| json!({"Owner": by, "Resource": what})).collect::<Vec<_>>(),
            }));
        }
        let row = (owner.clone(), text(body, "Resource"));
        if operation == "ForgetOwnership" {
            rows.retain(|other| *other != row);
        } else if rows.iter().any(|(by, what)| *by != owner && *what == row.1) {
            return Err(error("ConflictException", "owned by another"));
        } else if !rows.contains(&row) {
            rows.extend([(owner, String::new()), row]);
        }
        Ok(json!({}))
    }
}

impl Api for Model {
    async fn call(&self, request: Request) -> Result<Value, ApiError> {
        if *self.broken.lock().unwrap() == Some(request.operation) {
            return Err(error("InternalFailure", "broken"));
        }
        if request.operation.ends_with("Ownership") {
            return self.own(request.operation, &request.body);
        }
        let is_read =
            ["Get", "Describe", "List", "Compare"].iter().any(|word| request.operation.starts_with(word));
        if !is_read {
            self.changes.lock().unwrap().push(request.operation.to_owned());
        }
        self.state.lock().unwrap().answer(request.operation, &request.body)
    }
}

fn error(code: &str, message: &str) -> ApiError {
    ApiError { code: code.to_owned(), message: message.to_owned(), status: 400 }
}

fn text(body: &Value, key: &str) -> String {
    body[key].as_str().unwrap_or_else(|| panic!("{key} in {body}")).to_owned()
}

impl State {
    fn answer(&mut self, operation: &str, body: &Value) -> Result<Value, ApiError> {
        match operation {
            "GetQueueUrl" | "GetQueueAttributes" | "CreateQueue" | "SetQueueAttributes" | "DeleteQueue" => {
                self.queue(operation, body)
            }
            "PutRule" | "DescribeRule" | "DeleteRule" => self.rule(operation, body),
            "TagResource" | "UntagResource" | "ListTagsForResource" => self.tag(operation, body),
            "CreateConnection" | "UpdateConnection" | "DescribeConnection" | "DeleteConnection"
            | "CompareConnection" => self.outside((operation, "Connection"), body),
            "CreateApiDestination"
            | "UpdateApiDestination"
            | "DescribeApiDestination"
            | "DeleteApiDestination" => self.outside((operation, "ApiDestination"), body),
            "PutTargets" | "ListTargetsByRule" | "RemoveTargets" => self.target(operation, body),
            _ if operation.contains("Role") || operation == "UpdateAssumeRolePolicy" => {
                self.role(operation, body)
            }
            _ if operation.contains("LayerVersion") => self.layer(operation, body),
            _ if operation.contains("Function") => self.function(operation, body),
            "AddPermission" | "RemovePermission" | "GetPolicy" => self.permission(operation, body),
            _ => self.bus(operation, body),
        }
    }

    fn queue(&mut self, operation: &str, body: &Value) -> Result<Value, ApiError> {
        let url = |name: &str| json!({"QueueUrl": format!("http://localhost/000000000000/{name}")});
        let name = match body.get("QueueName") {
            Some(name) => name.as_str().unwrap().to_owned(),
            None => text(body, "QueueUrl").rsplit('/').next().unwrap().to_owned(),
        };
        if operation == "CreateQueue" {
            let dead_letter = body["Attributes"]["RedrivePolicy"].as_str();
            if let Some(policy) = dead_letter {
                let policy: Value = serde_json::from_str(policy).unwrap();
                let arn = text(&policy, "deadLetterTargetArn");
                assert!(self.queues.contains_key(arn.rsplit(':').next().unwrap()), "{name} before its {arn}");
            }
            self.queues.insert(name.clone(), BTreeMap::from([("QueueArn".to_owned(), "arn".to_owned())]));
        }
        let Some(queue) = self.queues.get_mut(&name) else {
            return Err(error("QueueDoesNotExist", "The specified queue does not exist."));
        };
        for (key, value) in body["Attributes"].as_object().into_iter().flatten() {
            queue.insert(key.clone(), value.as_str().unwrap().to_owned());
        }
        queue.retain(|_, value| !value.is_empty());
        match operation {
            "GetQueueAttributes" => Ok(json!({"Attributes": queue})),
            "DeleteQueue" => {
                self.queues.remove(&name);
                Ok(Value::Null)
            }
            _ => Ok(url(&name)),
        }
    }

    fn role(&mut self, operation: &str, body: &Value) -> Result<Value, ApiError> {
        let key = ("role", text(body, "RoleName"));
        if operation == "CreateRole" {
            self.others.insert(key.clone(), json!({}));
        }
        let role = self.others.get_mut(&key).ok_or_else(|| error("NoSuchEntity", "no role"))?;
        match operation {
            "DeleteRole" => {
                self.others.remove(&key);
                return Ok(Value::Null);
            }
            "DeleteRolePolicy" => {
                role.as_object_mut().unwrap().remove("PolicyDocument");
            }
            "GetRole" | "GetRolePolicy" => {}
            "UpdateAssumeRolePolicy" => role["AssumeRolePolicyDocument"] = body["PolicyDocument"].clone(),
            _ => {
                for (name, value) in body.as_object().unwrap() {
                    role[name] = value.clone();
                }
            }
        }
        Ok(role.clone())
    }

    fn function(&mut self, operation: &str, body: &Value) -> Result<Value, ApiError> {
        let key = ("function", text(body, "FunctionName"));
        if operation == "CreateFunction" {
            let role = text(body, "Role");
            let role = role.rsplit('/').next().unwrap().to_owned();
            assert!(self.others.contains_key(&("role", role)), "a function before its role");
            self.others.insert(key.clone(), json!({}));
        }
        let none = || error("ResourceNotFoundException", "no function");
        let function = self.others.get_mut(&key).ok_or_else(none)?;
        if operation == "DeleteFunction" {
            self.others.remove(&key);
            return Ok(Value::Null);
        }
        for (name, value) in body.as_object().unwrap() {
            function[name] = value.clone();
        }
        if let Some(zip) = body.pointer("/Code/ZipFile").or_else(|| body.get("ZipFile")) {
            use base64::Engine as _;
            use sha2::Digest as _;
            let base64 = base64::engine::general_purpose::STANDARD;
            let zip = base64.decode(zip.as_str().unwrap()).unwrap();
            function["CodeSha256"] = json!(base64.encode(sha2::Sha256::digest(zip)));
        }
        let layers = function["Layers"].as_array().into_iter().flatten();
        let layers: Vec<Value> = layers.map(|arn| json!({"Arn": arn})).collect();
        let mut shown = function.clone();
        shown["Layers"] = json!(layers);
        Ok(json!({"Configuration": shown, "Code": {}}))
    }

    /// Layers, by name; a version is never changed, and its number never given again.
    fn layer(&mut self, operation: &str, body: &Value) -> Result<Value, ApiError> {
        let arn =
            |name: &str, number: u64| format!("arn:aws:lambda:us-east-1:000000000000:layer:{name}:{number}");
        let none = || error("ResourceNotFoundException", "no layer");
        if operation == "GetLayerVersionByArn" {
            let mut versions =
                self.others.iter().filter(|((kind, _), _)| *kind == "layer").map(|(_, one)| one);
            let found = versions.find_map(|versions| {
                versions.as_array().unwrap().iter().find(|one| one["LayerVersionArn"] == body["Arn"])
            });
            return found.cloned().ok_or_else(none);
        }
        let name = text(body, "LayerName");
        let key = ("layer", name.clone());
        if operation == "PublishLayerVersion" {
            use base64::Engine as _;
            use sha2::Digest as _;
            let base64 = base64::engine::general_purpose::STANDARD;
            let zip = base64.decode(body["Content"]["ZipFile"].as_str().unwrap()).unwrap();
            let versions = self.others.entry(key).or_insert_with(|| json!([])).as_array_mut().unwrap();
            let number = versions.first().map_or(1, |last| last["Version"].as_u64().unwrap() + 1);
            let mut made = json!({
                "LayerVersionArn": arn(&name, number), "Version": number,
                "Content": {"CodeSha256": base64.encode(sha2::Sha256::digest(zip))},
            });
            for member in ["Description", "CompatibleRuntimes"] {
                if let Some(value) = body.get(member) {
                    made[member] = value.clone();
                }
            }
            versions.insert(0, made.clone());
            return Ok(made);
        }
        let versions = self.others.get_mut(&key).and_then(Value::as_array_mut);
        match operation {
            "ListLayerVersions" => Ok(json!({"LayerVersions": versions.cloned().unwrap_or_default()})),
            "GetLayerVersion" => {
                let found =
                    versions.and_then(|all| all.iter().find(|one| one["Version"] == body["VersionNumber"]));
                found.cloned().ok_or_else(none)
            }
            _ => {
                let versions = versions.ok_or_else(none)?;
                versions.retain(|one| one["Version"] != body["VersionNumber"]);
                if versions.is_empty() {
                    self.others.remove(&key);
                }
                Ok(Value::Null)
            }
        }
    }

    fn permission(&mut self, operation: &str, body: &Value) -> Result<Value, ApiError> {
        let function = ("function", text(body, "FunctionName"));
        let none = || error("ResourceNotFoundException", "no policy");
        let function = self.others.get_mut(&function).ok_or_else(none)?;
        if function["Statement"].is_null() {
            function["Statement"] = json!([]);
        }
        let statements = function["Statement"].as_array_mut().unwrap();
        if operation == "AddPermission" {
            statements.push(json!({
                "Sid": body["StatementId"], "Action": body["Action"], "Principal": {"Service": body["Principal"]},
                "Condition": {"ArnLike": {"AWS:SourceArn": body["SourceArn"]}},
            }));
        } else if operation == "RemovePermission" {
            statements.retain(|statement| statement["Sid"] != body["StatementId"]);
        }
        Ok(json!({"Policy": json!({"Statement": statements}).to_string()}))
    }

    fn bus(&mut self, operation: &str, body: &Value) -> Result<Value, ApiError> {
        let name = text(body, "Name");
        let arn =
            json!({"Arn": format!("arn:aws:events:us-east-1:000000000000:event-bus/{name}"), "Name": name});
        match operation {
            "CreateEventBus" => self.buses.push(name),
            "DeleteEventBus" => {
                assert!(self.rules.keys().all(|(bus, _)| *bus != name), "{name} still has rules");
                self.buses.retain(|bus| *bus != name);
            }
            "DescribeEventBus" if name == "default" || self.buses.contains(&name) => {}
            "DescribeEventBus" => {
                return Err(error("ResourceNotFoundException", "Event bus does not exist."));
            }
            other => return Err(error("UnknownOperationException", other)),
        }
        Ok(arn)
    }

    fn rule(&mut self, operation: &str, body: &Value) -> Result<Value, ApiError> {
        let key = (text(body, "EventBusName"), text(body, "Name"));
        match operation {
            "PutRule" => {
                assert!(key.0 == "default" || self.buses.contains(&key.0), "a rule without its bus");
                let mut rule = body.clone();
                // The tags of a rule that is there stay as they are.
                let old =
                    self.rules.get(&key).map_or_else(|| body["Tags"].clone(), |old| old["Tags"].clone());
                rule["Tags"] = if old.is_null() { json!([]) } else { old };
                rule["Arn"] = json!(format!("{}|{}", key.0, key.1));
                // The service writes JSON its own way.
                let pattern: Value = serde_json::from_str(&text(body, "EventPattern")).unwrap();
                rule["EventPattern"] = json!(format!("{pattern:#}"));
                let arn = rule["Arn"].clone();
                self.rules.insert(key, rule);
                Ok(json!({"RuleArn": arn}))
            }
            "DeleteRule" => {
                let has_targets = self.targets.keys().any(|(bus, rule, _)| (bus, rule) == (&key.0, &key.1));
                if has_targets {
                    return Err(error("ValidationException", "Rule can't be deleted since it has targets."));
                }
                self.rules.remove(&key);
                Ok(Value::Null)
            }
            _ => self.rules.get(&key).cloned().ok_or_else(|| error("ResourceNotFoundException", "no rule")),
        }
    }

    fn tag(&mut self, operation: &str, body: &Value) -> Result<Value, ApiError> {
        let arn = text(body, "ResourceARN");
        let rule = self.rules.values_mut().find(|rule| rule["Arn"] == arn.as_str());
        let tags = &mut rule.ok_or_else(|| error("ResourceNotFoundException", "no rule"))?["Tags"];
        let tags = tags.as_array_mut().unwrap();
        for added in body["Tags"].as_array().into_iter().flatten() {
            tags.retain(|tag| tag["Key"] != added["Key"]);
            tags.push(added.clone());
        }
        for gone in body["TagKeys"].as_array().into_iter().flatten() {
            tags.retain(|tag| tag["Key"] != *gone);
        }
        Ok(if operation == "ListTagsForResource" { json!({"Tags": tags}) } else { Value::Null })
    }

    /// A connection or an API destination: what is absent in an update stays, and a secret is told to nobody.
    fn outside(&mut self, (operation, noun): (&str, &'static str), body: &Value) -> Result<Value, ApiError> {
        let key = (noun, text(body, "Name"));
        if let Some(arn) = body["ConnectionArn"].as_str() {
            assert!(
                self.outside.values().any(|other| other["ConnectionArn"] == arn),
                "{key:?} without its {arn}"
            );
        }
        if operation.starts_with("Create") {
            let mut made = body.clone();
            made[format!("{noun}Arn")] =
                json!(format!("arn:aws:events:us-east-1:000000000000:{noun}/{}/1", key.1));
            self.outside.insert(key.clone(), made);
        }
        let Some(known) = self.outside.get_mut(&key) else {
            return Err(error("ResourceNotFoundException", "there is none"));
        };
        if operation.starts_with("Compare") {
            return Ok(json!({"IsSame": known["AuthParameters"] == body["AuthParameters"]}));
        }
        if operation.starts_with("Delete") {
            self.outside.remove(&key);
            return Ok(Value::Null);
        }
        for (name, value) in body.as_object().unwrap() {
            known[name] = value.clone();
        }
        let mut shown = known.clone();
        for secret in ["BasicAuthParameters/Password", "OAuthParameters/ClientParameters/ClientSecret"] {
            let (object, member) = secret.rsplit_once('/').unwrap();
            if let Some(members) = shown.pointer_mut(&format!("/AuthParameters/{object}")) {
                members.as_object_mut().unwrap().remove(member);
            }
        }
        for list in shown["AuthParameters"]["InvocationHttpParameters"].as_object_mut().into_iter().flatten()
        {
            for parameter in list.1.as_array_mut().unwrap() {
                if parameter["IsValueSecret"] == true {
                    parameter.as_object_mut().unwrap().remove("Value");
                }
            }
        }
        Ok(shown)
    }

    /// Lists one target a page, so that paging is tried.
    fn target(&mut self, operation: &str, body: &Value) -> Result<Value, ApiError> {
        let key = (text(body, "EventBusName"), text(body, "Rule"));
        if !self.rules.contains_key(&key) {
            return Err(error("ResourceNotFoundException", "no rule"));
        }
        let (bus, rule) = key;
        let at = |id: &str| (bus.clone(), rule.clone(), id.to_owned());
        match operation {
            "PutTargets" => {
                for target in body["Targets"].as_array().unwrap() {
                    self.targets.insert(at(&text(target, "Id")), target.clone());
                }
                Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
            }
            "RemoveTargets" => {
                for id in body["Ids"].as_array().unwrap() {
                    self.targets.remove(&at(id.as_str().unwrap()));
                }
                Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
            }
            _ => {
                let mine: Vec<&Value> = self
                    .targets
                    .iter()
                    .filter(|(key, _)| (&key.0, &key.1) == (&bus, &rule))
                    .map(|(_, v)| v)
                    .collect();
                let page: usize = body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
                let mut answer = json!({"Targets": mine.iter().skip(page).take(1).collect::<Vec<_>>()});
                if page + 1 < mine.len() {
                    answer["NextToken"] = json!((page + 1).to_string());
                }
                Ok(answer)
            }
        }
    }
}
