//! A dead letter: a message of a dead-letter queue, and what it says of its end.

use provision::Request;
use serde_json::{Value, json};

use crate::output;
use crate::remote::{Remote, items, text};

/// So long a message that is looked at is hidden from others, unless it is given back before.
const LOOKED_AT_S: u64 = 30;

/// A received message of a dead-letter queue.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    message: Value,
}

/// Receives up to `max` messages, hidden for a short while. Fewer than asked for means that no more can be received.
pub(crate) fn receive(remote: &Remote, url: &str, max: usize) -> Result<Vec<Letter>, String> {
    let body = json!({
        "QueueUrl": url,
        "MaxNumberOfMessages": max.min(10),
        "VisibilityTimeout": LOOKED_AT_S,
        "WaitTimeSeconds": 0,
        "MessageSystemAttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
    });
    let answer = remote.ask(Request::sqs("ReceiveMessage", body))?;
    Ok(items(&answer, "Messages").iter().map(|message| Letter { message: message.clone() }).collect())
}

/// Receives up to `max` messages and gives them back.
pub(crate) fn peek(remote: &Remote, url: &str, max: usize) -> Result<Vec<Letter>, String> {
    let mut letters: Vec<Letter> = Vec::new();
    let received = loop {
        match receive(remote, url, max.saturating_sub(letters.len())) {
            Ok(more) if more.is_empty() => break Ok(()),
            Ok(more) => letters.extend(more),
            Err(error) => break Err(error),
        }
        if letters.len() >= max {
            break Ok(());
        }
    };
    // Given back whatever happened.
    let given_back = give_back(remote, url, &letters);
    received.and(given_back).map(|()| letters)
}

/// Makes messages visible again.
pub(crate) fn give_back(remote: &Remote, url: &str, letters: &[Letter]) -> Result<(), String> {
    for some in letters.chunks(10) {
        let entry = |(number, letter): (usize, &Letter)| json!({"Id": number.to_string(), "ReceiptHandle": letter.receipt(), "VisibilityTimeout": 0});
        let entries: Vec<Value> = some.iter().enumerate().map(entry).collect();
        let body = json!({"QueueUrl": url, "Entries": entries});
        remote.ask(Request::sqs("ChangeMessageVisibilityBatch", body))?;
    }
    Ok(())
}

impl Letter {
    /// Its id.
    pub(crate) fn id(&self) -> &str {
        text(&self.message, "MessageId")
    }

    /// Its receipt handle.
    pub(crate) fn receipt(&self) -> &str {
        text(&self.message, "ReceiptHandle")
    }

    /// Its payload: of a rule's dead letter the whole event.
    pub(crate) fn body(&self) -> &str {
        text(&self.message, "Body")
    }

    /// A message attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.message.get("MessageAttributes")?.get(name)?.get("StringValue")?.as_str()
    }

    /// The ARN of the queue that dead-lettered it, where one did.
    pub(crate) fn source(&self) -> Option<&str> {
        self.system("DeadLetterQueueSourceArn")
    }

    fn system(&self, name: &str) -> Option<&str> {
        self.message.get("Attributes")?.get(name)?.as_str()
    }

    /// Everything known of it.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id(),
            "error": self.attribute("ERROR_CODE"),
            "message": self.attribute("ERROR_MESSAGE"),
            "retries": self.attribute("RETRY_ATTEMPTS").and_then(|retries| retries.parse::<u64>().ok()),
            "exhausted": self.attribute("EXHAUSTED_RETRY_CONDITION"),
            "rule": self.attribute("RULE_ARN"),
            "target": self.attribute("TARGET_ARN"),
            "source": self.source(),
            "receives": self.system("ApproximateReceiveCount").and_then(|count| count.parse::<u64>().ok()),
            "sentMs": self.system("SentTimestamp").and_then(|sent| sent.parse::<u64>().ok()),
            "body": self.body(),
        })
    }

    /// For a person.
    pub(crate) fn print(&self) {
        output::line(output::styled(output::STRONG, self.id()));
        let lines = [
            ("error", self.attribute("ERROR_CODE")),
            ("because", self.attribute("ERROR_MESSAGE")),
            ("retries", self.attribute("RETRY_ATTEMPTS")),
            ("exhausted", self.attribute("EXHAUSTED_RETRY_CONDITION")),
            ("rule", self.attribute("RULE_ARN")),
            ("target", self.attribute("TARGET_ARN")),
            ("from", self.source()),
            ("receives", self.system("ApproximateReceiveCount")),
            ("payload", Some(self.body())),
        ];
        for (name, value) in lines {
            if let Some(value) = value {
                output::line(format_args!(
                    "  {} {value}",
                    output::styled(output::FAINT, format_args!("{name:<9}"))
                ));
            }
        }
    }
}
