//! Clients that send: messages, events, executions.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::calls::{Caller, NoAnswer};
use crate::clock::now_ms;
use crate::dice::Dice;
use crate::judge::{Kind, Queue, Wanted};
use crate::pipeline::{execution, machine, url};
use crate::world::Pending;

/// Groups of the FIFO queue.
const GROUPS: u64 = 3;
/// What a producer waits at most between two calls, in ms.
const PAUSE_MS: u64 = 250;
/// A message is sent again for so long, which is surely within the five minutes of deduplication.
const REPEATED_MS: u64 = 240_000;
/// The longest delay of a message and wait of an execution, in seconds.
const DELAY_S: u64 = 4;

/// A client that sends.
#[derive(Debug)]
pub(crate) struct Producer {
    pub(crate) caller: Caller,
    pub(crate) dice: Dice,
}

impl Producer {
    /// Sends messages to the standard queue, singly and in batches.
    pub(crate) async fn messages(mut self) {
        loop {
            sleep(self.dice.time_below_ms(PAUSE_MS)).await;
            let many = if self.dice.chance(60) { 1 } else { 1 + self.dice.below(4) };
            let delay_s = if self.dice.chance(20) { 1 + self.dice.below(DELAY_S) } else { 0 };
            let kind = Kind::Plain { delay_ms: delay_s * 1_000 };
            let numbers: Vec<u64> = (0..many).map(|_| self.draw(kind)).collect();
            self.send(&numbers, delay_s).await;
        }
    }

    /// A new thing to send.
    fn draw(&mut self, kind: Kind) -> u64 {
        let pad = "x".repeat(self.dice.index(200));
        let seconds = match kind {
            Kind::Execution { wait_ms } => wait_ms / 1_000,
            Kind::Plain { .. } | Kind::Line { .. } | Kind::Event(_) => 0,
        };
        let content = |n: u64| json!({"n": n, "s": seconds, "pad": pad});
        self.caller.world.lock().judge.sending(kind, now_ms(), content)
    }

    fn content(&self, number: u64) -> Value {
        self.caller.world.lock().judge.content(number)
    }

    async fn send(&self, numbers: &[u64], delay_s: u64) {
        if let [number] = numbers {
            let body = self.content(*number).to_string();
            let request =
                json!({"QueueUrl": url(Queue::Plain), "MessageBody": body, "DelaySeconds": delay_s});
            let answer = self.caller.ask("AmazonSQS.SendMessage", &request).await;
            return self.noted(answer.map(|_| ()), numbers);
        }
        let entry = |number: &u64| {
            let body = self.content(*number).to_string();
            json!({"Id": number.to_string(), "MessageBody": body, "DelaySeconds": delay_s})
        };
        let entries: Vec<Value> = numbers.iter().map(entry).collect();
        let request = json!({"QueueUrl": url(Queue::Plain), "Entries": entries});
        let answer = self.caller.ask("AmazonSQS.SendMessageBatch", &request).await;
        let all = answer.and_then(|answer| {
            let sent = answer["Successful"].as_array().map_or(0, Vec::len);
            if sent == numbers.len() { Ok(()) } else { Err(NoAnswer::Cut) }
        });
        self.noted(all, numbers);
    }

    /// Tells the judge how a call ended that sent these.
    fn noted(&self, answer: Result<(), NoAnswer>, numbers: &[u64]) {
        let mut known = self.caller.world.lock();
        match answer {
            Ok(()) => numbers.iter().for_each(|number| known.judge.acknowledged(*number)),
            Err(NoAnswer::Cut) => known.judge.tally.cut += 1,
            Err(NoAnswer::Refused(text)) => known.judge.broken(format!("refused: {numbers:?}: {text}")),
        }
    }

    /// Puts events on the bus.
    pub(crate) async fn events(mut self) {
        loop {
            sleep(self.dice.time_below_ms(PAUSE_MS)).await;
            let many = 1 + self.dice.below(3);
            let mut entries = Vec::new();
            let mut numbers = Vec::new();
            for _ in 0..many {
                let wanted = Wanted::ALL.get(self.dice.index(Wanted::ALL.len())).copied();
                let wanted = wanted.unwrap_or(Wanted::Nothing);
                let number = self.draw(Kind::Event(wanted));
                let detail = self.content(number).to_string();
                entries.push(json!({"Source": "sim", "DetailType": wanted.detail_type(), "Detail": detail}));
                numbers.push(number);
            }
            let answer = self.caller.ask("AWSEvents.PutEvents", &json!({"Entries": entries})).await;
            let taken = answer
                .and_then(|answer| if answer["FailedEntryCount"] == 0 { Ok(()) } else { Err(NoAnswer::Cut) });
            self.noted(taken, &numbers);
        }
    }

    /// Sends to the FIFO queue, each message until it is acknowledged, so that their order is known.
    pub(crate) async fn line(mut self) {
        loop {
            if !self.line_pending().await {
                sleep(Duration::from_millis(100)).await;
                continue;
            }
            sleep(self.dice.time_below_ms(PAUSE_MS)).await;
            let kind = Kind::Line { group: self.dice.below(GROUPS) };
            let number = self.draw(kind);
            self.caller.world.lock().pending.push(Pending::Line { number, first_ms: now_ms() });
        }
    }

    /// Sends what was not acknowledged yet. Whether nothing is left.
    pub(crate) async fn line_pending(&mut self) -> bool {
        while let Some((number, first_ms)) = self.first_of_line() {
            if now_ms().saturating_sub(first_ms) < REPEATED_MS {
                let again = self.dice.chance(10);
                if !self.send_in_line(number).await || again && !self.send_in_line(number).await {
                    return false;
                }
            }
            let is_it =
                |pending: &Pending| matches!(pending, Pending::Line { number: n, .. } if *n == number);
            self.caller.world.lock().pending.retain(|pending| !is_it(pending));
        }
        true
    }

    fn first_of_line(&self) -> Option<(u64, u64)> {
        let known = self.caller.world.lock();
        known.pending.iter().find_map(|pending| match pending {
            Pending::Line { number, first_ms } => Some((*number, *first_ms)),
            Pending::Execution { .. } => None,
        })
    }

    /// Whether it is acknowledged.
    async fn send_in_line(&self, number: u64) -> bool {
        let group = match self.caller.world.lock().judge.kind(number) {
            Some(Kind::Line { group }) => group,
            _ => 0,
        };
        let body = self.content(number).to_string();
        let request = json!({
            "QueueUrl": url(Queue::Line), "MessageBody": body, "MessageGroupId": format!("g{group}"),
            "MessageDeduplicationId": format!("d{number}"),
        });
        let answer = self.caller.ask("AmazonSQS.SendMessage", &request).await.map(|_| ());
        let is_sent = answer.is_ok();
        self.noted(answer, &[number]);
        is_sent
    }

    /// Starts executions, each until that is acknowledged.
    pub(crate) async fn executions(mut self) {
        loop {
            sleep(self.dice.time_below_ms(PAUSE_MS * 4)).await;
            if !self.executions_pending().await {
                continue;
            }
            let wait_ms = if self.dice.chance(50) { 1_000 * self.dice.below(DELAY_S) } else { 0 };
            let number = self.draw(Kind::Execution { wait_ms });
            self.caller.world.lock().pending.push(Pending::Execution { number });
        }
    }

    /// Starts what was not acknowledged yet. Whether nothing is left.
    pub(crate) async fn executions_pending(&mut self) -> bool {
        loop {
            let next = self.caller.world.lock().pending.iter().find_map(|pending| match pending {
                Pending::Execution { number } => Some(*number),
                Pending::Line { .. } => None,
            });
            let Some(number) = next else { return true };
            let input = self.content(number).to_string();
            let request = json!({"stateMachineArn": machine(), "name": format!("e{number}"), "input": input});
            let answer = self.caller.ask("AWSStepFunctions.StartExecution", &request).await;
            let answer = match answer {
                Ok(answer) if answer["executionArn"] != execution(number) => {
                    Err(NoAnswer::Refused(format!("invented: it was started as {answer}")))
                }
                Ok(_) => Ok(()),
                // An earlier try has started it, and it has ended since: its name is taken.
                Err(NoAnswer::Refused(text)) if text.contains("ExecutionAlreadyExists") => Ok(()),
                Err(other) => Err(other),
            };
            let is_started = answer.is_ok();
            self.noted(answer, &[number]);
            if !is_started {
                return false;
            }
            let is_it =
                |pending: &Pending| matches!(pending, Pending::Execution { number: n } if *n == number);
            self.caller.world.lock().pending.retain(|pending| !is_it(pending));
        }
    }
}
