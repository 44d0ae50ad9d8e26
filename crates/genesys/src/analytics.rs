//! A conversation as Genesys Cloud's analytics reports it: the details record, read from a real org and written by the simulated one.
//!
//! Only what Trunkline uses is here; whatever else a real record has is passed over. Enumerations are text, as they came.
//! Names and nesting: `AnalyticsConversation` and its parts in the vendor's SDKs.

pub mod spelling;
pub mod synthesis;

use serde::{Deserialize, Serialize};

/// One conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the fields are Genesys' own, by Genesys' names")]
pub struct Conversation {
    pub conversation_id: String,
    pub conversation_start: String,
    /// Absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originating_direction: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub division_ids: Vec<String>,
    pub participants: Vec<Participant>,
}

/// Somebody, a flow or a queue in a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the fields are Genesys' own, by Genesys' names")]
pub struct Participant {
    pub participant_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_name: Option<String>,
    pub purpose: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_contact_id: Option<String>,
    pub sessions: Vec<Session>,
}

/// One session of a participant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the fields are Genesys' own, by Genesys' names")]
pub struct Session {
    pub session_id: String,
    pub media_type: String,
    pub direction: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ani: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dnis: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<Flow>,
    pub segments: Vec<Segment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
}

/// The flow of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the fields are Genesys' own, by Genesys' names")]
pub struct Flow {
    pub flow_id: String,
    pub flow_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_type: Option<String>,
}

/// One part of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the fields are Genesys' own, by Genesys' names")]
pub struct Segment {
    pub segment_type: String,
    pub segment_start: String,
    /// Absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disconnect_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrap_up_code: Option<String>,
    /// Whether more than two people talked.
    pub conference: bool,
}

/// One thing that was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the fields are Genesys' own, by Genesys' names")]
pub struct Metric {
    pub name: String,
    pub value: i64,
    pub emit_date: String,
}

impl Session {
    /// Whether a metric of this name was measured.
    pub fn has_metric(&self, name: &str) -> bool {
        self.metrics.iter().any(|metric| metric.name == name)
    }
}
