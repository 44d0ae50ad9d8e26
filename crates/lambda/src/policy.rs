//! A function's policy: statements that AddPermission adds, one policy for the function and one for each version and alias.

use aws::policy::{Kind, Policy as Document};
use aws::{Arn, Error};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{KeyRange, Read, Table, Tx};

use crate::{error, limits};

/// By function and qualifier, which is empty for the function's own.
pub(crate) const POLICIES: Table<(String, String), Policy> = Table::new(75, "Lambda policies");

/// A policy as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) statements: Vec<Statement>,
    pub(crate) revision_id: String,
}

store::record!(Policy, version 1);

/// A statement: its id and its JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Statement {
    pub(crate) id: String,
    pub(crate) text: String,
}

/// What AddPermission says of a statement.
#[derive(Clone, Debug, Default)]
pub(crate) struct Permission {
    pub(crate) id: String,
    pub(crate) action: String,
    pub(crate) principal: String,
    pub(crate) source_arn: Option<String>,
    pub(crate) source_account: Option<String>,
    pub(crate) event_source_token: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) url_auth_type: Option<String>,
}

fn key(function: &str, qualifier: Option<&str>) -> (String, String) {
    (function.to_owned(), qualifier.unwrap_or_default().to_owned())
}

impl Policy {
    pub(crate) fn find(read: &mut impl Read, function: &str, qualifier: Option<&str>) -> Option<Self> {
        read.get(&POLICIES, &key(function, qualifier))
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>, function: &str, qualifier: Option<&str>) {
        tx.put(&POLICIES, &key(function, qualifier), self);
    }

    pub(crate) fn remove(tx: &mut Tx<'_>, function: &str, qualifier: Option<&str>) {
        tx.remove(&POLICIES, &key(function, qualifier));
    }

    /// Removes those of all qualifiers.
    pub(crate) fn remove_all(tx: &mut Tx<'_>, function: &str) {
        let all = tx.list(&POLICIES, &KeyRange::prefix(&function.to_owned()), limits::LISTED_MAX);
        for (key, _) in all {
            tx.remove(&POLICIES, &key);
        }
    }

    /// The document's text, as GetPolicy shows it.
    pub(crate) fn text(&self) -> String {
        let statements: Vec<&str> = self.statements.iter().map(|statement| statement.text.as_str()).collect();
        let statements = statements.join(",");
        format!("{{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":[{statements}]}}")
    }

    /// The document, to be judged.
    pub(crate) fn document(&self) -> Option<Document> {
        Document::parse(&self.text(), Kind::Resource).ok()
    }

    /// Adds a statement; its text.
    pub(crate) fn add(&mut self, permission: &Permission, resource: &Arn) -> Result<String, Error> {
        let id = &permission.id;
        if self.statements.iter().any(|statement| statement.id == *id) {
            return Err(error::conflict(format!(
                "The statement id ({id}) provided already exists. Please provide a new statement id, or remove the existing statement."
            )));
        }
        let text = permission.statement(resource)?.to_string();
        self.statements.push(Statement { id: id.clone(), text: text.clone() });
        if self.text().len() > limits::POLICY_BYTES_MAX {
            let words =
                format!("The final policy size ({}) is bigger than the limit (20480).", self.text().len());
            return Err(Error::sender("PolicyLengthExceededException", words));
        }
        Ok(text)
    }
}

impl Permission {
    fn statement(&self, resource: &Arn) -> Result<Value, Error> {
        let mut statement = json!({"Sid": self.id, "Effect": "Allow", "Principal": self.principal()?,
            "Action": self.action, "Resource": resource.to_string()});
        let condition = self.condition();
        if let (false, Some(statement)) = (condition.is_empty(), statement.as_object_mut()) {
            statement.insert("Condition".to_owned(), Value::Object(condition));
        }
        Ok(statement)
    }

    fn principal(&self) -> Result<Value, Error> {
        let text = self.principal.as_str();
        let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_service = text.contains('.') && !text.contains(':') && !text.contains('*');
        match text {
            "*" => Ok(json!("*")),
            _ if is_account => Ok(json!({"AWS": format!("arn:aws:iam::{text}:root")})),
            _ if text.starts_with("arn:aws") && text.parse::<Arn>().is_ok_and(|arn| arn.service == "iam") => {
                Ok(json!({"AWS": text}))
            }
            _ if is_service => Ok(json!({"Service": text})),
            _ => Err(error::invalid_parameter(
                "The provided principal was invalid. Please check the principal and try again.",
            )),
        }
    }

    fn condition(&self) -> Map<String, Value> {
        let mut equals = Map::new();
        let members = [
            ("AWS:SourceAccount", &self.source_account),
            ("lambda:FunctionUrlAuthType", &self.url_auth_type),
            ("aws:PrincipalOrgID", &self.organization),
            ("lambda:EventSourceToken", &self.event_source_token),
        ];
        for (member, value) in members {
            if let Some(value) = value {
                equals.insert(member.to_owned(), json!(value));
            }
        }
        let mut condition = Map::new();
        if !equals.is_empty() {
            condition.insert("StringEquals".to_owned(), Value::Object(equals));
        }
        if let Some(source) = &self.source_arn {
            condition.insert("ArnLike".to_owned(), json!({"AWS:SourceArn": source}));
        }
        condition
    }
}
