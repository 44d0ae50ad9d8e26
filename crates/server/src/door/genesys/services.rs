//! Routes of Trunkline's own services in the tutorials' shape: subscriptions.

use genesys::platform::answer::{Answer, Fault};
use genesys::platform::request::Asked;
use genesys::platform::subscription::Subscriptions;
use genesys::platform::subscription::ops::Later;

use crate::door::Door;
use crate::door::genesys::{Answering, Route, Run};

/// What they answer, over whichever feed is connected.
pub(crate) const ROUTES: &[Route] = &[
    route("POST", "/api/v2/events/subscriptions", |door, asked| later(door, asked, Subscriptions::create)),
    route("GET", "/api/v2/events/subscriptions", |door, asked| now(door, asked, Subscriptions::list)),
    route("GET", "/api/v2/events/subscriptions/{}", |door, asked| now(door, asked, Subscriptions::get)),
    route("PUT", "/api/v2/events/subscriptions/{}", |door, asked| later(door, asked, Subscriptions::update)),
    route("DELETE", "/api/v2/events/subscriptions/{}", |door, asked| {
        later(door, asked, |subscriptions, asked| Ok(subscriptions.delete(asked)))
    }),
];

const fn route(method: &'static str, path: &'static str, run: fn(Door, Asked) -> Answering) -> Route {
    Route { method, path, run: Run::Door(run) }
}

fn now(door: Door, asked: Asked, run: fn(&Subscriptions, &Asked) -> Result<Answer, Fault>) -> Answering {
    Box::pin(async move { run(&door.rooms.subscriptions, &asked) })
}

fn later(door: Door, asked: Asked, run: fn(&Subscriptions, &Asked) -> Result<Later, Fault>) -> Answering {
    Box::pin(async move { run(&door.rooms.subscriptions, &asked)?.await })
}
