//! What was changed in a stack's resources beside it.

use crate::stack::answer::Element;
use crate::stack::client::CloudFormation;
use crate::stack::error::StackError;
use crate::stack::form::Form;

/// Looks at a detection that goes on, at most: with the longest pause, an hour.
const LOOKS_MAX: u32 = 900;

/// A resource that is no longer as the stack made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// The name in the template.
    pub logical_id: String,
    /// The resource itself.
    pub physical_id: String,
    /// `AWS::SQS::Queue`.
    pub kind: String,
    /// `MODIFIED` or `DELETED`.
    pub status: String,
    /// The properties that differ.
    pub differences: Vec<Difference>,
}

/// A property that is no longer as the stack made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Its place: `/VisibilityTimeout`.
    pub path: String,
    /// As the stack made it; empty where it was added.
    pub expected: String,
    /// As it is; empty where it was removed.
    pub actual: String,
}

impl Drift {
    fn of(element: Element<'_>) -> Self {
        let difference = |one: Element<'_>| Difference {
            path: one.text_or_empty("PropertyPath"),
            expected: one.text_or_empty("ExpectedValue"),
            actual: one.text_or_empty("ActualValue"),
        };
        Self {
            logical_id: element.text_or_empty("LogicalResourceId"),
            physical_id: element.text_or_empty("PhysicalResourceId"),
            kind: element.text_or_empty("ResourceType"),
            status: element.text_or_empty("StackResourceDriftStatus"),
            differences: element.members("PropertyDifferences").map(difference).collect(),
        }
    }
}

impl CloudFormation {
    /// The resources of a stack that were changed or deleted beside it. What CloudFormation cannot read back, such as a bus's
    /// partner source, a function's code and a connection's secrets, is never among them.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn drifts(&self, stack: &str) -> Result<Vec<Drift>, StackError> {
        let begun = self.call(&Form::new("DetectStackDrift").with("StackName", stack)).await?;
        let id = begun.read(|result| result.text_or_empty("StackDriftDetectionId"))?;
        self.detected(&id).await?;
        let form = Form::new("DescribeStackResourceDrifts").with("StackName", stack);
        let form = form.with_all("StackResourceDriftStatusFilters", ["MODIFIED", "DELETED"]);
        let mut drifts = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let answer = self.call(&form.clone().with_some("NextToken", next.as_deref())).await?;
            answer.read(|result| {
                drifts.extend(result.members("StackResourceDrifts").map(Drift::of));
                next = result.text("NextToken");
            })?;
            if next.is_none() {
                // An endpoint that knows no filters tells those that are in step too.
                drifts.retain(|drift: &Drift| matches!(drift.status.as_str(), "MODIFIED" | "DELETED"));
                return Ok(drifts);
            }
        }
    }

    async fn detected(&self, id: &str) -> Result<(), StackError> {
        let form = Form::new("DescribeStackDriftDetectionStatus").with("StackDriftDetectionId", id);
        for look in 0..LOOKS_MAX {
            let answer = self.call(&form).await?;
            let (status, reason) = answer.read(|result| {
                (result.text_or_empty("DetectionStatus"), result.text_or_empty("DetectionStatusReason"))
            })?;
            match status.as_str() {
                "DETECTION_COMPLETE" => return Ok(()),
                "DETECTION_FAILED" => {
                    return Err(StackError::refused(format!(
                        "CloudFormation could not look for drift in all resources: {reason}"
                    )));
                }
                _ => self.pause(look).await,
            }
        }
        Err(StackError::refused("CloudFormation still looks for drift after an hour"))
    }
}
