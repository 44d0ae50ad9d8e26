//! Why there are no credentials: each source that was tried, and what it said.

use std::fmt;

/// One source that gave none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceMiss {
    /// The source, for a person.
    pub source: &'static str,
    /// What is missing or wrong there.
    pub reason: String,
}

/// Nobody to call as, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoCredentials {
    /// In the order of the chain; the last one is what ended it where `may_pass`.
    pub tried: Vec<SourceMiss>,
    /// A source is set up and failed, which may mend itself or be mended; otherwise nothing is set up at all.
    pub may_pass: bool,
}

impl fmt::Display for NoCredentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (true, Some(failed)) = (self.may_pass, self.tried.last()) {
            return write!(
                out,
                "the credentials for AWS could not be had from {}: {}",
                failed.source, failed.reason
            );
        }
        out.write_str("there are no credentials for AWS")?;
        for (at, tried) in self.tried.iter().enumerate() {
            let before = if at == 0 { "; tried: " } else { "; " };
            write!(out, "{before}{} ({})", tried.source, tried.reason)?;
        }
        out.write_str(
            ". Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or sign in with `aws sso login`",
        )
    }
}

impl std::error::Error for NoCredentials {}
