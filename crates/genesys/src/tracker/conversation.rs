//! One conversation: what is known of it, and the events that are due because of that.

use serde::{Deserialize, Serialize};

use crate::envelope::detail::{DetailEvent, DetailKind};
use crate::tracker::agent;
use crate::tracker::derived::{DerivedEvent, Moment, QueueNames, Routing, detail_type, iso};
use crate::tracker::episode::{EndMark, Episode, View, Wait};
use crate::tracker::fact::{Fact, TOLD_ALONE, TOLD_JOINED};
use crate::tracker::grace::{Grace, MediaGrace};
use crate::tracker::leg::Leg;
use crate::tracker::summary::{Summary, outcome};
use crate::tracker::symbol::{Ref, Symbols};

/// How many facts of unended episodes a conversation keeps; beyond it new ones are ignored and the end is `partial`. A
/// voice call has about 15.
pub const FACTS_MAX: usize = 2_000;
/// How many facts of ended episodes it remembers by their hashes; beyond it the oldest are forgotten.
pub const GONE_MAX: usize = 4_000;

/// What deriving needs beside the facts.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// How long to wait.
    pub grace: &'a Grace,
    /// Names of queues.
    pub names: &'a QueueNames,
}

/// The state of one conversation: small (a call in progress is about half a kilobyte), serialisable, and a function of
/// the set of events that it observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    id: Box<str>,
    symbols: Symbols,
    facts: Vec<Fact>,
    /// Hashes of the facts of closed episodes.
    gone: Vec<u64>,
    /// When something new last arrived, in epoch milliseconds of the tracker's clock.
    heard_ms: u64,
    /// When an episode was last closed, on the same clock.
    told_ms: u64,
    /// Nothing new has arrived since the joined events were last computed.
    looked: bool,
    overflown: bool,
    /// The last episode whose start has been published.
    started: u16,
    ended: u16,
    until_ms: u64,
}

impl Conversation {
    /// A conversation of which nothing is known yet.
    #[must_use]
    pub fn new(conversation_id: &str) -> Self {
        Self {
            id: conversation_id.into(),
            symbols: Symbols::default(),
            facts: Vec::new(),
            gone: Vec::new(),
            heard_ms: 0,
            told_ms: 0,
            looked: false,
            overflown: false,
            started: 0,
            ended: 0,
            until_ms: 0,
        }
    }

    /// Which conversation this is.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How many episodes have been closed.
    #[must_use]
    pub fn ended(&self) -> u16 {
        self.ended
    }

    /// When something new last arrived, in epoch milliseconds of the tracker's clock.
    #[must_use]
    pub fn heard_ms(&self) -> u64 {
        self.heard_ms
    }

    /// Whether something of it is still to be published.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.facts.is_empty()
    }

    /// Takes in an event that arrived at `now_ms`. Returns whether it was news: what was known already, or is of no use to
    /// the tracker, changes nothing. The event must be of this conversation.
    pub fn observe(&mut self, event: &DetailEvent, now_ms: u64) -> bool {
        let Some(fact) = Fact::new(event, &mut self.symbols) else {
            return false;
        };
        let known = self.facts.iter().position(|known| known.same_key(&fact));
        if let Some(known) = known.and_then(|at| self.facts.get_mut(at)) {
            // Two bodies under one key: the greater stands, whichever came first, and counts as no news.
            if fact.cmp_content(known, &self.symbols).is_gt() {
                *known = Fact { told: known.told, ..fact };
            }
            return false;
        }
        if !self.gone.is_empty() && self.gone.contains(&fact.hash(&self.symbols)) {
            self.compact();
            return false;
        }
        if self.facts.len() >= FACTS_MAX {
            self.overflown = true;
            return false;
        }
        if self.facts.len() == self.facts.capacity() {
            // By small steps: a million of these are open at once.
            self.facts.reserve_exact(2);
        }
        self.facts.push(fact);
        self.heard_ms = self.heard_ms.max(now_ms);
        self.looked = false;
        true
    }

    /// What is due at `now_ms`, each thing once: it is the caller's to keep the state and the events in one commit.
    pub fn due(&mut self, now_ms: u64, context: Context<'_>) -> Vec<DerivedEvent> {
        let mut told = Vec::new();
        self.tell_alone(context.names, &mut told);
        if self.is_past(now_ms, context.grace.settle_ms) {
            while self.tell_joined(now_ms, context, &mut told) {}
            self.looked = true;
        }
        told.sort();
        told
    }

    /// When to look again, if nothing arrives before: call [`Self::may_forget`] then, and [`Self::due`] where that is false. After
    /// either the answer lies ahead, so a timer that follows it rests.
    #[must_use]
    pub fn wake_at(&self, grace: &Grace) -> u64 {
        if self.facts.iter().any(|fact| fact.told & TOLD_ALONE == 0) {
            return self.heard_ms;
        }
        if !self.looked {
            return self.heard_ms.saturating_add(grace.settle_ms);
        }
        let view = self.view();
        let wait_ms = match view.episodes.first() {
            Some(episode) => self.patience(episode, grace).wait_ms,
            None if !self.facts.is_empty() => grace.default.wrap_up_ms.max(grace.settle_ms),
            None => return self.forget_at(grace),
        };
        self.heard_ms.saturating_add(wait_ms)
    }

    /// Whether everything has been published and the time to remember it is over.
    #[must_use]
    pub fn may_forget(&self, now_ms: u64, grace: &Grace) -> bool {
        self.facts.is_empty() && now_ms >= self.forget_at(grace)
    }

    fn forget_at(&self, grace: &Grace) -> u64 {
        self.heard_ms.max(self.told_ms).saturating_add(grace.keep_ms)
    }

    fn view(&self) -> View<'_> {
        View::new(&self.facts, &self.symbols, EndMark { count: self.ended, until_ms: self.until_ms })
    }

    /// The events that follow from one fact alone. Their content must come from that fact only.
    fn tell_alone(&mut self, names: &QueueNames, told: &mut Vec<DerivedEvent>) {
        let writer = EventWriter { id: &self.id, symbols: &self.symbols, names };
        for fact in &mut self.facts {
            if fact.told & TOLD_ALONE == 0 {
                fact.told |= TOLD_ALONE;
                writer.alone(fact, told);
            }
        }
    }

    /// One look at what follows from the facts together. Returns whether some of them are finished, which may reveal more.
    fn tell_joined(&mut self, now_ms: u64, context: Context<'_>, told: &mut Vec<DerivedEvent>) -> bool {
        let plan = self.plan(now_ms, context);
        let again = !plan.done.is_empty();
        self.carry_out(plan, now_ms, told);
        again
    }

    fn patience(&self, episode: &Episode<'_>, grace: &Grace) -> Patience {
        let media = episode.first().map_or(Ref::NONE, Leg::media);
        let MediaGrace { wrap_up_ms, max_age_ms } = grace.of(&self.symbols.or_empty(media));
        let wait = episode.wait(&self.symbols);
        let wait_ms = match wait {
            Wait::Settle => grace.settle_ms,
            Wait::Grace => wrap_up_ms.max(grace.settle_ms),
            Wait::Open => max_age_ms.max(grace.settle_ms),
        };
        Patience { wait, wait_ms }
    }

    /// What follows from the facts together, now that they have settled: at most one end at a time, the oldest first.
    fn plan(&self, now_ms: u64, context: Context<'_>) -> Plan {
        let writer = EventWriter { id: &self.id, symbols: &self.symbols, names: context.names };
        let view = self.view();
        let mut plan = Plan { started: self.started, ..Plan::default() };
        for episode in &view.episodes {
            writer.start(episode, &mut plan);
            for leg in &episode.legs {
                writer.joined(leg, episode, &mut plan.told);
            }
        }
        let late = view.late.iter().flat_map(Leg::facts).filter(|fact| !fact.is_wrap_up());
        plan.done.extend(late.filter_map(|fact| self.place(fact)));
        if self.ended > 0 || self.is_past(now_ms, context.grace.default.wrap_up_ms) {
            for fact in &view.orphans {
                plan.told.push(writer.late_wrap_up(fact));
                plan.done.extend(self.place(fact));
            }
        }
        if let Some(episode) = view.episodes.first() {
            let Patience { wait, wait_ms } = self.patience(episode, context.grace);
            if self.is_past(now_ms, wait_ms) {
                let summary = Summary {
                    conversation_id: &self.id,
                    symbols: &self.symbols,
                    names: context.names,
                    expired: wait == Wait::Open,
                    overflown: self.overflown,
                };
                plan.told.push(summary.of(episode));
                plan.done.extend(episode.facts().filter_map(|fact| self.place(fact)));
                plan.end = Some(EndMark { count: episode.number, until_ms: episode.last_ms() });
            }
        }
        plan
    }

    fn is_past(&self, now_ms: u64, wait_ms: u64) -> bool {
        now_ms >= self.heard_ms.saturating_add(wait_ms)
    }

    fn place(&self, fact: &Fact) -> Option<usize> {
        self.facts.iter().position(|own| std::ptr::eq(own, fact))
    }

    fn carry_out(&mut self, plan: Plan, now_ms: u64, told: &mut Vec<DerivedEvent>) {
        told.extend(plan.told);
        self.started = plan.started;
        for fact in &mut self.facts {
            fact.told |= TOLD_JOINED;
        }
        if let Some(end) = plan.end {
            self.ended = end.count;
            self.until_ms = end.until_ms;
            self.told_ms = now_ms;
            self.overflown = false;
        }
        if plan.done.is_empty() {
            return;
        }
        let mut at = 0..;
        let (symbols, gone) = (&self.symbols, &mut self.gone);
        self.facts.retain(|fact| {
            let done = at.next().is_some_and(|at| plan.done.contains(&at));
            if done {
                gone.push(fact.hash(symbols));
            }
            !done
        });
        let surplus = self.gone.len().saturating_sub(GONE_MAX);
        self.gone.drain(..surplus);
        self.compact();
    }

    /// Drops the symbols that no fact uses any more.
    fn compact(&mut self) {
        let mut symbols = Symbols::default();
        let facts: Vec<Fact> =
            self.facts.iter().map(|fact| fact.moved(&self.symbols, &mut symbols)).collect();
        self.facts = facts;
        self.symbols = symbols;
        self.gone.shrink_to_fit();
    }
}

/// What an episode waits for, and how long after something last arrived.
struct Patience {
    wait: Wait,
    wait_ms: u64,
}

/// What one look at the settled facts yields.
#[derive(Default)]
struct Plan {
    told: Vec<DerivedEvent>,
    started: u16,
    /// Positions of facts that nothing more follows from.
    done: Vec<usize>,
    end: Option<EndMark>,
}

/// Writes the derived events of one moment.
struct EventWriter<'a> {
    id: &'a str,
    symbols: &'a Symbols,
    names: &'a QueueNames,
}

impl EventWriter<'_> {
    fn alone(&self, fact: &Fact, told: &mut Vec<DerivedEvent>) {
        match fact.kind {
            DetailKind::AcdStart => told.push(self.fact(detail_type::QUEUE_START, fact, &self.moment(fact))),
            DetailKind::AcdEnd => {
                let ended = Moment {
                    outcome: Some(outcome(&self.symbols.or_empty(fact.sort))),
                    wait_ms: duration(fact, 0).filter(|ms| *ms > 0),
                    disconnect_type: self.text(fact.note),
                    ..self.moment(fact)
                };
                told.push(self.fact(detail_type::QUEUE_END, fact, &ended));
                if self.symbols.is(fact.sort, "ANSWERED") && fact.user.is_some() {
                    let connected = Moment { user_id: self.text(fact.user), ..self.moment(fact) };
                    told.push(self.fact(detail_type::AGENT_CONNECTED, fact, &connected));
                }
            }
            DetailKind::UserEnd if agent::talked(fact) => told.push(self.disconnected(fact)),
            _ => {}
        }
    }

    /// An agent's end that could not tell everything alone: who connected without a queue, and who was the one to answer
    /// but had no durations.
    fn joined(&self, leg: &Leg<'_>, episode: &Episode<'_>, told: &mut Vec<DerivedEvent>) {
        let fresh = leg.end.filter(|end| end.kind == DetailKind::UserEnd && end.told & TOLD_JOINED == 0);
        let Some(end) = fresh else {
            return;
        };
        let by_queue = episode.legs.iter().any(|acd| agent::answered_by(acd, leg, self.symbols));
        if by_queue && !agent::talked(end) {
            told.push(self.disconnected(end));
        }
        if !by_queue && agent::talked(end) {
            let talk_ms =
                duration(end, 0).unwrap_or_default().saturating_add(duration(end, 1).unwrap_or_default());
            let at_ms = end.at_ms.saturating_sub(talk_ms);
            let connected = Moment { user_id: self.text(end.user), time: iso(at_ms), ..self.moment(end) };
            let event = self.fact(detail_type::AGENT_CONNECTED, end, &connected);
            told.push(DerivedEvent { time_ms: at_ms, ..event });
        }
    }

    fn disconnected(&self, end: &Fact) -> DerivedEvent {
        let moment = Moment {
            user_id: self.text(end.user),
            talk_ms: duration(end, 0),
            hold_ms: duration(end, 1),
            alert_ms: duration(end, 2),
            disconnect_type: self.text(end.note),
            ..self.moment(end)
        };
        self.fact(detail_type::AGENT_DISCONNECTED, end, &moment)
    }

    /// The start of an episode is the first start of a customer's session in it; where none was seen, none is published.
    fn start(&self, episode: &Episode<'_>, plan: &mut Plan) {
        let first = episode.customers().find_map(|leg| leg.start);
        let Some(first) = first.filter(|_| episode.number > plan.started) else {
            return;
        };
        plan.started = episode.number;
        let number = episode.number.to_string();
        let names: &[&str] = if episode.number > 1 { &[self.id, &number] } else { &[self.id] };
        let moment = Moment {
            episode: (episode.number > 1).then_some(episode.number),
            routing: None,
            ..self.moment(first)
        };
        plan.told.push(DerivedEvent::new(detail_type::CONVERSATION_START, first.at_ms, names, &moment));
    }

    fn late_wrap_up(&self, fact: &Fact) -> DerivedEvent {
        let moment = Moment {
            user_id: self.text(fact.user),
            wrap_up_code: self.text(fact.note),
            duration_ms: duration(fact, 0),
            ..self.moment(fact)
        };
        self.fact(detail_type::CONVERSATION_WRAP_UP, fact, &moment)
    }

    fn moment(&self, fact: &Fact) -> Moment {
        Moment {
            id: self.id.to_owned(),
            conversation_id: self.id.to_owned(),
            media: self.text(fact.media).map(|media| media.to_lowercase()),
            direction: self.text(fact.direction).map(|direction| direction.to_lowercase()),
            time: iso(fact.at_ms),
            routing: self.text(fact.queue).map(|queue| Routing::to(Some(queue), self.names)),
            ..Moment::default()
        }
    }

    /// An event that follows from a fact: its id is a function of the conversation, the kind, and what makes the fact this fact.
    fn fact(&self, detail_type: &'static str, fact: &Fact, moment: &Moment) -> DerivedEvent {
        let session = self.symbols.or_empty(fact.session);
        let participant = self.symbols.or_empty(fact.participant);
        let at_ms = fact.at_ms.to_string();
        let user = if fact.is_wrap_up() { self.symbols.or_empty(fact.user) } else { "".into() };
        let code = if fact.is_wrap_up() { self.symbols.or_empty(fact.note) } else { "".into() };
        let names = [self.id, session.as_ref(), participant.as_ref(), &at_ms, user.as_ref(), code.as_ref()];
        DerivedEvent::new(detail_type, fact.at_ms, &names, moment)
    }

    fn text(&self, at: Ref) -> Option<String> {
        self.symbols.text(at).map(std::borrow::Cow::into_owned)
    }
}

/// The `n`th duration of a fact, in milliseconds.
fn duration(fact: &Fact, n: usize) -> Option<u64> {
    fact.ms.get(n).copied().map(u64::from)
}
