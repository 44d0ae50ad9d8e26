//! The simulated Genesys Cloud org: conversations of agents and customers, as the detail events that a real org publishes.
//!
//! A function of its configuration, to the byte: no clock is read and no random source but the seed. Time is simulated;
//! whoever drives it maps [`SimulatedEvent::due_ms`] to the wall clock (twenty simulated seconds a second suit a person who
//! watches). A discrete-event simulation: an agenda of steps, agents as a limited resource, and an outbox in which events wait
//! for their delivery.

mod agents;
mod colleagues;
mod config;
mod conversation;
mod events;
mod handling;
pub mod history;
mod ids;
mod metrics;
mod opening;
mod org;
mod outbox;
pub mod parameters;
mod party;
mod queueing;
mod random;
mod record;
mod topics;
pub mod trouble;
mod workforce;
mod writer;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

pub use config::{Config, Families, LoadCurve, Opening};
pub use conversation::Kind;
pub use org::{Entity, Org, User, WRAP_UP_TIMEOUT};
pub use outbox::SimulatedEvent;
pub use random::Lognormal;
pub use trouble::Trouble;

use agents::{Agents, Load};
use conversation::Conversation;
use events::{FlowExit, FlowFacts};
use history::History;
use outbox::Outbox;
use random::Dice;
use workforce::Face;

/// Share of the conversations, and of the agents, of the first queue; each next queue gets as much of the rest.
const QUEUE_SHARE: f64 = 0.5;

/// A step on the agenda. The number is a conversation's slot, or an agent's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Arrive,
    Begin(usize),
    Attributes(usize),
    FlowEnd(usize),
    NotReached(usize),
    Enqueue(usize),
    Offer(usize, u64),
    Abandon(usize, u64),
    FlowOut(usize, u64),
    VoicemailEnd(usize),
    Missed(usize, usize),
    MissedAcw(usize, usize),
    Answer(usize, usize),
    Dialed(usize, usize),
    HoldStart(usize, usize),
    HoldEnd(usize, usize),
    Park(usize, usize),
    Transfer(usize, usize),
    Consult(usize, usize),
    ConsultAnswer(usize, usize),
    ConsultDone(usize, usize),
    TalkEnd(usize, usize),
    Wrapped(usize, usize, Wrap),
    Reopen(usize),
    SignIn(usize),
    SignOff(usize),
    Recover(usize),
    BreakDue(usize),
    BreakEnd(usize),
    ColleagueWrites,
}

/// The after-call work of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wrap {
    duration_ms: u64,
    code: WrapCode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum WrapCode {
    /// Position in the org's wrap-up codes.
    Chosen(usize),
    TimedOut,
}

/// One entry of a queue's line; void once the conversation's current entry is another.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    slot: usize,
    entry: u64,
    since_ms: u64,
}

/// The running simulation: an iterator over events in the order of their delivery.
#[derive(Debug)]
pub struct Simulator {
    config: Config,
    org: Org,
    /// Decides what happens.
    dice: Dice,
    /// Ids and delays, apart from the decisions.
    noise: Dice,
    agenda: BinaryHeap<Reverse<(u64, u64, Step)>>,
    sequence: u64,
    now_ms: u64,
    conversations: Vec<Option<Conversation>>,
    free_slots: Vec<usize>,
    agents: Agents,
    faces: Vec<Face>,
    /// By queue: those who wait for an agent of their own, and those who may share one.
    lines: Vec<[VecDeque<Waiting>; 2]>,
    outbox: Outbox,
    history: History,
    arrival_mean_ms: f64,
    begun: u64,
}

impl Simulator {
    /// An org about to begin its day. No queue or no agent named means one, since an org without either has no conversations.
    pub fn new(config: Config) -> Self {
        let mut config = config;
        if config.queues.is_empty() {
            config.queues.push("Support".to_owned());
        }
        config.agents = config.agents.max(1);
        let org = Org::new(config.seed, &config.queues, config.agents)
            .renamed(config.org_id, &config.source_suffix);
        // One number for start and run: they only have to make another stream than any other run's.
        let salt = config.start_ms ^ config.run.rotate_left(44);
        let mut simulator = Self {
            dice: Dice::new(config.seed, 1, salt),
            noise: Dice::new(config.seed, 2, salt),
            agenda: BinaryHeap::new(),
            sequence: 0,
            now_ms: config.start_ms,
            conversations: Vec::new(),
            free_slots: Vec::new(),
            agents: Agents::new(&org.users, org.queues.len()),
            faces: Vec::new(),
            lines: org.queues.iter().map(|_| [VecDeque::new(), VecDeque::new()]).collect(),
            outbox: Outbox::new(config.trouble, config.start_ms, Dice::new(config.seed, 3, salt)),
            history: History::new(config.history),
            arrival_mean_ms: opening::arrival_mean_ms(config.agents, config.load),
            begun: 0,
            org,
            config,
        };
        simulator.open();
        simulator
    }

    /// The org: its id, queues, agents and wrap-up codes.
    pub fn org(&self) -> &Org {
        &self.org
    }

    /// The conversations so far, for an analytics API; it can be read while the simulation runs.
    pub fn history(&self) -> History {
        self.history.clone()
    }

    /// How many conversations have begun.
    pub fn conversations_begun(&self) -> u64 {
        self.begun
    }

    /// The next event in the order of delivery; `None` once `until_ms` has passed and everything has been delivered.
    pub fn next_event(&mut self) -> Option<SimulatedEvent> {
        loop {
            // INVARIANT: a step publishes nothing that is due before the step itself, since publication takes longer than any
            // event is dated back. So what is due by the next step can be handed out.
            let next_step_ms = self.agenda.peek().map(|Reverse((due_ms, ..))| *due_ms);
            if let Some(event) = self.outbox.pop_due(next_step_ms.unwrap_or(u64::MAX)) {
                return Some(event);
            }
            let Reverse((due_ms, _, step)) = self.agenda.pop()?;
            self.now_ms = due_ms;
            self.perform(step);
        }
    }

    fn perform(&mut self, step: Step) {
        match step {
            Step::Arrive => self.arrive(),
            Step::SignIn(agent) => self.sign_in(agent),
            Step::SignOff(agent) => self.sign_off(agent),
            Step::Recover(agent) => self.recover(agent),
            Step::BreakDue(agent) => self.break_due(agent),
            Step::BreakEnd(agent) => self.break_end(agent),
            Step::ColleagueWrites => self.colleague_writes(),
            Step::Begin(slot) | Step::Reopen(slot) => self.begin(slot),
            Step::Attributes(slot) => self.say_attributes(slot),
            Step::FlowEnd(slot) => self.flow_end(slot),
            Step::NotReached(slot) => self.not_reached(slot),
            Step::Enqueue(slot) => self.enqueue(slot),
            Step::Offer(slot, entry) => self.offer(slot, entry),
            Step::Abandon(slot, entry) => self.abandon(slot, entry),
            Step::FlowOut(slot, entry) => self.flow_out(slot, entry),
            Step::VoicemailEnd(slot) => self.voicemail_end(slot),
            Step::Missed(slot, leg) => self.missed(slot, leg),
            Step::MissedAcw(slot, leg) => self.missed_acw(slot, leg),
            Step::Answer(slot, leg) => self.answer(slot, leg),
            Step::Dialed(slot, leg) => self.dialed(slot, leg),
            Step::HoldStart(slot, leg) => self.say_agent_state(slot, leg, "HOLD"),
            Step::HoldEnd(slot, leg) => self.say_agent_state(slot, leg, "INTERACT"),
            Step::Park(slot, leg) => self.park(slot, leg),
            Step::Transfer(slot, leg) => self.transfer(slot, leg),
            Step::Consult(slot, leg) => self.consult(slot, leg),
            Step::ConsultAnswer(slot, leg) => self.consult_answer(slot, leg),
            Step::ConsultDone(slot, leg) => self.consult_done(slot, leg),
            Step::TalkEnd(slot, leg) => self.talk_end(slot, leg),
            Step::Wrapped(slot, leg, wrap) => self.wrapped(slot, leg, wrap),
        }
        if let Some(slot) = step.slot() {
            self.step_done(slot);
        }
    }

    fn schedule(&mut self, after_ms: u64, step: Step) {
        if let Some(conversation) = step.slot().and_then(|slot| self.conversation_mut(slot)) {
            conversation.steps += 1;
        }
        self.sequence += 1;
        self.agenda.push(Reverse((self.now_ms + after_ms, self.sequence, step)));
    }

    /// Forgets the conversation when nothing more can happen to it.
    fn step_done(&mut self, slot: usize) {
        let Some(conversation) = self.conversation_mut(slot) else { return };
        conversation.steps = conversation.steps.saturating_sub(1);
        let is_forgotten = conversation.steps == 0 && !conversation.is_waiting;
        if let Some(place) = self.conversations.get_mut(slot).filter(|_| is_forgotten) {
            if let Some(conversation) = place.take() {
                self.history.over(conversation.id);
            }
            self.free_slots.push(slot);
        }
    }

    fn conversation(&self, slot: usize) -> Option<&Conversation> {
        self.conversations.get(slot)?.as_ref()
    }

    fn conversation_mut(&mut self, slot: usize) -> Option<&mut Conversation> {
        self.conversations.get_mut(slot)?.as_mut()
    }

    fn keep(&mut self, conversation: Conversation) -> usize {
        if let Some(slot) = self.free_slots.pop() {
            if let Some(place) = self.conversations.get_mut(slot) {
                *place = Some(conversation);
            }
            return slot;
        }
        self.conversations.push(Some(conversation));
        self.conversations.len() - 1
    }

    fn is_over(&self) -> bool {
        self.config.until_ms.is_some_and(|until_ms| self.now_ms >= until_ms)
    }
}

impl Iterator for Simulator {
    type Item = SimulatedEvent;

    fn next(&mut self) -> Option<SimulatedEvent> {
        self.next_event()
    }
}

impl Step {
    fn slot(self) -> Option<usize> {
        match self {
            Self::Arrive
            | Self::SignIn(_)
            | Self::SignOff(_)
            | Self::Recover(_)
            | Self::BreakDue(_)
            | Self::BreakEnd(_)
            | Self::ColleagueWrites => None,
            Self::Begin(slot)
            | Self::Attributes(slot)
            | Self::FlowEnd(slot)
            | Self::NotReached(slot)
            | Self::Enqueue(slot)
            | Self::Offer(slot, _)
            | Self::Abandon(slot, _)
            | Self::FlowOut(slot, _)
            | Self::VoicemailEnd(slot)
            | Self::Missed(slot, _)
            | Self::MissedAcw(slot, _)
            | Self::Answer(slot, _)
            | Self::Dialed(slot, _)
            | Self::HoldStart(slot, _)
            | Self::HoldEnd(slot, _)
            | Self::Park(slot, _)
            | Self::Transfer(slot, _)
            | Self::Consult(slot, _)
            | Self::ConsultAnswer(slot, _)
            | Self::ConsultDone(slot, _)
            | Self::TalkEnd(slot, _)
            | Self::Wrapped(slot, ..)
            | Self::Reopen(slot) => Some(slot),
        }
    }
}

/// The load that a conversation of this kind puts on an agent.
fn load_of(kind: Kind) -> Load {
    if kind.is_exclusive() { Load::Exclusive } else { Load::Digital }
}
