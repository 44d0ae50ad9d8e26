//! Trunkline's own operations, for its own commands: what AWS's APIs cannot tell.

mod explain;
mod reconcile;

use std::collections::HashMap;

use aws::books::{Page, Role, Row, Sum};
use aws::service::TRUNKLINE;
use aws::{Call, Error, Operation, Reply, Service, Timestamp, Wire, api, operation};
use events::Era;
use events::own::trip::{Beyond, RuleMiss, State, StreamPost};
use genesys::platform::event_stream::trip::{EventPost, PostFate};
use genesys::tracker::intake::Intake;
use serde::{Deserialize, Serialize};
use store::Snapshot;

use crate::backup::{self, BackupReport};
use crate::component::components;
use crate::reason::{Rule, verdicts};
use crate::rooms::Rooms;

/// So many rules that did not match are explained, the nearest first.
const EXPLAINED_MAX: usize = 10;

/// On the wire: AWS JSON 1.1. Those that need only the buses are [`events::own::SERVICE`]'s.
pub(crate) static SERVICE: Service<Rooms> =
    Service::new(api::TRUNKLINE.name, &[], &[Wire::Json(TRUNKLINE)], OPERATIONS);

/// Those that need more than one room.
const OPERATIONS: &[Operation<Rooms>] = &[
    Operation::whole("GetBooks", |rooms, call, body| get_books(rooms, call.now, body)),
    Operation { name: "GetCounts", missing: "", run: get_counts },
    Operation { name: "DescribeEvent", missing: "", run: describe_event },
    Operation {
        name: "ExplainSubscription",
        missing: "",
        run: |rooms, call, body| explain::subscription(rooms, &call, body),
    },
    Operation { name: "ListNames", missing: "", run: list_names },
    Operation { name: "Backup", missing: "", run: back_up },
    Operation { name: "ReconcileEvents", missing: "", run: reconcile::reconcile },
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BackupRequest {
    number: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BackupAnswer {
    records: u64,
    tables: u64,
    zips: u64,
}

/// Writes a backup to where a file in the data folder says: who cannot write there cannot ask.
fn back_up(rooms: &Rooms, _call: Call, body: &[u8]) -> Reply {
    let store = rooms.store.clone();
    operation::commit(body, move |BackupRequest { number }| {
        let into = backup::take_request(store.path(), &number).ok_or_else(|| {
            Error::validation("There is no request for a backup with this number in the data folder.")
        })?;
        Ok(async move {
            let written = tokio::task::spawn_blocking(move || backup::of_store(&store, &into)).await;
            let failed = |why: String| Error::receiver("InternalFailure", 500, why);
            let report = written.map_err(|error| failed(error.to_string()))?;
            let BackupReport { records, tables, zips } = report.map_err(|error| failed(error.to_string()))?;
            Ok(BackupAnswer { records, tables, zips })
        })
    })
}

/// The trip of one event, with the reasons why rules did not match.
fn describe_event(rooms: &Rooms, _call: Call, body: &[u8]) -> Reply {
    let streams = &rooms.streams;
    let posts = |read: &mut Snapshot, id: &str| {
        streams.posts_of(read, id).into_iter().map(stream_post).collect::<Vec<_>>()
    };
    events::own::trip::describe_event(&rooms.events, body, Beyond { explain: &explain, posts: &posts })
}

fn stream_post(post: EventPost) -> StreamPost {
    let EventPost { stream_id, stream_name, url, trip } = post;
    let (state, next) = match trip.fate {
        PostFate::Owed { next } => (State::Owed, Some(next)),
        PostFate::Delivered => (State::Delivered, None),
        PostFate::DeadLettered => (State::DeadLettered, None),
        PostFate::Lost => (State::Lost, None),
    };
    StreamPost {
        stream_id,
        stream_name,
        url,
        post_id: trip.id,
        state,
        attempts_made: trip.attempts,
        last_attempt: trip.tried_at.map(|at| at.to_iso_millis()),
        error_message: trip.error,
        next_attempt: next.map(|at| at.to_iso_millis()),
    }
}

/// The nearest of these rules, each with the reason why it did not match the event.
fn explain(rules: &[Era], event: &str) -> Vec<RuleMiss> {
    let rule = |era: &Era| Some(Rule { enabled: era.enabled, ..Rule::new(era.rule.as_str(), &era.pattern)? });
    let rules: Vec<Rule> = rules.iter().filter_map(rule).collect();
    let verdicts = verdicts(&rules, event, EXPLAINED_MAX).unwrap_or_default();
    let explained = verdicts.into_iter().map(|verdict| RuleMiss {
        rule: verdict.rule.name.clone(),
        reason: if verdict.takes() {
            "it matches; it was changed in the moment in which the event was accepted".to_owned()
        } else {
            verdict.reason
        },
        path: verdict.path,
    });
    explained.collect()
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CountsAnswer {
    /// Of the feed.
    intake: genesys::tracker::intake::IntakeCounts,
    /// Of the buses.
    events: events::Counts,
}

/// The books: what came in, and what became of it.
fn get_counts(rooms: &Rooms, _call: Call, body: &[u8]) -> Reply {
    operation::answer(body, |_: Nothing| {
        let read = rooms.store.read(|snapshot| CountsAnswer {
            intake: Intake::counts(snapshot),
            events: rooms.events.counts(snapshot),
        });
        read.map_err(queue::error::of_store)
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NamesAnswer {
    /// By id; empty where no feed runs.
    names: HashMap<String, String>,
}

/// What the org's queues, users and wrap-up codes are called, for people who read their ids.
fn list_names(rooms: &Rooms, _call: Call, body: &[u8]) -> Reply {
    operation::answer(body, |_: Nothing| -> Result<NamesAnswer, Error> {
        Ok(NamesAnswer { names: rooms.names.get().cloned().unwrap_or_default() })
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BooksAnswer {
    /// When they were read, in seconds since 1970.
    now: f64,
    /// Whether every total is the sum of its parts.
    balanced: bool,
    components: Vec<ComponentAnswer>,
    pages: Vec<PageAnswer>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ComponentAnswer {
    name: &'static str,
    /// When something of it falls due next, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_due: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PageAnswer {
    name: &'static str,
    rows: Vec<RowAnswer>,
    sums: Vec<SumAnswer>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RowAnswer {
    label: &'static str,
    role: Role,
    value: u64,
    note: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SumAnswer {
    label: &'static str,
    total: u64,
    parts: u64,
}

/// The books of all components, page by page.
fn get_books(rooms: &Rooms, now: Timestamp, body: &[u8]) -> Reply {
    operation::answer(body, |_: Nothing| {
        let components = components(rooms);
        let pages = rooms.store.read(|snapshot| {
            let pages = components.iter().map(|component| component.books(snapshot, now));
            pages.collect::<Vec<_>>().concat()
        });
        let pages = pages.map_err(queue::error::of_store)?;
        let balanced = pages.iter().all(Page::balances);
        let components = components.iter().map(|component| ComponentAnswer {
            name: component.name(),
            next_due: component.next_due().map(Timestamp::to_unix_seconds_f64),
        });
        Ok(BooksAnswer {
            now: now.to_unix_seconds_f64(),
            components: components.collect(),
            balanced,
            pages: pages.into_iter().map(page_answer).collect(),
        })
    })
}

fn page_answer(page: Page) -> PageAnswer {
    let sum = |sum: Sum| SumAnswer { label: sum.label, total: sum.total, parts: sum.parts };
    let sums = page.sums().into_iter().map(sum).collect();
    let row = |row: Row| RowAnswer { label: row.label, role: row.role, value: row.value, note: row.note };
    PageAnswer { name: page.name, rows: page.rows.into_iter().map(row).collect(), sums }
}
