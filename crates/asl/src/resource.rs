//! Whom a Task state asks: the forms of `Resource`.

/// What a Task state's `Resource` names.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Resource {
    /// A function's ARN: the older form of `lambda:invoke`.
    Function {
        /// The whole ARN.
        arn: String,
    },
    /// An activity, whose workers poll.
    Activity {
        /// The whole ARN.
        arn: String,
    },
    /// An operation of a service.
    Service {
        /// The whole ARN.
        arn: String,
        /// `lambda`, `aws-sdk:dynamodb`: what events call `resourceType`.
        service: String,
        /// `invoke`, `putItem`.
        action: String,
        /// When the task is done.
        pattern: Pattern,
    },
}

/// When a service's task is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Pattern {
    /// When the service has answered.
    RequestResponse,
    /// When what the service has started has ended.
    Sync,
    /// The same, with its output as JSON.
    Sync2,
    /// When somebody reports the task's token.
    WaitForTaskToken,
}

/// The optimized integrations and the patterns that each serves, after the developer guide.
const OPTIMIZED: &[(&str, &[&str], &str)] = &[
    ("apigateway", &["invoke"], "rt"),
    ("athena", &["startQueryExecution"], "rs"),
    ("athena", &["stopQueryExecution", "getQueryExecution", "getQueryResults"], "r"),
    ("batch", &["submitJob"], "rs"),
    ("bedrock", &["invokeModel", "createModelCustomizationJob"], "rst"),
    ("codebuild", &["startBuild", "startBuildBatch"], "rs"),
    (
        "codebuild",
        &["stopBuild", "stopBuildBatch", "batchDeleteBuilds", "batchGetReports", "batchGetBuildBatches"],
        "r",
    ),
    ("databrew", &["startJobRun"], "rs"),
    ("dynamodb", &["getItem", "putItem", "updateItem", "deleteItem"], "r"),
    ("ecs", &["runTask"], "rst"),
    ("eks", &["call", "runJob", "createCluster", "deleteCluster"], "rst"),
    ("eks", &["createNodegroup", "deleteNodegroup", "createFargateProfile", "deleteFargateProfile"], "rs"),
    ("elasticmapreduce", &["createCluster", "terminateCluster", "addStep"], "rs"),
    ("elasticmapreduce", &["cancelStep", "setClusterTerminationProtection"], "r"),
    ("elasticmapreduce", &["modifyInstanceFleetByName", "modifyInstanceGroupByName"], "r"),
    ("emr-containers", &["createVirtualCluster", "deleteVirtualCluster", "startJobRun"], "rs"),
    ("emr-serverless", &["createApplication", "startApplication", "stopApplication"], "rs"),
    ("emr-serverless", &["deleteApplication", "startJobRun", "cancelJobRun"], "rs"),
    ("events", &["putEvents"], "rt"),
    ("glue", &["startJobRun"], "rs"),
    ("http", &["invoke"], "r"),
    ("lambda", &["invoke"], "rt"),
    ("mediaconvert", &["createJob"], "rs"),
    ("sagemaker", &["createTrainingJob", "createTransformJob", "createProcessingJob"], "rs"),
    ("sagemaker", &["createHyperParameterTuningJob", "createLabelingJob"], "rs"),
    ("sagemaker", &["createModel", "createEndpointConfig", "createEndpoint", "updateEndpoint"], "r"),
    ("sns", &["publish"], "rt"),
    ("sqs", &["sendMessage"], "rt"),
    ("states", &["startExecution"], "rst"),
];

impl Resource {
    /// Reads a `Resource`; None where AWS would not know it.
    pub fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let [scheme, _partition, service, _region, _account, rest @ ..] = parts.as_slice() else {
            return None;
        };
        if *scheme != "arn" {
            return None;
        }
        match (*service, rest) {
            ("lambda", ["function", _, ..]) => Some(Self::Function { arn: arn.to_owned() }),
            ("states", ["activity", name]) if !name.is_empty() => {
                Some(Self::Activity { arn: arn.to_owned() })
            }
            ("states", ["aws-sdk", service, action]) => Self::sdk(arn, service, action),
            ("states", [service, rest @ ..]) => Self::optimized(arn, service, &rest.join(":")),
            _ => None,
        }
    }

    fn sdk(arn: &str, service: &str, action: &str) -> Option<Self> {
        let (action, pattern) = pattern_of(action)?;
        let named =
            service.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) && !service.is_empty();
        let begins = action.chars().next().is_some_and(|c| c.is_ascii_lowercase());
        let right = matches!(pattern, Pattern::RequestResponse | Pattern::WaitForTaskToken);
        (named && begins && right && action.chars().all(|c| c.is_ascii_alphanumeric())).then(|| {
            Self::Service {
                arn: arn.to_owned(),
                service: format!("aws-sdk:{service}"),
                action: action.to_owned(),
                pattern,
            }
        })
    }

    fn optimized(arn: &str, service: &str, action: &str) -> Option<Self> {
        let (action, pattern) = pattern_of(action)?;
        let mark = match pattern {
            Pattern::RequestResponse => 'r',
            Pattern::Sync | Pattern::Sync2 => 's',
            Pattern::WaitForTaskToken => 't',
        };
        let sync2_only = pattern == Pattern::Sync2 && service != "states";
        let known = OPTIMIZED.iter().any(|(name, actions, patterns)| {
            *name == service && actions.contains(&action) && patterns.contains(mark)
        });
        (known && !sync2_only).then(|| Self::Service {
            arn: arn.to_owned(),
            service: service.to_owned(),
            action: action.to_owned(),
            pattern,
        })
    }

    /// The whole ARN.
    pub fn arn(&self) -> &str {
        match self {
            Self::Function { arn } | Self::Activity { arn } | Self::Service { arn, .. } => arn,
        }
    }

    /// What a service's events call `resource`: `sendMessage.waitForTaskToken`.
    pub fn event_name(&self) -> String {
        match self {
            Self::Function { arn } | Self::Activity { arn } => arn.clone(),
            Self::Service { action, pattern, .. } => match pattern {
                Pattern::RequestResponse => action.clone(),
                Pattern::Sync => format!("{action}.sync"),
                Pattern::Sync2 => format!("{action}.sync:2"),
                Pattern::WaitForTaskToken => format!("{action}.waitForTaskToken"),
            },
        }
    }

    /// When its task is done.
    pub fn pattern(&self) -> Pattern {
        match self {
            Self::Service { pattern, .. } => *pattern,
            Self::Function { .. } | Self::Activity { .. } => Pattern::RequestResponse,
        }
    }
}

fn pattern_of(action: &str) -> Option<(&str, Pattern)> {
    match action.split_once('.') {
        None => Some((action, Pattern::RequestResponse)),
        Some((action, "sync")) => Some((action, Pattern::Sync)),
        Some((action, "sync:2")) => Some((action, Pattern::Sync2)),
        Some((action, "waitForTaskToken")) => Some((action, Pattern::WaitForTaskToken)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Resource};

    #[test]
    fn the_forms_of_a_resource() {
        let known =
            |text: &str| Resource::parse(text).map(|resource| (resource.event_name(), resource.pattern()));
        let sync2 = known("arn:aws:states:::states:startExecution.sync:2");
        assert_eq!(sync2, Some(("startExecution.sync:2".to_owned(), Pattern::Sync2)));
        let token = known("arn:aws:states:::aws-sdk:s3:listBuckets.waitForTaskToken");
        assert_eq!(token, Some(("listBuckets.waitForTaskToken".to_owned(), Pattern::WaitForTaskToken)));
        // Of DynamoDB's operations four are optimized; the rest is `aws-sdk:dynamodb`.
        assert_eq!(known("arn:aws:states:::dynamodb:query"), None);
        assert_eq!(known("arn:aws:states:::sqs:sendMessage.sync"), None);
        assert_eq!(known("arn:aws:states:::aws-sdk:sqs:sendMessage.sync"), None);
        assert_eq!(known("arn:aws:sqs:us-east-1:111111111111:queue"), None);
        assert!(Resource::parse("arn:aws:states:us-east-1:111111111111:activity:work").is_some());
        assert!(Resource::parse("arn:aws:lambda:us-east-1:111111111111:function:f:1").is_some());
    }
}
