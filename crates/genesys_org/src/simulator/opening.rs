//! How the day opens, what arrives, and what happens before the queue: the dialler, the flow, self-service.

use super::agents::{Duty, Load};
use super::conversation::{Conversation, Kind, Leg, Plan};
use super::events::{FlowExit, FlowFacts};
use super::parameters as p;
use super::workforce::Face;
use super::{LoadCurve, Opening, Simulator, Step, Wrap, WrapCode, load_of};

/// Between the steps of a transfer from flow to queue: 16 ms in a real timeline.
const HAND_OVER_MS: u64 = 16;
/// A warm start's conversations begin within this time.
const WARM_MS: u64 = 20_000;

const DAY_MS: u64 = 86_400_000;

/// Where an agent stands when a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shift {
    /// The load is flat, or the agent is the one who is always there.
    Always,
    OnDuty {
        left_ms: u64,
    },
    LaterToday,
}

/// Mean time between arrivals, from the facts' formula: arrivals = agents x occupancy / handle time.
pub(super) fn arrival_mean_ms(agents: usize, load: LoadCurve) -> f64 {
    if load == LoadCurve::Day {
        // Of all who work for the org, few are there at a time: a day's conversations over the day.
        return 86_400_000.0 / (agents as f64 * p::CONVERSATIONS_PER_AGENT_AND_DAY);
    }
    let handle_ms: f64 = p::MIX.iter().map(|(kind, share)| share * handle_mean_ms(*kind)).sum();
    handle_ms / (agents as f64 * p::OCCUPANCY)
}

/// Average time that an arrival of this kind takes of an agent: those who never reach one take none.
fn handle_mean_ms(kind: Kind) -> f64 {
    let queued = 1.0 - p::ABANDON_SHARE - p::FLOW_OUT_SHARE;
    let acw_ms = p::ACW.mean_ms() * (1.0 - p::ACW_NONE_SHARE);
    let hold_ms = p::HOLD_SHARE * p::HOLD_MEAN_MS;
    let voice_ms = (p::TALK_VOICE.mean_ms() + hold_ms + acw_ms) * (1.0 + p::BLIND_TRANSFER_SHARE);
    match kind {
        Kind::InboundCall => (1.0 - p::SELF_SERVICE_SHARE) * queued * voice_ms,
        Kind::OutboundCall => p::OUTBOUND_CONNECT_SHARE * queued * voice_ms,
        Kind::Callback => voice_ms + p::DIALING.mean_ms(),
        // Agents take several at once only when nobody is free, so that sharing hardly lightens the load.
        Kind::Chat => queued * (p::TALK_CHAT.mean_ms() + acw_ms),
        Kind::Message => (1.0 - p::SELF_SERVICE_SHARE) * (p::TALK_MESSAGE.mean_ms() + acw_ms),
        Kind::Email => p::TALK_EMAIL.mean_ms() + acw_ms,
    }
}

impl Simulator {
    /// Puts the beginning on the agenda.
    pub(super) fn open(&mut self) {
        for agent in 0..self.agents.count() {
            let shift = self.shift_at_start(agent);
            let opening = if shift == Shift::LaterToday { Opening::Cold } else { self.config.opening };
            self.faces.push(Face::new(opening, self.now_ms));
            self.begin_day(agent, shift);
        }
        if self.config.opening == Opening::Warm {
            self.open_warm();
        }
        let first_ms = self.next_arrival_ms();
        self.schedule(first_ms, Step::Arrive);
        self.expect_message();
    }

    /// An agent's first shift, or the rest of it. Agents without shifts sign in over two minutes, or are there.
    fn begin_day(&mut self, agent: usize, shift: Shift) {
        let break_ms = self.dice.exponential(p::BREAK_EVERY_MEAN_MS);
        let delay_ms = self.dice.between(0..=120_000);
        match shift {
            Shift::LaterToday => {
                self.agents.send_home(agent);
                let after_ms = self.until_shift_ms(agent) + delay_ms;
                return self.schedule(after_ms, Step::SignIn(agent));
            }
            Shift::OnDuty { left_ms } => self.schedule(left_ms, Step::SignOff(agent)),
            Shift::Always => {}
        }
        if self.config.opening == Opening::Warm {
            self.agents.set_duty(agent, Duty::OnQueue);
            self.expect_break(agent, break_ms);
        } else {
            self.schedule(delay_ms, Step::SignIn(agent));
        }
    }

    fn shift_at_start(&self, agent: usize) -> Shift {
        let shift_from = self.org.users.get(agent).and_then(|user| user.shift_from);
        if self.config.load == LoadCurve::Flat || shift_from.is_none() {
            return Shift::Always;
        }
        match (DAY_MS - self.until_shift_ms(agent)).checked_sub(p::SHIFT_MS) {
            Some(_) => Shift::LaterToday,
            None => Shift::OnDuty { left_ms: p::SHIFT_MS + self.until_shift_ms(agent) - DAY_MS },
        }
    }

    /// Until the agent's next shift begins: more than nothing, at most a day.
    pub(super) fn until_shift_ms(&self, agent: usize) -> u64 {
        let hour = self.org.users.get(agent).and_then(|user| user.shift_from).unwrap_or_default();
        let (from_ms, day_ms) = (hour * 3_600_000, self.now_ms % DAY_MS);
        if from_ms > day_ms { from_ms - day_ms } else { from_ms + DAY_MS - day_ms }
    }

    /// One swift call a queue, then as many calls as usually are in progress, each with a part of its talk left.
    fn open_warm(&mut self) {
        for queue in 0..self.org.queues.len() {
            let plan = Plan { swift: true, talk_factor: 1.0, ..Plan::default() };
            let slot = self.create(Kind::InboundCall, queue, plan);
            self.schedule(100 + 400 * queue as u64, Step::Begin(slot));
        }
        // Three of four who are usually busy: the first arrivals take up the rest.
        let in_progress = self.agents.on_queue() * 53 / 100;
        for _ in 0..in_progress {
            let queue = self.draw_queue();
            let plan =
                Plan { talk_factor: 0.05 + 0.95 * self.dice.unit(), ..self.draw_plan(Kind::InboundCall) };
            let slot = self.create(Kind::InboundCall, queue, plan);
            let after_ms = self.dice.between(0..=WARM_MS);
            self.schedule(after_ms, Step::Begin(slot));
        }
    }

    /// Somebody arrives, and the next arrival is drawn.
    pub(super) fn arrive(&mut self) {
        if self.is_over() {
            return;
        }
        let kind = self.draw_kind();
        let queue = self.draw_queue();
        let plan = self.draw_plan(kind);
        let slot = self.create(kind, queue, plan);
        self.schedule(0, Step::Begin(slot));
        let next_ms = self.next_arrival_ms();
        self.schedule(next_ms, Step::Arrive);
    }

    /// Exponential at the peak rate, thinned by the curve of the hour.
    fn next_arrival_ms(&mut self) -> u64 {
        if self.config.load == LoadCurve::Flat {
            return self.dice.exponential(self.arrival_mean_ms);
        }
        let peak = p::DAY_CURVE.iter().copied().fold(0.0, f64::max);
        let mut after_ms = 0;
        loop {
            after_ms += self.dice.exponential(self.arrival_mean_ms / peak).max(1);
            let hour = usize::try_from((self.now_ms + after_ms) / 3_600_000 % 24).unwrap_or_default();
            let share = p::DAY_CURVE.get(hour).copied().unwrap_or(1.0) / peak;
            if self.dice.chance(share) {
                return after_ms;
            }
        }
    }

    fn draw_kind(&mut self) -> Kind {
        let mut rest = self.dice.unit();
        for (kind, share) in p::MIX {
            if rest < share {
                return kind;
            }
            rest -= share;
        }
        Kind::InboundCall
    }

    fn draw_queue(&mut self) -> usize {
        let last = self.org.queues.len().saturating_sub(1);
        let mut queue = 0;
        while queue < last && !self.dice.chance(super::QUEUE_SHARE) {
            queue += 1;
        }
        queue
    }

    fn draw_plan(&mut self, kind: Kind) -> Plan {
        let throw = self.dice.unit();
        let is_voice = matches!(kind, Kind::InboundCall | Kind::OutboundCall);
        Plan {
            self_service: matches!(kind, Kind::InboundCall | Kind::Message)
                && self.dice.chance(p::SELF_SERVICE_SHARE),
            swift: false,
            blind_transfer: kind != Kind::Callback && throw < p::BLIND_TRANSFER_SHARE,
            consult_transfer: is_voice && 1.0 - throw < p::CONSULT_TRANSFER_SHARE,
            talk_factor: 1.0,
        }
    }

    fn create(&mut self, kind: Kind, queue: usize, plan: Plan) -> usize {
        let contact = self.dice.chance(p::KNOWN_CONTACT_SHARE).then(|| self.noise.uuid());
        let conversation = Conversation {
            id: self.noise.uuid(),
            kind,
            plan,
            contact,
            customer_number: u32::try_from(self.dice.between(0..=69_999)).unwrap_or_default(),
            queue,
            customer: Leg::default(),
            flow: Leg::default(),
            acd: Leg::default(),
            voice: Leg::default(),
            agents: Vec::new(),
            ended: false,
            entry: 0,
            is_relaxed: plan.swift,
            is_waiting: false,
            delivered_ms: 0,
            steps: 0,
        };
        self.keep(conversation)
    }

    /// A new participant with a new session, from now on.
    pub(super) fn new_leg(&mut self) -> Leg {
        Leg { participant: self.noise.uuid(), session: self.noise.uuid(), since_ms: self.now_ms }
    }

    /// The conversation begins, or, for a message thread, begins again.
    pub(super) fn begin(&mut self, slot: usize) {
        let leg = self.new_leg();
        let Some(conversation) = self.conversation_mut(slot) else { return };
        let kind = conversation.kind;
        conversation.customer = leg;
        conversation.ended = false;
        conversation.agents.clear();
        let has_contact = conversation.contact.is_some();
        self.begun += 1;
        self.remember_begin(slot);
        if kind == Kind::OutboundCall {
            self.say_outbound(slot);
        }
        self.say_customer_start(slot);
        if has_contact && self.dice.chance(0.15) {
            self.say_contact(slot);
        }
        match kind {
            Kind::Callback => self.schedule(HAND_OVER_MS, Step::Enqueue(slot)),
            Kind::OutboundCall => self.dial_out(slot),
            Kind::InboundCall | Kind::Chat | Kind::Message | Kind::Email => self.begin_flow(slot),
        }
    }

    fn dial_out(&mut self, slot: usize) {
        let dialing_ms = self.dice.lognormal(p::DIALING);
        if self.dice.chance(p::OUTBOUND_CONNECT_SHARE) {
            self.begin_flow(slot);
        } else {
            self.schedule(dialing_ms * 2, Step::NotReached(slot));
        }
    }

    /// Nobody answered the dialler.
    pub(super) fn not_reached(&mut self, slot: usize) {
        let disconnect = if self.dice.chance(0.2) { "UNCALLABLE" } else { "TIMEOUT" };
        self.say_customer_end(slot, disconnect);
    }

    fn begin_flow(&mut self, slot: usize) {
        let leg = self.new_leg();
        let Some(conversation) = self.conversation_mut(slot) else { return };
        conversation.flow = leg;
        let (kind, plan) = (conversation.kind, conversation.plan);
        self.say_flow_start(slot, FlowFacts { leg, flow_type: kind.wire().entry_flow });
        let flow_ms = match kind {
            _ if plan.swift => 4_000,
            // An outbound flow and an inbound email flow only route.
            Kind::OutboundCall | Kind::Email => self.dice.between(800..=2_500),
            _ if plan.talk_factor < 1.0 => self.dice.between(3_000..=30_000),
            _ => self.dice.lognormal(p::FLOW),
        };
        let updates = self.dice.between(3..=7);
        for number in 0..updates {
            self.schedule(flow_ms * (number + 1) / (updates + 1), Step::Attributes(slot));
        }
        self.schedule(flow_ms, Step::FlowEnd(slot));
    }

    /// The flow is done with the customer: on to the queue, or home.
    pub(super) fn flow_end(&mut self, slot: usize) {
        let Some(conversation) = self.conversation(slot) else { return };
        let (plan, kind) = (conversation.plan, conversation.kind);
        let flow = FlowFacts { leg: conversation.flow, flow_type: kind.wire().entry_flow };
        for number in 0..self.org.flow_outcomes.len() {
            if self.dice.chance(p::OUTCOME_CHANCE) {
                self.say_flow_outcome(slot, flow, number);
            }
        }
        if !plan.self_service {
            let exit = FlowExit { disconnect: "TRANSFER", reason: "TRANSFER", transfer: "ACD" };
            self.say_flow_end(slot, self.now_ms, flow, exit);
            self.schedule(HAND_OVER_MS, Step::Enqueue(slot));
            return;
        }
        let is_hang_up = self.dice.chance(0.6);
        let (disconnect, reason) =
            if is_hang_up { ("PEER", "DISCONNECT") } else { ("CLIENT", "FLOW_DISCONNECT") };
        self.say_flow_end(slot, self.now_ms, flow, FlowExit { disconnect, reason, transfer: "" });
        self.say_customer_end(slot, if is_hang_up { "ENDPOINT" } else { "PEER" });
        if self.dice.chance(0.3) {
            let code = WrapCode::Chosen(self.dice.index(self.org.wrap_up_codes.len()));
            self.say_flow_wrapup(slot, Wrap { duration_ms: 0, code });
        }
    }

    /// The load that the conversation puts on an agent.
    pub(super) fn load(&self, slot: usize) -> Load {
        self.conversation(slot).map_or(Load::Digital, |conversation| load_of(conversation.kind))
    }
}
