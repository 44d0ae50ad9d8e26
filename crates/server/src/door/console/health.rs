//! What the page Health asks for: the checks of `trunkline doctor`, a look at the store's checksums, the limits and how far each is
//! used.

use aws::{Body, Error, operation};
use console::source::Question;
use doctor::LIVE_CHECKS;
use doctor::live::gather::gather;
use events::limits::quotas;
use provision::Request;
use provision::api::Service;
use serde_json::{Value, json};
use store::QuickReport;
use tokio::runtime::Handle;

use crate::door::Door;
use crate::door::console::answer;

/// Records that a quick check looks at.
const LOOKED_AT_MAX: u64 = 500_000;

/// The findings of each check, by the code of `trunkline doctor`.
pub(super) async fn findings(door: &Door) -> Result<Body, Error> {
    let (door, runtime) = (door.clone(), Handle::current());
    let endpoint = format!("http://{}", door.address);
    let gathered = tokio::task::spawn_blocking(move || {
        // Loading a name may block, and the checks ask one question after the other.
        gather(&endpoint, &mut |request| runtime.block_on(ask(&door, request)))
    });
    let facts = gathered.await.map_err(|panic| failed(panic.to_string()))?.map_err(failed)?;
    let check = |check: &doctor::live::LiveCheck| {
        json!({
            "Check": check.name, "Asks": check.asks, "Findings": (check.run)(&facts), "Why": check.why, "Fix": check.fix,
        })
    };
    operation::print(&json!({"Checks": LIVE_CHECKS.iter().map(check).collect::<Vec<_>>()}))
}

fn failed(why: String) -> Error {
    Error::receiver("InternalFailure", 500, why)
}

async fn ask(door: &Door, request: Request) -> Result<Value, String> {
    let service = match request.service {
        Service::Sqs => "sqs",
        Service::Events => "events",
        Service::States => "states",
        Service::Trunkline => "trunkline",
        other => return Err(format!("no check asks {other:?}")),
    };
    let question = Question::of(service, request.operation, request.body);
    let answered = answer(door.clone(), &axum::http::HeaderMap::new(), question).await;
    let body = answered.map_err(|error| format!("{}: {}", error.code, error.message))?;
    serde_json::from_slice(&body).map_err(|error| error.to_string())
}

/// Looks at the checksums of the store's first records, while it goes on.
pub(super) async fn quick_check(door: &Door) -> Result<Body, Error> {
    let store = door.rooms.store.clone();
    let looked = tokio::task::spawn_blocking(move || store.quick_check(LOOKED_AT_MAX)).await;
    let report = looked.map_err(|panic| failed(panic.to_string()))?.map_err(queue::error::of_store)?;
    let QuickReport { looked_at, damaged, records } = report;
    operation::print(&json!({"LookedAt": looked_at, "Damaged": damaged, "Records": records}))
}

/// The limits that the rooms keep to, by name; how far each is used, the page sees in what there is.
pub(super) fn limits() -> Result<Body, Error> {
    operation::print(&json!({
        "Buses": quotas::BUSES_MAX, "RulesPerBus": quotas::RULES_PER_BUS_MAX, "TargetsPerRule": quotas::TARGETS_PER_RULE_MAX,
        "InFlightPerQueue": queue::limits::IN_FLIGHT_MAX, "LogGroups": logs::limits::GROUPS_MAX,
        "LogBytes": logs::limits::KEPT_BYTES_MAX, "CodeBytes": lambda::limits::CODE_STORAGE_BYTES,
        "FunctionConcurrency": lambda::limits::CONCURRENCY,
    }))
}
