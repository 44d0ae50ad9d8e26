//! Clients that receive: delete, forget, release and hold on; and the one who drains everything in the end.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::calls::{Caller, NoAnswer};
use crate::clock::now_ms;
use crate::dice::Dice;
use crate::judge::{Given, Place, Queue};
use crate::pipeline::{execution, url};

/// The longest pause of a consumer, in ms.
const PAUSE_MS: u64 = 400;
/// So often the drain looks whether anything is left, two virtual seconds each.
const ROUNDS_MAX: u32 = 150;

/// A client that receives.
#[derive(Debug)]
pub(crate) struct Consumer {
    pub(crate) caller: Caller,
    pub(crate) dice: Dice,
}

/// A message that was received.
#[derive(Clone, Debug)]
struct Got {
    place: Place,
    receipt: String,
}

/// A wish to receive.
#[derive(Clone, Copy, Debug)]
struct Wish {
    queue: Queue,
    max: u64,
    visibility_s: u64,
    wait_s: u64,
}

impl Consumer {
    /// Works on a queue, well and badly.
    pub(crate) async fn work(mut self, queue: Queue) {
        loop {
            sleep(self.dice.time_below_ms(PAUSE_MS)).await;
            let wish = Wish {
                queue,
                max: 1 + self.dice.below(5),
                visibility_s: 1 + self.dice.below(5),
                wait_s: self.dice.below(3),
            };
            let got = self.receive(wish).await;
            match self.dice.below(10) {
                0 => {}
                1 => self.hide_all(queue, &got, 0).await,
                2 => {
                    self.hide_all(queue, &got, 3).await;
                    self.delete_all(queue, &got).await;
                }
                3 => {
                    sleep(self.dice.time_below_ms(PAUSE_MS * 10)).await;
                    self.delete_all(queue, &got).await;
                }
                _ => self.delete_all(queue, &got).await,
            }
        }
    }

    async fn receive(&self, wish: Wish) -> Vec<Got> {
        let Wish { queue, max, visibility_s, wait_s } = wish;
        let asked_ms = now_ms();
        let request = json!({
            "QueueUrl": url(queue), "MaxNumberOfMessages": max, "VisibilityTimeout": visibility_s,
            "WaitTimeSeconds": wait_s, "MessageAttributeNames": ["All"],
        });
        let Ok(answer) = self.ask("AmazonSQS.ReceiveMessage", &request).await else { return Vec::new() };
        let at_ms = now_ms();
        let (mut got, mut before) = (Vec::new(), Vec::new());
        let mut known = self.caller.world.lock();
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
            let (id, body) = (text("MessageId"), text("Body"));
            let given = Given { queue, id, body, asked_ms, at_ms, visibility_ms: visibility_s * 1_000 };
            let place = known.judge.given(&given, &before);
            if queue == Queue::Dead && message["MessageAttributes"]["ERROR_CODE"].is_null() {
                known.judge.broken(format!("no reason: the dead letter {message}"));
            }
            before.extend(place.as_ref().map(|place| place.number));
            got.extend(place.map(|place| Got { place, receipt: text("ReceiptHandle") }));
        }
        got
    }

    /// As [`Caller::ask`]; what no consumer should be refused is told to the judge.
    async fn ask(&self, operation: &str, request: &Value) -> Result<Value, NoAnswer> {
        let answer = self.caller.ask(operation, request).await;
        let mut known = self.caller.world.lock();
        match &answer {
            Err(NoAnswer::Cut) => known.judge.tally.cut += 1,
            // A receipt handle may have lapsed, or its message have gone to the dead-letter queue.
            Err(NoAnswer::Refused(text))
                if !operation.contains("Visibility") && !text.contains("ReceiptHandle") =>
            {
                known.judge.broken(format!("refused: {operation}: {text}"));
            }
            Err(NoAnswer::Refused(_)) | Ok(_) => {}
        }
        drop(known);
        answer
    }

    async fn delete_all(&self, queue: Queue, got: &[Got]) {
        for message in got {
            self.caller.world.lock().judge.deleting(&message.place);
            let request = json!({"QueueUrl": url(queue), "ReceiptHandle": message.receipt});
            if self.ask("AmazonSQS.DeleteMessage", &request).await.is_ok() {
                self.caller.world.lock().judge.deleted(&message.place, now_ms());
            }
        }
    }

    async fn hide_all(&self, queue: Queue, got: &[Got], visibility_s: u64) {
        for message in got {
            let until_ms = now_ms() + visibility_s * 1_000;
            self.caller.world.lock().judge.hiding(&message.place, until_ms);
            let request = json!({"QueueUrl": url(queue), "ReceiptHandle": message.receipt, "VisibilityTimeout": visibility_s});
            if self.ask("AmazonSQS.ChangeMessageVisibility", &request).await.is_ok() {
                self.caller.world.lock().judge.hidden(&message.place, until_ms);
            }
        }
    }

    /// Empties all queues and waits until nothing is owed and every execution has ended; then the judge has the last word.
    pub(crate) async fn drain(self) {
        let mut idle = 0;
        for _ in 0..ROUNDS_MAX {
            let mut received = 0;
            for queue in Queue::ALL {
                let got = self.receive(Wish { queue, max: 10, visibility_s: 30, wait_s: 0 }).await;
                self.delete_all(queue, &got).await;
                received += got.len();
            }
            let is_quiet = received == 0 && self.owes_nothing().await && self.are_over().await;
            idle = if is_quiet { idle + 1 } else { 0 };
            // A message that nobody deleted comes again within its visibility timeout; look once more.
            if idle > 0 && self.are_empty().await {
                self.judge().await;
                return;
            }
            sleep(Duration::from_secs(2)).await;
        }
        let sentence = "stuck: something is owed or hidden still, long after everybody has stopped";
        self.caller.world.lock().judge.broken(sentence.to_owned());
    }

    async fn owes_nothing(&self) -> bool {
        let counts = self.ask("Trunkline.GetCounts", &json!({})).await.unwrap_or_default();
        counts["Events"]["Owed"] == 0
    }

    /// Whether no queue has a message, hidden and delayed ones included.
    async fn are_empty(&self) -> bool {
        for queue in Queue::ALL {
            let names =
                ["", "NotVisible", "Delayed"].map(|what| format!("ApproximateNumberOfMessages{what}"));
            let request = json!({"QueueUrl": url(queue), "AttributeNames": names});
            let answer = self.ask("AmazonSQS.GetQueueAttributes", &request).await.unwrap_or_default();
            let counts = answer["Attributes"].as_object();
            if !counts.is_some_and(|counts| counts.values().all(|count| count == "0")) {
                return false;
            }
        }
        true
    }

    /// Whether every execution that is there has ended.
    async fn are_over(&self) -> bool {
        let there = self.caller.world.lock().judge.executions_there();
        let mut over = true;
        for number in there {
            let request = json!({"executionArn": execution(number)});
            let answer = self.ask("AWSStepFunctions.DescribeExecution", &request).await.unwrap_or_default();
            over &= self.caller.world.lock().judge.described(number, &answer);
        }
        over
    }

    async fn judge(&self) {
        let there = self.caller.world.lock().judge.executions_there();
        for number in there {
            let request = json!({"executionArn": execution(number), "maxResults": 1_000});
            let answer = self.ask("AWSStepFunctions.GetExecutionHistory", &request).await.unwrap_or_default();
            let events = answer["events"].as_array().cloned().unwrap_or_default();
            self.caller.world.lock().judge.history(number, &events);
        }
        self.books().await;
        self.caller.world.lock().judge.drained();
    }

    /// The books add up.
    pub(crate) async fn books(&self) {
        let books = self.ask("Trunkline.GetBooks", &json!({})).await;
        if let Ok(books) = books
            && books["Balanced"] != true
        {
            self.caller.world.lock().judge.broken(format!("books: they do not add up: {books}"));
        }
    }
}
