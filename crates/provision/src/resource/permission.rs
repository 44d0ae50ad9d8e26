//! The permissions of functions: who may call them. A pipeline's own rules are among them without being named.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request, found};
use crate::change::Change;
use crate::fields::Fields;
use crate::mistake::Marked;
use crate::resource::{Resource, Settings, Verbs, Wanted};
use crate::table::{Kind, Section, may, must};

/// A permission that the file names.
#[derive(Clone, Debug, PartialEq)]
pub struct Permission {
    /// The service, account or ARN that may call the function.
    pub principal: Marked<String>,
    /// The ARN on whose behalf, perhaps with `*`.
    pub source: Option<Marked<String>>,
}

pub(crate) const SECTION: Section = Section {
    noun: "a permission",
    keys: &[
        must(
            "principal",
            "Who may call the function: a service like `events.amazonaws.com`, an account, or an ARN.",
            Kind::Text { chars_max: 256 },
        ),
        may("source", "Only on behalf of this ARN, which may contain `*`.", Kind::Text { chars_max: 1024 }),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> Permission {
    Permission { principal: fields.name("principal"), source: fields.text("source") }
}

/// A statement of a function's policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id {
    /// The function's name.
    pub function: String,
    /// The statement's id.
    pub statement: String,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "permission {} of function {}", self.statement, self.function)
    }
}

/// Lets a rule call a function.
pub(crate) fn of_rule(function: &str, rule: &str, rule_arn: &str) -> Resource {
    let statement = format!("rule-{}", rule.replace('.', "-"));
    let settings = settings("events.amazonaws.com", Some(rule_arn));
    Resource::new(Id { function: function.to_owned(), statement }, settings)
}

impl Permission {
    /// The `number`th permission that the file names for a function.
    pub(crate) fn wanted(&self, function: &str, number: usize) -> Resource {
        let source = self.source.as_ref().map(|source| source.value.as_str());
        let id = Id { function: function.to_owned(), statement: format!("file-{number}") };
        Resource::new(id, settings(&self.principal.value, source))
    }
}

fn settings(principal: &str, source: Option<&str>) -> Settings {
    let mut settings = Settings::from([
        ("Action".to_owned(), json!("lambda:InvokeFunction")),
        ("Principal".to_owned(), json!(principal)),
    ]);
    if let Some(source) = source {
        settings.insert("SourceArn".to_owned(), json!(source));
    }
    settings
}

/// A principal as AddPermission takes it: GetPolicy shows an account as the ARN of its root.
fn principal(shown: &Value) -> Option<Value> {
    let Some(one) = shown.as_object().and_then(|kinds| kinds.values().next()) else {
        return Some(shown.clone());
    };
    let text = one.as_str()?;
    let account = text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root"));
    Some(json!(account.unwrap_or(text)))
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 5;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let answer = api.call(Request::lambda("GetPolicy", json!({"FunctionName": self.function}))).await;
        let Some(answer) = found(answer)? else { return Ok(None) };
        let text = answer.get("Policy").and_then(Value::as_str).unwrap_or_default();
        let policy: Value = serde_json::from_str(text).unwrap_or_default();
        let mut statements = policy.get("Statement").and_then(Value::as_array).into_iter().flatten();
        let mine = statements
            .find(|statement| statement.get("Sid").and_then(Value::as_str) == Some(&self.statement));
        let Some(statement) = mine else { return Ok(None) };
        let source = ["ArnLike", "ArnEquals"]
            .into_iter()
            .find_map(|operator| statement.get("Condition")?.get(operator)?.get("AWS:SourceArn").cloned());
        let shown = [
            ("Action", statement.get("Action").cloned()),
            ("Principal", statement.get("Principal").and_then(principal)),
            ("SourceArn", source),
        ];
        Ok(Some(shown.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        let mut body = wanted.settings.clone();
        body.insert("FunctionName".to_owned(), json!(self.function));
        body.insert("StatementId".to_owned(), json!(self.statement));
        api.call(Request::lambda("AddPermission", json!(body))).await.map(drop)
    }

    /// A statement cannot be changed: it is taken away and added as it should be.
    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, _: &[Change]) -> Result<(), ApiError> {
        self.delete(api).await?;
        self.create(api, wanted).await
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        let body = json!({"FunctionName": self.function, "StatementId": self.statement});
        api.call(Request::lambda("RemovePermission", body)).await.map(drop)
    }
}
