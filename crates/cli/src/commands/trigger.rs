//! `trunkline trigger`: events as Trunkline derives them or Genesys Cloud sends them, put on a bus on demand.

use std::process::ExitCode;

use aws::Uuid;
use clap::Args;
use genesys::catalogue::sample::{OrgQueue, entry};
use genesys::catalogue::{self, Origin, Topic};
use provision::Request;
use serde_json::{Map, Value, json};

use crate::output;
use crate::remote::{At, Remote, items, text};

/// Entries of one PutEvents.
const ENTRIES_MAX: u64 = 10;

/// Arguments of `trunkline trigger`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The detail-type: conversation.end, or a topic of Genesys Cloud such as customer.end
    #[arg(value_name = "TYPE")]
    kind: String,
    /// The queue, by name or id; the name is looked up in the org that the server knows
    #[arg(long, value_name = "NAME|ID")]
    queue: Option<String>,
    /// Number of events
    #[arg(long = "n", visible_alias = "limit", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    count: u64,
    /// Set a member of the detail: wrapUpCode=Resolved, routing.queueId=...; JSON or text; may be repeated
    #[arg(long, value_name = "PATH=VALUE", value_parser = setting)]
    set: Vec<Setting>,
    /// The event bus
    #[arg(long, value_name = "NAME", default_value = "default")]
    bus: String,
    /// Print the events, one per line, and put nothing on the bus
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    at: At,
}

/// A member of the detail and its value.
#[derive(Clone, Debug)]
struct Setting {
    path: String,
    value: Value,
}

fn setting(text: &str) -> Result<Setting, String> {
    let (path, value) = text.split_once('=').ok_or("write it like wrapUpCode=Resolved")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok(Setting { path: path.to_owned(), value })
}

/// Exit status 0 where all events were accepted.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let topic = topic_of(&arguments.kind)?;
    let remote = Remote::open(&arguments.at.endpoint)?;
    let queue = match &arguments.queue {
        Some(named) => Some(org_queue(&remote, named)?),
        None => None,
    };
    let ids = aws::Ids::from_seed(u128::from(seed()));
    let (mut left, mut matched) = (arguments.count, 0_u64);
    while left > 0 {
        let some = left.min(ENTRIES_MAX);
        left -= some;
        let entries: Vec<Value> =
            (0..some).map(|_| arguments.entry(topic, queue.as_ref(), &ids.next_uuid())).collect();
        if arguments.dry_run {
            entries.into_iter().for_each(output::json);
            continue;
        }
        let answer = remote.ask(Request::events("PutEvents", json!({"Entries": entries})))?;
        if let Some(refused) =
            items(&answer, "Entries").iter().find(|entry| !text(entry, "ErrorCode").is_empty())
        {
            return Err(format!("{}: {}", text(refused, "ErrorCode"), text(refused, "ErrorMessage")));
        }
        matched += some;
        if arguments.at.json {
            items(&answer, "Entries").iter().for_each(|entry| {
                output::json(json!({"id": text(entry, "EventId"), "detailType": topic.name()}));
            });
        }
    }
    if !arguments.at.json && !arguments.dry_run {
        output::line(format_args!("{matched} events {} put on the bus {}", topic.name(), arguments.bus));
    }
    Ok(ExitCode::SUCCESS)
}

/// The topic with this name or short name.
fn topic_of(kind: &str) -> Result<&'static Topic, String> {
    let by_short = || catalogue::topics().iter().find(|topic| topic.short_name() == kind);
    catalogue::topic(kind).or_else(by_short).ok_or_else(|| {
        let derived: Vec<&str> = catalogue::topics()
            .iter()
            .filter(|topic| topic.origin() == Origin::Derived)
            .map(Topic::name)
            .collect();
        let near = catalogue::nearest_topic(kind).map(|near| format!("did you mean {}? ", near.name()));
        format!(
            "no event has the detail-type {kind}; {}Trunkline derives {}",
            near.unwrap_or_default(),
            derived.join(", ")
        )
    })
}

fn org_queue(remote: &Remote, named: &str) -> Result<OrgQueue, String> {
    let answer = remote.ask(Request::trunkline("ListNames", json!({})))?;
    let names = answer.get("Names").and_then(Value::as_object);
    let mut names = names.into_iter().flatten();
    if Uuid::parse(named).is_some() {
        let name = names.find(|(id, _)| *id == named).and_then(|(_, name)| name.as_str()).map(str::to_owned);
        return Ok(OrgQueue { id: named.to_owned(), name });
    }
    let found = names.find(|(_, name)| name.as_str().is_some_and(|name| name.eq_ignore_ascii_case(named)));
    let (id, name) = found.ok_or_else(|| {
        format!("the server knows no queue {named}; name it by its id, or start the server with an org that has it")
    })?;
    Ok(OrgQueue { id: id.clone(), name: name.as_str().map(str::to_owned) })
}

impl Arguments {
    /// An entry of PutEvents with a conversation of its own.
    fn entry(&self, topic: &Topic, queue: Option<&OrgQueue>, conversation: &str) -> Value {
        let mut made = entry(topic, queue, conversation);
        for Setting { path, value } in &self.set {
            set(&mut made.detail, path, value.clone());
        }
        json!({
            "Source": made.source, "DetailType": topic.name(), "Detail": made.detail.to_string(), "EventBusName": self.bus,
        })
    }
}

/// Sets the member at a dotted path, with the objects on the way.
fn set(value: &mut Value, path: &str, new: Value) {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Some(members) = value.as_object_mut() else { return };
    match rest {
        None => drop(members.insert(key.to_owned(), new)),
        Some(rest) => set(members.entry(key.to_owned()).or_insert_with(|| json!({})), rest, new),
    }
}

/// Different at each start: two triggers are never the same conversations.
fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{set, setting, topic_of};

    #[test]
    fn a_member_is_set_and_a_topic_is_found_by_its_short_name() {
        let mut detail = json!({"routing": {"queueId": "q-1"}});
        let set_one = setting("routing.queueId=7").unwrap();
        set(&mut detail, &set_one.path, set_one.value);
        assert_eq!(detail["routing"]["queueId"], 7);
        assert_eq!(topic_of("customer.end").unwrap().short_name(), "customer.end");
        assert!(topic_of("conversation.ende").unwrap_err().contains("conversation.end"));
    }
}
