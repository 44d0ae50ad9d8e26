//! Routes of queries that are answered from what is stored: the events of all buses, read on a thread that may block.

use aws::{Event, Timestamp};
use genesys::platform::conversation_query::{DetailsQuery, EventsQuery, is_in_tutorial_form};
use genesys::platform::rendering::EventContent;
use genesys::platform::request::ApiRequest;
use genesys::platform::response::ApiError;
use genesys::tracker::derived::SOURCE;
use genesys_org::platform::analytics;

use crate::door::Door;
use crate::door::genesys::{Answering, Route, Run};
use crate::rooms::Rooms;

/// Events read at a time.
const EVENTS_PER_READ: usize = 1_000;

/// Past conversations and their events.
pub(crate) const ROUTES: &[Route] = &[
    route("/api/v2/analytics/conversations/details/query", details),
    route("/api/v2/analytics/conversations/events/query", events),
];

const fn route(path: &'static str, run: fn(Door, ApiRequest) -> Answering) -> Route {
    Route { method: "POST", path, run: Run::Door(run) }
}

/// In its real form the simulated org answers, in the tutorial's what is stored.
fn details(door: Door, request: ApiRequest) -> Answering {
    if !is_in_tutorial_form(&request) {
        return Box::pin(async move { analytics::query_details(&door.platform, &request) });
    }
    Box::pin(async move {
        let mut query = DetailsQuery::read(&request)?;
        let heard = on_a_thread(move || {
            for_each(&door.rooms, |text| content(text).iter().for_each(|content| query.add(content)))?;
            Ok(query)
        });
        Ok(heard.await?.answer())
    })
}

fn events(door: Door, request: ApiRequest) -> Answering {
    Box::pin(async move {
        let mut query = EventsQuery::read(&request)?;
        let heard = on_a_thread(move || {
            for_each(&door.rooms, |text| {
                if query.may_want(text) {
                    content(text).iter().for_each(|content| query.add(content));
                }
            })?;
            Ok(query)
        });
        Ok(heard.await?.answer())
    })
}

async fn on_a_thread<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, store::Error> + Send + 'static,
) -> Result<T, ApiError> {
    let read = tokio::task::spawn_blocking(read).await;
    let read = read.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    read.map_err(ApiError::of_store)
}

/// The text of each event that is kept, bus by bus in the order of acceptance. Read piece by piece, so that no snapshot is
/// held for long.
fn for_each(rooms: &Rooms, mut hear: impl FnMut(&str)) -> Result<(), store::Error> {
    let mut last = None;
    loop {
        let piece = rooms
            .store
            .read(|read| rooms.events.events_of_all_buses(read, last.as_ref(), EVENTS_PER_READ))?;
        piece.iter().for_each(|(_, event)| hear(&event.json));
        match piece.into_iter().last() {
            Some((place, _)) => last = Some(place),
            None => return Ok(()),
        }
    }
}

/// A derived event; a look at the bytes spares reading what is none.
fn content(text: &str) -> Option<EventContent> {
    let event = text.contains(SOURCE).then(|| Event::from_json(text, Timestamp::ZERO).ok())??;
    EventContent::of_envelope(&event)
}
