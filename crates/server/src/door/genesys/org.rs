//! Routes of the simulated org.

use aws::Scope;
use events::{BusName, Events};
use genesys::platform::request::ApiRequest;
use genesys::platform::response::{ApiError, ApiResponse};
use genesys_org::platform::bus_integration::bus_of;
use genesys_org::platform::integration::Host;
use genesys_org::platform::{Platform, analytics, channel, integration, org};

use crate::door::Door;
use crate::door::genesys::{Answering, Route, Run};

/// What the simulated org answers by itself.
pub(crate) const ROUTES: &[Route] = &[
    by_org("GET", "/api/v2/organizations/me", org::get_organization),
    by_org("GET", "/api/v2/routing/queues", org::list_queues),
    by_org("GET", "/api/v2/routing/queues/{}", org::get_queue),
    by_org("GET", "/api/v2/routing/wrapupcodes", org::list_wrapup_codes),
    by_org("GET", "/api/v2/users", org::list_users),
    by_org("GET", "/api/v2/users/me", org::get_me),
    by_org("GET", "/api/v2/users/{}", org::get_user),
    by_org("GET", "/api/v2/analytics/conversations/details", analytics::list_details),
    by_org("GET", "/api/v2/analytics/conversations/{}/details", analytics::get_details),
    by_org("GET", "/api/v2/conversations/{}", analytics::get_conversation),
    by_org("POST", "/api/v2/notifications/channels", channel::create),
    by_org("GET", "/api/v2/notifications/channels", channel::list),
    by_org("GET", "/api/v2/notifications/channels/{}/subscriptions", channel::list_subscriptions),
    by_org("POST", "/api/v2/notifications/channels/{}/subscriptions", channel::add_subscriptions),
    by_org("PUT", "/api/v2/notifications/channels/{}/subscriptions", channel::replace_subscriptions),
    by_org("DELETE", "/api/v2/notifications/channels/{}/subscriptions", channel::delete_subscriptions),
    by_org("GET", "/api/v2/notifications/availabletopics", channel::list_topics),
    by_org("GET", "/api/v2/integrations/types/{}", integration::get_type),
    stored("GET", "/api/v2/integrations", |door, request| integrations(door, request, integration::list)),
    stored("POST", "/api/v2/integrations", |door, request| integrations(door, request, integration::create)),
    stored("GET", "/api/v2/integrations/{}", |door, request| integrations(door, request, integration::get)),
    stored("PUT", "/api/v2/integrations/{}", |door, request| integrations(door, request, integration::put)),
    stored("PATCH", "/api/v2/integrations/{}", |door, request| {
        integrations(door, request, integration::patch)
    }),
    stored("DELETE", "/api/v2/integrations/{}", |door, request| {
        integrations(door, request, integration::delete)
    }),
    stored("GET", "/api/v2/integrations/{}/config/current", |door, request| {
        integrations(door, request, integration::get_config)
    }),
    stored("PUT", "/api/v2/integrations/{}/config/current", |door, request| {
        integrations(door, request, integration::put_config)
    }),
];

const fn by_org(
    method: &'static str,
    path: &'static str,
    run: fn(&Platform, &ApiRequest) -> Result<ApiResponse, ApiError>,
) -> Route {
    Route { method, path, run: Run::Org(run) }
}

const fn stored(method: &'static str, path: &'static str, run: fn(Door, ApiRequest) -> Answering) -> Route {
    Route { method, path, run: Run::Door(run) }
}

/// A handler on stored integrations, answered after the sync; then the partner event sources follow what is enabled.
fn integrations(door: Door, request: ApiRequest, run: integration::Handler) -> Answering {
    Box::pin(async move {
        check_bus(&door, &request)?;
        let before = door.platform.sources();
        let (platform, events) = (door.platform.clone(), door.rooms.events.clone());
        let now = request.now;
        let written = door.rooms.store.write(of_store, move |tx| {
            let scope = Scope::new(events.account(), events.region());
            run(tx, Host { platform: &platform, scope: &scope }, &request)
        });
        let answer = written.await?;
        let after = door.platform.sources();
        for source in after.iter().filter(|source| !before.iter().any(|old| old.name == source.name)) {
            offer(&door, "CreatePartnerEventSource", &source.name, now).await?;
        }
        for source in before.iter().filter(|source| !after.iter().any(|new| new.name == source.name)) {
            offer(&door, "DeletePartnerEventSource", &source.name, now).await?;
        }
        Ok(answer)
    })
}

/// An integration in the tutorial's form may name a bus that is there only.
fn check_bus(door: &Door, request: &ApiRequest) -> Result<(), ApiError> {
    let Some(name) = bus_of(request) else { return Ok(()) };
    let exists = match BusName::parse(&name) {
        Some(bus) => door.rooms.store.read(|read| Events::has_bus(read, &bus)).map_err(of_store)?,
        None => false,
    };
    if exists {
        return Ok(());
    }
    Err(ApiError::bad_request(format!(
        "configuration.eventBusArn: there is no event bus {name}; create it first."
    )))
}

/// Offers a partner event source to the account, or takes it back, as Genesys Cloud does on AWS.
async fn offer(door: &Door, operation: &str, name: &str, now: aws::Timestamp) -> Result<(), ApiError> {
    let call = aws::Call {
        now,
        account: door.account.to_string(),
        region: door.region.to_string(),
        request_id: crate::clock::ids().next_uuid(),
        base_url: format!("http://{}", door.address),
        ids: crate::clock::ids(),
        payload: Vec::new(),
    };
    let body = serde_json::json!({"Name": name, "Account": &*door.account}).to_string();
    let reply = events::ops::SERVICE.run(&door.rooms.events, operation, call, body.as_bytes());
    match door.driver().drive_json(reply).await {
        Ok(_) => Ok(()),
        // Offered before: an integration that was disabled and enabled again.
        Err(error) if error.code == "ResourceAlreadyExistsException" => Ok(()),
        Err(error) => Err(ApiError::new(error.status, "event.source", error.message)),
    }
}

fn of_store(error: store::Error) -> ApiError {
    let error = queue::error::of_store(error);
    ApiError::new(error.status, "internal.server.error", error.message)
}
