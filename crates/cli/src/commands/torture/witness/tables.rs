//! Calls on a table: a lease by a conditional put, both halves of a pair by a transaction.

use serde_json::{Value, json};

use crate::commands::torture::line::{Line, Number};
use crate::commands::torture::witness::{Answer, Witness, text};

/// The table.
pub(crate) const TABLE: &str = "torture";

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The lease is held.
    Held,
    /// Somebody else has it.
    Refused,
    /// A kill cut the answer off.
    Unknown,
}

impl Witness<'_> {
    /// Puts a lease on the condition that nobody has it.
    pub(crate) fn claim(&mut self, lease: u8, owner: Number) -> Claim {
        let request = json!({
            "TableName": TABLE, "Item": {"id": {"S": lease_id(lease)}, "owner": {"N": owner.to_string()}},
            "ConditionExpression": "attribute_not_exists(id)",
        });
        let target = "DynamoDB_20120810.PutItem";
        let Some((call, answer)) = self.call(&Line::Claiming { lease, owner }, target, &request) else {
            return Claim::Refused;
        };
        match answer {
            Answer::Done(_) => {
                self.control.journal.note(call, &Line::Claimed { lease, owner });
                Claim::Held
            }
            Answer::Refused(answer) if is_condition(&answer) => {
                self.control.journal.note(call, &Line::Unclaimed { lease, owner });
                Claim::Refused
            }
            Answer::Cut => Claim::Unknown,
            Answer::Refused(_) => {
                self.strange(target, &answer);
                Claim::Refused
            }
        }
    }

    /// Reads who has a lease; `None` where that is not known.
    pub(crate) fn look_at_lease(&mut self, lease: u8, owner: Number) -> Option<bool> {
        let request =
            json!({"TableName": TABLE, "Key": {"id": {"S": lease_id(lease)}}, "ConsistentRead": true});
        let target = "DynamoDB_20120810.GetItem";
        let (call, answer) = self.call(&Line::Looking { lease, owner }, target, &request)?;
        let Answer::Done(answer) = answer else {
            self.strange(target, &answer);
            return None;
        };
        let found = number_at(&answer, "/Item/owner/N");
        self.control.journal.note(call, &Line::Found { lease, owner, found });
        Some(found == Some(owner))
    }

    /// Gives a lease up; whether that is acknowledged.
    pub(crate) fn free(&mut self, lease: u8, owner: Number) -> bool {
        let request = json!({
            "TableName": TABLE, "Key": {"id": {"S": lease_id(lease)}},
            "ConditionExpression": "#owner = :me", "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {":me": {"N": owner.to_string()}},
        });
        let target = "DynamoDB_20120810.DeleteItem";
        let Some((call, answer)) = self.call(&Line::Freeing { lease, owner }, target, &request) else {
            return true;
        };
        match answer {
            Answer::Done(_) => self.control.journal.note(call, &Line::Freed { lease, owner }),
            // An earlier try has done it, whose answer a kill cut off.
            Answer::Refused(answer) if is_condition(&answer) => true,
            Answer::Cut => false,
            Answer::Refused(_) => {
                self.strange(target, &answer);
                true
            }
        }
    }

    /// Writes a number into both halves of a pair; with a condition that does not hold beside them where it is `doomed`.
    pub(crate) fn write_pair(&mut self, pair: u8, number: Number, doomed: Doomed) {
        let half = |side: &str| {
            let item = json!({"id": {"S": pair_id(side, pair)}, "number": {"N": number.to_string()}});
            json!({"Put": {"TableName": TABLE, "Item": item}})
        };
        let mut parts = vec![half("left"), half("right")];
        if doomed == Doomed::Yes {
            let never = json!({"TableName": TABLE, "Key": {"id": {"S": "never"}}, "ConditionExpression": "attribute_exists(id)"});
            parts.push(json!({"ConditionCheck": never}));
        }
        let target = "DynamoDB_20120810.TransactWriteItems";
        let asked = Line::Pairing { pair, number, doomed: doomed == Doomed::Yes };
        let Some((call, answer)) = self.call(&asked, target, &json!({"TransactItems": parts})) else {
            return;
        };
        match answer {
            Answer::Done(_) => {
                self.control.journal.note(call, &Line::Paired { pair, number });
            }
            Answer::Refused(answer) if text(&answer, "__type").ends_with("TransactionCanceledException") => {
                self.control.journal.note(call, &Line::Unpaired { pair, number });
            }
            Answer::Cut => {}
            Answer::Refused(_) => {
                self.strange(target, &answer);
            }
        }
    }

    /// Reads both halves of a pair, which nobody else writes.
    pub(crate) fn read_pair(&mut self, pair: u8) {
        let get =
            |side: &str| json!({"Get": {"TableName": TABLE, "Key": {"id": {"S": pair_id(side, pair)}}}});
        let request = json!({"TransactItems": [get("left"), get("right")]});
        let target = "DynamoDB_20120810.TransactGetItems";
        let Some((call, answer)) = self.call(&Line::Reading { pair }, target, &request) else { return };
        let Answer::Done(answer) = answer else {
            self.strange(target, &answer);
            return;
        };
        let left = number_at(&answer, "/Responses/0/Item/number/N");
        let right = number_at(&answer, "/Responses/1/Item/number/N");
        self.control.journal.note(call, &Line::Halves { pair, left, right });
    }
}

/// Whether a transaction has a condition that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doomed {
    Yes,
    No,
}

fn lease_id(lease: u8) -> String {
    format!("lease-{lease}")
}

fn pair_id(side: &str, pair: u8) -> String {
    format!("{side}-{pair}")
}

fn is_condition(answer: &Value) -> bool {
    text(answer, "__type").ends_with("ConditionalCheckFailedException")
}

fn number_at(answer: &Value, pointer: &str) -> Option<Number> {
    answer.pointer(pointer)?.as_str()?.parse().ok()
}
