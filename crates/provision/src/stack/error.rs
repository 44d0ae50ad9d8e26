//! What CloudFormation refuses, in its own words, and the next step.

use std::error::Error;
use std::fmt;

use aws_client::AwsError;

/// An operation that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackError {
    /// The operation; empty where none was asked.
    pub action: String,
    /// CloudFormation's code, or one of ours: `Unreachable`, `NoCredentials`, `UnreadableAnswer`, `Refused`.
    pub code: String,
    /// CloudFormation's words.
    pub message: String,
    /// The HTTP status; 0 where there was no answer.
    pub status: u16,
    /// Whether the same request may succeed when it is sent again.
    pub may_pass: bool,
}

impl StackError {
    /// A refusal of our own: the sentence is the whole error.
    pub fn refused(sentence: impl Into<String>) -> Self {
        Self { code: REFUSED.to_owned(), message: sentence.into(), ..Self::default() }
    }

    /// What an answer that is no success says.
    pub(crate) fn of_answer(action: &str, status: u16, error: AwsError) -> Self {
        let may_pass = status == 429 || status >= 500 || THROTTLED.contains(&error.code.as_str());
        Self { action: action.to_owned(), code: error.code, message: error.message, status, may_pass }
    }

    /// Whether the stack is not there. CloudFormation says it as a ValidationError: `Stack with id X does not exist`.
    pub fn is_absent_stack(&self) -> bool {
        self.code == "StackNotFoundException"
            || (self.code == "ValidationError" && self.message.contains("does not exist"))
    }

    /// Whether the change set is not there.
    pub fn is_absent_change_set(&self) -> bool {
        self.code == "ChangeSetNotFound" || self.code == "ChangeSetNotFoundException"
    }

    /// What a person can do about it.
    fn advice(&self) -> Option<&'static str> {
        ADVICE.iter().find(|advice| advice.codes.contains(&self.code.as_str())).map(|advice| advice.text)
    }
}

const REFUSED: &str = "Refused";

/// Codes that say "later". Source: "Error Handling" of CloudFormation's API reference, and `retryable` of botocore's `_retry.json`.
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "ServiceUnavailable",
    "InternalFailure",
    "InternalError",
];

/// What helps against some codes.
#[derive(Debug)]
struct Advice {
    codes: &'static [&'static str],
    text: &'static str,
}

const ADVICE: &[Advice] = &[
    Advice {
        codes: &["ExpiredToken", "ExpiredTokenException", "RequestExpired"],
        text: "The credentials have expired: sign in again (`aws sso login`, `aws login`), or fetch new ones",
    },
    Advice {
        codes: &["InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"],
        text: "See that the credentials are those that you mean (--aws-profile), and that the account has enabled the region (--region)",
    },
    Advice {
        codes: &["SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"],
        text: "See that the secret key belongs to the access key, and this machine's clock",
    },
    Advice { codes: &["OptInRequired"], text: "The account has not enabled this region: see --region" },
    Advice {
        codes: &["AccessDenied", "AccessDeniedException"],
        text: "docs/aws.md lists what plan and apply need; with --role, iam:PassRole on that role too",
    },
    Advice {
        codes: &["LimitExceededException", "LimitExceeded"],
        text: "The account's quota is used up: delete stacks or change sets that nobody needs, or have it raised",
    },
    Advice {
        codes: &["InvalidChangeSetStatus", "InvalidChangeSetStatusException"],
        text: "Something changed the stack since the change set was made: make another with `trunkline plan --to aws --keep`",
    },
    Advice {
        codes: &["ChangeSetNotFound", "ChangeSetNotFoundException"],
        text: "Executed and deleted change sets are gone: make another with `trunkline plan --to aws --keep`",
    },
];

impl fmt::Display for StackError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code == REFUSED {
            return out.write_str(&self.message);
        }
        match self.action.as_str() {
            "" => write!(out, "{}", self.message)?,
            action if self.status == 0 => write!(out, "{action}: {}", self.message)?,
            action => write!(out, "{action}: {} (HTTP status {}) {}", self.code, self.status, self.message)?,
        }
        if let Some(advice) = self.advice() {
            let stop = if self.message.ends_with('.') { "" } else { "." };
            write!(out, "{stop} {advice}")?;
        }
        Ok(())
    }
}

impl Error for StackError {}
