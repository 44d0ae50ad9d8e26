//! Routes of Trunkline's own services in the tutorials' shape: subscriptions.

use genesys::platform::request::ApiRequest;
use genesys::platform::response::{ApiError, ApiResponse};
use genesys::platform::subscription::Subscriptions;
use genesys::platform::subscription::ops::Later;

use crate::door::Door;
use crate::door::genesys::{Answering, Route, Run};

/// What they answer, over whichever feed is connected.
pub(crate) const ROUTES: &[Route] = &[
    route("POST", "/api/v2/events/subscriptions", |door, request| {
        later(door, request, Subscriptions::create)
    }),
    route("GET", "/api/v2/events/subscriptions", |door, request| now(door, request, Subscriptions::list)),
    route("GET", "/api/v2/events/subscriptions/{}", |door, request| now(door, request, Subscriptions::get)),
    route("PUT", "/api/v2/events/subscriptions/{}", |door, request| {
        later(door, request, Subscriptions::update)
    }),
    route("DELETE", "/api/v2/events/subscriptions/{}", |door, request| {
        later(door, request, |subscriptions, request| Ok(subscriptions.delete(request)))
    }),
];

const fn route(method: &'static str, path: &'static str, run: fn(Door, ApiRequest) -> Answering) -> Route {
    Route { method, path, run: Run::Door(run) }
}

fn now(
    door: Door,
    request: ApiRequest,
    run: fn(&Subscriptions, &ApiRequest) -> Result<ApiResponse, ApiError>,
) -> Answering {
    Box::pin(async move { run(&door.rooms.subscriptions, &request) })
}

fn later(
    door: Door,
    request: ApiRequest,
    run: fn(&Subscriptions, &ApiRequest) -> Result<Later, ApiError>,
) -> Answering {
    Box::pin(async move { run(&door.rooms.subscriptions, &request)?.await })
}
