//! Topics: the concrete name that Genesys sends, the template that rules match, and the ids between them.

use std::fmt;

/// What stands in a template where a name has an id.
const HOLE: &str = "{id}";

/// Families whose id is the next segment, whatever it looks like (real ids are UUIDs, test fixtures' are not, and an
/// audit's entity type is a word).
const FAMILIES: [&str; 6] = [
    "v2.detail.events.conversation",
    "v2.detail.events.agent",
    "v2.users",
    "v2.routing.queues",
    "v2.audits.entitytype",
    "v2.audits.entitytype.{id}.entityid",
];

/// A topic: `v2.detail.events.conversation.{id}.acd.end`, and the ids that fill its holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    template: String,
    ids: Vec<String>,
}

impl Topic {
    /// Reads a concrete name. A segment is an id if it is a UUID, or follows a family that is known to have one.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let mut template = String::with_capacity(name.len());
        let mut ids = Vec::new();
        for (at, segment) in name.split('.').enumerate() {
            let is_id = is_uuid(segment) || FAMILIES.contains(&template.as_str());
            if at > 0 {
                template.push('.');
            }
            if is_id && segment != HOLE {
                template.push_str(HOLE);
                ids.push(segment.to_owned());
            } else {
                template.push_str(segment);
            }
        }
        Self { template, ids }
    }

    /// Takes the template as given (it is what EventBridge's rules match) and the ids from the name beside it. Where
    /// the name does not fit the template, there are no ids.
    #[must_use]
    pub fn aligned(template: &str, name: &str) -> Self {
        let mut ids = Vec::new();
        let mut names = name.split('.');
        let fits = template.split('.').all(|part| match names.next() {
            Some(segment) if part == HOLE => {
                ids.push(segment.to_owned());
                true
            }
            Some(segment) => segment == part,
            None => false,
        });
        if !fits || names.next().is_some() {
            ids.clear();
        }
        Self { template: template.to_owned(), ids }
    }

    /// The template, which is also the `detail-type` on EventBridge.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The ids, left to right.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The first id: the conversation, the user, the queue.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.ids.first().map(String::as_str)
    }
}

/// Back to the concrete name; a hole without an id stays a hole.
impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ids = self.ids.iter();
        for (at, part) in self.template.split('.').enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            let id = if part == HOLE { ids.next() } else { None };
            f.write_str(id.map_or(part, String::as_str))?;
        }
        Ok(())
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::Topic;

    #[test]
    fn a_name_becomes_its_template_and_comes_back() {
        let uuid = "2f7bf00a-0fc2-4d6a-9b56-92238191433e";
        for (name, template, ids) in [
            (
                format!("v2.detail.events.conversation.{uuid}.acd.end"),
                "v2.detail.events.conversation.{id}.acd.end",
                1,
            ),
            (
                "v2.detail.events.conversation.test-conversation-id.acw".to_owned(),
                "v2.detail.events.conversation.{id}.acw",
                1,
            ),
            (format!("v2.users.{uuid}.routingStatus"), "v2.users.{id}.routingStatus", 1),
            (
                format!("v2.audits.entitytype.OAuthClient.entityid.{uuid}"),
                "v2.audits.entitytype.{id}.entityid.{id}",
                2,
            ),
            ("channel.metadata".to_owned(), "channel.metadata", 0),
            ("v2.system.socket_closing".to_owned(), "v2.system.socket_closing", 0),
        ] {
            let topic = Topic::from_name(&name);
            assert_eq!(topic.template(), template);
            assert_eq!(topic.ids().len(), ids, "{name}");
            assert_eq!(topic.to_string(), name);
            assert_eq!(Topic::aligned(template, &name), topic);
        }
    }

    #[test]
    fn a_name_that_does_not_fit_its_template_gives_no_ids() {
        let topic = Topic::aligned(
            "v2.detail.events.conversation.{id}.attributes",
            "v2.conversations.test.attributes",
        );
        assert_eq!(topic.id(), None);
        assert_eq!(topic.to_string(), "v2.detail.events.conversation.{id}.attributes");
    }
}
