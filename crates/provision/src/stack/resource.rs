//! The resources of a stack, and what its template says becomes of them.

use serde_json::Value;

use crate::stack::answer::Element;
use crate::stack::client::CloudFormation;
use crate::stack::error::StackError;
use crate::stack::form::Form;

/// A resource of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackResource {
    /// The name in the template.
    pub logical_id: String,
    /// The resource itself; empty where there is none.
    pub physical_id: String,
    /// `AWS::SQS::Queue`.
    pub kind: String,
    /// `CREATE_COMPLETE`.
    pub status: String,
}

/// The template that a stack was made from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StackTemplate(Value);

impl StackTemplate {
    /// Its description; empty where it has none.
    pub fn description(&self) -> &str {
        self.0.get("Description").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether a resource stays when the stack is deleted.
    pub fn retains(&self, logical_id: &str) -> bool {
        let policy =
            self.0.get("Resources").and_then(|all| all.get(logical_id)?.get("DeletionPolicy")?.as_str());
        policy.is_some_and(|policy| policy.starts_with("Retain"))
    }
}

impl StackResource {
    fn of(element: Element<'_>) -> Self {
        Self {
            logical_id: element.text_or_empty("LogicalResourceId"),
            physical_id: element.text_or_empty("PhysicalResourceId"),
            kind: element.text_or_empty("ResourceType"),
            status: element.text_or_empty("ResourceStatus"),
        }
    }
}

impl CloudFormation {
    /// All resources of a stack.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn resources(&self, stack: &str) -> Result<Vec<StackResource>, StackError> {
        let form = Form::new("ListStackResources").with("StackName", stack);
        let mut resources = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let answer = self.call(&form.clone().with_some("NextToken", next.as_deref())).await?;
            answer.read(|result| {
                resources.extend(result.members("StackResourceSummaries").map(StackResource::of));
                next = result.text("NextToken");
            })?;
            if next.is_none() {
                return Ok(resources);
            }
        }
    }

    /// The template of a stack as it is, in JSON or YAML, its transforms and macros done.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn template_text(&self, stack: &str) -> Result<String, StackError> {
        let form = Form::new("GetTemplate").with("StackName", stack).with("TemplateStage", "Processed");
        self.call(&form).await?.read(|result| result.text_or_empty("TemplateBody"))
    }

    /// The template of a stack. One that is not in JSON was not made by Trunkline, and says nothing here.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn template(&self, stack: &str) -> Result<StackTemplate, StackError> {
        let answer = self.call(&Form::new("GetTemplate").with("StackName", stack)).await?;
        let body = answer.read(|result| result.text_or_empty("TemplateBody"))?;
        Ok(StackTemplate(serde_json::from_str(&body).unwrap_or_default()))
    }
}
