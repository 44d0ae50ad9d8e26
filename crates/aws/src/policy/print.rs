//! A policy as a document again: members in AWS's order, a list of one as the one.

use serde_json::{Map, Value, json};

use crate::policy::{Condition, Effect, Policy, PrincipalType, Principals, Scope, Statement, Version};

impl Policy {
    /// The document.
    pub fn to_json(&self) -> Value {
        let mut document = Map::new();
        let version = match self.version {
            Version::V2008 => "2008-10-17",
            Version::V2012 => "2012-10-17",
        };
        document.insert("Version".to_owned(), json!(version));
        if let Some(id) = &self.id {
            document.insert("Id".to_owned(), json!(id));
        }
        let statements = self.statements.iter().map(Statement::to_json).collect();
        document.insert("Statement".to_owned(), Value::Array(statements));
        Value::Object(document)
    }
}

impl Statement {
    /// The statement as it stands in a document.
    pub fn to_json(&self) -> Value {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        if let Some(sid) = &self.sid {
            put("Sid", json!(sid));
        }
        put("Effect", json!(if self.effect == Effect::Allow { "Allow" } else { "Deny" }));
        if let Some(scope) = &self.principals {
            put(name_of(scope, ("Principal", "NotPrincipal")), principals(scope.named()));
        }
        put(name_of(&self.actions, ("Action", "NotAction")), one_or_many(self.actions.named()));
        if let Some(scope) = &self.resources {
            put(name_of(scope, ("Resource", "NotResource")), one_or_many(scope.named()));
        }
        if !self.conditions.is_empty() {
            put("Condition", conditions(&self.conditions));
        }
        Value::Object(members)
    }
}

fn name_of<'n, T>(scope: &Scope<T>, (only, except): (&'n str, &'n str)) -> &'n str {
    match scope {
        Scope::Only(_) => only,
        Scope::Except(_) => except,
    }
}

fn principals(principals: &Principals) -> Value {
    let Principals::Listed(listed) = principals else { return json!("*") };
    let mut members = Map::new();
    for kind in PrincipalType::ALL {
        let ids: Vec<String> = listed.iter().filter(|it| it.kind == kind).map(|it| it.id.clone()).collect();
        if !ids.is_empty() {
            members.insert(kind.name().to_owned(), one_or_many(&ids));
        }
    }
    Value::Object(members)
}

fn conditions(conditions: &[Condition]) -> Value {
    let mut members = Map::new();
    for condition in conditions {
        let keys = members.entry(condition.operator.to_string()).or_insert_with(|| json!({}));
        if let Some(keys) = keys.as_object_mut() {
            keys.insert(condition.key.clone(), one_or_many(&condition.values));
        }
    }
    Value::Object(members)
}

fn one_or_many(texts: &[String]) -> Value {
    match texts {
        [one] => json!(one),
        many => json!(many),
    }
}
