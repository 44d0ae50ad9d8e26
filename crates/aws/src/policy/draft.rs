//! A document as it is written: every part has its form, though some may be missing. What must be there differs by kind.

use std::fmt;

use serde_json::{Map, Value};

use crate::error::Error;
use crate::policy::principal::{Principal, PrincipalType, Principals};
use crate::policy::{Condition, Effect, Policy, Scope, Statement, Version};

/// Why a text is no policy document, in IAM's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFault(pub(crate) String);

impl PolicyFault {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// IAM's answer to it: `MalformedPolicyDocument`.
    pub fn into_iam_error(self) -> Error {
        Error::sender("MalformedPolicyDocument", self.0)
    }
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PolicyFault {}

/// A statement whose parts have their forms, though some may be missing.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) sid: Option<String>,
    /// As it is written, whatever its case.
    pub(crate) effect: Option<String>,
    pub(crate) principals: Option<Scope<Principals>>,
    pub(crate) actions: Option<Scope<Vec<String>>>,
    pub(crate) resources: Option<Scope<Vec<String>>>,
    pub(crate) conditions: Vec<Condition>,
}

/// A document of drafts.
#[derive(Debug)]
pub(crate) struct DraftPolicy {
    pub(crate) version: Option<Version>,
    pub(crate) id: Option<String>,
    pub(crate) statements: Vec<Draft>,
}

/// What is not written as a policy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Json,
    Version,
    NoStatement,
    Syntax,
}

impl DraftPolicy {
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let document: Value = serde_json::from_str(text).map_err(|_| Fault::Json)?;
        let document = document.as_object().ok_or(Fault::Json)?;
        if document.keys().any(|key| !matches!(key.as_str(), "Version" | "Id" | "Statement")) {
            return Err(Fault::Syntax);
        }
        let version = match document.get("Version").map(Value::as_str) {
            None => None,
            Some(Some("2008-10-17")) => Some(Version::V2008),
            Some(Some("2012-10-17")) => Some(Version::V2012),
            Some(_) => return Err(Fault::Version),
        };
        let id = text_of(document, "Id").ok_or(Fault::Syntax)?;
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => statements.as_slice(),
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => return Err(Fault::NoStatement),
        };
        let statements = statements.iter().map(Draft::read).collect::<Option<_>>().ok_or(Fault::Syntax)?;
        Ok(Self { version, id, statements })
    }

    /// The policy, once what must be there is there.
    pub(crate) fn finish(self) -> Option<Policy> {
        let version = self.version.unwrap_or(Version::V2008);
        let statements = self.statements.into_iter().map(Draft::finish).collect::<Option<_>>()?;
        Some(Policy { version, id: self.id, statements })
    }
}

impl Draft {
    fn read(value: &Value) -> Option<Self> {
        const ELEMENTS: [&str; 9] = [
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ];
        let members = value.as_object()?;
        if members.keys().any(|key| !ELEMENTS.contains(&key.as_str())) {
            return None;
        }
        let effect = text_of(members, "Effect")?;
        let is_effect = |text: &String| matches!(text.to_ascii_lowercase().as_str(), "allow" | "deny");
        if effect.as_ref().is_some_and(|effect| !is_effect(effect)) {
            return None;
        }
        Some(Self {
            sid: text_of(members, "Sid")?,
            effect,
            principals: scope(members, ("Principal", "NotPrincipal"), read_principals)?,
            actions: scope(members, ("Action", "NotAction"), texts)?,
            resources: scope(members, ("Resource", "NotResource"), texts)?,
            conditions: members.get("Condition").map_or(Some(Vec::new()), read_conditions)?,
        })
    }

    fn finish(self) -> Option<Statement> {
        Some(Statement {
            sid: self.sid,
            effect: match self.effect?.as_str() {
                "Allow" => Effect::Allow,
                "Deny" => Effect::Deny,
                _ => return None,
            },
            principals: self.principals,
            actions: self.actions?,
            resources: self.resources,
            conditions: self.conditions,
        })
    }
}

/// A text that may be absent; `None` where something else stands there.
fn text_of(members: &Map<String, Value>, name: &str) -> Option<Option<String>> {
    match members.get(name) {
        None => Some(None),
        Some(Value::String(text)) => Some(Some(text.clone())),
        Some(_) => None,
    }
}

/// An element or its opposite; both together are `None`, as is what `read` does not take.
fn scope<T>(
    members: &Map<String, Value>,
    (only, except): (&str, &str),
    read: impl Fn(&Value) -> Option<T>,
) -> Option<Option<Scope<T>>> {
    match (members.get(only), members.get(except)) {
        (None, None) => Some(None),
        (Some(value), None) => Some(Some(Scope::Only(read(value)?))),
        (None, Some(value)) => Some(Some(Scope::Except(read(value)?))),
        (Some(_), Some(_)) => None,
    }
}

/// One text or a list of them.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) => list.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn read_principals(value: &Value) -> Option<Principals> {
    if let Some(text) = value.as_str() {
        return (text == "*").then_some(Principals::Everyone);
    }
    let mut listed = Vec::new();
    for (key, ids) in value.as_object()? {
        let kind = PrincipalType::ALL.into_iter().find(|kind| kind.name() == key)?;
        listed.extend(texts(ids)?.into_iter().map(|id| Principal { kind, id }));
    }
    Some(Principals::Listed(listed))
}

/// An operator that is none is passed over where it has no keys, as IAM does.
fn read_conditions(value: &Value) -> Option<Vec<Condition>> {
    let mut conditions = Vec::new();
    for (operator, keys) in value.as_object()? {
        let keys = keys.as_object()?;
        if keys.is_empty() {
            continue;
        }
        let operator = operator.parse().ok()?;
        for (key, values) in keys {
            conditions.push(Condition { operator, key: key.clone(), values: condition_values(values)? });
        }
    }
    Some(conditions)
}

/// "condition_value = ("string" | "number" | "Boolean")", one or a list.
fn condition_values(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match value {
        Value::Array(list) => list.iter().map(text).collect(),
        one => Some(vec![text(one)?]),
    }
}
