//! Which events of an org have come and which have not; on request those that have not are put on the bus.

use std::collections::HashMap;

use aws::{Call, Error, Reply, operation};
use events::BusName;
use genesys::envelope::PartnerEvent;
use genesys::intake::Intake;
use genesys::intake::feed_clock::FeedMoment;
use genesys::platform::Platform;
use genesys::tracker::derived::QueueNames;
use genesys::tracker::grace::Grace;
use serde::{Deserialize, Serialize};

use crate::ingest::{Ingest, Prepared};
use crate::rooms::Rooms;

/// Events of one request.
const EVENTS_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Whole events, envelope and all, as text.
    events: Vec<String>,
    /// Whether those that are missing are put on the bus.
    #[serde(default)]
    repair: bool,
    /// The bus of what is derived from them.
    #[serde(default)]
    event_bus_name: Option<String>,
    /// Names of the org's queues, by id.
    #[serde(default)]
    queues: HashMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    /// Positions, in the request, of the events that had not come.
    missing: Vec<usize>,
}

/// Tells what is missing, and repairs it where asked to: one commit, acknowledged after its sync.
pub(crate) fn reconcile(rooms: &Rooms, call: Call, body: &[u8]) -> Reply {
    let rooms = rooms.clone();
    operation::commit(body, move |request: Request| {
        if request.events.len() > EVENTS_MAX {
            return Err(Error::validation(format!("Events has at most {EVENTS_MAX} members.")));
        }
        let name = request.event_bus_name.as_deref().unwrap_or("default");
        let bus = BusName::parse(name)
            .ok_or_else(|| Error::validation(format!("'{name}' is not the name of an event bus.")))?;
        let names = QueueNames(request.queues.into_iter().collect());
        let intake = Intake::new(rooms.queues.clone(), Grace::default(), names);
        let ingest = Ingest::new(&rooms, intake, bus, Platform::new());
        let read: Result<Vec<(Prepared, PartnerEvent)>, Error> = request
            .events
            .iter()
            .map(|text| {
                let partner = PartnerEvent::parse(text.as_bytes());
                let both = partner.and_then(|partner| Ok((ingest.prepare(text, call.now)?, partner)));
                both.map_err(|error| Error::validation(error.message))
            })
            .collect();
        let (read, repair) = (read?, request.repair);
        Ok(rooms.store.write(queue::error::of_store, move |tx| {
            let moment = FeedMoment::real(call.now);
            let mut missing = Vec::new();
            let mut prepared = Vec::new();
            for (at, (event, partner)) in read.into_iter().enumerate() {
                if !Intake::knows(tx, &partner, call.now) {
                    missing.push(at);
                    prepared.push(event);
                }
            }
            if repair {
                ingest.take(tx, prepared, moment, &call.ids);
            }
            Ok(Answer { missing })
        }))
    })
}
