//! The topic catalogue: every notification topic of Genesys Cloud, our derived events, and the fields that they carry.
//!
//! Facts, not rules: no field is ever required, and enums grow, so a listed value is known and one that is not listed is only
//! unknown. Paths are the dotted paths of a whole event as an event pattern names them (`detail.eventBody.queueId`); as in
//! patterns, an array is stepped through without being named.

mod advice;
mod file;
pub mod sample;

use std::sync::OnceLock;

pub use advice::{Advice, is_source, nearest_topic, origin_of, unsatisfiable};

use file::{Catalogue, Type};

/// How deep [`Topic::fields`] looks: deeper paths exist in a few conversation topics and are still found by [`Topic::field`].
const DEPTH_MAX: usize = 8;

/// Who sends a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Genesys Cloud: source `aws.partner/genesys.com/...`, the body under `detail.eventBody`.
    Genesys,
    /// Trunkline's own derivation: source `genesys.cloud`, the body is `detail` itself.
    Derived,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// An integer number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// ISO 8601 text.
    Time,
    /// An object with fields of its own.
    Object,
    /// Not described by the vendor: anything may be there and below.
    Any,
}

/// One field of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it holds; for an array, what each element holds.
    pub kind: Kind,
    /// Whether the value is an array of that.
    pub is_array: bool,
    /// The values known today, empty where the field is no enum. Enums are open.
    pub values: &'static [&'static str],
}

impl Field {
    /// The known value that `value` probably means: equal but for case, `-`, `_`, `.` and spaces (`consultTransfer` for
    /// `CONSULT_TRANSFER`). `None` when the value is known as it stands, or nothing is near.
    pub fn near_value(&self, value: &str) -> Option<&'static str> {
        if self.values.contains(&value) {
            return None;
        }
        let plain = |text: &str| {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
        };
        let wanted = plain(value);
        self.values.iter().copied().find(|known| plain(known) == wanted)
    }
}

/// One topic: the detail-type of an event, and what its events carry.
#[derive(Debug)]
pub struct Topic {
    name: &'static str,
    body: Type,
    origin: Origin,
    seen_on_event_bridge: bool,
}

/// A field, and where in an event it is.
#[derive(Clone, Debug)]
pub struct FieldAt {
    /// The dotted path from the event's outside, e.g. `detail.eventBody.queueId`.
    pub path: String,
    /// The field.
    pub field: Field,
}

impl Topic {
    /// The topic template, with the literal `{id}`: exactly the detail-type of its events.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The name people use: `customer.end` for `v2.detail.events.conversation.{id}.customer.end`, else the whole name.
    pub fn short_name(&self) -> &'static str {
        self.name.strip_prefix(advice::CONVERSATION_FAMILY).unwrap_or(self.name)
    }

    /// Who sends it.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether public samples show it on EventBridge. `false` means "not seen", not "not sent": which transports a topic has
    /// is only known to a running org.
    pub fn seen_on_event_bridge(&self) -> bool {
        self.seen_on_event_bridge
    }

    /// The field at a dotted path of the whole event, e.g. `detail.eventBody.queueId`; `None` where no such field is known.
    pub fn field(&self, path: &str) -> Option<Field> {
        self.field_at(&path.split('.').collect::<Vec<_>>())
    }

    /// As [`Topic::field`], for a path whose keys are already apart (a key may hold a dot: participant attributes do).
    pub fn field_at(&self, path: &[&str]) -> Option<Field> {
        let all = all();
        match (path, self.origin) {
            ([], _) => None,
            (["detail"], _) => Some(Field { kind: Kind::Object, is_array: false, values: &[] }),
            (["detail", "eventBody", inner @ ..], Origin::Genesys) => all.walk(&self.body, inner),
            (["detail", inner @ ..], Origin::Genesys) => all.walk(&Type::Shape(all.partner_detail), inner),
            (["detail", inner @ ..], Origin::Derived) => all.walk(&self.body, inner),
            (outer, _) => all.walk(&Type::Shape(all.envelope), outer),
        }
    }

    /// All fields of the body, depth first, as paths of the whole event; shapes that contain themselves are not unrolled, and
    /// nothing below eight levels is listed.
    pub fn fields(&self) -> Vec<FieldAt> {
        let mut found = Vec::new();
        let root = match self.origin {
            Origin::Genesys => "detail.eventBody",
            Origin::Derived => "detail",
        };
        all().collect(&self.body, root, &mut Vec::new(), &mut found);
        found
    }
}

/// All topics: Genesys Cloud's by name, then ours.
pub fn topics() -> &'static [Topic] {
    &all().topics
}

/// The topic of exactly this name, e.g. `v2.detail.events.conversation.{id}.customer.end` or `conversation.end`.
pub fn topic(template: &str) -> Option<&'static Topic> {
    topics().iter().find(|topic| topic.name == template)
}

/// The topic of a detail-type or of a concrete topic name (`v2.users.e40f...c96.presence`).
pub fn topic_of(name: &str) -> Option<&'static Topic> {
    topic(name).or_else(|| topics().iter().find(|topic| is_instance(name, topic.name)))
}

/// The topics that carry a field at this dotted path of the whole event.
pub fn topics_with_field(path: &str) -> Vec<&'static Topic> {
    topics().iter().filter(|topic| topic.field(path).is_some()).collect()
}

fn is_instance(name: &str, template: &str) -> bool {
    let (mut given, mut wanted) = (name.split('.'), template.split('.'));
    loop {
        match (given.next(), wanted.next()) {
            (None, None) => return true,
            (Some(id), Some("{id}")) if !id.is_empty() => {}
            (Some(word), Some(expected)) if word == expected => {}
            _ => return false,
        }
    }
}

fn all() -> &'static Catalogue {
    static ALL: OnceLock<Catalogue> = OnceLock::new();
    // INVARIANT: both files are part of this crate, and a test reads them to the last line; a broken one would know no topics.
    ALL.get_or_init(|| {
        file::read(&[include_str!("catalogue/topics.txt"), include_str!("catalogue/derived.txt")])
            .unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::{file, topic_of, topics};

    #[test]
    fn both_files_are_read_to_the_last_line() {
        let files = [include_str!("catalogue/topics.txt"), include_str!("catalogue/derived.txt")];
        let read = file::read(&files).expect("the files of this crate follow their own notation");
        assert_eq!(read.topics.len(), topics().len());
        assert_eq!(read.topics.len(), 237 + 8);
        assert!(files[0].len() < 300_000, "the generated file stays small: {} bytes", files[0].len());
    }

    #[test]
    fn a_concrete_name_finds_its_template() {
        let found =
            topic_of("v2.users.e40f28ea-fa86-493f-a5b8-d559c8533c96.presence").map(super::Topic::name);
        assert_eq!(found, Some("v2.users.{id}.presence"));
        assert!(topic_of("v2.users.e40f28ea-fa86-493f-a5b8-d559c8533c96.presense").is_none());
    }
}
