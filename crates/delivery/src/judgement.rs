//! What an answer means, or that there is none: the code that EventBridge's users know, and whether trying again may mend it.

use std::time::Duration;

use aws::Timestamp;
use events::Retry;
use http_client::FailureKind;

/// The code of a call that was cut off: the user guide's ("Using dead-letter queues to process undelivered events").
pub const CUT_OFF: &str = "TIMEOUT";

/// A failure as it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The user guide's code.
    pub code: &'static str,
    /// Whether trying again may mend it.
    pub retry: Retry,
}

/// Where there is no answer.
pub fn no_answer(kind: FailureKind) -> Judgement {
    let (code, retry) = match kind {
        FailureKind::Invalid => ("INVALID_PARAMETER", Retry::Never),
        FailureKind::Refused => ("NO_PERMISSIONS", Retry::Held),
        FailureKind::Timeout => (CUT_OFF, Retry::ByPolicy),
        FailureKind::Unresolved | FailureKind::Connect | FailureKind::Tls | FailureKind::Cut => {
            ("SDK_CLIENT_ERROR", Retry::ByPolicy)
        }
    };
    Judgement { code, retry }
}

/// An HTTP endpoint's status that is not 2xx, with its `Retry-After`. Source: user guide, "API destination error codes".
pub fn http_status(status: u16, retry_after: Option<&str>, now: Timestamp) -> Judgement {
    let retry = match status {
        401 | 407 | 409 | 429 | 500..=599 => after(retry_after, now),
        _ => Retry::Never,
    };
    Judgement { code: "ERROR_FROM_TARGET", retry }
}

/// The user guide's code for an error of AWS's, and whether trying again may mend it.
pub fn aws_error(status: u16, name: &str) -> Judgement {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let (code, retry) = match status {
        500.. => ("INTERNAL_ERROR", Retry::ByPolicy),
        // Expired credentials, and a clock that is wrong, are mended by whoever runs this.
        _ if has(&["Expired", "RequestTimeTooSkewed"]) => ("NO_PERMISSIONS", Retry::ByPolicy),
        429 => ("THROTTLING", Retry::ByPolicy),
        _ if has(&["Throttl", "TooManyRequests", "SlowDown", "OverLimit"]) => ("THROTTLING", Retry::ByPolicy),
        _ if has(&["LimitExceeded"]) => ("RESOURCE_LIMIT_EXCEEDED", Retry::ByPolicy),
        _ if has(&["NotFound", "DoesNotExist", "NonExistent"]) => ("NO_RESOURCE", Retry::Never),
        404 => ("NO_RESOURCE", Retry::Never),
        401 | 403 => ("NO_PERMISSIONS", Retry::Never),
        _ if has(&["AccessDenied", "UnrecognizedClient", "Signature", "InvalidClientTokenId"]) => {
            ("NO_PERMISSIONS", Retry::Never)
        }
        _ => ("INVALID_PARAMETER", Retry::Never),
    };
    Judgement { code, retry }
}

/// `Retry-After`: seconds or a date (RFC 9110, 10.2.3).
fn after(header: Option<&str>, now: Timestamp) -> Retry {
    let Some(text) = header.map(str::trim) else { return Retry::ByPolicy };
    match text.parse::<i64>() {
        Ok(seconds) => match u64::try_from(seconds) {
            Ok(seconds) => Retry::NotBefore(now.plus(Duration::from_secs(seconds))),
            Err(_) => Retry::Never,
        },
        Err(_) => Timestamp::parse_http(text).map_or(Retry::ByPolicy, Retry::NotBefore),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws::Timestamp;
    use events::Retry;
    use events::Retry::{ByPolicy, Never};

    use super::{Judgement, after, aws_error};

    #[test]
    fn errors_are_told_apart() {
        // Names: the services' models in botocore, and "Common errors" of the API references.
        let cases = [
            (500, "ServiceException", "INTERNAL_ERROR", ByPolicy),
            (503, "", "INTERNAL_ERROR", ByPolicy),
            (429, "TooManyRequestsException", "THROTTLING", ByPolicy),
            (400, "ThrottlingException", "THROTTLING", ByPolicy),
            (403, "ExpiredTokenException", "NO_PERMISSIONS", ByPolicy),
            (403, "AccessDeniedException", "NO_PERMISSIONS", Never),
            (403, "InvalidClientTokenId", "NO_PERMISSIONS", Never),
            (400, "UnrecognizedClientException", "NO_PERMISSIONS", Never),
            (400, "QueueDoesNotExist", "NO_RESOURCE", Never),
            (404, "ResourceNotFoundException", "NO_RESOURCE", Never),
            (400, "StateMachineDoesNotExist", "NO_RESOURCE", Never),
            (400, "ExecutionLimitExceeded", "RESOURCE_LIMIT_EXCEEDED", ByPolicy),
            (413, "RequestTooLargeException", "INVALID_PARAMETER", Never),
            (400, "InvalidMessageContents", "INVALID_PARAMETER", Never),
        ];
        for (status, name, code, retry) in cases {
            assert_eq!(aws_error(status, name), Judgement { code, retry }, "{status} {name}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::from_unix_ms(1_000);
        let cases = [
            (None, ByPolicy),
            (Some("soon"), ByPolicy),
            (Some("0"), Retry::NotBefore(now)),
            (Some(" 120 "), Retry::NotBefore(now.plus(Duration::from_secs(120)))),
            (Some("-1"), Never),
            (Some("Thu, 01 Jan 1970 00:01:00 GMT"), Retry::NotBefore(Timestamp::from_unix_ms(60_000))),
        ];
        for (header, wanted) in cases {
            assert_eq!(after(header, now), wanted, "{header:?}");
        }
    }
}
