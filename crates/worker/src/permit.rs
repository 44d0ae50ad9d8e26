//! Permits: a limit of N calls at a time over any number of processes, kept by N items of a table.
//!
//! A permit is an item that somebody owns, with a fence that only grows and a beat. No wall clock is stored or compared. Who holds a permit
//! counts its lease from before the request that renewed it was sent; who waits for one counts from after the answer in which it saw
//! fence and beat, and takes it over only where both stand still for a lease and a margin, on the condition that they still do. So the
//! lease of a holder is over before anybody else begins, whatever the clocks say, as long as they run equally fast.
//!
//! A call begins only where its time-out ends within the lease, so a holder that was killed has no call under way when its permit is taken
//! over. A holder that is stopped between that check and the call is the one case that this cannot see: the fence is for the target,
//! which can refuse a lower one than it has seen.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock::Tick;

/// A limit, and for how long a permit of it is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What is limited; the items are named after it.
    pub target: String,
    /// So many calls at a time, at most. Where it was lowered, the permits above it are no longer taken.
    pub permits: u32,
    /// How long a holder may be silent, in ms.
    pub lease_ms: u64,
    /// Maximum time of a call, in ms.
    pub call_ms: u64,
}

impl Terms {
    /// Terms for calls that take so long at most. The lease leaves room for a call after a beat that was late.
    pub fn new(target: &str, permits: u32, call_ms: u64) -> Self {
        let lease_ms = call_ms.saturating_mul(2).saturating_add(1_000).max(LEASE_MS_MIN);
        Self { target: target.to_owned(), permits, lease_ms, call_ms }
    }

    /// How often a holder says that it lives, in ms.
    pub fn beat_ms(&self) -> u64 {
        self.lease_ms / 3
    }

    /// How often those who wait look at all permits, in ms: what they have seen for long can be taken over at once.
    pub fn scan_ms(&self) -> u64 {
        self.lease_ms / 6
    }

    /// How much longer than a lease a permit must stand still, in ms: clocks that do not run equally fast.
    pub fn margin_ms(&self) -> u64 {
        self.lease_ms / 20
    }

    /// The id of a permit's item.
    pub fn id(&self, permit: u32) -> String {
        format!("permit#{}#{permit}", self.target)
    }
}

/// A lease is this long at least, in ms: beats cost a write each.
pub const LEASE_MS_MIN: u64 = 10_000;

/// A permit as its item has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Who holds it.
    pub owner: Option<String>,
    /// How often it has been taken.
    pub fence: u64,
    /// How often its holder has said that it lives.
    pub beat: u64,
    /// The lease that its holder goes by, in ms.
    pub lease_ms: u64,
}

impl Seen {
    /// What an item says; an item that is not there is a permit that nobody has ever held.
    pub fn of_item(item: &Value) -> Self {
        let number =
            |name: &str| item.pointer(&format!("/{name}/N")).and_then(Value::as_str)?.parse::<u64>().ok();
        Self {
            owner: item.pointer("/owner/S").and_then(Value::as_str).map(str::to_owned),
            fence: number("fence").unwrap_or_default(),
            beat: number("beat").unwrap_or_default(),
            lease_ms: number("leaseMs").unwrap_or_default(),
        }
    }
}

#[derive(Clone, Debug)]
struct Observation {
    seen: Seen,
    /// Since when it is known to stand still.
    since: Tick,
}

/// What one process knows of the permits of a limit.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    known: BTreeMap<u32, Observation>,
}

/// A permit that somebody wants to take, and the state that it must still be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bid {
    /// Which one.
    pub permit: u32,
    /// Who is to hold it; another name for each bid.
    pub owner: String,
    /// What it was when it stood still; `None`: it must be free.
    pub instead_of: Option<Seen>,
}

impl Watch {
    /// Notes what an answer of this moment says of a permit.
    pub fn note(&mut self, permit: u32, seen: Seen, answered: Tick) {
        let stands_still = self.known.get(&permit).is_some_and(|known| known.seen == seen);
        if !stands_still {
            self.known.insert(permit, Observation { seen, since: answered });
        }
    }

    /// A permit that can be taken now: one that is free, else one whose holder is silent. They are looked at from `first` on, so that
    /// two processes seldom want the same one.
    pub fn bid(&self, terms: &Terms, first: u32, owner: &str, now: Tick) -> Option<Bid> {
        let order = (0..terms.permits).map(|at| first.wrapping_add(at) % terms.permits);
        let found: Vec<_> = order.filter_map(|permit| Some((permit, self.known.get(&permit)?))).collect();
        let bid = |permit: u32, instead_of: Option<Seen>| Bid { permit, owner: owner.to_owned(), instead_of };
        if let Some((permit, _)) = found.iter().find(|(_, known)| known.seen.owner.is_none()) {
            return Some(bid(*permit, None));
        }
        let silent = |known: &Observation| now.since(known.since) > silence_ms(terms, &known.seen);
        let (permit, known) = found.iter().find(|(_, known)| silent(known))?;
        Some(bid(*permit, Some(known.seen.clone())))
    }

    /// When the next permit can be taken over if nothing changes.
    pub fn next_silent_at(&self, terms: &Terms) -> Option<Tick> {
        let known = self.known.range(..terms.permits).map(|(_, known)| known);
        known.map(|known| known.since.plus(silence_ms(terms, &known.seen) + 1)).min()
    }
}

/// For how long a permit must have stood still, in ms: its holder may go by another configuration than we do.
fn silence_ms(terms: &Terms, seen: &Seen) -> u64 {
    terms.lease_ms.max(seen.lease_ms).saturating_add(terms.margin_ms())
}

impl Bid {
    /// The UpdateItem that takes the permit.
    pub fn to_update(&self, table: &str, terms: &Terms) -> Value {
        let mut values = json!({
            ":me": {"S": self.owner}, ":zero": {"N": "0"}, ":one": {"N": "1"},
            ":lease": {"N": terms.lease_ms.to_string()},
        });
        let condition = match &self.instead_of {
            None => "attribute_not_exists(#owner)",
            Some(seen) => {
                let owner = seen.owner.clone().unwrap_or_default();
                let were = [
                    (":owner", json!({"S": owner})),
                    (":fence", json!({"N": seen.fence.to_string()})),
                    (":beat", json!({"N": seen.beat.to_string()})),
                ];
                if let Value::Object(values) = &mut values {
                    values.extend(were.map(|(name, value)| (name.to_owned(), value)));
                }
                "#owner = :owner AND #fence = :fence AND #beat = :beat"
            }
        };
        json!({
            "TableName": table, "Key": {"id": {"S": terms.id(self.permit)}},
            "UpdateExpression":
                "SET #owner = :me, #beat = :zero, #lease = :lease, #fence = if_not_exists(#fence, :zero) + :one",
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#owner": "owner", "#beat": "beat", "#fence": "fence", "#lease": "leaseMs"},
            "ExpressionAttributeValues": values,
            "ReturnValues": "ALL_NEW", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        })
    }

    /// The permit as it is held where the update succeeded.
    pub fn won(&self, terms: &Terms, item: &Value, sent: Tick) -> Hold {
        let fence = Seen::of_item(item).fence;
        Hold { permit: self.permit, owner: self.owner.clone(), fence, until: sent.plus(terms.lease_ms) }
    }
}

/// A permit that this process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which one.
    pub permit: u32,
    /// The name under which it is held.
    pub owner: String,
    /// Rises each time that the permit changes hands.
    pub fence: u64,
    /// The end of the lease on this process's own clock.
    pub until: Tick,
}

impl Hold {
    /// Whether a call may begin now: it must end within the lease.
    pub fn may_call(&self, terms: &Terms, now: Tick) -> bool {
        now.plus(terms.call_ms) <= self.until
    }

    /// The UpdateItem by which the holder says that it lives.
    pub fn to_beat(&self, table: &str, terms: &Terms) -> Value {
        self.to_update(table, terms, "SET #beat = #beat + :one", json!({":one": {"N": "1"}}))
    }

    /// Where the beat succeeded: the lease begins anew when it was sent.
    pub fn renew(&mut self, terms: &Terms, sent: Tick) {
        self.until = self.until.max(sent.plus(terms.lease_ms));
    }

    /// The UpdateItem by which the permit is free again. Its fence stays.
    pub fn to_release(&self, table: &str, terms: &Terms) -> Value {
        self.to_update(table, terms, "SET #beat = :zero REMOVE #owner", json!({":zero": {"N": "0"}}))
    }

    fn to_update(&self, table: &str, terms: &Terms, update: &str, mut values: Value) -> Value {
        if let Value::Object(values) = &mut values {
            values.insert(":me".to_owned(), json!({"S": self.owner}));
            values.insert(":fence".to_owned(), json!({"N": self.fence.to_string()}));
        }
        json!({
            "TableName": table, "Key": {"id": {"S": terms.id(self.permit)}},
            "UpdateExpression": update,
            "ConditionExpression": "#owner = :me AND #fence = :fence",
            "ExpressionAttributeNames": {"#owner": "owner", "#beat": "beat", "#fence": "fence"},
            "ExpressionAttributeValues": values,
        })
    }
}

/// The BatchGetItem requests that read all permits, each with at most 100 keys (its limit).
pub fn to_reads(table: &str, terms: &Terms) -> Vec<Value> {
    let permits: Vec<u32> = (0..terms.permits).collect();
    let read = |permits: &[u32]| {
        let keys: Vec<Value> = permits.iter().map(|permit| json!({"id": {"S": terms.id(*permit)}})).collect();
        json!({"RequestItems": {table: {"Keys": keys, "ConsistentRead": true}}})
    };
    permits.chunks(100).map(read).collect()
}

/// The permits that an answer to one of [`to_reads`] tells. One without an item was never held.
pub fn read_answer(table: &str, terms: &Terms, asked: &Value, answer: &Value) -> Vec<(u32, Seen)> {
    let path = |part: &str| format!("/{part}/{}", table.replace('~', "~0").replace('/', "~1"));
    let items = answer.pointer(&path("Responses")).and_then(Value::as_array);
    let unread = answer.pointer(&format!("{}/Keys", path("UnprocessedKeys"))).and_then(Value::as_array);
    let keys = asked.pointer(&format!("{}/Keys", path("RequestItems"))).and_then(Value::as_array);
    let id_of = |item: &Value| item.pointer("/id/S").and_then(Value::as_str).map(str::to_owned);
    let items: BTreeMap<String, Seen> =
        items.into_iter().flatten().filter_map(|item| Some((id_of(item)?, Seen::of_item(item)))).collect();
    let unread: Vec<String> = unread.into_iter().flatten().filter_map(id_of).collect();
    let asked: Vec<String> = keys.into_iter().flatten().filter_map(id_of).collect();
    let permit_of = |id: &str| id.rsplit_once('#').and_then(|(_, permit)| permit.parse::<u32>().ok());
    let told = asked.iter().filter(|id| !unread.contains(id) && id.starts_with(&terms.id_prefix()));
    told.filter_map(|id| Some((permit_of(id)?, items.get(id).cloned().unwrap_or_default()))).collect()
}

impl Terms {
    fn id_prefix(&self) -> String {
        format!("permit#{}#", self.target)
    }
}
