//! The topics that the simulated org publishes.

/// A topic with one id in its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Topic {
    /// With the literal `{id}`: the detail-type.
    pub(super) template: &'static str,
    pub(super) before_id: &'static str,
    pub(super) after_id: &'static str,
}

macro_rules! topic {
    ($before:literal, $after:literal) => {
        Topic { template: concat!($before, "{id}", $after), before_id: $before, after_id: $after }
    };
}

macro_rules! conversation {
    ($suffix:literal) => {
        topic!("v2.detail.events.conversation.", $suffix)
    };
}

pub(super) const CUSTOMER_START: Topic = conversation!(".customer.start");
pub(super) const CUSTOMER_END: Topic = conversation!(".customer.end");
pub(super) const CONTACT: Topic = conversation!(".contact");
pub(super) const FLOW_START: Topic = conversation!(".flow.start");
pub(super) const FLOW_OUTCOME: Topic = conversation!(".flow.outcome");
pub(super) const FLOW_END: Topic = conversation!(".flow.end");
pub(super) const ACD_START: Topic = conversation!(".acd.start");
pub(super) const ACD_END: Topic = conversation!(".acd.end");
pub(super) const USER_START: Topic = conversation!(".user.start");
pub(super) const USER_END: Topic = conversation!(".user.end");
pub(super) const ACW: Topic = conversation!(".acw");
pub(super) const WRAPUP: Topic = conversation!(".wrapup");
pub(super) const OUTBOUND: Topic = conversation!(".outbound");
pub(super) const VOICEMAIL_START: Topic = conversation!(".voicemail.start");
pub(super) const VOICEMAIL_END: Topic = conversation!(".voicemail.end");
pub(super) const ATTRIBUTES: Topic = conversation!(".attributes");
pub(super) const CHAT_OF_TWO: Topic = topic!("v2.detail.events.collaboratechat.adhoc.", ".messages");
pub(super) const CHAT_OF_GROUP: Topic = topic!("v2.detail.events.collaboratechat.group.", ".messages");
pub(super) const AGENT_STATE: Topic = topic!("v2.detail.events.agent.", ".state");
pub(super) const CONVERSATION_METRICS: Topic = topic!("v2.analytics.conversation.", ".metrics");
/// Its first id is a word, the same for all that the org audits here: the entity type.
pub(super) const PRESENCE_AUDIT: Topic = Topic {
    template: "v2.audits.entitytype.{id}.entityid.{id}",
    before_id: "v2.audits.entitytype.UserPresence.entityid.",
    after_id: "",
};
pub(super) const USER_ACTIVITY: Topic = topic!("v2.users.", ".activity");
pub(super) const USER_PRESENCE: Topic = topic!("v2.users.", ".presence");
pub(super) const USER_ROUTING_STATUS: Topic = topic!("v2.users.", ".routingStatus");
