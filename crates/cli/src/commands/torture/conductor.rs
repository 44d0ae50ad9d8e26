//! The conductor: starts the server, kills it, starts it again, and now and then lets everything come to rest to look.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::commands::torture::checker::Violation;
use crate::commands::torture::child::{Server, Start};
use crate::commands::torture::clock::{pause, stopwatch};
use crate::commands::torture::control::{Control, Mode, Role};
use crate::commands::torture::dice::Dice;
use crate::commands::torture::http::Connection;
use crate::commands::torture::journal::{End, Folder};
use crate::commands::torture::line::{Books, Line, Queue};
use crate::commands::torture::load::{CONSUMERS, PRODUCERS};
use crate::commands::torture::witness::executions::machine;
use crate::commands::torture::witness::tables::TABLE;
use crate::commands::torture::witness::{SOURCES, Witness, url};

/// A server that has not answered by then never will.
const START_MAX: Duration = Duration::from_secs(60);
/// Queues that are not empty by then, with nobody sending and leases of seconds, hold something that is stuck.
const DRAIN_MAX: Duration = Duration::from_secs(120);
/// How often the queues are looked at while they drain.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Kills between two drains.
const KILLS_PER_EPOCH: u64 = 100;
/// Messages between two drains at most: what memory is used for.
const EPOCH_MESSAGES_MAX: usize = 300_000;
/// Every restart but a few comes to an end: so many kills in recovery in a row at most.
const KILLS_IN_A_ROW_MAX: u32 = 4;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    pub(crate) kills: Option<u64>,
}

/// Runs the server's lives.
#[derive(Debug)]
pub(crate) struct Conductor<'c> {
    folder: &'c Folder,
    control: &'c Control,
    limits: Limits,
    dice: Dice,
    begun: Instant,
    server: Option<Server>,
    address: Option<SocketAddr>,
    /// From the start of the process to its first answer.
    restarts: Vec<Duration>,
}

/// What the conductor has measured.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) time: Duration,
    /// Sorted; the very first start is not among them.
    pub(crate) restarts: Vec<Duration>,
}

impl<'c> Conductor<'c> {
    pub(crate) fn new(folder: &'c Folder, control: &'c Control, limits: Limits) -> Self {
        let dice = Dice::new(control.seed, 0);
        let begun = stopwatch();
        Self { folder, control, limits, dice, begun, server: None, address: None, restarts: Vec::new() }
    }

    /// The first start, and all that the load needs.
    pub(crate) fn prepare(&mut self) -> Result<(), End> {
        let address = self.start()?;
        for queue in Queue::ALL {
            let attributes = match queue {
                Queue::Fifo => json!({"FifoQueue": "true"}),
                Queue::Standard | Queue::Events => json!({}),
            };
            let request = json!({"QueueName": queue.name(), "Attributes": attributes});
            self.ask("AmazonSQS.CreateQueue", &request)?;
        }
        let pattern = json!({"source": [SOURCES.0]}).to_string();
        self.ask("AWSEvents.PutRule", &json!({"Name": "torture", "EventPattern": pattern}))?;
        let arn = format!("arn:aws:sqs:us-east-1:000000000000:{}", Queue::Events.name());
        let target = json!({"Id": "queue", "Arn": arn, "InputPath": "$.detail"});
        self.ask("AWSEvents.PutTargets", &json!({"Rule": "torture", "Targets": [target]}))?;
        let key = json!({"AttributeName": "id", "AttributeType": "S"});
        let table = json!({
            "TableName": TABLE, "AttributeDefinitions": [key], "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        });
        self.ask("DynamoDB_20120810.CreateTable", &table)?;
        self.ask("AWSStepFunctions.CreateStateMachine", &machine())?;
        self.control.open(address);
        Ok(())
    }

    /// Kills and restarts until a limit is reached, drains between, and once more at the end. After each drain `tell`
    /// is called.
    pub(crate) fn conduct(&mut self, tell: &dyn Fn()) -> Result<(), End> {
        while !self.is_over() {
            self.control.set(Mode::Load);
            let mut kills = 0;
            while kills < KILLS_PER_EPOCH && !self.is_over() && self.has_room() {
                self.load_and_kill()?;
                kills += 1 + self.restart()?;
            }
            self.drain()?;
            tell();
        }
        Ok(())
    }

    /// Lets go of the server, as the last kill, and says what was measured.
    pub(crate) fn finish(mut self) -> Measured {
        self.control.close();
        drop(self.server.take());
        self.restarts.sort_unstable();
        Measured { time: self.begun.elapsed(), restarts: self.restarts }
    }

    fn is_over(&self) -> bool {
        let killed = self.control.journal.tally().kills;
        self.begun.elapsed() >= self.limits.time || self.limits.kills.is_some_and(|kills| killed >= kills)
    }

    fn has_room(&self) -> bool {
        self.control.journal.epoch_size() < EPOCH_MESSAGES_MAX
    }

    /// Some time under load, mostly short, then SIGKILL.
    fn load_and_kill(&mut self) -> Result<(), End> {
        let most_ms = match self.dice.below(10) {
            0 => 10,
            1..=6 => 120,
            7 | 8 => 300,
            _ => 800,
        };
        pause(self.dice.time_below_ms(most_ms));
        self.check()?;
        self.control.journal.note(0, &Line::Killing { in_recovery: false });
        self.control.close();
        if let Some(server) = self.server.take() {
            server.kill();
        }
        Ok(())
    }

    /// Starts until it answers; sometimes kills it before it can. How many kills that were.
    fn restart(&mut self) -> Result<u64, End> {
        let mut kills = 0;
        for attempt in 0..=KILLS_IN_A_ROW_MAX {
            let chance = if attempt == 0 { 25 } else { 45 };
            if attempt == KILLS_IN_A_ROW_MAX || !self.dice.chance(chance) {
                break;
            }
            self.kill_in_recovery()?;
            kills += 1;
        }
        let started = stopwatch();
        let address = self.start()?;
        self.restarts.push(started.elapsed());
        self.control.open(address);
        Ok(kills)
    }

    /// Starts a server and kills it at a random moment, which is mostly before it listens. Where it listens by then, it
    /// is killed all the same, and not counted as in recovery.
    fn kill_in_recovery(&mut self) -> Result<(), End> {
        let usual = self.restarts.last().copied().unwrap_or(Duration::from_millis(30));
        let usual_ms = u64::try_from(usual.as_millis()).unwrap_or(1_000);
        let server = Server::start(self.folder).map_err(End::Failed)?;
        let start = server.wait(self.dice.time_below_ms(usual_ms + 5));
        if start == Start::Ended {
            return Err(self.ended_by_itself(server));
        }
        let in_recovery = start == Start::NotYet;
        server.kill();
        self.control.journal.note(0, &Line::Killing { in_recovery });
        Ok(())
    }

    /// Starts a server, asks it for its books, and has them checked.
    fn start(&mut self) -> Result<SocketAddr, End> {
        let server = Server::start(self.folder).map_err(End::Failed)?;
        let address = match server.wait(START_MAX) {
            Start::Ready(address) => address,
            Start::NotYet => return Err(broken("the server has not come up within 60 seconds")),
            Start::Ended => return Err(self.ended_by_itself(server)),
        };
        let process = server.process();
        (self.server, self.address) = (Some(server), Some(address));
        let books = self.books()?;
        self.control.journal.note(0, &Line::Started { process });
        self.control.journal.note(0, &Line::Books { books });
        self.check()?;
        Ok(address)
    }

    /// Lets the consumers empty all queues, and has everything checked that can be checked only then.
    fn drain(&mut self) -> Result<(), End> {
        let begun = stopwatch();
        self.control.set(Mode::Drain);
        let mut left = self.left()?;
        while self.control.resting(Role::Producer) < PRODUCERS.len() || left > 0 {
            if begun.elapsed() > DRAIN_MAX {
                let text = format!("the queues do not empty: {left} messages are left after 120 seconds");
                return Err(broken(&text));
            }
            pause(LOOK_EVERY);
            self.check()?;
            left = self.left()?;
        }
        self.end_executions(begun)?;
        self.control.set(Mode::Rest);
        while self.control.resting(Role::Consumer) < CONSUMERS.len() {
            if begun.elapsed() > DRAIN_MAX {
                return Err(broken("a receive or a delete has not been answered for 120 seconds"));
            }
            pause(Duration::from_millis(5));
            self.check()?;
        }
        let books = self.books()?;
        self.control.journal.note(0, &Line::Drained { books });
        self.check()
    }

    /// Waits until all executions have ended, and has the judge look at each.
    fn end_executions(&mut self, begun: Instant) -> Result<(), End> {
        let mut witness = Witness::new(self.control);
        for number in self.control.journal.executions_begun() {
            while !witness.look_at_execution(number) {
                if begun.elapsed() > DRAIN_MAX {
                    return Err(broken(&format!("the execution e{number} has not ended after 120 seconds")));
                }
                pause(LOOK_EVERY);
                self.check()?;
            }
        }
        Ok(())
    }

    /// How many messages the queues hold, in flight or not.
    fn left(&mut self) -> Result<u64, End> {
        let mut left = 0;
        for queue in Queue::ALL {
            let request = json!({"QueueUrl": url(queue), "AttributeNames": ["All"]});
            let answer = self.ask("AmazonSQS.GetQueueAttributes", &request)?;
            let attributes = answer.get("Attributes").and_then(Value::as_object);
            for (name, value) in attributes.into_iter().flatten() {
                if name.starts_with("ApproximateNumberOfMessages") {
                    left +=
                        value.as_str().and_then(|value| value.parse::<u64>().ok()).unwrap_or(u64::MAX / 8);
                }
            }
        }
        Ok(left)
    }

    fn books(&mut self) -> Result<Books, End> {
        let answer = self.ask("Trunkline.GetCounts", &json!({}))?;
        let count = |name: &str| answer.pointer(&format!("/Events/{name}")).and_then(Value::as_u64);
        let read = || {
            Some(Books {
                accepted: count("Accepted")?,
                matched: count("Matched")?,
                unmatched: count("Unmatched")?,
                made: count("Made")?,
                delivered: count("Delivered")?,
                dead_lettered: count("DeadLettered")?,
                owed: count("Owed")?,
                expired: count("Expired")?,
                dropped: count("Dropped")?,
            })
        };
        read().ok_or_else(|| broken(&format!("GetCounts was answered with {answer}")))
    }

    /// Asks something that must be answered with success.
    fn ask(&mut self, target: &str, request: &Value) -> Result<Value, End> {
        let address = self.address.ok_or_else(|| broken("there is no server"))?;
        let answer = Connection::open(address).and_then(|mut connection| connection.call(target, request));
        match answer {
            Ok((200, answer)) => Ok(answer),
            Ok((status, answer)) => Err(broken(&format!("{target} was answered with {status}: {answer}"))),
            Err(error) => {
                self.check()?;
                Err(broken(&format!("{target} was not answered, and nobody had killed the server: {error}")))
            }
        }
    }

    /// Whether all is well: no promise broken, the server alive.
    fn check(&mut self) -> Result<(), End> {
        if let Some(end) = self.control.journal.ended() {
            return Err(end);
        }
        match self.server.as_mut().and_then(Server::ended) {
            None => Ok(()),
            Some(status) => Err(broken(&format!(
                "the server ended by itself ({status}); the end of its log:\n{}",
                self.folder.log_end()
            ))),
        }
    }

    fn ended_by_itself(&self, server: Server) -> End {
        server.kill();
        broken(&format!("the server does not start; the end of its log:\n{}", self.folder.log_end()))
    }
}

fn broken(sentence: &str) -> End {
    End::Broken(Violation { sentence: sentence.to_owned(), numbers: Vec::new() })
}
