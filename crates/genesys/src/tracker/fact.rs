//! A fact: the content of one detail event, in 48 bytes.

use std::cmp::Ordering;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::envelope::detail::{DetailEvent, DetailKind};
use crate::tracker::symbol::{Ref, Symbols};

/// The event that follows from this fact alone has been published.
pub(super) const TOLD_ALONE: u8 = 1;
/// The events that follow from it and its neighbours have been published, or there are none.
pub(super) const TOLD_JOINED: u8 = 2;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fact {
    pub(super) kind: DetailKind,
    pub(super) told: u8,
    pub(super) at_ms: u64,
    pub(super) session: Ref,
    pub(super) participant: Ref,
    /// The agent; of an acd.end: the one who answered.
    pub(super) user: Ref,
    pub(super) queue: Ref,
    pub(super) media: Ref,
    pub(super) direction: Ref,
    /// The disconnect type; of a wrap-up: its code.
    pub(super) note: Ref,
    /// Of an acd.end: its outcome; of a flow: its type.
    pub(super) sort: Ref,
    /// Of a user.end: talk, hold, alert and the rest before them; of others the one duration they have. 0 is absent.
    /// A duration above 49 days counts as 49 days.
    pub(super) ms: [u32; 4],
}

impl Fact {
    /// The fact in an event, or `None` where the tracker has no use for it.
    pub(super) fn new(event: &DetailEvent, symbols: &mut Symbols) -> Option<Self> {
        let body = &event.body;
        let (note, sort, user) = match event.kind {
            DetailKind::FlowOutcome | DetailKind::Outbound | DetailKind::Contact | DetailKind::Attributes => {
                return None;
            }
            DetailKind::Acw | DetailKind::Wrapup => (&body.wrapup_code, &None, &body.user_id),
            DetailKind::AcdEnd => (&body.disconnect_type, &body.acd_outcome, &body.answered_user_id),
            DetailKind::FlowStart | DetailKind::FlowEnd => {
                (&body.disconnect_type, &body.flow_type, &body.user_id)
            }
            _ => (&body.disconnect_type, &None, &body.user_id),
        };
        Some(Self {
            kind: event.kind,
            told: 0,
            at_ms: event.event_time_ms,
            session: symbols.intern(body.session_id.as_deref()),
            participant: symbols.intern(body.participant_id.as_deref()),
            user: symbols.intern(user.as_deref()),
            queue: symbols.intern(body.queue_id.as_deref()),
            media: symbols.intern(body.media_type.as_deref()),
            direction: symbols.intern(body.direction.as_deref()),
            note: symbols.intern(note.as_deref()),
            sort: symbols.intern(sort.as_deref()),
            ms: durations(event),
        })
    }

    pub(super) fn is_wrap_up(&self) -> bool {
        matches!(self.kind, DetailKind::Acw | DetailKind::Wrapup)
    }

    /// Whether two facts are one by the semantic key: then the greater content stands, whichever came first.
    pub(super) fn same_key(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.at_ms == other.at_ms
            && self.session == other.session
            && self.participant == other.participant
            && (!self.is_wrap_up() || (self.note == other.note && self.user == other.user))
    }

    /// An order by content, not by the positions of symbols (those depend on arrival).
    pub(super) fn cmp_content(&self, other: &Self, symbols: &Symbols) -> Ordering {
        let content = |fact: &Self| {
            (fact.at_ms, fact.kind, fact.ms, fact.refs().map(|at| symbols.or_empty(at).into_owned()))
        };
        (self.at_ms, self.kind)
            .cmp(&(other.at_ms, other.kind))
            .then_with(|| content(self).cmp(&content(other)))
    }

    pub(super) fn refs(&self) -> [Ref; 8] {
        [
            self.session,
            self.participant,
            self.user,
            self.queue,
            self.media,
            self.direction,
            self.note,
            self.sort,
        ]
    }

    /// The same fact over another symbol table.
    pub(super) fn moved(&self, from: &Symbols, to: &mut Symbols) -> Self {
        let mut move_word = |at: Ref| to.intern(from.text(at).as_deref());
        Self {
            session: move_word(self.session),
            participant: move_word(self.participant),
            user: move_word(self.user),
            queue: move_word(self.queue),
            media: move_word(self.media),
            direction: move_word(self.direction),
            note: move_word(self.note),
            sort: move_word(self.sort),
            ..self.clone()
        }
    }

    /// What remains of a fact after its episode has ended: the first 8 bytes of the MD5 of its key.
    pub(super) fn hash(&self, symbols: &Symbols) -> u64 {
        let wrap_up = if self.is_wrap_up() { [self.note, self.user] } else { [Ref::NONE; 2] };
        let mut digest = Md5::new();
        digest.update(self.kind.suffix().as_bytes());
        digest.update(self.at_ms.to_be_bytes());
        for at in [self.session, self.participant].into_iter().chain(wrap_up) {
            digest.update([0]);
            digest.update(symbols.or_empty(at).as_bytes());
        }
        digest.finalize().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
    }
}

fn durations(event: &DetailEvent) -> [u32; 4] {
    let body = &event.body;
    let ms = |value: Option<u64>| u32::try_from(value.unwrap_or_default()).unwrap_or(u32::MAX);
    match event.kind {
        DetailKind::UserEnd => [
            ms(body.interacting_duration_ms),
            ms(body.held_duration_ms),
            ms(body.alerting_duration_ms),
            ms(body.contacting_duration_ms)
                .saturating_add(ms(body.dialing_duration_ms))
                .saturating_add(ms(body.callback_duration_ms)),
        ],
        DetailKind::CustomerEnd => [ms(body.interacting_duration_ms), 0, 0, 0],
        DetailKind::FlowEnd | DetailKind::AcdEnd => [ms(body.connected_duration_ms), 0, 0, 0],
        DetailKind::VoicemailEnd => [ms(body.voicemail_duration_ms), 0, 0, 0],
        DetailKind::Acw | DetailKind::Wrapup => [ms(body.wrapup_duration_ms), 0, 0, 0],
        _ => [0; 4],
    }
}
