//! Dead letters listed without receiving them, sent again, thrown away, and both undone.

use aws::{Arn, Call, Error, Reply, Timestamp, operation};
use queue::QueuePosition;
use serde::{Deserialize, Serialize};
use store::Commit;

use crate::dead_letters::letter::StayingLetter;
use crate::dead_letters::letter::{Letter, Selection};
use crate::dead_letters::redrive::{ActionReport, LetterAction, LetterPage, ListedLetter};
use crate::dead_letters::undo::{UndoStep, UndoableAction};
use crate::events::Events;
use crate::own::records::ANSWER_BYTES_MAX;

/// Letters that one step deals with: a bound on one commit, and on one answer.
const STEP_MAX: usize = 100;
/// Letters that one answer lists without their payload.
const LISTED_MAX: usize = 1_000;

/// What all requests about the letters of a queue begin with.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Letters {
    queue_name: String,
    #[serde(default)]
    ids: Vec<String>,
    error_code: Option<String>,
    rule: Option<String>,
    target: Option<String>,
    source: Option<String>,
    /// Where the step before ended.
    after: Option<QueuePosition>,
    /// When the first step began, as it was answered.
    until_ms: Option<u64>,
    max: Option<usize>,
}

impl Letters {
    fn through(self, most: usize) -> LetterPage {
        let Self { queue_name, ids, error_code, rule, target, source, after, until_ms, max } = self;
        let selection = Selection { ids, error_code, rule, target, source };
        let until = until_ms.map(Timestamp::from_unix_ms);
        LetterPage { queue: queue_name, selection, after, until, max: max.unwrap_or(most).clamp(1, most) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    #[serde(flatten)]
    letters: Letters,
    /// Say nothing of what is in them.
    #[serde(default)]
    without_payload: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    letters: Vec<LetterView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<QueuePosition>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LetterView {
    id: String,
    error_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exhausted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_arn: Option<String>,
    /// The queue that gave it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_arn: Option<String>,
    /// How often it was received.
    received: u32,
    /// When it was sent, ISO 8601.
    sent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
}

impl LetterView {
    /// All of it but the payload.
    fn of(letter: &Letter) -> Self {
        let text = |name: &str| letter.attribute(name).map(str::to_owned);
        let message = letter.message();
        Self {
            id: message.id().to_owned(),
            error_code: letter.error_code().to_owned(),
            error_message: text("ERROR_MESSAGE"),
            retries: text("RETRY_ATTEMPTS").and_then(|retries| retries.parse().ok()),
            exhausted: text("EXHAUSTED_RETRY_CONDITION"),
            rule_arn: text("RULE_ARN"),
            target_arn: text("TARGET_ARN"),
            source_arn: message.source().map(str::to_owned),
            received: message.received(),
            sent: message.sent_at().to_iso_millis(),
            payload: None,
        }
    }
}

/// The letters of a queue that nobody has received: without receiving them, so that their count stays as it is.
pub(super) fn list(events: &Events, call: &Call, body: &[u8]) -> Reply {
    operation::answer(body, |request: ListRequest| {
        let ListRequest { letters, without_payload } = request;
        let through = letters.through(LISTED_MAX);
        let read = events.store().read(|snapshot| events.letters(snapshot, &through, call.now));
        let found = read.map_err(queue::error::of_store)??;
        let mut answer = ListAnswer { letters: Vec::new(), after: None };
        let (listed, mut bytes) = (found.len(), 0_usize);
        for ListedLetter { position, letter } in found {
            if bytes >= ANSWER_BYTES_MAX {
                break;
            }
            let payload = (!without_payload).then(|| letter.message().body().to_owned());
            bytes = bytes.saturating_add(payload.as_ref().map_or(0, String::len));
            answer.letters.push(LetterView { payload, ..LetterView::of(&letter) });
            answer.after = Some(position);
        }
        if answer.letters.len() == listed && listed < through.max {
            answer.after = None;
        }
        Ok(answer)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ActionRequest {
    #[serde(flatten)]
    letters: Letters,
    /// The action that this step is part of; none: a new one.
    name: Option<String>,
    /// To this queue instead.
    to: Option<String>,
    /// Instead of the letter's own; of exactly one letter.
    payload: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ActionAnswer {
    /// By this name it can be undone.
    name: String,
    done: Vec<String>,
    stayed: Vec<StayingLetter>,
    /// How many of `done` cannot be undone.
    #[serde(rename = "Final")]
    finally: u64,
    /// How many of the whole action can no longer be undone, since no more is kept.
    gone: u64,
    until_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<QueuePosition>,
}

/// One step of sending letters again.
pub(super) fn redrive(events: &Events, call: Call, body: &[u8]) -> Reply {
    act(events, call, body, |request| {
        if request.payload.is_some() && request.letters.ids.len() != 1 {
            return Err(Error::validation("A payload is of one letter: name exactly one of Ids."));
        }
        let to = request.to.take().map(|to| {
            to.parse::<Arn>().map_err(|_| Error::validation(format!("'{to}' is not the ARN of a queue.")))
        });
        Ok(LetterAction::Redrive { to: to.transpose()?, payload: request.payload.take() })
    })
}

/// One step of throwing letters away.
pub(super) fn purge(events: &Events, call: Call, body: &[u8]) -> Reply {
    act(events, call, body, |_| Ok(LetterAction::Purge))
}

fn act(
    events: &Events,
    call: Call,
    body: &[u8],
    action: impl FnOnce(&mut ActionRequest) -> Result<LetterAction, Error>,
) -> Reply {
    operation::commit(body, |mut request: ActionRequest| {
        let action = action(&mut request)?;
        let name = match request.name {
            Some(name) if is_name(&name) => name,
            Some(name) => return Err(Error::validation(format!("'{name}' is not a name that was given."))),
            None => name_of(&call),
        };
        let until_ms = request.letters.until_ms.unwrap_or(call.now.unix_ms());
        let page = Letters { until_ms: Some(until_ms), ..request.letters }.through(STEP_MAX);
        let service = events.clone();
        Ok(events.store().write(queue::error::of_store, move |tx| {
            let report = service.act(&mut Commit::new(tx, call.now, &call.ids), &page, &action, &name)?;
            let ActionReport { done, stayed, finally, gone, after } = report;
            Ok(ActionAnswer { name, done, stayed, finally, gone, until_ms, after })
        }))
    })
}

/// Begins with the moment, so that names sort by it.
fn name_of(call: &Call) -> String {
    let when: String = call.now.to_iso_millis().chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{when}-{:04x}", call.ids.next_u64() & 0xFFFF)
}

fn is_name(name: &str) -> bool {
    name.len() == "20260319T220448123Z-abcd".len()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UndoRequest {
    /// Of an action, or a letter's id.
    name: String,
    /// Where the step before ended.
    after: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UndoAnswer {
    restored: Vec<String>,
    stayed: Vec<StayingLetter>,
    /// How many of the whole action can no longer come back, since no more is kept.
    gone: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// One step of undoing.
pub(super) fn undo(events: &Events, call: &Call, body: &[u8]) -> Reply {
    operation::commit(body, |request: UndoRequest| {
        let (service, now) = (events.clone(), call.now);
        Ok(events.store().write(queue::error::of_store, move |tx| {
            let undone = {
                let step = UndoStep { name: &request.name, after: request.after.as_deref(), max: STEP_MAX };
                service.undo(tx, step, now)?
            };
            Ok(UndoAnswer {
                restored: undone.restored,
                stayed: undone.stayed,
                gone: undone.gone,
                after: undone.after,
            })
        }))
    })
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UndoableAnswer {
    deeds: Vec<ActionView>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ActionView {
    name: String,
    queue_name: String,
    /// `REDRIVE` or `PURGE`.
    kind: &'static str,
    /// ISO 8601.
    at: String,
    letters: u64,
}

/// What can be undone, the newest last.
pub(super) fn undoable(events: &Events, body: &[u8]) -> Reply {
    operation::answer(body, |_: Nothing| {
        let read = events.store().read(|snapshot| events.undoable(snapshot));
        let view = |action: UndoableAction| ActionView {
            name: action.name,
            queue_name: action.queue,
            kind: if action.purged { "PURGE" } else { "REDRIVE" },
            at: action.at.to_iso_millis(),
            letters: action.letters,
        };
        let deeds = read.map_err(queue::error::of_store)?.into_iter().map(view).collect();
        Ok(UndoableAnswer { deeds })
    })
}
