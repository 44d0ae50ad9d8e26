//! CloudFormation's intrinsic functions, as far as they can be worked out without deploying: what is known only there becomes a
//! reference of the pipeline file, or is told.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::import::stack::{Item, Stack};

/// The region and account of imported ARNs: Trunkline's own, which `export` writes as the stack's.
pub(super) const REGION: &str = "us-east-1";
/// See [`REGION`].
pub(super) const ACCOUNT: &str = "000000000000";
/// How deep names may lead to names.
const DEPTH_MAX: usize = 32;

/// Where a text is to stand in the pipeline file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A name or an ARN.
    Name,
    /// A text that may have `${` in it.
    Text,
    /// The same, where what the file makes is referred to: a function's variables, a definition.
    Wired,
    /// Code, which is taken as it stands.
    Code,
}

/// The kinds of resources that have a section or are part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Noun {
    Queue,
    Bus,
    Rule,
    Layer,
    Function,
    StateMachine,
    Table,
    LogGroup,
    Archive,
    Connection,
    ApiDestination,
    Role,
}

/// A resource of the templates, and what it will be called.
#[derive(Clone, Debug)]
pub(super) struct Own {
    pub(super) noun: Noun,
    pub(super) name: String,
    /// Whether a section of the file makes it.
    pub(super) is_made: bool,
    /// Whether `export` added it, so that the file does not have it.
    pub(super) is_added: bool,
}

/// A stack, and what its resources will be called, by logical id.
#[derive(Debug)]
pub(super) struct Named<'a> {
    pub(super) stack: &'a Stack,
    pub(super) own: BTreeMap<String, Own>,
}

/// What texts can be worked out from.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    pub(super) at: &'a Named<'a>,
    /// All stacks, for what one exports to another.
    pub(super) all: &'a [Named<'a>],
    /// Values that whoever imports gave to parameters.
    pub(super) given: &'a BTreeMap<String, String>,
}

impl Resolver<'_> {
    /// The value without functions; `None` where it is `AWS::NoValue`.
    ///
    /// # Errors
    /// Why it cannot be worked out, in a clause.
    pub(super) fn value(&self, value: &Value, wanted: Use) -> Result<Option<Value>, String> {
        self.at(value, wanted, 0)
    }

    /// A text.
    ///
    /// # Errors
    /// As [`Self::value`], and where it is no text.
    pub(super) fn text(&self, value: &Value, wanted: Use) -> Result<String, String> {
        self.text_at(value, wanted, 0)
    }

    fn text_at(&self, value: &Value, wanted: Use, depth: usize) -> Result<String, String> {
        match self.at(value, wanted, depth)? {
            Some(Value::String(text)) => Ok(text),
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(Value::Bool(flag)) => Ok(flag.to_string()),
            None => Err("it is AWS::NoValue".to_owned()),
            Some(_) => Err("it is no text".to_owned()),
        }
    }

    fn at(&self, value: &Value, wanted: Use, depth: usize) -> Result<Option<Value>, String> {
        if depth > DEPTH_MAX {
            return Err("its names lead to each other in a circle".to_owned());
        }
        match value {
            Value::String(text) => Ok(Some(json!(escaped(text, wanted)))),
            Value::Array(items) => {
                let items = items.iter().filter_map(|item| self.at(item, wanted, depth + 1).transpose());
                Ok(Some(Value::Array(items.collect::<Result<_, _>>()?)))
            }
            Value::Object(members) => match only(members) {
                Some((name, argument)) if name == "Ref" || name.starts_with("Fn::") => {
                    self.call((name, argument), wanted, depth + 1)
                }
                _ => {
                    let mut out = Map::new();
                    for (name, value) in members {
                        if let Some(value) = self.at(value, wanted, depth + 1)? {
                            out.insert(name.clone(), value);
                        }
                    }
                    Ok(Some(Value::Object(out)))
                }
            },
            other => Ok(Some(other.clone())),
        }
    }

    fn call(
        &self,
        (name, argument): (&str, &Value),
        wanted: Use,
        depth: usize,
    ) -> Result<Option<Value>, String> {
        let text = |text: String| Ok(Some(json!(text)));
        match name {
            "Ref" => {
                let name = argument.as_str().unwrap_or_default();
                if name == "AWS::NoValue" { Ok(None) } else { self.reference(name, wanted).map(Some) }
            }
            "Fn::GetAtt" => {
                let (resource, attribute) =
                    attribute(argument).ok_or("its `Fn::GetAtt` names no attribute")?;
                text(self.attribute(resource, attribute, wanted)?)
            }
            "Fn::Sub" => text(self.sub(argument, wanted, depth)?),
            "Fn::Join" => text(self.join(argument, wanted, depth)?),
            "Fn::Select" => {
                let at = argument.get(0).map(|at| self.text_at(at, wanted, depth)).transpose()?;
                let at: Option<usize> = at.and_then(|at| at.parse().ok());
                let list = argument.get(1).map(|list| self.at(list, wanted, depth)).transpose()?.flatten();
                let found = at.and_then(|at| list.as_ref()?.get(at).cloned());
                found.map(Some).ok_or_else(|| "its `Fn::Select` finds nothing".to_owned())
            }
            "Fn::Split" => {
                let by = argument.get(0).and_then(Value::as_str).unwrap_or_default();
                let whole = argument.get(1).map(|whole| self.text_at(whole, wanted, depth)).transpose()?;
                let whole = whole.filter(|_| !by.is_empty()).ok_or("its `Fn::Split` has nothing to split")?;
                Ok(Some(whole.split(by).map(|part| json!(part)).collect()))
            }
            "Fn::If" => {
                let condition = argument.get(0).and_then(Value::as_str).unwrap_or_default();
                let branch = if self.holds(condition, depth)? { 1 } else { 2 };
                argument.get(branch).map_or(Ok(None), |value| self.at(value, wanted, depth))
            }
            "Fn::FindInMap" => self.find_in_map(argument, wanted, depth).map(Some),
            "Fn::ImportValue" => self.import_value(argument, wanted, depth),
            "Fn::ToJsonString" => {
                let value = self.at(argument, wanted, depth)?.unwrap_or_default();
                text(value.to_string())
            }
            other => Err(format!("`{other}` is known only where the template is deployed")),
        }
    }

    fn reference(&self, name: &str, wanted: Use) -> Result<Value, String> {
        if let Some(text) = self.pseudo(name) {
            return Ok(json!(text));
        }
        if let Some(parameter) = self.at.stack.parameters.get(name) {
            return self.parameter((name, parameter), wanted);
        }
        let own = self.own(name)?;
        Ok(json!(own.reference(wanted)))
    }

    fn pseudo(&self, name: &str) -> Option<String> {
        Some(match name {
            "AWS::Region" => REGION.to_owned(),
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackName" => self.at.stack.name.clone(),
            _ => return None,
        })
    }

    /// What was given, or the default; a secret, and what nobody said, is asked of the environment.
    fn parameter(&self, (name, parameter): (&str, &Value), wanted: Use) -> Result<Value, String> {
        let ours = |section: &str| self.at.stack.ours.get(section)?.get(name)?.as_str();
        if let Some(queue) = ours("GenesysQueues") {
            return Ok(json!(format!("${{queue:{queue}}}")));
        }
        if let Some(written) = ours("Secrets") {
            return Ok(json!(written));
        }
        let kind = parameter.get("Type").and_then(Value::as_str).unwrap_or_default();
        let is_secret = parameter.get("NoEcho").is_some_and(|flag| flag == true || flag == "true");
        let is_stored = kind.starts_with("AWS::SSM::");
        let default = parameter.get("Default").filter(|_| !is_secret && !is_stored);
        match (self.given.get(name), default) {
            (Some(given), _) if !is_secret => Ok(json!(escaped(given, wanted))),
            (_, Some(Value::String(text))) if kind == "CommaDelimitedList" || kind.starts_with("List<") => {
                Ok(text.split(',').map(|one| json!(escaped(one.trim(), wanted))).collect())
            }
            (_, Some(Value::String(text))) => Ok(json!(escaped(text, wanted))),
            (_, Some(other)) => Ok(other.clone()),
            _ if wanted == Use::Code => {
                Err(format!("the parameter {name} has no value: give one with --parameter {name}=VALUE"))
            }
            _ => Ok(json!(format!("${{env:{name}}}"))),
        }
    }

    fn own(&self, id: &str) -> Result<&Own, String> {
        self.at.own.get(id).ok_or_else(|| match self.at.stack.item(id) {
            Some(item) => format!("it names {id}, and {} is not imported", item.kind),
            None => format!("it names {id}, which is not in the template"),
        })
    }

    fn attribute(&self, id: &str, attribute: &str, wanted: Use) -> Result<String, String> {
        let own = self.own(id)?;
        own.attribute(attribute, wanted)
            .ok_or_else(|| format!("{id}.{attribute} is known only where the template is deployed"))
    }

    fn sub(&self, argument: &Value, wanted: Use, depth: usize) -> Result<String, String> {
        let (template, values) = match argument {
            Value::String(text) => (text.as_str(), None),
            _ => (argument.get(0).and_then(Value::as_str).unwrap_or_default(), argument.get(1)),
        };
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(&escaped(before, wanted));
            let Some((name, after)) = after.split_once('}') else {
                out.push_str(&escaped("${", wanted));
                rest = after;
                continue;
            };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str(&escaped(&format!("${{{literal}}}"), wanted));
            } else if let Some(value) = values.and_then(|values| values.get(name)) {
                out.push_str(&self.text_at(value, wanted, depth)?);
            } else if let Some((resource, attribute)) = name.split_once('.') {
                out.push_str(&self.attribute(resource, attribute, wanted)?);
            } else {
                match self.reference(name.trim(), wanted)? {
                    Value::String(text) => out.push_str(&text),
                    other => out.push_str(&other.to_string()),
                }
            }
        }
        out.push_str(&escaped(rest, wanted));
        Ok(out)
    }

    fn join(&self, argument: &Value, wanted: Use, depth: usize) -> Result<String, String> {
        let by = argument.get(0).and_then(Value::as_str).unwrap_or_default();
        let list = argument.get(1).map(|list| self.at(list, wanted, depth)).transpose()?.flatten();
        let Some(Value::Array(items)) = list else { return Err("its `Fn::Join` joins no list".to_owned()) };
        let texts: Vec<String> =
            items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
        Ok(texts.join(by))
    }

    fn find_in_map(&self, argument: &Value, wanted: Use, depth: usize) -> Result<Value, String> {
        let step = |at: usize| match argument.get(at) {
            Some(value) => self.text_at(value, Use::Name, depth),
            None => Err("its `Fn::FindInMap` has too few keys".to_owned()),
        };
        let (map, first, second) = (step(0)?, step(1)?, step(2)?);
        let found = self.at.stack.mappings.get(&map).and_then(|map| map.get(&first)?.get(&second));
        let found = found.ok_or_else(|| format!("the mapping {map} has no {first}/{second}"))?;
        self.at(found, wanted, depth).map(Option::unwrap_or_default)
    }

    /// What another of the imported templates exports.
    fn import_value(&self, argument: &Value, wanted: Use, depth: usize) -> Result<Option<Value>, String> {
        let name = self.text_at(argument, Use::Name, depth)?;
        for at in self.all {
            let other = Resolver { at, ..*self };
            for output in at.stack.outputs.values() {
                let exported = output.pointer("/Export/Name");
                let exported = exported.and_then(|exported| other.text_at(exported, Use::Name, depth).ok());
                if let (true, Some(value)) = (exported.as_ref() == Some(&name), output.get("Value")) {
                    return other.at(value, wanted, depth);
                }
            }
        }
        Err(format!("no imported template exports {name}"))
    }

    /// Whether a condition of the template holds.
    ///
    /// # Errors
    /// Why that is not known.
    pub(super) fn holds(&self, name: &str, depth: usize) -> Result<bool, String> {
        let condition = self.at.stack.conditions.get(name);
        let condition = condition.ok_or_else(|| format!("there is no condition {name}"))?;
        self.judge(condition, depth + 1)
            .map_err(|reason| format!("the condition {name} is not known: {reason}"))
    }

    fn judge(&self, condition: &Value, depth: usize) -> Result<bool, String> {
        if depth > DEPTH_MAX {
            return Err("conditions lead to each other in a circle".to_owned());
        }
        let Some((name, argument)) = condition.as_object().and_then(only) else {
            return Err("it has no form that is known".to_owned());
        };
        let parts = || argument.as_array().into_iter().flatten();
        match name {
            "Condition" => self.holds(argument.as_str().unwrap_or_default(), depth),
            "Fn::Not" => {
                argument.get(0).map_or(Ok(false), |part| self.judge(part, depth + 1).map(|holds| !holds))
            }
            "Fn::And" => {
                let parts: Result<Vec<bool>, String> =
                    parts().map(|part| self.judge(part, depth + 1)).collect();
                Ok(parts?.into_iter().all(|holds| holds))
            }
            "Fn::Or" => {
                let parts: Result<Vec<bool>, String> =
                    parts().map(|part| self.judge(part, depth + 1)).collect();
                Ok(parts?.into_iter().any(|holds| holds))
            }
            "Fn::Equals" => {
                let sides: Result<Vec<String>, String> =
                    parts().map(|side| self.text_at(side, Use::Name, depth)).collect();
                let sides = sides?;
                let unknown = sides.iter().find(|side| side.contains("${env:"));
                match (unknown, sides.as_slice()) {
                    (Some(side), _) => {
                        let name = side.trim_start_matches("${env:").trim_end_matches('}');
                        Err(format!("give a value with --parameter {name}=VALUE"))
                    }
                    (None, [one, other]) => Ok(one == other),
                    _ => Err("`Fn::Equals` compares two values".to_owned()),
                }
            }
            other => Err(format!("`{other}` is no condition")),
        }
    }
}

impl Own {
    /// Its ARN.
    pub(super) fn arn(&self) -> String {
        let (service, resource) = match self.noun {
            Noun::Queue => ("sqs", self.name.clone()),
            Noun::Bus => ("events", format!("event-bus/{}", self.name)),
            Noun::Rule => ("events", format!("rule/{}", self.name)),
            Noun::Layer => ("lambda", format!("layer:{}", self.name)),
            Noun::Function => ("lambda", format!("function:{}", self.name)),
            Noun::StateMachine => ("states", format!("stateMachine:{}", self.name)),
            Noun::Table => ("dynamodb", format!("table/{}", self.name)),
            Noun::LogGroup => ("logs", format!("log-group:{}", self.name)),
            Noun::Archive => ("events", format!("archive/{}", self.name)),
            Noun::Connection => ("events", format!("connection/{}", self.name)),
            Noun::ApiDestination => ("events", format!("api-destination/{}", self.name)),
            Noun::Role => return format!("arn:aws:iam::{ACCOUNT}:role/{}", self.name),
        };
        format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
    }

    pub(super) fn url(&self) -> String {
        format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{}", self.name)
    }

    /// As the pipeline file refers to it.
    fn wired(&self, word: &str) -> String {
        format!("${{{word}:{}}}", self.name)
    }

    /// What `Ref` gives.
    fn reference(&self, wanted: Use) -> String {
        let is_wired = wanted == Use::Wired && self.is_made;
        match self.noun {
            Noun::Queue if is_wired => self.wired("queue"),
            Noun::Queue => self.url(),
            Noun::StateMachine if is_wired => self.wired("stateMachine"),
            Noun::StateMachine | Noun::Layer => self.arn(),
            Noun::Table if is_wired => self.wired("table"),
            _ => self.name.clone(),
        }
    }

    fn attribute(&self, attribute: &str, wanted: Use) -> Option<String> {
        let is_wired = wanted == Use::Wired && self.is_made;
        Some(match (self.noun, attribute) {
            (Noun::Queue, "QueueName") | (Noun::Bus | Noun::StateMachine, "Name") => self.name.clone(),
            (Noun::Queue, "QueueUrl") => self.reference(wanted),
            (Noun::Function, "Arn") if is_wired => self.wired("function"),
            (Noun::StateMachine, "Arn") if is_wired => self.wired("stateMachine"),
            (Noun::LogGroup, "Arn") => format!("{}:*", self.arn()),
            (_, "Arn" | "ArnForPolicy") => self.arn(),
            _ => return None,
        })
    }
}

/// A literal text where it is to stand.
fn escaped(text: &str, wanted: Use) -> String {
    match wanted {
        Use::Code => text.to_owned(),
        Use::Name | Use::Text | Use::Wired => text.replace("${", "$${"),
    }
}

fn only(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut all = members.iter();
    match (all.next(), all.next()) {
        (Some((name, value)), None) => Some((name, value)),
        _ => None,
    }
}

/// The two parts of `Fn::GetAtt`.
pub(super) fn attribute(argument: &Value) -> Option<(&str, &str)> {
    match argument {
        Value::String(text) => text.split_once('.'),
        _ => Some((argument.get(0)?.as_str()?, argument.get(1)?.as_str()?)),
    }
}

/// What kind of thing a resource is; `None` for those that no section has.
pub(super) fn noun(item: &Item) -> Option<Noun> {
    Some(match item.kind.as_str() {
        "AWS::SQS::Queue" => Noun::Queue,
        "AWS::Events::EventBus" => Noun::Bus,
        "AWS::Events::Rule" => Noun::Rule,
        "AWS::Lambda::LayerVersion" => Noun::Layer,
        "AWS::Lambda::Function" => Noun::Function,
        "AWS::StepFunctions::StateMachine" => Noun::StateMachine,
        "AWS::DynamoDB::Table" => Noun::Table,
        "AWS::Logs::LogGroup" => Noun::LogGroup,
        "AWS::Events::Archive" => Noun::Archive,
        "AWS::Events::Connection" => Noun::Connection,
        "AWS::Events::ApiDestination" => Noun::ApiDestination,
        "AWS::IAM::Role" => Noun::Role,
        _ => return None,
    })
}

/// The property with a resource's name.
pub(super) fn name_property(noun: Noun) -> &'static str {
    match noun {
        Noun::Queue => "QueueName",
        Noun::Layer => "LayerName",
        Noun::Function => "FunctionName",
        Noun::StateMachine => "StateMachineName",
        Noun::Table => "TableName",
        Noun::LogGroup => "LogGroupName",
        Noun::Archive => "ArchiveName",
        Noun::Role => "RoleName",
        Noun::Bus | Noun::Rule | Noun::Connection | Noun::ApiDestination => "Name",
    }
}
