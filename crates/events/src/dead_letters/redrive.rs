//! Dead letters sent again and thrown away: each letter in one transaction, so that it is never in two places and never in
//! none.

use std::ops::ControlFlow;

use aws::{Arn, Error, Timestamp};
use queue::{Look, Queue, QueuePosition, name_in_arn};
use store::{Commit, KeyRange, Read};

use crate::buses::bus::BusName;
use crate::buses::routing::Outlet;
use crate::buses::rule::{Rule, RuleKey, RuleName};
use crate::dead_letters::letter::{Letter, Selection, StayingLetter};
use crate::dead_letters::location::MessageLocation;
use crate::dead_letters::undo::{ActionRecord, ActionResult, Trace, gone, keep, sweep_actions};
use crate::events::Events;
use crate::records::place::EventPlace;
use crate::records::record::{DeliveryRecord, Step};
use crate::target::input::InputContext;
use crate::target::{TARGETS, Target, event_bus};
use crate::trip::attempts::{Attempt, DeliveryAttempt, Outcome, Settlement};
use crate::trip::books::Counts;
use crate::trip::delivery::Delivery;
use crate::trip::pay_hook::{Debt, Payment, Receipt};

/// A step through the letters of a queue.
#[derive(Clone, Debug, Default)]
pub struct LetterPage {
    /// The queue's name.
    pub queue: String,
    /// Which of its letters.
    pub selection: Selection,
    /// Behind the last one of the step before.
    pub after: Option<QueuePosition>,
    /// Only letters that had come by then, so that one that fails again meanwhile is not sent again and again.
    pub until: Option<Timestamp>,
    /// Maximum number of letters.
    pub max: usize,
}

/// What is to be done with letters.
#[derive(Clone, Debug)]
pub enum LetterAction {
    /// Send them again.
    Redrive {
        /// To this queue instead of where they failed.
        to: Option<Arn>,
        /// With this payload.
        payload: Option<String>,
    },
    /// Throw them away.
    Purge,
}

/// A letter, and where it stands in its queue.
#[derive(Debug)]
pub struct ListedLetter {
    /// Where.
    pub position: QueuePosition,
    /// What.
    pub letter: Letter,
}

/// The rule and the target that a letter was for.
struct LetterTarget {
    rule_arn: Arn,
    bus: BusName,
    target: Target,
}

/// What a step did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionReport {
    /// Ids of the letters that were sent or thrown away.
    pub done: Vec<String>,
    /// Ids of letters that had to stay, each with the reason.
    pub stayed: Vec<StayingLetter>,
    /// How many of `done` cannot be undone: they have been logged, for example, or were taken for duplicates.
    pub finally: u64,
    /// How many letters of the whole action can no longer be undone, since no more is kept.
    pub gone: u64,
    /// Where the next step goes on; `None`: that was all.
    pub after: Option<QueuePosition>,
}

impl Events {
    /// The letters of a step that nobody has received, each with its position.
    ///
    /// # Errors
    /// Where there is no such queue.
    pub fn letters(
        &self,
        read: &mut impl Read,
        through: &LetterPage,
        now: Timestamp,
    ) -> Result<Vec<ListedLetter>, Error> {
        let queue = self.letter_queue(read, &through.queue)?;
        let until = through.until.map_or(now, |until| until.min(now));
        let mut letters = Vec::new();
        let look = Look { queue: queue.engine, after: through.after, now: until };
        self.queues().look(read, look, &mut |position, message| {
            let letter = Letter::of(message);
            if through.selection.takes(&letter) {
                letters.push(ListedLetter { position, letter });
            }
            if letters.len() < through.max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        Ok(letters)
    }

    /// Acts on the letters of a step, and keeps under `name` what is needed to undo it.
    ///
    /// # Errors
    /// Where there is no such queue, it is a FIFO queue, or letters would be sent to where they are.
    pub fn act(
        &self,
        commit: &mut Commit<'_>,
        page: &LetterPage,
        action: &LetterAction,
        name: &str,
    ) -> Result<ActionReport, Error> {
        let now = commit.now;
        let queue = self.letter_queue(&mut commit.tx, &page.queue)?;
        if queue.attributes.fifo.is_some() {
            return Err(Error::sender(
                "UnsupportedOperation",
                format!(
                    "{} is a FIFO queue, whose order would be lost: it is moved or purged as a whole.",
                    page.queue
                ),
            ));
        }
        if let LetterAction::Redrive { to: Some(to), .. } = action
            && name_in_arn(to, self.account(), self.region()).as_ref() == Some(&page.queue)
        {
            return Err(Error::validation(format!("The letters are in {} already.", page.queue)));
        }
        let letters = self.letters(&mut commit.tx, page, now)?;
        let mut report = ActionReport::default();
        if letters.len() >= page.max {
            report.after = letters.last().map(|last| last.position);
        }
        for ListedLetter { position, letter } in letters {
            let id = letter.message().id().to_owned();
            let result = match action {
                LetterAction::Purge => Ok(ActionResult::Nothing),
                LetterAction::Redrive { to, payload } => {
                    self.resend(commit, &letter, to.as_ref(), payload.as_deref())
                }
            };
            match result {
                Ok(became) => {
                    self.queues().withdraw(commit, queue.engine, position);
                    let purged = matches!(action, LetterAction::Purge);
                    let letter = letter.into_message();
                    let done = ActionRecord { queue: page.queue.clone(), purged, letter, at: now, became };
                    report.finally += u64::from(done.is_final().is_some());
                    keep(commit, &(name.to_owned(), id.clone()), &done);
                    report.done.push(id);
                }
                Err(why) => report.stayed.push(StayingLetter { id, reason: why }),
            }
        }
        sweep_actions(commit, now, usize::MAX);
        report.gone = gone(&mut commit.tx, name);
        Ok(report)
    }

    /// Sends a letter again, in this commit.
    ///
    /// # Errors
    /// Why it has to stay.
    fn resend(
        &self,
        commit: &mut Commit<'_>,
        letter: &Letter,
        to: Option<&Arn>,
        payload: Option<&str>,
    ) -> Result<ActionResult, String> {
        let to = match (to, letter.message().source()) {
            (Some(to), _) => to.clone(),
            (None, Some(source)) => {
                source.parse().map_err(|_| format!("{source}, which gave it up, is no ARN"))?
            }
            (None, None) => return self.deliver_again(commit, letter, payload),
        };
        let queue = name_in_arn(&to, self.account(), self.region())
            .and_then(|name| self.queues().find(&mut commit.tx, &name));
        let queue = queue.ok_or_else(|| format!("the queue {to} does not exist"))?;
        if queue.attributes.fifo.is_some() {
            return Err(format!("{to} is a FIFO queue; name a standard one with --to"));
        }
        let message = letter.message().again(payload.map(str::to_owned), commit.now);
        queue.check_body(&message.body).map_err(|error| error.message)?;
        let sent = self.queues().send(commit, queue.engine, message);
        Ok(ActionResult::Message { placed: MessageLocation::of(queue.engine, &sent), trace: None })
    }

    /// Makes a delivery of what a rule gave up, to the one target that missed it, as that is now.
    fn deliver_again(
        &self,
        commit: &mut Commit<'_>,
        letter: &Letter,
        payload: Option<&str>,
    ) -> Result<ActionResult, String> {
        let now = commit.now;
        let LetterTarget { rule_arn, bus, target } = Self::target_of(&mut commit.tx, letter)?;
        let outlet = Outlet::of(target.clone()).ok_or("its target is of a kind that is not served")?;
        if letter.error_code() == "THIRD_ACCOUNT_HOP_DETECTED" && *outlet.kind == event_bus::KIND {
            return Err("it came from another event bus and cannot be forwarded to a third one".to_owned());
        }
        if let Some(refusal) = self.refusal(&mut commit.tx, &rule_arn, &target) {
            return Err(refusal);
        }
        let event = payload.unwrap_or_else(|| letter.message().body());
        let event_id = id_of(event, now).map_err(|why| format!("its payload is no event: {why}"))?;
        let position =
            self.event(&mut commit.tx, &event_id).iter().find(|(at, ..)| *at == bus).map(|(_, at, _)| *at);
        let rule = RuleKey::of_arn(&rule_arn).map(|key| key.rule);
        let about = InputContext {
            rule_arn: &rule_arn,
            rule_name: rule.as_ref().map_or("", RuleName::as_str),
            accepted: now,
        };
        let input = outlet.maker.make(event, about).map_err(|failure| failure.to_string())?;
        let trace = |id: &str| Trace { bus: bus.clone(), position: position.unwrap_or(0), id: id.to_owned() };
        let made = |id: String| DeliveryRecord {
            target: target.id.clone(),
            arn: target.arn.clone(),
            step: Step::Owed { id },
        };
        if let Some(payer) = self.payer(&outlet) {
            let debt = Debt { target: &target, input, event, rule_arn: &rule_arn, trace_header: None };
            let Receipt { id, location } = match payer.pay(commit, debt) {
                Payment::Paid(receipt) => receipt,
                Payment::Refused { message, .. } => return Err(message),
            };
            Counts::change(commit, |counts| {
                counts.made += 1;
                counts.delivered += 1;
            });
            let id = id.unwrap_or_else(|| commit.ids.next_uuid());
            let trace = trace(&id);
            if Self::note_delivery(commit, trace.place(), rule.as_ref(), made(id.clone())) {
                let attempt = &Attempt::at_once(now, Outcome::Delivered);
                let attempt = DeliveryAttempt { delivery_id: &id, number: 1, attempt };
                Self::note_attempt(commit, attempt, &Settlement::Delivered);
            }
            return Ok(match location {
                Some(placed) => ActionResult::Message { placed, trace: Some(trace) },
                None => ActionResult::Nothing,
            });
        }
        let position = position.unwrap_or(0);
        let delivery = Delivery {
            bus: bus.clone(),
            event_id,
            position,
            accepted: now,
            trace_header: None,
            rule_arn,
            target: target.clone(),
        };
        let (queue, sent) = self.send_delivery(commit, &delivery, event);
        Counts::change(commit, |counts| {
            counts.made += 1;
            counts.owed += 1;
        });
        Self::note_delivery(commit, EventPlace { bus: &bus, position }, rule.as_ref(), made(sent.id.clone()));
        Ok(ActionResult::Delivery { placed: MessageLocation::of(queue, &sent), trace: trace(&sent.id) })
    }

    /// The rule and the target that a letter names, as they are now.
    fn target_of(read: &mut impl Read, letter: &Letter) -> Result<LetterTarget, String> {
        let (Some(rule), Some(target)) = (letter.attribute("RULE_ARN"), letter.attribute("TARGET_ARN"))
        else {
            return Err("it does not say which rule and target it was for; name a queue with --to".to_owned());
        };
        let rule_arn: Arn = rule.parse().map_err(|_| format!("{rule} is no ARN"))?;
        let RuleKey { bus, rule: name } =
            RuleKey::of_arn(&rule_arn).ok_or_else(|| format!("{rule} is no rule's ARN"))?;
        let targets = read.list(&TARGETS, &KeyRange::prefix(&Rule::key(&bus, &name)), usize::MAX);
        let mut found =
            targets.into_iter().map(|(_, known)| known).filter(|known| known.arn.to_string() == target);
        let first = found.next().ok_or_else(|| {
            format!("the rule {name} no longer has the target {target}; name a queue with --to")
        })?;
        // The letter says, as AWS's do, only the ARN: another target's input would be a wrong one.
        if found.next().is_some() {
            return Err("the rule has several targets with this ARN; name a queue with --to".to_owned());
        }
        Ok(LetterTarget { rule_arn, bus, target: first })
    }

    fn letter_queue(&self, read: &mut impl Read, name: &str) -> Result<Queue, Error> {
        let missing = || Error::sender("QueueDoesNotExist", format!("The queue {name} does not exist."));
        self.queues().find(read, name).ok_or_else(missing)
    }
}

/// The event's id, where it is a whole event.
fn id_of(event: &str, now: Timestamp) -> Result<String, String> {
    let event = aws::Event::from_json(event, now)?;
    for (name, value) in [("id", &event.id), ("source", &event.source), ("detail-type", &event.detail_type)] {
        if value.is_empty() {
            return Err(format!("it has no {name}"));
        }
    }
    Ok(event.id)
}
