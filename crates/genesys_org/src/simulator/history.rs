//! The simulated org's history of its conversations, from which analytics answers, whatever trouble did to the events.
//!
//! [`super::Simulator::history`] gives a handle that can be asked from another thread while the simulation runs:
//! [`History::conversation`] by id and [`History::between`] by interval. The org itself (queues, users, divisions, skills) is
//! [`super::Simulator::org`]. A record grows while its conversation goes on; open parts have no end yet.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws::Uuid;

use super::conversation::{Addresses, Kind, Leg, Wire};

/// One conversation, as in an analytics details record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRecord {
    /// Its id, as events carry it.
    pub id: Uuid,
    /// What arrived.
    pub kind: Kind,
    /// `INBOUND` or `OUTBOUND`.
    pub direction: &'static str,
    /// The division that it belongs to.
    pub division: Uuid,
    /// The external contact, where the customer is known.
    pub contact: Option<Uuid>,
    /// When it began, milliseconds since 1970.
    pub start_ms: u64,
    /// When its last session ended; `None` while one goes on. A thread that opens again has none again. After-call work counts
    /// for nothing here, as in the real thing.
    pub end_ms: Option<u64>,
    /// The participants, in the order of their arrival.
    pub participants: Vec<ParticipantRecord>,
}

/// Somebody, a flow or a queue in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantRecord {
    /// Its id, as events carry it.
    pub id: Uuid,
    /// Its purpose.
    pub purpose: Purpose,
    /// The agent, where it is one.
    pub user: Option<Uuid>,
    /// Its sessions, in the order of their beginning.
    pub sessions: Vec<SessionRecord>,
}

/// One session of a participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id, as events carry it.
    pub id: Uuid,
    /// `VOICE`, `CALLBACK`, `CHAT`, `MESSAGE`, `EMAIL`: spelled as in detail events.
    pub media: &'static str,
    /// `INBOUND` or `OUTBOUND`.
    pub direction: &'static str,
    /// The provider: `Edge`, `PureCloud Email`.
    pub provider: &'static str,
    /// The addresses, one of each pair empty where the medium has none: `tel:+...`, an email address, a name.
    pub address_from: String,
    /// See [`SessionRecord::address_from`].
    pub address_to: String,
    /// The flow that it runs, of an IVR, a bot or a queue.
    pub flow: Option<FlowRecord>,
    /// Of a queue: how the customer left it, `ANSWERED`, `ABANDON` or `FLOW_OUT`.
    pub acd_outcome: Option<&'static str>,
    /// Its parts, in the order of their beginning.
    pub segments: Vec<SegmentRecord>,
    /// Its metrics, in the order in which they were measured.
    pub metrics: Vec<MetricRecord>,
}

/// The flow of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowRecord {
    /// Its id.
    pub id: Uuid,
    /// `INBOUNDCALL`, `INQUEUECALL`.
    pub flow_type: &'static str,
    /// Why it was left: `TRANSFER`, `DISCONNECT`; empty while it runs.
    pub exit_reason: &'static str,
    /// Where to: `ACD`, `ACD_VOICEMAIL`, `USER`; empty where nowhere.
    pub transfer_type: &'static str,
}

/// One part of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRecord {
    /// What happened in it.
    pub segment_type: SegmentType,
    /// From when on, milliseconds since 1970.
    pub from_ms: u64,
    /// Until when; `None` while it goes on.
    pub to_ms: Option<u64>,
    /// The queue, where one is concerned.
    pub queue: Option<Uuid>,
    /// How it ended, spelled as in detail events (`CONSULT_TRANSFER`), where it was the last of its session.
    pub disconnect_type: Option<&'static str>,
    /// Of a wrap-up: the code, a UUID or `ININ-WRAP-UP-TIMEOUT`.
    pub wrap_up_code: Option<String>,
}

/// One thing that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricRecord {
    /// The vendor's name: `tTalk`, `nOffered`.
    pub name: &'static str,
    /// When it was known, milliseconds since 1970.
    pub at_ms: u64,
    /// Milliseconds for a `t`, a count for an `n`.
    pub value: u64,
}

/// The purpose of a participant, from the vendor's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The one who called, wrote, or was called.
    Customer,
    /// A flow before the queue, of a call.
    Ivr,
    /// A flow before the queue, of what is written.
    Workflow,
    /// A queue.
    Acd,
    /// An agent.
    Agent,
    /// A voicemail box.
    Voicemail,
}

impl Purpose {
    /// As analytics writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Ivr => "ivr",
            Self::Workflow => "workflow",
            Self::Acd => "acd",
            Self::Agent => "agent",
            Self::Voicemail => "voicemail",
        }
    }
}

/// The type of a segment, from the vendor's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentType {
    /// A flow has the customer.
    Ivr,
    /// An agent's client rings.
    Alert,
    /// An agent calls a customer.
    Dialing,
    /// They talk, or wait in a queue together with its music.
    Interact,
    /// On hold.
    Hold,
    /// Put aside.
    Parked,
    /// After-call work.
    Wrapup,
}

impl SegmentType {
    /// As analytics writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ivr => "ivr",
            Self::Alert => "alert",
            Self::Dialing => "dialing",
            Self::Interact => "interact",
            Self::Hold => "hold",
            Self::Parked => "parked",
            Self::Wrapup => "wrapup",
        }
    }

    /// The part that an agent's state of a detail event is; `None` for the end of all.
    pub(super) fn of_state(state: &str) -> Option<Self> {
        Some(match state {
            "ALERT" => Self::Alert,
            "DIALING" => Self::Dialing,
            "INTERACT" => Self::Interact,
            "HOLD" => Self::Hold,
            "PARKED" => Self::Parked,
            "WRAPUP" => Self::Wrapup,
            _ => return None,
        })
    }
}

/// A handle on the history; clones share it.
#[derive(Clone, Debug, Default)]
pub struct History(Arc<Mutex<Shelf>>);

#[derive(Debug, Default)]
struct Shelf {
    /// Maximum number of ended conversations that are kept; 0: nothing is recorded at all.
    keep: usize,
    records: BTreeMap<Uuid, ConversationRecord>,
    by_start: BTreeSet<(u64, Uuid)>,
    /// Over, oldest first.
    over: VecDeque<Uuid>,
}

impl History {
    pub(super) fn new(keep: usize) -> Self {
        Self(Arc::new(Mutex::new(Shelf { keep, ..Shelf::default() })))
    }

    /// The conversation of this id (any case), if it is remembered.
    pub fn conversation(&self, id: &str) -> Option<ConversationRecord> {
        self.shelf().records.get(&Uuid::parse(id)?).cloned()
    }

    /// The conversations with anything between the two moments (milliseconds since 1970, the second excluded), by their
    /// beginning: what analytics calls an interval.
    pub fn between(&self, from_ms: u64, to_ms: u64) -> Vec<ConversationRecord> {
        let shelf = self.shelf();
        let begun = shelf.by_start.iter().take_while(|(start_ms, _)| *start_ms < to_ms);
        let records = begun.filter_map(|(_, id)| shelf.records.get(id));
        records.filter(|record| record.last_ms().is_none_or(|last_ms| last_ms >= from_ms)).cloned().collect()
    }

    /// How many conversations are remembered.
    pub fn count(&self) -> usize {
        self.shelf().records.len()
    }

    pub(super) fn begin(&self, record: ConversationRecord) {
        let mut shelf = self.shelf();
        if shelf.keep == 0 || shelf.records.contains_key(&record.id) {
            return;
        }
        shelf.by_start.insert((record.start_ms, record.id));
        shelf.records.insert(record.id, record);
    }

    pub(super) fn edit(&self, id: Uuid, change: impl FnOnce(&mut ConversationRecord)) {
        if let Some(record) = self.shelf().records.get_mut(&id) {
            change(record);
        }
    }

    /// Nothing more happens to it: it stays until enough others have gone the same way.
    pub(super) fn over(&self, id: Uuid) {
        let mut shelf = self.shelf();
        if !shelf.records.contains_key(&id) {
            return;
        }
        shelf.over.push_back(id);
        if shelf.over.len() > shelf.keep
            && let Some(oldest) = shelf.over.pop_front()
            && let Some(record) = shelf.records.remove(&oldest)
        {
            shelf.by_start.remove(&(record.start_ms, oldest));
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // A panic elsewhere leaves at worst one record short of an event.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The facts of a session, for [`ConversationRecord::session`].
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionFacts<'a> {
    pub(super) leg: Leg,
    pub(super) purpose: Purpose,
    pub(super) user: Option<Uuid>,
    pub(super) wire: Wire,
    pub(super) addresses: &'a Addresses,
}

impl ConversationRecord {
    /// The last moment at which something happened; `None` while something goes on.
    pub fn last_ms(&self) -> Option<u64> {
        let segments = self.participants.iter().flat_map(|one| &one.sessions).flat_map(|one| &one.segments);
        segments.map(|segment| segment.to_ms).try_fold(self.end_ms?, |last, to_ms| Some(last.max(to_ms?)))
    }

    /// The queues that it went through, in order, each once.
    pub fn queues(&self) -> Vec<Uuid> {
        let mut found = Vec::new();
        let sessions = self.participants.iter().flat_map(|participant| &participant.sessions);
        for queue in sessions.flat_map(|session| &session.segments).filter_map(|segment| segment.queue) {
            if !found.contains(&queue) {
                found.push(queue);
            }
        }
        found
    }

    /// The session of a leg, made where it is new.
    pub(super) fn session(&mut self, of: SessionFacts<'_>) -> &mut SessionRecord {
        let participant = position_or_push(
            &mut self.participants,
            |one| one.id == of.leg.participant,
            || ParticipantRecord {
                id: of.leg.participant,
                purpose: of.purpose,
                user: of.user,
                sessions: Vec::new(),
            },
        );
        position_or_push(
            &mut participant.sessions,
            |one| one.id == of.leg.session,
            || SessionRecord {
                id: of.leg.session,
                media: of.wire.media,
                direction: of.wire.direction,
                provider: of.wire.provider,
                address_from: of.addresses.from.clone(),
                address_to: of.addresses.to.clone(),
                flow: None,
                acd_outcome: None,
                segments: Vec::new(),
                metrics: Vec::new(),
            },
        )
    }

    /// The session of a leg that has been there.
    pub(super) fn session_of(&mut self, leg: Leg) -> Option<&mut SessionRecord> {
        let participant = self.participants.iter_mut().find(|one| one.id == leg.participant)?;
        participant.sessions.iter_mut().find(|one| one.id == leg.session)
    }

    /// Notes the end, if no session but after-call work is open any more, or that there is none.
    pub(super) fn note_end(&mut self, now_ms: u64) {
        let segments = self.participants.iter().flat_map(|one| &one.sessions).flat_map(|one| &one.segments);
        let mut people = segments.filter(|segment| segment.segment_type != SegmentType::Wrapup);
        let goes_on = people.any(|segment| segment.to_ms.is_none());
        self.end_ms = if goes_on { None } else { Some(self.end_ms.unwrap_or(now_ms)) };
    }
}

impl SessionRecord {
    /// The next part begins, and what was open ends.
    pub(super) fn begin(&mut self, segment_type: SegmentType, at_ms: u64, queue: Option<Uuid>) {
        self.close(at_ms);
        let segment = SegmentRecord {
            segment_type,
            from_ms: at_ms,
            to_ms: None,
            queue,
            disconnect_type: None,
            wrap_up_code: None,
        };
        self.segments.push(segment);
    }

    /// The session ends, but for after-call work.
    pub(super) fn end(&mut self, at_ms: u64, disconnect_type: &'static str) {
        self.close(at_ms);
        if let Some(last) = self.segments.last_mut() {
            last.disconnect_type = Some(disconnect_type);
        }
    }

    /// After-call work of this duration has ended now.
    pub(super) fn wrap_up(&mut self, at_ms: u64, duration_ms: u64, code: String) {
        let queue = self.segments.last().and_then(|segment| segment.queue);
        if self.segments.last().is_none_or(|last| last.to_ms.is_some()) {
            self.begin(SegmentType::Wrapup, at_ms.saturating_sub(duration_ms), queue);
        }
        self.close(at_ms);
        if let Some(last) = self.segments.last_mut() {
            last.wrap_up_code = Some(code);
        }
    }

    pub(super) fn close(&mut self, at_ms: u64) {
        if let Some(open) = self.segments.last_mut().filter(|segment| segment.to_ms.is_none()) {
            open.to_ms = Some(at_ms.max(open.from_ms));
        }
    }
}

fn position_or_push<T>(list: &mut Vec<T>, is_it: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> &mut T {
    let at = list.iter().position(is_it).unwrap_or_else(|| {
        list.push(make());
        list.len() - 1
    });
    // INVARIANT: found, or just pushed.
    #[expect(
        clippy::indexing_slicing,
        reason = "the position was found in this list, or is that of its last item"
    )]
    &mut list[at]
}
