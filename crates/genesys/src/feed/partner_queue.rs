//! The SQS queue that a rule on the partner bus fills, on AWS or here: received with long polls, held while its messages are
//! worked on, deleted after their commit.

use std::time::Duration;

use aws::Timestamp;
use aws::api::SQS;
use aws_client::access::Unsignable;
use aws_client::{Access, AwsError, Endpoint, ServiceRequest};
use http_client::{AllowedHost, Client, Guard, Settings};
use serde_json::{Value, json};

use crate::client::fault::Fault;

/// How long one receive waits for messages; the maximum that SQS allows.
const WAIT: Duration = Duration::from_secs(20);
/// How long received messages stay hidden from others; [`PartnerQueue::hold`] begins it anew.
pub const HIDDEN: Duration = Duration::from_secs(60);
/// How long a message that cannot be read stays hidden: it is not received over and over, and still comes to the queue's
/// own dead-letter queue within a day.
pub const ASIDE: Duration = Duration::from_secs(900);
/// How long an answer may take beyond [`WAIT`].
const PATIENCE: Duration = Duration::from_secs(30);
/// Maximum size of a receive's answer: ten messages of 1 MiB, and JSON's escapes.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// A queue and who reads it.
#[derive(Clone, Debug)]
pub struct PartnerQueue {
    http: Client,
    url: String,
    endpoint: Endpoint,
    region: String,
    access: Access,
    now: fn() -> Timestamp,
}

/// A message that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same at every receive.
    pub id: String,
    /// The event, envelope and all.
    pub body: String,
    /// Names this receive of it.
    pub receipt_handle: String,
}

impl PartnerQueue {
    /// A queue by its URL; nothing is sent yet. Where it is in plain HTTP it is one of this machine or network, and any
    /// credentials are good.
    ///
    /// # Errors
    /// A sentence where the URL is none of a queue, or no region can be read from it.
    pub fn new(
        url: &str,
        region: Option<&str>,
        access: Access,
        now: fn() -> Timestamp,
    ) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{url}' is not the URL of a queue, such as https://sqs.eu-central-1.amazonaws.com/123456789012/genesys-events"
            )
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let (authority, path) = rest.split_once('/').ok_or_else(wrong)?;
        if !matches!(scheme, "http" | "https") || authority.is_empty() || path.split('/').count() != 2 {
            return Err(wrong());
        }
        let name = authority.rsplit_once(':').map_or(authority, |(name, _)| name);
        let told = name.strip_prefix("sqs.").and_then(|rest| rest.split_once(".amazonaws.com"));
        let region = match (region, told) {
            (Some(region), _) => region.to_owned(),
            (None, Some((region, _))) => region.to_owned(),
            (None, None) if scheme == "http" => "us-east-1".to_owned(),
            (None, None) => return Err(format!("the region of '{url}' is unknown; name it")),
        };
        let named: Vec<AllowedHost> = match scheme {
            "http" => vec![name.parse().map_err(|_| wrong())?],
            _ => Vec::new(),
        };
        let http = Client::new(Settings { guard: Guard::new(named), own_authorities: Vec::new() })?;
        let endpoint = Endpoint::at(&format!("{scheme}://{authority}")).map_err(|_| wrong())?;
        Ok(Self { http, url: url.to_owned(), endpoint, region, access, now })
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sees that it is there and may be read.
    ///
    /// # Errors
    /// AWS's words, and what to do.
    pub async fn check(&self) -> Result<(), Fault> {
        self.call("GetQueueAttributes", json!({"AttributeNames": ["QueueArn"]})).await.map(drop)
    }

    /// Up to ten messages; none after 20 seconds without any.
    ///
    /// # Errors
    /// AWS's words.
    pub async fn receive(&self) -> Result<Vec<Message>, Fault> {
        let body = json!({
            "MaxNumberOfMessages": 10, "WaitTimeSeconds": WAIT.as_secs(), "VisibilityTimeout": HIDDEN.as_secs(),
        });
        let answer = self.call("ReceiveMessage", body).await?;
        let text = |value: &Value, name: &str| {
            value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let messages = answer.get("Messages").and_then(Value::as_array).into_iter().flatten();
        Ok(messages
            .map(|message| Message {
                id: text(message, "MessageId"),
                body: text(message, "Body"),
                receipt_handle: text(message, "ReceiptHandle"),
            })
            .collect())
    }

    /// Keeps received messages hidden for another [`HIDDEN`].
    ///
    /// # Errors
    /// AWS's words.
    pub async fn hold(&self, messages: &[Message]) -> Result<(), Fault> {
        let more = json!({"VisibilityTimeout": HIDDEN.as_secs()});
        self.batch("ChangeMessageVisibilityBatch", messages, &more).await
    }

    /// Hides messages that cannot be read for [`ASIDE`].
    ///
    /// # Errors
    /// AWS's words.
    pub async fn set_aside(&self, messages: &[Message]) -> Result<(), Fault> {
        let more = json!({"VisibilityTimeout": ASIDE.as_secs()});
        self.batch("ChangeMessageVisibilityBatch", messages, &more).await
    }

    /// Deletes received messages: what they say is committed.
    ///
    /// # Errors
    /// AWS's words; a message that stays comes again, and is dropped as a duplicate.
    pub async fn delete(&self, messages: &[Message]) -> Result<(), Fault> {
        self.batch("DeleteMessageBatch", messages, &json!({})).await
    }

    async fn batch(&self, operation: &'static str, messages: &[Message], more: &Value) -> Result<(), Fault> {
        if messages.is_empty() {
            return Ok(());
        }
        let entry = |(at, message): (usize, &Message)| {
            let mut entry = json!({"Id": at.to_string(), "ReceiptHandle": message.receipt_handle});
            if let (Value::Object(entry), Value::Object(more)) = (&mut entry, more) {
                entry.extend(more.clone());
            }
            entry
        };
        let entries: Vec<Value> = messages.iter().enumerate().map(entry).collect();
        let answer = self.call(operation, json!({"Entries": entries})).await?;
        let failed = answer.get("Failed").and_then(Value::as_array).map_or(0, Vec::len);
        if failed > 0 {
            return Err(Fault::strange(format!(
                "{operation} failed for {failed} of {} messages",
                messages.len()
            )));
        }
        Ok(())
    }

    async fn call(&self, operation: &'static str, mut body: Value) -> Result<Value, Fault> {
        if let Value::Object(members) = &mut body {
            members.insert("QueueUrl".to_owned(), json!(self.url));
        }
        let body = body.to_string();
        let request = ServiceRequest::json(&SQS, &self.region, operation, body).at(Some(&self.endpoint));
        let sent = match self.access.request(request, (self.now)()).await {
            Ok(signed) => self.http.send(signed.request.keep(ANSWER_BYTES_MAX), WAIT + PATIENCE).await,
            Err(Unsignable::Request(failure)) => Err(failure),
            Err(Unsignable::NoCredentials(told)) => {
                return Err(Fault { may_pass: told.may_pass, ..Fault::strange(told.to_string()) });
            }
        };
        let answer = sent.map_err(|failure| Fault::of_failure(&failure))?;
        if answer.is_success() {
            return Ok(serde_json::from_slice(&answer.body).unwrap_or_default());
        }
        Err(self.refusal(operation, answer.status, AwsError::of(&answer)))
    }

    fn refusal(&self, operation: &str, status: u16, error: AwsError) -> Fault {
        let AwsError { code, message: words } = error;
        let advice = match code.as_str() {
            "AccessDenied" | "AccessDeniedException" => {
                ". The identity needs sqs:ReceiveMessage, sqs:ChangeMessageVisibility, sqs:DeleteMessage and sqs:GetQueueAttributes on the queue"
            }
            "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "ExpiredToken" => {
                ". See that the credentials are those that you mean, and this machine's clock"
            }
            "QueueDoesNotExist" | "AWS.SimpleQueueService.NonExistentQueue" => {
                ". See that account, region and name of the URL are those of the queue"
            }
            _ => "",
        };
        Fault {
            status,
            message: format!("{operation} on {}: {code} (HTTP status {status}) {words}{advice}", self.url),
            code,
            wait_s: None,
            may_pass: status == 429 || status >= 500,
        }
    }
}

#[cfg(test)]
mod tests {
    use aws::Timestamp;
    use aws_client::Access;

    use super::PartnerQueue;

    #[test]
    fn a_queue_is_named_by_its_url() {
        let of = |url: &str| PartnerQueue::new(url, None, Access::default(), || Timestamp::from_unix_ms(0));
        let queue = of("https://sqs.eu-central-1.amazonaws.com/123456789012/q").unwrap();
        assert_eq!(queue.endpoint.origin, "https://sqs.eu-central-1.amazonaws.com");
        assert_eq!(queue.region, "eu-central-1");
        let local = of("http://127.0.0.1:4566/000000000000/q").unwrap();
        assert_eq!((local.endpoint.host.as_str(), local.region.as_str()), ("127.0.0.1:4566", "us-east-1"));
        for wrong in
            ["q", "https://sqs.eu-central-1.amazonaws.com/", "ftp://a/b/c", "https://a/b/c", "http:///b/c"]
        {
            of(wrong).unwrap_err();
        }
    }
}
