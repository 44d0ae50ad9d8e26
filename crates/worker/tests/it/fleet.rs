//! A fleet of processes in a simulation: a scripted table, requests that take their time or get lost, processes that are killed or
//! stopped, each with a clock of its own.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use worker::clock::Tick;
use worker::permit::{Bid, Hold, Seen, Terms, Watch};

/// Draws numbers from a seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// The items of permits, written on conditions.
#[derive(Default)]
pub(crate) struct Script(BTreeMap<String, Seen>);

impl Script {
    /// An UpdateItem as `permit` makes it.
    fn update(&mut self, request: &Value) -> Result<Seen, Seen> {
        let id = request["Key"]["id"]["S"].as_str().unwrap().to_owned();
        let there = self.0.get(&id).cloned().unwrap_or_default();
        let text = |name: &str| request["ExpressionAttributeValues"][name]["S"].as_str().map(str::to_owned);
        let number = |name: &str| {
            request["ExpressionAttributeValues"][name]["N"].as_str().unwrap().parse::<u64>().unwrap()
        };
        let holds = match request["ConditionExpression"].as_str().unwrap() {
            "attribute_not_exists(#owner)" => there.owner.is_none(),
            "#owner = :owner AND #fence = :fence AND #beat = :beat" => {
                there.owner == text(":owner")
                    && (there.fence, there.beat) == (number(":fence"), number(":beat"))
            }
            "#owner = :me AND #fence = :fence" => {
                there.owner == text(":me") && there.fence == number(":fence")
            }
            other => panic!("no such condition: {other}"),
        };
        if !holds {
            return Err(there);
        }
        let now = match request["UpdateExpression"].as_str().unwrap() {
            "SET #beat = #beat + :one" => Seen { beat: there.beat + 1, ..there },
            "SET #beat = :zero REMOVE #owner" => Seen { beat: 0, owner: None, ..there },
            _ => Seen { owner: text(":me"), beat: 0, fence: there.fence + 1, lease_ms: number(":lease") },
        };
        self.0.insert(id, now.clone());
        Ok(now)
    }

    fn read(&self, id: &str) -> Seen {
        self.0.get(id).cloned().unwrap_or_default()
    }
}

/// What was asked of the table.
enum Request {
    Scan,
    Take(Bid),
    Beat,
    Release,
}

/// A request under way: it is carried out at one moment and answered at a later one.
struct Trip {
    request: Request,
    sent: Tick,
    carried_out_at: u64,
    answered_at: u64,
    is_lost: bool,
    answer: Option<Result<Vec<Seen>, Seen>>,
}

/// A call of the target, as the target sees it.
struct Work {
    until: u64,
    process: usize,
}

/// One process with one lane.
pub(crate) struct Process {
    /// How far its clock is from the table's.
    skew: u64,
    name: u64,
    watch: Watch,
    hold: Option<Hold>,
    trip: Option<Trip>,
    beat_at: Tick,
    scan_at: Tick,
    free_at: u64,
    /// Stopped until then.
    pub(crate) stopped_until: u64,
    /// A call that was decided on before it was stopped.
    decided: Option<(u64, u32, u64)>,
    pub(crate) is_dead: bool,
    leaves: bool,
}

/// What came of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Most calls at a time at a target that looks at no fence.
    pub(crate) most: usize,
    /// The same at a target that refuses a lower fence than it has seen.
    pub(crate) most_fenced: usize,
    pub(crate) refused: usize,
    pub(crate) calls: usize,
    /// When each permit was last taken over.
    pub(crate) taken_over_at: BTreeMap<u32, u64>,
}

/// The world: time goes on in steps of 10 ms.
pub(crate) struct World {
    pub(crate) terms: Terms,
    pub(crate) now: u64,
    pub(crate) processes: Vec<Process>,
    pub(crate) outcome: Outcome,
    /// The table answers nobody until then.
    pub(crate) down_until: u64,
    dice: Dice,
    script: Script,
    work: Vec<Work>,
    fenced: Vec<Work>,
    highest: BTreeMap<u32, u64>,
    names: u64,
    /// One request in so many is lost, before or after it was carried out; 0: none.
    pub(crate) loses_one_in: u64,
}

const STEP_MS: u64 = 10;
const WORK_MS: u64 = 100;

impl World {
    pub(crate) fn new(terms: Terms, processes: usize, seed: u64) -> Self {
        let mut world = Self {
            terms,
            now: 0,
            processes: Vec::new(),
            outcome: Outcome::default(),
            down_until: 0,
            dice: Dice(seed),
            script: Script::default(),
            work: Vec::new(),
            fenced: Vec::new(),
            highest: BTreeMap::new(),
            names: 0,
            loses_one_in: 0,
        };
        (0..processes).for_each(|_| world.start());
        world
    }

    /// Another process.
    pub(crate) fn start(&mut self) {
        self.names += 1;
        let skew = self.dice.below(1_000_000_000);
        self.processes.push(Process {
            skew,
            name: self.names,
            watch: Watch::default(),
            hold: None,
            trip: None,
            beat_at: Tick(0),
            scan_at: Tick(0),
            free_at: 0,
            stopped_until: 0,
            decided: None,
            is_dead: false,
            leaves: false,
        });
    }

    pub(crate) fn holder(&self) -> Option<usize> {
        self.processes.iter().position(|process| process.hold.is_some() && !process.is_dead)
    }

    pub(crate) fn holds(&self, process: usize) -> bool {
        self.processes[process].hold.is_some()
    }

    /// Asks a process to end.
    pub(crate) fn end(&mut self, process: usize) {
        self.processes[process].leaves = true;
    }

    pub(crate) fn run_for(&mut self, ms: u64) {
        let until = self.now + ms;
        while self.now < until {
            self.step();
        }
    }

    pub(crate) fn step(&mut self) {
        self.now += STEP_MS;
        let now = self.now;
        self.work.retain(|work| work.until > now);
        self.fenced.retain(|work| work.until > now);
        for at in 0..self.processes.len() {
            self.carry_out(at);
            let process = &self.processes[at];
            if !process.is_dead && process.stopped_until <= now {
                self.act(at);
            }
        }
        self.outcome.most = self.outcome.most.max(self.work.len());
        self.outcome.most_fenced = self.outcome.most_fenced.max(self.fenced.len());
    }

    /// The table's part: it works whether or not the process lives that asked.
    fn carry_out(&mut self, at: usize) {
        let (process, terms) = (&mut self.processes[at], &self.terms);
        let Some(trip) = &mut process.trip else { return };
        if trip.answer.is_some() || trip.is_lost || self.now < trip.carried_out_at {
            return;
        }
        let update = match (&trip.request, &process.hold) {
            (Request::Scan, _) => {
                let seen = (0..terms.permits).map(|permit| self.script.read(&terms.id(permit)));
                trip.answer = Some(Ok(seen.collect()));
                return;
            }
            (Request::Take(bid), _) => {
                if bid.instead_of.is_some() && self.script.read(&terms.id(bid.permit)).owner.is_some() {
                    self.outcome.taken_over_at.insert(bid.permit, self.now);
                }
                bid.to_update("t", terms)
            }
            (Request::Beat, Some(hold)) => hold.to_beat("t", terms),
            (Request::Release, Some(hold)) => hold.to_release("t", terms),
            (_, None) => json!(null),
        };
        trip.answer = Some(match update {
            Value::Null => Ok(Vec::new()),
            update => self.script.update(&update).map(|seen| vec![seen]),
        });
    }

    /// The process's part.
    fn act(&mut self, at: usize) {
        let (now, tick) = (self.now, Tick(self.now + self.processes[at].skew));
        if let Some((until, permit, fence)) = self.processes[at].decided.take() {
            self.call(at, until, (permit, fence));
        }
        self.hear(at, tick);
        let terms = self.terms.clone();
        let process = &mut self.processes[at];
        // Whoever cannot begin a call any more has lost the permit.
        if process.hold.as_ref().is_some_and(|hold| hold.until < tick) {
            process.hold = None;
        }
        if let Some(hold) = &process.hold
            && process.free_at <= now
            && !process.leaves
            && hold.may_call(&terms, tick)
        {
            let (permit, fence) = (hold.permit, hold.fence);
            process.free_at = now + WORK_MS;
            self.call(at, now + WORK_MS, (permit, fence));
        }
        if self.processes[at].trip.is_none() {
            self.ask(at, tick);
        }
    }

    /// Stops a process between its check and its call.
    pub(crate) fn stop_before_call(&mut self, at: usize, for_ms: u64) {
        let hold = self.processes[at].hold.clone().unwrap();
        let process = &mut self.processes[at];
        process.stopped_until = self.now + for_ms;
        process.decided = Some((self.now + for_ms + WORK_MS, hold.permit, hold.fence));
    }

    fn call(&mut self, at: usize, until: u64, permit_and_fence: (u32, u64)) {
        let until = until.max(self.now + WORK_MS);
        self.outcome.calls += 1;
        self.work.push(Work { until, process: at });
        let (permit, fence) = permit_and_fence;
        let highest = self.highest.entry(permit).or_default();
        if fence < *highest {
            self.outcome.refused += 1;
            return;
        }
        *highest = fence;
        self.fenced.push(Work { until, process: at });
    }

    /// Kills a process; what it has called goes on.
    pub(crate) fn kill(&mut self, at: usize) {
        self.processes[at].is_dead = true;
    }

    /// Whether the target works for a process.
    pub(crate) fn works_for(&self, at: usize) -> bool {
        self.work.iter().any(|work| work.process == at)
    }

    fn hear(&mut self, at: usize, tick: Tick) {
        let terms = &self.terms;
        let process = &mut self.processes[at];
        let Some(trip) = process.trip.take_if(|trip| trip.answered_at <= self.now) else { return };
        match (trip.request, trip.answer.filter(|_| !trip.is_lost)) {
            (Request::Scan, Some(Ok(seen))) => {
                for (permit, seen) in (0..).zip(seen) {
                    process.watch.note(permit, seen, tick);
                }
            }
            (Request::Take(bid), Some(Ok(seen))) => {
                process.beat_at = trip.sent.plus(terms.beat_ms());
                let item = json!({"fence": {"N": seen[0].fence.to_string()}});
                process.hold = Some(bid.won(terms, &item, trip.sent));
                process.watch.note(bid.permit, seen[0].clone(), tick);
            }
            (Request::Take(bid), Some(Err(there))) => process.watch.note(bid.permit, there, tick),
            (Request::Beat, Some(Ok(_))) => {
                if let Some(hold) = &mut process.hold {
                    hold.renew(terms, trip.sent);
                }
                process.beat_at = trip.sent.plus(terms.beat_ms());
            }
            (Request::Beat, Some(Err(_))) | (Request::Release, Some(_)) => process.hold = None,
            // No answer: a beat is sent again at once, a scan at its time.
            _ => {}
        }
    }

    fn ask(&mut self, at: usize, tick: Tick) {
        let terms = self.terms.clone();
        let (first, name) = (self.dice.below(u64::from(terms.permits)), self.processes[at].name);
        let process = &mut self.processes[at];
        let request = match &process.hold {
            Some(_) if process.leaves && process.free_at <= self.now => Some(Request::Release),
            Some(_) if process.beat_at <= tick => Some(Request::Beat),
            Some(_) => None,
            None if process.leaves => None,
            None => {
                let first = u32::try_from(first).unwrap();
                match process.watch.bid(&terms, first, &format!("p{name}"), tick) {
                    Some(bid) => Some(Request::Take(bid)),
                    None => (process.scan_at <= tick).then_some(Request::Scan),
                }
            }
        };
        let Some(request) = request else { return };
        if matches!(request, Request::Scan) {
            process.scan_at = tick.plus(terms.scan_ms());
        }
        let way = 10 * (1 + self.dice.below(4));
        let mut is_lost = self.loses_one_in > 0 && self.dice.below(self.loses_one_in) == 0;
        let carried_out_at = self.now + way;
        is_lost |= carried_out_at < self.down_until;
        let way_back = 10 * (1 + self.dice.below(4));
        let answered_at = if is_lost { carried_out_at + 1_000 } else { carried_out_at + way_back };
        self.processes[at].trip =
            Some(Trip { request, sent: tick, carried_out_at, answered_at, is_lost, answer: None });
    }
}
