//! AWS's own managed policies, `arn:aws:iam::aws:policy/*`. All of them exist; the documents of a few are known.

use aws::Arn;

use crate::identifier;

/// A policy whose document is known.
#[derive(Debug)]
pub(crate) struct KnownPolicy {
    /// Path and name behind `policy/`.
    pub(crate) path: &'static str,
    pub(crate) document: &'static str,
}

/// Those that set-up scripts of pipelines attach. Source: AWS Managed Policy Reference Guide; the second one as LocalStack recorded
/// it (tests/aws/services/iam/test_iam_managed_policies.snapshot.json).
pub(crate) const KNOWN: &[KnownPolicy] = &[
    KnownPolicy {
        path: "AdministratorAccess",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    },
    KnownPolicy {
        path: "service-role/AWSLambdaBasicExecutionRole",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    },
    KnownPolicy {
        path: "service-role/AWSLambdaSQSQueueExecutionRole",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:DeleteMessage","sqs:GetQueueAttributes","logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    },
    KnownPolicy {
        path: "service-role/AWSLambdaRole",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lambda:InvokeFunction"],"Resource":["*"]}]}"#,
    },
    KnownPolicy {
        path: "AmazonSQSFullAccess",
        document: r#"{"Version":"2012-10-17","Statement":[{"Action":["sqs:*"],"Effect":"Allow","Resource":"*"}]}"#,
    },
];

/// One of AWS's policies.
#[derive(Debug)]
pub(crate) struct AwsPolicy {
    /// The last part of its ARN.
    pub(crate) name: String,
    /// `/`, or names between slashes.
    pub(crate) path: String,
    pub(crate) known: Option<&'static KnownPolicy>,
}

impl AwsPolicy {
    /// The policy at what stands behind `policy/` in its ARN.
    pub(crate) fn at(place: &str) -> Self {
        let (path, name) = match place.rsplit_once('/') {
            Some((path, name)) => (format!("/{path}/"), name),
            None => ("/".to_owned(), place),
        };
        Self { name: name.to_owned(), path, known: KNOWN.iter().find(|known| known.path == place) }
    }

    pub(crate) fn arn(&self) -> Arn {
        Arn::new("iam", "", "aws", format!("policy{}{}", self.path, self.name))
    }

    pub(crate) fn id(&self) -> String {
        identifier::of_aws_policy(&self.name)
    }
}
