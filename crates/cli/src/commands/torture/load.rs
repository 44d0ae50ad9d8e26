//! The load: producers that send without pause, consumers that delete, forget, release and hold on.

use std::collections::VecDeque;
use std::time::Duration;

use crate::commands::torture::clock::{now_ms, pause};
use crate::commands::torture::control::{Control, Mode, Role};
use crate::commands::torture::dice::Dice;
use crate::commands::torture::line::{Kind, Number, Queue};
use crate::commands::torture::witness::tables::{Claim, Doomed};
use crate::commands::torture::witness::{Got, Wish, Witness};

/// Messages sent and not deleted at which producers wait for consumers: keeps drains short.
const OUTSTANDING_MAX: u64 = 2_000;
/// Groups of a FIFO producer; no group has two producers, so the order of sending is known.
const GROUPS: u16 = 8;
/// Messages that a FIFO producer remembers to send once more.
const REMEMBERED_MAX: usize = 500;
/// And so long, which is surely less than the five minutes of deduplication.
const REMEMBERED_MS: u64 = 4 * 60 * 1_000;

/// Leases that the claimants share.
const LEASES: u64 = 2;
/// Between two starts of executions: each is looked at when it has ended.
const EXECUTION_PAUSE: Duration = Duration::from_millis(30);

/// What a producer sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stuff {
    Messages,
    Events,
    Webhooks,
    /// Of groups from this number on.
    Groups(u16),
    /// Leases on a table, which several want.
    Leases,
    /// Both halves of this pair of items.
    Pair(u8),
    /// Executions of a state machine.
    Executions,
}

/// All producers.
pub(crate) const PRODUCERS: [Stuff; 12] = [
    Stuff::Messages,
    Stuff::Messages,
    Stuff::Events,
    Stuff::Events,
    Stuff::Webhooks,
    Stuff::Groups(0),
    Stuff::Groups(GROUPS),
    Stuff::Leases,
    Stuff::Leases,
    Stuff::Pair(0),
    Stuff::Pair(1),
    Stuff::Executions,
];
/// All consumers.
pub(crate) const CONSUMERS: [Queue; 7] =
    [Queue::Standard, Queue::Standard, Queue::Events, Queue::Events, Queue::Fifo, Queue::Fifo, Queue::Fifo];

/// Sends until the torture stops.
pub(crate) fn produce(control: &Control, stuff: Stuff, stream: u64) {
    let mut producer = Producer {
        control,
        witness: Witness::new(control),
        dice: Dice::new(control.seed, stream),
        remembered: VecDeque::new(),
    };
    while control.next(Role::Producer) != Mode::Stop {
        if control.journal.outstanding() >= OUTSTANDING_MAX {
            pause(Duration::from_millis(5));
            continue;
        }
        match stuff {
            Stuff::Messages if producer.dice.chance(10) => producer.delayed(),
            Stuff::Messages => producer.once(Kind::Standard),
            Stuff::Events if producer.dice.chance(10) => producer.once(Kind::Unmatched),
            Stuff::Events => producer.once(Kind::Event),
            Stuff::Webhooks => producer.post(),
            Stuff::Groups(first) => producer.in_order(first),
            Stuff::Leases => producer.lease(),
            Stuff::Pair(pair) => producer.pair(pair),
            Stuff::Executions => producer.execute(),
        }
    }
}

#[derive(Debug)]
struct Producer<'c> {
    control: &'c Control,
    witness: Witness<'c>,
    dice: Dice,
    /// What was sent, and when at the earliest; newest first.
    remembered: VecDeque<(Kind, Number, u64)>,
}

impl Producer<'_> {
    fn numbers(&mut self) -> Vec<Number> {
        let many = if self.dice.chance(50) { 1 } else { 2 + self.dice.below(9) };
        self.control.journal.next_numbers(many)
    }

    /// Sends once; where a kill cuts the call off, nobody will ever know but the consumers.
    fn once(&mut self, kind: Kind) {
        let numbers = self.numbers();
        self.witness.send(kind, &numbers);
    }

    /// Sends what nobody may receive before one or two seconds have passed.
    fn delayed(&mut self) {
        let seconds = if self.dice.chance(50) { 1 } else { 2 };
        self.once(Kind::Delayed(seconds));
    }

    /// Sends until it is acknowledged: the deduplication id makes it one message. Sometimes once more after that.
    fn in_order(&mut self, first: u16) {
        if self.dice.chance(15) && self.once_more() {
            return;
        }
        let group = first + u16::try_from(self.dice.below(u64::from(GROUPS))).unwrap_or(0);
        let numbers = self.numbers();
        self.until_acknowledged(Kind::Fifo(group), numbers);
    }

    /// Claims a lease that others want too; who gets it looks that it has it, and gives it up.
    fn lease(&mut self) {
        let lease = u8::try_from(self.dice.below(LEASES)).unwrap_or(0);
        let owner = self.control.journal.next_call();
        let mut holds = match self.witness.claim(lease, owner) {
            Claim::Held => Some(true),
            Claim::Refused => return,
            Claim::Unknown => None,
        };
        // Where a kill cut an answer off, the table says whose the lease is.
        while holds.is_none() || (holds == Some(true) && self.dice.chance(50)) {
            if self.is_over() {
                return;
            }
            holds = self.witness.look_at_lease(lease, owner);
        }
        while holds == Some(true) && !self.witness.free(lease, owner) {
            if self.is_over() {
                return;
            }
        }
    }

    /// Writes both halves of a pair in one transaction, and reads them in another.
    fn pair(&mut self, pair: u8) {
        let number = self.control.journal.next_call();
        let doomed = if self.dice.chance(15) { Doomed::Yes } else { Doomed::No };
        self.witness.write_pair(pair, number, doomed);
        self.witness.read_pair(pair);
    }

    /// Starts an execution until that is acknowledged.
    fn execute(&mut self) {
        let number = self.control.journal.next_call();
        let wait_s = u64::from(self.dice.chance(30));
        while !self.witness.start_execution(number, wait_s) {
            if self.is_over() {
                return;
            }
        }
        pause(EXECUTION_PAUSE);
    }

    fn is_over(&self) -> bool {
        self.control.journal.ended().is_some() || self.control.life().is_none()
    }

    /// Posts until it is acknowledged, and sometimes once more.
    fn post(&mut self) {
        if self.dice.chance(15) && self.once_more() {
            return;
        }
        let number = self.control.journal.next_numbers(1);
        self.until_acknowledged(Kind::Webhook, number);
    }

    /// Sends what was acknowledged before; false where nothing is remembered.
    fn once_more(&mut self) -> bool {
        let index = usize::try_from(self.dice.below(REMEMBERED_MAX as u64)).unwrap_or(0);
        let remembered = self.remembered.get(index).copied();
        let recent = remembered.filter(|(_, _, sent_ms)| now_ms() < sent_ms.saturating_add(REMEMBERED_MS));
        let Some((kind, number, _)) = recent else { return false };
        self.witness.send(kind, &[number]);
        true
    }

    fn until_acknowledged(&mut self, kind: Kind, numbers: Vec<Number>) {
        let sent_ms = now_ms();
        while !self.witness.send(kind, &numbers) {
            if self.is_over() {
                return;
            }
        }
        for number in numbers {
            self.remembered.push_front((kind, number, sent_ms));
        }
        self.remembered.truncate(REMEMBERED_MAX);
    }
}

/// Receives until the torture stops.
pub(crate) fn consume(control: &Control, queue: Queue, stream: u64) {
    let mut consumer =
        Consumer { witness: Witness::new(control), dice: Dice::new(control.seed, stream), queue };
    loop {
        match control.next(Role::Consumer) {
            Mode::Load => consumer.round(),
            Mode::Drain => consumer.take_all(),
            Mode::Rest => {}
            Mode::Stop => return,
        }
    }
}

#[derive(Debug)]
struct Consumer<'c> {
    witness: Witness<'c>,
    dice: Dice,
    queue: Queue,
}

impl Consumer<'_> {
    fn round(&mut self) {
        match self.dice.below(100) {
            0..6 => drop(self.take(1, 3)),
            6..10 => self.take_and_change(0),
            10..14 => self.take_and_change(1),
            14..20 => {
                let got = self.take(1, 10);
                for message in &got {
                    self.witness.hide(self.queue, message, 3);
                }
                self.witness.delete(self.queue, &got);
            }
            20..40 => {
                for message in self.take(3, 10) {
                    self.witness.delete(self.queue, &[message]);
                }
            }
            _ => {
                let got = self.take(2, 10);
                self.witness.delete(self.queue, &got);
            }
        }
    }

    /// One goes back at once or after a while, the others are deleted.
    fn take_and_change(&mut self, visibility_s: u64) {
        let got = self.take(2, 5);
        if let Some((first, others)) = got.split_first() {
            self.witness.hide(self.queue, first, visibility_s);
            self.witness.delete(self.queue, others);
        }
    }

    fn take(&mut self, visibility_s: u64, most: u64) -> Vec<Got> {
        let max = u32::try_from(1 + self.dice.below(most)).unwrap_or(1);
        let wait_s = u64::from(self.dice.chance(60));
        self.witness.receive(Wish { queue: self.queue, max, visibility_s, wait_s })
    }

    fn take_all(&mut self) {
        let got = self.witness.receive(Wish { queue: self.queue, max: 10, visibility_s: 2, wait_s: 1 });
        self.witness.delete(self.queue, &got);
    }
}
