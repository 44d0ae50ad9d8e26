//! What the server says of itself to the console.

use std::path::Path;

use aws::{Body, Error, operation};
use serde_json::json;

use crate::door::Door;

/// The answer to `DescribeServer`: the members of `console::standing::Standing`.
pub(super) async fn server(door: &Door) -> Result<Body, Error> {
    let webhooks: Vec<_> = door
        .webhooks
        .iter()
        .map(|open| {
            json!({
                "Name": open.webhook.name, "Bus": open.bus.as_str(), "Verified": open.webhook.verification.is_some(),
            })
        })
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

/// What is free on the disk of the data folder; `None` where the system does not tell.
fn disk_free_bytes(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
