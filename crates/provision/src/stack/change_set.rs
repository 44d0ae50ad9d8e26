//! Change sets: made, described page by page, executed, deleted.

use crate::stack::answer::Element;
use crate::stack::client::CloudFormation;
use crate::stack::error::StackError;
use crate::stack::form::Form;
use crate::stack::parameter::Parameter;

/// A change set, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// Its ARN.
    pub id: String,
    /// The ARN of its stack.
    pub stack_id: String,
    /// The name of its stack.
    pub stack: String,
    /// `CREATE_COMPLETE`, `FAILED`.
    pub status: String,
    /// `AVAILABLE`, `OBSOLETE`.
    pub execution_status: String,
    /// Why it failed; often empty.
    pub reason: String,
    /// What it would do.
    pub changes: Vec<ResourceChange>,
}

/// What a change set would do with one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceChange {
    /// `Add`, `Modify`, `Remove`, `Import`, `Dynamic`, `SyncWithActual`.
    pub action: String,
    /// The name in the template.
    pub logical_id: String,
    /// The resource itself; empty where there is none.
    pub physical_id: String,
    /// `AWS::SQS::Queue`.
    pub kind: String,
    /// `True`, `False`, `Conditional`, or empty.
    pub replacement: String,
    /// What becomes of the old one: `Delete`, `Retain`, `ReplaceAndDelete`, `ReplaceAndRetain`, ...; empty where it is not told.
    pub policy_action: String,
    /// What changes in it.
    pub details: Vec<Detail>,
}

/// One property that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// `Properties`, `Tags`, `DeletionPolicy`, ...
    pub attribute: String,
    /// The property; empty for other attributes.
    pub name: String,
    /// Its place, where that is told: `/Properties/EventPattern/source/0`.
    pub path: String,
    /// `Never`, `Conditionally`, `Always`, or empty.
    pub recreation: String,
    /// Its value now; secrets are `****`.
    pub before: Option<String>,
    /// Its value afterwards.
    pub after: Option<String>,
    /// The resource or parameter whose change causes this one, where it is not the template's.
    pub cause: String,
}

impl Detail {
    fn of(element: Element<'_>) -> Option<Self> {
        let target = element.child("Target")?;
        Some(Self {
            attribute: target.text_or_empty("Attribute"),
            name: target.text_or_empty("Name"),
            path: target.text_or_empty("Path"),
            recreation: target.text_or_empty("RequiresRecreation"),
            before: target.text("BeforeValue"),
            after: target.text("AfterValue"),
            cause: element.text_or_empty("CausingEntity"),
        })
    }

    /// The property's place, as a person reads it: `EventPattern/source/0`.
    pub fn place(&self) -> String {
        let path = self.path.strip_prefix("/Properties/").unwrap_or(&self.path).trim_start_matches('/');
        let of_name = if self.name.is_empty() { &self.attribute } else { &self.name };
        if path.is_empty() { of_name.clone() } else { path.to_owned() }
    }
}

impl ResourceChange {
    fn of(member: Element<'_>) -> Option<Self> {
        let change = member.child("ResourceChange")?;
        Some(Self {
            action: change.text_or_empty("Action"),
            logical_id: change.text_or_empty("LogicalResourceId"),
            physical_id: change.text_or_empty("PhysicalResourceId"),
            kind: change.text_or_empty("ResourceType"),
            replacement: change.text_or_empty("Replacement"),
            policy_action: change.text_or_empty("PolicyAction"),
            details: change.members("Details").filter_map(Detail::of).collect(),
        })
    }
}

/// The beginnings of the reason of a change set that would change nothing. The second is that of templates with a transform.
/// Source: `deploy` of the AWS CLI and the CDK's toolkit, which tell it by the same words.
const NO_CHANGES: &[&str] =
    &["The submitted information didn't contain changes.", "No updates are to be performed."];

impl ChangeSet {
    /// Whether it is still being made.
    pub fn is_pending(&self) -> bool {
        matches!(self.status.as_str(), "CREATE_PENDING" | "CREATE_IN_PROGRESS")
    }

    /// Whether it would change nothing at all; changes of outputs alone are changes.
    pub fn is_without_changes(&self) -> bool {
        self.status == "FAILED" && NO_CHANGES.iter().any(|words| self.reason.starts_with(words))
    }

    /// Whether it can be executed.
    pub fn is_available(&self) -> bool {
        self.status == "CREATE_COMPLETE" && matches!(self.execution_status.as_str(), "AVAILABLE" | "")
    }
}

/// What a change set is made from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The stack's name.
    pub stack: &'r str,
    /// The change set's name, which no other of the stack has: a request with the same name is the same request.
    pub name: &'r str,
    /// `CREATE` or `UPDATE`.
    pub kind: &'r str,
    /// The template, minified.
    pub template: &'r str,
    /// Where it is to be read instead.
    pub template_url: Option<&'r str>,
    /// A value for each of its parameters.
    pub parameters: &'r [Parameter],
    /// The role that CloudFormation takes.
    pub role: Option<&'r str>,
}

impl CloudFormation {
    /// Begins to make a change set. A first creation that fails leaves no stack, and what is there already under the names of retained
    /// resources is adopted.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn create_change_set(&self, request: Request<'_>) -> Result<(), StackError> {
        let mut form = Form::new("CreateChangeSet")
            .with("StackName", request.stack)
            .with("ChangeSetName", request.name)
            .with("ClientToken", request.name)
            .with("ChangeSetType", request.kind)
            .with_some("TemplateBody", Some(request.template).filter(|_| request.template_url.is_none()))
            .with_some("TemplateURL", request.template_url)
            .with_all("Capabilities", ["CAPABILITY_IAM"])
            .with("ImportExistingResources", "true")
            .with_some("RoleARN", request.role);
        if request.kind == "CREATE" {
            form = form.with("OnStackFailure", "DELETE");
        }
        for (parameter, number) in request.parameters.iter().zip(1_u32..) {
            let member = format!("Parameters.member.{number}");
            form = form.with(format!("{member}.ParameterKey"), &parameter.name);
            form = match &parameter.value {
                Some(value) => form.with(format!("{member}.ParameterValue"), value),
                None => form.with(format!("{member}.UsePreviousValue"), "true"),
            };
        }
        self.call(&form).await.map(drop)
    }

    /// A change set with all of its changes, by its ARN, or its name and its stack's.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn change_set(&self, name: &str, stack: Option<&str>) -> Result<ChangeSet, StackError> {
        let form = Form::new("DescribeChangeSet").with("ChangeSetName", name).with_some("StackName", stack);
        let form = form.with("IncludePropertyValues", "true");
        let mut whole: Option<ChangeSet> = None;
        let mut next: Option<String> = None;
        loop {
            let answer = self.call(&form.clone().with_some("NextToken", next.as_deref())).await?;
            let page = answer.read(|result| {
                let changes = result.members("Changes").filter_map(ResourceChange::of).collect();
                next = result.text("NextToken");
                ChangeSet {
                    id: result.text_or_empty("ChangeSetId"),
                    stack_id: result.text_or_empty("StackId"),
                    stack: result.text_or_empty("StackName"),
                    status: result.text_or_empty("Status"),
                    execution_status: result.text_or_empty("ExecutionStatus"),
                    reason: result.text_or_empty("StatusReason"),
                    changes,
                }
            })?;
            match &mut whole {
                None => whole = Some(page),
                Some(whole) => whole.changes.extend(page.changes),
            }
            if let (Some(whole), None) = (&whole, &next) {
                return Ok(whole.clone());
            }
        }
    }

    /// Begins to do what a change set says. What a failed operation made is deleted again, retained resources too.
    ///
    /// # Errors
    /// CloudFormation's words; another change came between where the code is InvalidChangeSetStatus.
    pub async fn execute_change_set(&self, id: &str, token: &str) -> Result<(), StackError> {
        let form = Form::new("ExecuteChangeSet").with("ChangeSetName", id);
        let form = form.with("RetainExceptOnCreate", "true").with("ClientRequestToken", token);
        self.call(&form).await.map(drop)
    }

    /// Deletes a change set; one that is not there is deleted.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn delete_change_set(&self, name: &str, stack: Option<&str>) -> Result<(), StackError> {
        let form = Form::new("DeleteChangeSet").with("ChangeSetName", name).with_some("StackName", stack);
        match self.call(&form).await {
            Err(error) if error.is_absent_change_set() || error.is_absent_stack() => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// What early validation found wrong, a sentence each; what an endpoint does not tell is none.
    pub(crate) async fn validation_errors(&self, id: &str) -> Vec<String> {
        let form = Form::new("DescribeEvents").with("ChangeSetName", id).with("Filters.FailedEvents", "true");
        let Ok(answer) = self.call(&form).await else { return Vec::new() };
        let read = answer.read(|result| {
            let events =
                result.members("OperationEvents").filter(|event| event.text("ValidationName").is_some());
            let said = events.map(|event| {
                let path = event.text("ValidationPath").map(|path| format!(" at {path}")).unwrap_or_default();
                let reason =
                    event.text("ValidationStatusReason").or_else(|| event.text("ResourceStatusReason"));
                format!(
                    "{}{path}: {}",
                    event.text_or_empty("LogicalResourceId"),
                    reason.unwrap_or_else(|| event.text_or_empty("ValidationName"))
                )
            });
            said.collect()
        });
        read.unwrap_or_default()
    }
}
