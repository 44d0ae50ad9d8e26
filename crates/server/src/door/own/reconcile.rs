//! Which events of an org have come and which have not; on request those that have not are put on the bus.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aws::{Call, Error, Reply, Timestamp, operation};
use events::{BusName, Events};
use genesys::envelope::{EnvelopeError, PartnerEvent};
use genesys::tracker::derived::QueueNames;
use genesys::tracker::intake::Intake;
use genesys::tracker::intake::feed_clock::FeedMoment;
use genesys::tracker::intake::seen::KNOWN_FOR;
use genesys_org::platform::Platform;
use serde::{Deserialize, Serialize};
use store::{Read, Tx};

use crate::ingest::{Batch, Ingest};
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
    /// The bus of what is derived from them; that of the running feed where nothing is said.
    #[serde(default)]
    event_bus_name: Option<String>,
    /// Names of the org's queues, by id; those of the running feed where there are none.
    #[serde(default)]
    queues: HashMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReconcileAnswer {
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
        let events: Result<Vec<PartnerEvent>, Error> = request
            .events
            .iter()
            .map(|text| PartnerEvent::parse(text.as_bytes()).map_err(unreadable))
            .collect();
        let events = events?;
        let ingest = if request.repair { Some(ingest(&rooms, &request)?) } else { None };
        Ok(async move {
            match ingest {
                Some(ingest) => {
                    let events = ReadEvents { texts: request.events, partners: events };
                    repair(&rooms, call, ingest, events).await
                }
                None => {
                    rooms.store.read(|read| missing(read, &events, call.now)).map_err(queue::error::of_store)
                }
            }
        })
    })
}

fn missing(read: &mut impl Read, events: &[PartnerEvent], now: Timestamp) -> ReconcileAnswer {
    ReconcileAnswer { missing: positions(events, |event| !Intake::knows(read, event, now)) }
}

fn positions(events: &[PartnerEvent], mut is_missing: impl FnMut(&PartnerEvent) -> bool) -> Vec<usize> {
    let missing = events.iter().enumerate().filter(|(_, event)| is_missing(event));
    missing.map(|(at, _)| at).collect()
}

/// The way in of the running feed, with the bus and the queues that the request names.
fn ingest(rooms: &Rooms, request: &Request) -> Result<Ingest, Error> {
    let Some((intake, bus)) = rooms.feed.get() else {
        return Err(Error::validation(
            "Repair needs a feed of a real org that runs in this server (serve --genesys FILE, or dev, with source notifications or sqs): \
             without one nothing would end the conversations that are repaired.",
        ));
    };
    let (mut intake, mut bus) = (intake.clone(), bus.clone());
    if let Some(name) = &request.event_bus_name {
        bus = BusName::parse(name)
            .ok_or_else(|| Error::validation(format!("'{name}' is not the name of an event bus.")))?;
    }
    if !request.queues.is_empty() {
        let names = request.queues.iter().map(|(id, name)| (id.clone(), name.clone()));
        intake = intake.with_names(QueueNames(names.collect()));
    }
    Ok(Ingest::new(rooms, intake, bus, Platform::new()))
}

/// Events as they came, and as they were read.
struct ReadEvents {
    texts: Vec<String>,
    partners: Vec<PartnerEvent>,
}

/// Puts on the bus what is missing. An event older than the time for which what came is known is left alone: it may have come.
async fn repair(
    rooms: &Rooms,
    call: Call,
    ingest: Ingest,
    events: ReadEvents,
) -> Result<ReconcileAnswer, Error> {
    let (ReadEvents { texts, partners }, now) = (events, call.now);
    ensure_buses(rooms, &ingest.bus, &partners, now).await?;
    // Only now: an event is matched against the buses as the last commit left them.
    let mut prepared = Vec::with_capacity(texts.len());
    for (text, partner) in texts.iter().zip(&partners) {
        let event = ingest.prepare(text, now).map_err(unreadable)?;
        if !is_old(partner, now) {
            prepared.push(event.made_up());
        }
    }
    let batch = Batch { prepared, moment: FeedMoment::real(now), timers_max: 0 };
    let partners = Arc::new(partners);
    let find_missing = move |tx: &mut Tx<'_>| {
        let is_missing =
            |partner: &PartnerEvent| !is_old(partner, now) && !Intake::knows(&mut *tx, partner, now);
        positions(&partners, is_missing)
    };
    let repaired = ingest.commit(batch, find_missing).await;
    Ok(ReconcileAnswer { missing: repaired.map_err(queue::error::of_store)?.saved })
}

/// Makes the partner buses of the events where they are missing, as the feed does at the first event; refuses where the bus of
/// derived events is not there.
async fn ensure_buses(
    rooms: &Rooms,
    derived: &BusName,
    partners: &[PartnerEvent],
    now: Timestamp,
) -> Result<(), Error> {
    let sources: BTreeSet<String> =
        partners.iter().filter_map(|partner| Some(partner.envelope.as_ref()?.source.clone())).collect();
    let (events, derived) = (rooms.events.clone(), derived.clone());
    let ensured = rooms.store.write(queue::error::of_store, move |tx| {
        if !Events::has_bus(tx, &derived) {
            return Err(events::error::bus_not_found(&derived));
        }
        for source in &sources {
            events.ensure_partner_bus(tx, source, now)?;
        }
        Ok(())
    });
    ensured.await
}

fn is_old(partner: &PartnerEvent, now: Timestamp) -> bool {
    let at = partner.envelope.as_ref().and_then(|envelope| Timestamp::parse_iso(&envelope.time));
    at.is_some_and(|at| at < now.minus(KNOWN_FOR))
}

fn unreadable(error: EnvelopeError) -> Error {
    Error::validation(error.message)
}
