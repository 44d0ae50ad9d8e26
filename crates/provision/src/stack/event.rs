//! What happens to the resources of a stack, each with its own reason.

use crate::stack::answer::Element;
use crate::stack::client::CloudFormation;
use crate::stack::error::StackError;
use crate::stack::form::Form;

/// One event of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackEvent {
    /// The same at every look.
    pub id: String,
    /// When, in ISO 8601.
    pub time: String,
    /// The resource's logical id; the stack's own name for the stack itself.
    pub logical_id: String,
    /// The resource itself; empty while there is none.
    pub physical_id: String,
    /// `AWS::SQS::Queue`.
    pub kind: String,
    /// `CREATE_FAILED`.
    pub status: String,
    /// Why; often empty.
    pub reason: String,
}

impl StackEvent {
    fn of(element: Element<'_>) -> Self {
        Self {
            id: element.text_or_empty("EventId"),
            time: element.text_or_empty("Timestamp"),
            logical_id: element.text_or_empty("LogicalResourceId"),
            physical_id: element.text_or_empty("PhysicalResourceId"),
            kind: element.text_or_empty("ResourceType"),
            status: element.text_or_empty("ResourceStatus"),
            reason: element.text_or_empty("ResourceStatusReason"),
        }
    }

    /// Whether it is of the stack itself.
    pub fn is_of_stack(&self) -> bool {
        self.kind == "AWS::CloudFormation::Stack"
    }

    /// Whether something failed.
    pub fn is_failure(&self) -> bool {
        self.status.ends_with("_FAILED")
    }

    /// Whether it failed only because something else did, which is told in its own event.
    pub fn is_consequence(&self) -> bool {
        self.is_failure()
            && ["creation cancelled", "update cancelled"]
                .iter()
                .any(|words| self.reason.to_lowercase().contains(words))
    }
}

/// A page of events, newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventPage {
    pub(crate) events: Vec<StackEvent>,
    pub(crate) next: Option<String>,
}

impl CloudFormation {
    /// A page of a stack's events, newest first.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub(crate) async fn events(&self, stack: &str, next: Option<&str>) -> Result<EventPage, StackError> {
        let form = Form::new("DescribeStackEvents").with("StackName", stack).with_some("NextToken", next);
        self.call(&form).await?.read(|result| EventPage {
            events: result.members("StackEvents").map(StackEvent::of).collect(),
            next: result.text("NextToken"),
        })
    }

    /// The resources that stand in the way of a rollback that failed: the failures since it began, oldest first.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn rollback_failures(&self, stack: &str) -> Result<Vec<StackEvent>, StackError> {
        let mut failures: Vec<StackEvent> = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let page = self.events(stack, next.as_deref()).await?;
            for event in page.events {
                let begins = event.is_of_stack() && event.status.ends_with("ROLLBACK_IN_PROGRESS");
                if begins {
                    failures.reverse();
                    return Ok(failures);
                }
                let is_known = failures.iter().any(|failure| failure.logical_id == event.logical_id);
                if event.is_failure() && !event.is_of_stack() && !is_known {
                    failures.push(event);
                }
            }
            next = page.next;
            if next.is_none() {
                failures.reverse();
                return Ok(failures);
            }
        }
    }
}
