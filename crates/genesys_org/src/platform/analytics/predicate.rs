//! Filters of a details query: `and` or `or` over predicates and clauses of predicates.

use genesys::analytics::{Conversation, Participant, Segment, Session};
use genesys::platform::response::ApiError;
use serde::Deserialize;

/// A filter, or a clause within one.
#[derive(Debug, Deserialize)]
pub(super) struct Filter {
    #[serde(rename = "type", default)]
    combine: Combine,
    #[serde(default)]
    clauses: Vec<Filter>,
    #[serde(default)]
    predicates: Vec<Predicate>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Combine {
    #[default]
    And,
    Or,
}

#[derive(Debug, Deserialize)]
struct Predicate {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    dimension: String,
    #[serde(default)]
    operator: Operator,
    value: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Operator {
    #[default]
    Matches,
    Exists,
    NotExists,
}

/// What a predicate is applied to: a conversation, and a segment of it where segments are filtered.
#[derive(Clone, Copy)]
struct Subject<'a> {
    conversation: &'a Conversation,
    part: Option<Part<'a>>,
}

/// A segment with its session and participant.
#[derive(Clone, Copy)]
struct Part<'a> {
    participant: &'a Participant,
    session: &'a Session,
    segment: &'a Segment,
}

/// Supported dimensions, those of the conversation first.
const DIMENSIONS: [&str; 22] = [
    "conversationId",
    "conversationStart",
    "conversationEnd",
    "originatingDirection",
    "divisionId",
    "participantId",
    "purpose",
    "userId",
    "externalContactId",
    "sessionId",
    "mediaType",
    "direction",
    "provider",
    "ani",
    "dnis",
    "flowId",
    "flowType",
    "exitReason",
    "segmentType",
    "queueId",
    "disconnectType",
    "wrapUpCode",
];
const OF_CONVERSATION: usize = 5;

impl Filter {
    /// Whether all of it is supported.
    ///
    /// # Errors
    /// 400 with what is not.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        for predicate in &self.predicates {
            let kind = predicate.kind.as_deref().unwrap_or("dimension");
            if kind != "dimension" || !DIMENSIONS.contains(&predicate.dimension.as_str()) {
                return Err(ApiError::bad_request(format!(
                    "The simulated org cannot filter by {kind} '{}'; it supports the dimensions {}.",
                    predicate.dimension,
                    DIMENSIONS.join(", ")
                )));
            }
            if matches!(predicate.operator, Operator::Matches) && predicate.value.is_none() {
                return Err(ApiError::bad_request(format!(
                    "The predicate on '{}' has no value to match.",
                    predicate.dimension
                )));
            }
        }
        self.clauses.iter().try_for_each(Self::check)
    }

    /// Whether the conversation as a whole fits. A dimension of segments fits where one of them does.
    pub(super) fn fits_conversation(&self, conversation: &Conversation) -> bool {
        self.fits(&|predicate| {
            let is_whole =
                DIMENSIONS.iter().take(OF_CONVERSATION).any(|dimension| *dimension == predicate.dimension);
            if is_whole {
                return predicate.fits(Subject { conversation, part: None });
            }
            let has =
                parts(conversation).any(|part| predicate.fits(Subject { conversation, part: Some(part) }));
            has || (matches!(predicate.operator, Operator::NotExists) && parts(conversation).next().is_none())
        })
    }

    fn fits(&self, judge: &impl Fn(&Predicate) -> bool) -> bool {
        let mut answers =
            self.predicates.iter().map(judge).chain(self.clauses.iter().map(|clause| clause.fits(judge)));
        match self.combine {
            Combine::And => answers.all(|fits| fits),
            Combine::Or => answers.any(|fits| fits),
        }
    }
}

/// Whether one segment of the conversation fits all of these filters; true where there are no filters.
pub(super) fn fits_segments(filters: &[Filter], conversation: &Conversation) -> bool {
    filters.is_empty()
        || parts(conversation).any(|part| {
            let subject = Subject { conversation, part: Some(part) };
            filters.iter().all(|filter| filter.fits(&|predicate| predicate.fits(subject)))
        })
}

fn parts(conversation: &Conversation) -> impl Iterator<Item = Part<'_>> {
    conversation.participants.iter().flat_map(|participant| {
        participant.sessions.iter().flat_map(move |session| {
            session.segments.iter().map(move |segment| Part { participant, session, segment })
        })
    })
}

impl Predicate {
    fn fits(&self, subject: Subject<'_>) -> bool {
        let found = subject.value(&self.dimension);
        match self.operator {
            Operator::Exists => found.is_some(),
            Operator::NotExists => found.is_none(),
            Operator::Matches => match (found, &self.value) {
                (Some(found), Some(value)) => found.eq_ignore_ascii_case(value),
                _ => false,
            },
        }
    }
}

impl<'a> Subject<'a> {
    fn value(self, dimension: &str) -> Option<&'a str> {
        let conversation = self.conversation;
        match dimension {
            "conversationId" => return Some(&conversation.conversation_id),
            "conversationStart" => return Some(&conversation.conversation_start),
            "conversationEnd" => return conversation.conversation_end.as_deref(),
            "originatingDirection" => return conversation.originating_direction.as_deref(),
            "divisionId" => return conversation.division_ids.first().map(String::as_str),
            _ => {}
        }
        let Part { participant, session, segment } = self.part?;
        let flow = session.flow.as_ref();
        match dimension {
            "participantId" => Some(&participant.participant_id),
            "purpose" => Some(&participant.purpose),
            "userId" => participant.user_id.as_deref(),
            "externalContactId" => participant.external_contact_id.as_deref(),
            "sessionId" => Some(&session.session_id),
            "mediaType" => Some(&session.media_type),
            "direction" => Some(&session.direction),
            "provider" => session.provider.as_deref(),
            "ani" => session.ani.as_deref(),
            "dnis" => session.dnis.as_deref(),
            "flowId" => flow.map(|flow| flow.flow_id.as_str()),
            "flowType" => flow.map(|flow| flow.flow_type.as_str()),
            "exitReason" => flow.and_then(|flow| flow.exit_reason.as_deref()),
            "segmentType" => Some(&segment.segment_type),
            "queueId" => segment.queue_id.as_deref(),
            "disconnectType" => segment.disconnect_type.as_deref(),
            "wrapUpCode" => segment.wrap_up_code.as_deref(),
            _ => None,
        }
    }
}
