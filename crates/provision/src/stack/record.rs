//! Stacks: described, deleted, rolled back, protected.

use std::collections::BTreeMap;

use crate::stack::answer::Element;
use crate::stack::client::CloudFormation;
use crate::stack::condition::Condition;
use crate::stack::error::StackError;
use crate::stack::form::Form;

/// A stack as DescribeStacks tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Its ARN, by which it is found after it was deleted too.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its status, as CloudFormation writes it.
    pub status: String,
    /// Why it has this status; often empty.
    pub status_reason: String,
    /// The description in its template.
    pub description: String,
    /// The names of its parameters.
    pub parameters: Vec<String>,
    /// The values of its parameters; not those that are secret.
    pub values: BTreeMap<String, String>,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// Whether it is protected from being deleted.
    pub is_protected: bool,
}

impl Stack {
    /// What can be done with it next.
    ///
    /// # Errors
    /// Where the status is one that nobody here knows.
    pub fn condition(&self) -> Result<Condition, StackError> {
        Condition::of(&self.status).ok_or_else(|| {
            StackError::refused(format!(
                "the stack {} has the status {}, which this version does not know",
                self.name, self.status
            ))
        })
    }

    fn of(element: Element<'_>) -> Self {
        let keys = element.members("Parameters").filter_map(|one| one.text("ParameterKey"));
        let pairs = |list: &str, key: &str, value: &str| -> BTreeMap<String, String> {
            let all =
                element.members(list).filter_map(|one| Some((one.text(key)?, one.text_or_empty(value))));
            all.filter(|(_, value)| !is_hidden(value)).collect()
        };
        Self {
            id: element.text_or_empty("StackId"),
            name: element.text_or_empty("StackName"),
            status: element.text_or_empty("StackStatus"),
            status_reason: element.text_or_empty("StackStatusReason"),
            description: element.text_or_empty("Description"),
            parameters: keys.collect(),
            values: pairs("Parameters", "ParameterKey", "ParameterValue"),
            outputs: pairs("Outputs", "OutputKey", "OutputValue"),
            is_protected: element.says("EnableTerminationProtection"),
        }
    }
}

/// Whether CloudFormation shows stars instead of a secret.
fn is_hidden(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte == b'*')
}

/// How a stack is deleted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deletion<'d> {
    /// Resources that are left as they are, by their logical ids; only after a deletion that failed.
    pub retain: &'d [String],
    /// The role that CloudFormation takes.
    pub role: Option<&'d str>,
    /// A request with the same token is the same deletion.
    pub token: &'d str,
}

impl CloudFormation {
    /// A stack by its name or ARN; `None` where there is none.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn stack(&self, name: &str) -> Result<Option<Stack>, StackError> {
        match self.call(&Form::new("DescribeStacks").with("StackName", name)).await {
            Ok(answer) => answer.read(|result| result.members("Stacks").next().map(Stack::of)),
            Err(error) if error.is_absent_stack() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins to delete a stack.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn delete_stack(&self, name: &str, how: Deletion<'_>) -> Result<(), StackError> {
        let form = Form::new("DeleteStack").with("StackName", name).with_some("RoleARN", how.role);
        let form = form.with_all("RetainResources", how.retain.iter().map(String::as_str));
        self.call(&form.with("ClientRequestToken", how.token)).await.map(drop)
    }

    /// Goes on with a rollback that failed, without the resources that are skipped.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn continue_rollback(
        &self,
        name: &str,
        skip: &[String],
        role: Option<&str>,
    ) -> Result<(), StackError> {
        let form = Form::new("ContinueUpdateRollback").with("StackName", name).with_some("RoleARN", role);
        let form = form.with_all("ResourcesToSkip", skip.iter().map(String::as_str));
        self.call(&form).await.map(drop)
    }

    /// Rolls back an update that failed and was left so.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn roll_back(&self, name: &str, role: Option<&str>) -> Result<(), StackError> {
        let form = Form::new("RollbackStack").with("StackName", name).with_some("RoleARN", role);
        // What the failed change made may have been in use since: what is to be retained stays.
        self.call(&form).await.map(drop)
    }

    /// Protects a stack from being deleted, or no longer.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn protect(&self, name: &str, protection: Protection) -> Result<(), StackError> {
        let word = if protection == Protection::On { "true" } else { "false" };
        let form = Form::new("UpdateTerminationProtection").with("StackName", name);
        self.call(&form.with("EnableTerminationProtection", word)).await.map(drop)
    }
}

/// Whether a stack can be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// It cannot.
    On,
    /// It can.
    Off,
}
