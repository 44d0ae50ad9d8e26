//! Step 2 of an event's trip: accepted on a bus, matched, its deliveries owed, in one transaction.
//!
//! What needs no transaction comes first ([`Events::match_event`]): the envelope's text, the rules, the inputs of local
//! queues. The writer then only writes ([`Events::accept`]).

use std::sync::Arc;

use aws::{Event, Timestamp};
use store::{Commit, Tx};

use crate::archives::archive::{ArchiveCopy, BusArchives};
use crate::buses::bus::BusName;
use crate::buses::routing::{Outlet, Route};
use crate::dead_letters::give_up::{Cause, FailedDelivery, GiveUp};
use crate::events::Events;
use crate::permissions::NO_PERMISSIONS;
use crate::records::place::EventPlace;
use crate::records::record::{DeliveryRecord, EventRecord, MatchedRule, Step, count_record};
use crate::target::input::{InputContext, InputFailure};
use crate::target::{Target, event_bus};
use crate::trip::books::Counts;
use crate::trip::delivery::Delivery;
use crate::trip::owe::DueDelivery;
use crate::trip::pay_hook::{Debt, Payment};
use crate::trip::trace::TripTrace;

/// An event, the bus that it is put on, and what is to be done because of it.
#[derive(Debug)]
pub struct MatchedEvent {
    bus: BusName,
    event: EventRecord,
    trace_header: Option<String>,
    dues: Vec<PlannedDelivery>,
    copies: Vec<ArchiveCopy>,
}

/// One delivery to be made.
#[derive(Debug)]
struct PlannedDelivery {
    /// Which of the event's matched rules it is for.
    rule: usize,
    route: Arc<Route>,
    outlet: Arc<Outlet>,
    /// Made already where the target is of a kind that is paid at once.
    input: Option<Result<String, InputFailure>>,
}

impl PlannedDelivery {
    /// What an event owes to all targets of the routes.
    fn all(events: &Events, routes: &[Arc<Route>], event: &EventRecord) -> Vec<Self> {
        let mut planned = Vec::with_capacity(routes.iter().map(|route| route.outlets.len()).sum());
        for (rule, route) in routes.iter().enumerate() {
            for outlet in &route.outlets {
                let input = events.payer(outlet).map(|_| {
                    let rule_name = route.name.as_str();
                    let context = InputContext { rule_arn: &route.arn, rule_name, accepted: event.accepted };
                    outlet.maker.make(&event.json, context)
                });
                planned.push(Self { rule, route: Arc::clone(route), outlet: Arc::clone(outlet), input });
            }
        }
        planned
    }
}

/// Which rules see an event, and which of their targets.
pub(crate) struct RouteFilter<'w> {
    pub(crate) rule: &'w dyn Fn(&Route) -> bool,
    pub(crate) target: &'w dyn Fn(&Target) -> bool,
}

/// What became of an event that was accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Acceptance {
    /// Where it is among the events of its bus: greater than all before.
    pub position: u64,
    /// Rules that matched.
    pub rules_matched: usize,
    /// Deliveries made: one for each target of each rule that matched.
    pub made: usize,
    /// Those of them that were paid in this transaction: local queues.
    pub delivered: usize,
    /// Those of them that are owed.
    pub owed: usize,
    /// Those of them that went to a dead-letter queue at once.
    pub dead_lettered: usize,
    /// Those of them that could not be paid and had no dead-letter queue.
    pub dropped: usize,
}

impl MatchedEvent {
    /// The same with an X-Ray header, which goes along to queues and targets.
    #[must_use]
    pub fn with_trace_header(self, trace_header: Option<String>) -> Self {
        Self { trace_header, ..self }
    }

    /// The event's id.
    pub fn event_id(&self) -> &str {
        &self.event.id
    }

    /// The whole envelope.
    pub fn json(&self) -> &str {
        &self.event.json
    }

    /// The bus.
    pub fn bus(&self) -> &BusName {
        &self.bus
    }

    /// What accepting it writes, about, in bytes: the event, and for each target its input or the event that it is owed for.
    pub(crate) fn size_bytes(&self) -> usize {
        let event = self.event.json.len();
        let due = |due: &PlannedDelivery| match &due.input {
            Some(Ok(input)) => input.len(),
            Some(Err(_)) | None => event,
        };
        self.dues.iter().map(due).fold(event, usize::saturating_add)
    }

    /// Whether a rule matches it, or an archive takes it.
    pub(crate) fn is_seen(&self) -> bool {
        self.event.rules_matched > 0 || !self.copies.is_empty()
    }

    /// How many rules matched.
    pub fn rules_matched(&self) -> usize {
        usize::try_from(self.event.rules_matched).unwrap_or(usize::MAX)
    }
}

impl Events {
    /// The event of a scheduled rule: it is for that rule's targets and nobody else's.
    pub(crate) fn match_scheduled(
        &self,
        bus: &BusName,
        event: &Event,
        route: Route,
        now: Timestamp,
    ) -> MatchedEvent {
        let route = [Arc::new(route)];
        let event = EventRecord {
            id: event.id.clone(),
            accepted: now,
            forwarded: false,
            rules_matched: 1,
            json: event.to_json(),
            matched: noted(&route),
        };
        let dues = PlannedDelivery::all(self, &route, &event);
        MatchedEvent { bus: bus.clone(), event, trace_header: None, dues, copies: Vec::new() }
    }

    /// Matches an event against the rules of a bus and makes the inputs of its queues; needs no transaction and changes
    /// nothing. `None` where there is no such bus.
    pub fn match_event(&self, bus: &BusName, event: &Event, now: Timestamp) -> Option<MatchedEvent> {
        let event = EventRecord {
            id: event.id.clone(),
            accepted: now,
            forwarded: false,
            rules_matched: 0,
            json: event.to_json(),
            matched: Vec::new(),
        };
        self.match_record(bus, event)
    }

    /// Whether matching an event of so many bytes on a bus may take longer than a few milliseconds: work for a thread that
    /// serves nobody else. It is known by what the patterns of rules and archives can cost.
    pub fn is_long(&self, bus: &BusName, bytes: usize) -> bool {
        self.match_work(bus, bytes) >= LONG_WORK_MIN
    }

    /// The most work that matching an event of so many bytes on a bus can make, in comparisons of short texts: from
    /// [`LONG_WORK_MIN`] on it is long.
    pub fn match_work(&self, bus: &BusName, bytes: usize) -> usize {
        let rules = self.routes().of_bus(bus).map_or(0, |rules| rules.work());
        let archives = self.archivers().0.load().get(bus).map_or(0, BusArchives::work);
        work_of(rules.saturating_add(archives), bytes)
    }

    /// As [`Events::match_event`], for an event that a rule forwards to another bus: its envelope stays as it is.
    pub(crate) fn match_record(&self, bus: &BusName, event: EventRecord) -> Option<MatchedEvent> {
        self.match_where(bus, event, &RouteFilter { rule: &|_| true, target: &|_| true })
    }

    /// As [`Events::match_event`], for the wanted rules and targets alone.
    pub(crate) fn match_where(
        &self,
        bus: &BusName,
        mut event: EventRecord,
        wanted: &RouteFilter<'_>,
    ) -> Option<MatchedEvent> {
        let rules = self.routes().of_bus(bus)?;
        let mut matching = rules.matching(&event.json);
        matching.retain(|route| (wanted.rule)(route));
        event.rules_matched = u32::try_from(matching.len()).unwrap_or(u32::MAX);
        event.matched = noted(&matching);
        let mut dues = PlannedDelivery::all(self, &matching, &event);
        dues.retain(|due| (wanted.target)(&due.outlet.target));
        let copies = self.copies_of(bus, &event.json, event.accepted);
        Some(MatchedEvent { bus: bus.clone(), event, trace_header: None, dues, copies })
    }

    /// What an event that a target that is an event bus is owed does on that bus: to be accepted in the
    /// transaction that settles the delivery. `None` where the bus does not exist.
    pub fn match_forwarded(&self, owed: &DueDelivery, now: Timestamp) -> Option<MatchedEvent> {
        let bus = BusName::of_arn(&owed.target.arn)?;
        let event = EventRecord {
            id: owed.event_id.clone(),
            accepted: now,
            forwarded: true,
            rules_matched: 0,
            json: owed.event.clone(),
            matched: Vec::new(),
        };
        self.match_record(&bus, event).map(|matched| matched.with_trace_header(self.onward_header(owed)))
    }

    /// Accepts a matched event: keeps it, pays the local queues, owes the rest. All of it is acknowledged by
    /// this commit (contract C1).
    pub fn accept(&self, commit: &mut Commit<'_>, matched: MatchedEvent) -> Acceptance {
        let mut gained = Counts::default();
        let accepted = self.accept_uncounted(commit, matched, &mut gained);
        self.enter(commit, gained, accepted.position);
        accepted
    }

    /// Accepts events as [`Events::accept`] does, one after the other; the books are opened once.
    pub(crate) fn accept_all(&self, commit: &mut Commit<'_>, events: Vec<MatchedEvent>) {
        let (mut gained, mut last) = (Counts::default(), 0);
        for event in events {
            last = self.accept_uncounted(commit, event, &mut gained).position;
        }
        self.enter(commit, gained, last);
    }

    /// Enters what was accepted into the books, and tells those who wait for events of the last one.
    fn enter(&self, commit: &mut Commit<'_>, gained: Counts, last: u64) {
        Counts::change(commit, |counts| counts.add(&gained));
        let events = self.clone();
        commit.after_commit(move || events.announce(last));
    }

    fn accept_uncounted(
        &self,
        commit: &mut Commit<'_>,
        matched: MatchedEvent,
        gained: &mut Counts,
    ) -> Acceptance {
        let MatchedEvent { bus, mut event, trace_header, dues, copies } = matched;
        let mut noted = std::mem::take(&mut event.matched);
        let position = commit.next_number();
        let trace = self.spans().map(|_| {
            let place = EventPlace { bus: &bus, position };
            TripTrace::of(self.scope(), place, &event.id, trace_header.as_deref())
        });
        let trace_header = trace_header.as_deref();
        let about = EventContext { bus: &bus, event: &event, position, trace_header, trace: trace.as_ref() };
        let mut accepted = Acceptance {
            rules_matched: usize::try_from(event.rules_matched).unwrap_or(usize::MAX),
            made: dues.len(),
            position,
            ..Acceptance::default()
        };
        for due in dues {
            let (rule, outlet) = (due.rule, Arc::clone(&due.outlet));
            let step = self.pay_or_owe(commit, &about, due);
            match &step {
                Step::Paid => accepted.delivered += 1,
                Step::Owed { .. } => accepted.owed += 1,
                Step::GivenUp { queue: Some(_), .. } => accepted.dead_lettered += 1,
                Step::GivenUp { queue: None, .. } => accepted.dropped += 1,
            }
            if let Some(rule) = noted.get_mut(rule) {
                let Target { id, arn, .. } = &outlet.target;
                rule.deliveries.push(DeliveryRecord { target: id.clone(), arn: arn.clone(), step });
            }
        }
        event.matched = noted;
        if let Some((trace, spans)) = trace.zip(self.spans()) {
            let (spans, made) = (spans.clone(), trace.spans(&bus, &event));
            commit.after_commit(move || made.into_iter().for_each(|span| spans.push(span)));
        }
        Self::keep(commit, EventPlace { bus: &bus, position }, &event);
        Self::archive(commit, &copies, position, &event.json);
        count_record(gained, &event);
        accepted.count(gained);
        accepted
    }

    /// Counts `events` that were put on buses that do not exist: AWS acknowledges them, and they are gone.
    pub fn note_missing_bus(&self, tx: &mut Tx<'_>, events: u64) {
        Counts::change(tx, |counts| counts.no_bus += events);
    }

    fn pay_or_owe(&self, commit: &mut Commit<'_>, about: &EventContext<'_>, due: PlannedDelivery) -> Step {
        let PlannedDelivery { route, outlet, input, .. } = due;
        // A warning may come a second later; a refusal may not.
        let refusal = if self.enforces_permissions() || outlet.is_to_be_judged(commit.now) {
            self.refusal(&mut commit.tx, &route.arn, &outlet.target)
        } else {
            None
        };
        let cause = match (input, self.payer(&outlet)) {
            (Some(Err(failure)), _) => Cause::input(&failure),
            _ if about.event.forwarded && *outlet.kind == event_bus::KIND => Cause::second_hop(),
            _ if refusal.is_some() => Cause::at_once(NO_PERMISSIONS, refusal.unwrap_or_default()),
            (Some(Ok(input)), Some(payer)) => {
                let target = &outlet.target;
                let traced = about.trace.map(|trace| trace.header_for(route.name.as_str(), &target.id));
                let debt = Debt {
                    target,
                    input,
                    event: &about.event.json,
                    rule_arn: &route.arn,
                    trace_header: traced.as_deref().or(about.trace_header),
                };
                match payer.pay(commit, debt) {
                    Payment::Paid(_) => return Step::Paid,
                    Payment::Refused { code, message } => Cause::at_once(code, message),
                }
            }
            _ => {
                let delivery = about.delivery(&route, &outlet);
                let (_, sent) = self.send_delivery(commit, &delivery, &about.event.json);
                return Step::Owed { id: sent.id };
            }
        };
        let delivery = about.delivery(&route, &outlet);
        let failed = FailedDelivery { delivery: &delivery, event: &about.event.json, cause: &cause };
        let given = self.give_up(commit, failed);
        let queue = delivery.target.dead_letter_arn.filter(|_| given == GiveUp::DeadLettered);
        Step::GivenUp { code: cause.code, message: cause.message, queue }
    }
}

/// From so many comparisons of short texts on matching is long: they take some ten milliseconds at worst.
pub const LONG_WORK_MIN: usize = 4_000_000;
/// The fewest bytes that a value takes in an event, with what separates it from the next.
const VALUE_BYTES_MIN: usize = 2;

/// Whether so much work for a value is long for an event of so many bytes.
pub(crate) fn is_long(work: usize, bytes: usize) -> bool {
    work_of(work, bytes) >= LONG_WORK_MIN
}

fn work_of(work: usize, bytes: usize) -> usize {
    work.saturating_mul(bytes / VALUE_BYTES_MIN)
}

/// What all deliveries of one event have in common.
struct EventContext<'a> {
    bus: &'a BusName,
    event: &'a EventRecord,
    position: u64,
    trace_header: Option<&'a str>,
    /// Where spans are wanted.
    trace: Option<&'a TripTrace>,
}

impl EventContext<'_> {
    fn delivery(&self, route: &Route, outlet: &Outlet) -> Delivery {
        Delivery {
            bus: self.bus.clone(),
            event_id: self.event.id.clone(),
            position: self.position,
            accepted: self.event.accepted,
            trace_header: self.trace_header.map(str::to_owned),
            rule_arn: route.arn.clone(),
            target: outlet.target.clone(),
        }
    }
}

/// The rules that matched, with no delivery made yet.
fn noted(routes: &[Arc<Route>]) -> Vec<MatchedRule> {
    let noted = |route: &Arc<Route>| MatchedRule { rule: route.name.clone(), deliveries: Vec::new() };
    routes.iter().map(noted).collect()
}

impl Acceptance {
    fn count(&self, counts: &mut Counts) {
        let many = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        counts.accepted += 1;
        match (self.rules_matched, self.made) {
            (0, _) => counts.unmatched += 1,
            (_, 0) => {
                counts.matched += 1;
                counts.untargeted += 1;
            }
            _ => counts.matched += 1,
        }
        counts.made += many(self.made);
        counts.delivered += many(self.delivered);
        counts.owed += many(self.owed);
        counts.dead_lettered += many(self.dead_lettered);
        counts.dropped += many(self.dropped);
    }
}
