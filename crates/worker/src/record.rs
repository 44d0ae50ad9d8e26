//! Records of what was done already, in the format of the idempotency utility of Powertools for AWS Lambda, so that functions and workers
//! can share a table and its time to live.
//!
//! Source: the persistence layers of Powertools 3.37. Ours has one attribute more, `trunkline_fence`: completing and forgetting a record is
//! conditional on it, so that a worker which was stopped for long does not overwrite the record of the one that came after it.

use aws::Timestamp;
use aws::encoding::hex;
use genesys::tracker::derived::SOURCE;
use md5::{Digest, Md5};
use serde_json::{Value, json};

/// How long a record is kept after it was completed, in s: longer than a message lies in a queue by default (4 days).
pub const KEPT_S: u64 = 7 * 86_400;

/// The right to do something: nobody else does it before `busy_until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The record's id.
    pub id: String,
    /// Who claims it; another name for each attempt.
    pub fence: String,
    /// Now, by the wall's clock, as Powertools has it.
    pub now: Timestamp,
    /// When the attempt is over at the latest.
    pub busy_until: Timestamp,
}

/// What a record that is in the way says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was done.
    Done,
    /// Somebody does it now, until then at the latest.
    Busy(Timestamp),
}

/// A record's id: `prefix#hash`, the hash as Powertools for Python has it for a key that is a text.
pub fn id(prefix: &str, key: &str) -> String {
    format!("{prefix}#{}", hex(&Md5::digest(Value::from(key).to_string().as_bytes())))
}

/// What makes a message the same as another: the id of the event in it, which its copies share, else the message's own. A derived event
/// has its id among its resources, where workers put it, because EventBridge gives each copy an id of its own.
pub fn key_of(body: &str, message_id: &str) -> String {
    let event: Value = serde_json::from_str(body).unwrap_or_default();
    let derived = event.pointer("/resources/0").and_then(Value::as_str);
    let is_event = event.get("detail-type").is_some();
    let is_derived = is_event && event.get("source").and_then(Value::as_str) == Some(SOURCE);
    let own = event.get("id").and_then(Value::as_str).filter(|_| is_event);
    let key = derived.filter(|urn| is_derived && urn.starts_with(URN)).or(own);
    let key = key.unwrap_or(message_id);
    // A replay is asked for: what was done before is to be done again, once a replay.
    let replay = event.get("replay-name").and_then(Value::as_str).filter(|_| is_event);
    replay.map_or_else(|| key.to_owned(), |replay| format!("{key}/{replay}"))
}

/// What the resource begins with that is a derived event's id (RFC 9562, section 4).
pub const URN: &str = "urn:uuid:";

impl Claim {
    /// The PutItem that claims it.
    pub fn to_put(&self, table: &str) -> Value {
        let kept_until_s = self.busy_until.unix_seconds().saturating_add(KEPT_S);
        json!({
            "TableName": table,
            "Item": {
                "id": {"S": self.id}, "status": {"S": "INPROGRESS"},
                "expiration": {"N": kept_until_s.to_string()},
                "in_progress_expiration": {"N": self.busy_until.unix_ms().to_string()},
                "trunkline_fence": {"S": self.fence},
            },
            "ConditionExpression": "attribute_not_exists(#id) OR #expiration < :now OR (#status = :busy AND \
                attribute_exists(#until) AND #until < :now_ms)",
            "ExpressionAttributeNames": {
                "#id": "id", "#expiration": "expiration", "#status": "status", "#until": "in_progress_expiration",
            },
            "ExpressionAttributeValues": {
                ":now": {"N": self.now.unix_seconds().to_string()}, ":now_ms": {"N": self.now.unix_ms().to_string()},
                ":busy": {"S": "INPROGRESS"},
            },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        })
    }

    /// The UpdateItem that says that it was done, and with what result.
    pub fn to_complete(&self, table: &str, data: &Value, now: Timestamp) -> Value {
        json!({
            "TableName": table, "Key": {"id": {"S": self.id}},
            "UpdateExpression": "SET #status = :done, #expiration = :kept, #data = :data",
            "ConditionExpression": "#fence = :fence AND #status = :busy",
            "ExpressionAttributeNames": {
                "#status": "status", "#expiration": "expiration", "#data": "data", "#fence": "trunkline_fence",
            },
            "ExpressionAttributeValues": {
                ":done": {"S": "COMPLETED"}, ":busy": {"S": "INPROGRESS"}, ":fence": {"S": self.fence},
                ":kept": {"N": now.unix_seconds().saturating_add(KEPT_S).to_string()},
                ":data": {"S": data.to_string()},
            },
        })
    }

    /// The DeleteItem after an attempt that failed.
    pub fn to_forget(&self, table: &str) -> Value {
        json!({
            "TableName": table, "Key": {"id": {"S": self.id}},
            "ConditionExpression": "#fence = :fence AND #status = :busy",
            "ExpressionAttributeNames": {"#status": "status", "#fence": "trunkline_fence"},
            "ExpressionAttributeValues": {":busy": {"S": "INPROGRESS"}, ":fence": {"S": self.fence}},
        })
    }
}

impl Standing {
    /// What the item says that refused a claim.
    pub fn of_item(item: &Value) -> Self {
        let until = item.pointer("/in_progress_expiration/N").and_then(Value::as_str);
        let until = until.and_then(|ms| ms.parse().ok()).map(Timestamp::from_unix_ms);
        match (item.pointer("/status/S").and_then(Value::as_str), until) {
            (Some("INPROGRESS"), Some(until)) => Self::Busy(until),
            // Powertools: a record in progress without its expiration is never taken over.
            (Some("INPROGRESS"), None) => Self::Busy(Timestamp::MAX),
            _ => Self::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{id, key_of};

    #[test]
    fn ids_are_those_of_powertools() {
        // Python: hashlib.md5(json.dumps("a-1", sort_keys=True).encode()).hexdigest()
        assert_eq!(id("worker.calls", "a-1"), format!("worker.calls#{HASH}"));
    }

    const HASH: &str = "d9ac78e477bbe4d655caadf5b8215225";

    #[test]
    fn copies_of_an_event_have_one_key() {
        let derived = r#"{"id":"1","source":"genesys.cloud","detail-type":"conversation.end","resources":["urn:uuid:b5e5"]}"#;
        let cases = [
            (derived, "urn:uuid:b5e5"),
            // Somebody else's urn names a customer, and not the event.
            (r#"{"id":"1","source":"shop","detail-type":"t","resources":["urn:uuid:b5e5"]}"#, "1"),
            // A replay is wanted, once.
            (r#"{"id":"1","detail-type":"t","replay-name":"again"}"#, "1/again"),
            (r#"{"id":"1","detail-type":"t","resources":["arn:aws:s3:::b"]}"#, "1"),
            (r#"{"id":"1"}"#, "m"),
            (r#"{"resources":["urn:uuid:b5e5"]}"#, "m"),
            ("no JSON", "m"),
        ];
        for (body, key) in cases {
            assert_eq!(key_of(body, "m"), key, "{body}");
        }
    }
}
