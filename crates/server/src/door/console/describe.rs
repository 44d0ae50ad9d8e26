//! What the server says of itself to the console.

use std::collections::BTreeMap;
use std::path::Path;

use aws::{Body, Error, operation};
use genesys::webhook::verification::Verification;
use genesys::webhook::{self, WebhookCounts};
use serde_json::{Value, json};

use crate::config::OpenWebhook;
use crate::door::Door;

/// The answer to `DescribeServer`: the members of `console::standing::Standing`.
pub(super) async fn server(door: &Door) -> Result<Body, Error> {
    let counts = door.rooms.store.read(webhook::counts).map_err(queue::error::of_store)?;
    let counts: BTreeMap<String, WebhookCounts> = counts.into_iter().collect();
    let webhooks: Vec<Value> = door
        .webhooks
        .iter()
        .map(|open| webhook_facts(door, open, counts.get(&open.webhook.name).copied().unwrap_or_default()))
        .collect();
    operation::print(&json!({
        "Version": env!("CARGO_PKG_VERSION"),
        "Address": format!("http://{}", door.address),
        "Account": &*door.account,
        "Region": &*door.region,
        "DataDir": door.console.data_dir,
        "DiskFreeBytes": disk_free_bytes(door.rooms.store.path()),
        "DiskReserveBytes": door.console.disk_reserve_bytes,
        "FeedBus": door.rooms.feed.get().map(|(_, bus)| bus.as_str()),
        "Webhooks": webhooks,
        "Stopped": *door.stopped.borrow(),
        "DamagedRecords": door.rooms.store.passed_over(),
    }))
}

fn webhook_facts(door: &Door, open: &OpenWebhook, counts: WebhookCounts) -> Value {
    let OpenWebhook { webhook, bus } = open;
    let verification = match &webhook.verification {
        None => "",
        Some(Verification::Hmac { .. }) => "a signature of the body",
        Some(Verification::StandardWebhooks(_)) => "Standard Webhooks",
        Some(Verification::Secret { .. }) => "a secret in a header",
    };
    let refusals = door.console.refused_posts.of(&webhook.name);
    json!({
        "Name": webhook.name, "Bus": bus.as_str(), "Source": webhook.source,
        "Verified": webhook.verification.is_some(), "VerifiedBy": verification,
        "Received": counts.received, "Duplicates": counts.duplicates,
        "Refused": refusals.count, "LastStatus": refusals.status, "LastReason": refusals.reason,
        "LastRefused": refusals.at.map(|at| at.to_iso_millis()),
    })
}

/// What is free on the disk of the data folder; `None` where the system does not tell.
fn disk_free_bytes(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
