//! The org's entities: queues, users, wrap-up codes, the organization itself.

use genesys::platform::page::page;
use genesys::platform::request::ApiRequest;
use genesys::platform::response::{ApiError, ApiResponse};
use serde_json::{Value, json};

use crate::platform::Platform;
use crate::simulator::{Entity, Org, User};

impl Platform {
    /// Reads the org.
    ///
    /// # Errors
    /// 404 where no org is simulated.
    pub(crate) fn with_org<T>(&self, read: impl FnOnce(&Org) -> Result<T, ApiError>) -> Result<T, ApiError> {
        self.with_simulation(|simulation| read(&simulation.org))
    }
}

/// `GET /api/v2/routing/queues`, by `name` with `*` at its ends, and by `id`.
pub fn list_queues(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let all = platform.with_org(|org| {
        let wanted = org.queues().iter().filter(|queue| is_asked_for(request, queue));
        Ok(wanted.map(|queue| queue_body(org, queue)).collect())
    })?;
    page(request, all).map(ApiResponse::ok)
}

/// `GET /api/v2/routing/queues/{queueId}`.
pub fn get_queue(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    platform.with_org(|org| {
        let queue = org.queues().iter().find(|queue| queue.id.to_string() == request.hole(0));
        queue.map(|queue| ApiResponse::ok(queue_body(org, queue))).ok_or_else(|| absent("queue", request))
    })
}

/// `GET /api/v2/users`.
pub fn list_users(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let ids: Vec<&str> = request.params("id").collect();
    let all = platform.with_org(|org| {
        let wanted =
            org.users().iter().filter(|user| ids.is_empty() || ids.contains(&user.id.to_string().as_str()));
        Ok(wanted.map(|user| user_body(org, user)).collect())
    })?;
    page(request, all).map(ApiResponse::ok)
}

/// `GET /api/v2/users/{userId}`.
pub fn get_user(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    platform.with_org(|org| {
        let user = org.users().iter().find(|user| user.id.to_string() == request.hole(0));
        user.map(|user| ApiResponse::ok(user_body(org, user))).ok_or_else(|| absent("user", request))
    })
}

/// `GET /api/v2/users/me`: client credentials are nobody's.
pub fn get_me(_: &Platform, _: &ApiRequest) -> Result<ApiResponse, ApiError> {
    Err(ApiError::bad_request(
        "This request requires a user context. Client credentials cannot be used for requests that require a user context.",
    ))
}

/// `GET /api/v2/routing/wrapupcodes`.
pub fn list_wrapup_codes(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let all = platform.with_org(|org| {
        Ok(org.wrap_up_codes().iter().map(|code| entity_body(code, "/api/v2/routing/wrapupcodes")).collect())
    })?;
    page(request, all).map(ApiResponse::ok)
}

/// `GET /api/v2/organizations/me`.
pub fn get_organization(platform: &Platform, _: &ApiRequest) -> Result<ApiResponse, ApiError> {
    platform.with_org(|org| {
        Ok(ApiResponse::ok(json!({
            "id": org.id().to_string(),
            "name": "Simulated org",
            "state": "active",
            "version": 1,
            "selfUri": "/api/v2/organizations/me",
        })))
    })
}

fn is_asked_for(request: &ApiRequest, queue: &Entity) -> bool {
    let mut ids = request.params("id").peekable();
    let by_id = ids.peek().is_none() || ids.any(|id| id == queue.id.to_string());
    by_id && request.param("name").is_none_or(|pattern| fits(pattern, &queue.name))
}

/// Without case, and with `*` for anything at either end, as the API's `name` parameter has it.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let inner = pattern.trim_matches('*');
    match (pattern.starts_with('*'), pattern.ends_with('*')) {
        (true, true) => name.contains(inner),
        (true, false) => name.ends_with(inner),
        (false, true) => name.starts_with(inner),
        (false, false) => name == inner,
    }
}

fn absent(what: &str, request: &ApiRequest) -> ApiError {
    let id = request.hole(0);
    let mut fault = ApiError::not_found(format!("There is no {what} with the id {id}."));
    fault.params.push(("entityId", id.to_owned()));
    fault
}

fn division(org: &Org) -> Value {
    let id = org.division().to_string();
    json!({"id": id, "name": "Home", "selfUri": format!("/api/v2/authorization/divisions/{id}")})
}

fn entity_body(entity: &Entity, list: &str) -> Value {
    json!({"id": entity.id.to_string(), "name": entity.name, "selfUri": format!("{list}/{}", entity.id)})
}

fn queue_body(org: &Org, queue: &Entity) -> Value {
    let position = org.queues().iter().position(|other| other.id == queue.id);
    let members =
        org.users().iter().filter(|user| position.is_some_and(|at| user.queues.contains(&at))).count();
    let mut body = entity_body(queue, "/api/v2/routing/queues");
    if let Value::Object(body) = &mut body {
        body.insert("division".to_owned(), division(org));
        body.insert("memberCount".to_owned(), json!(members));
        body.insert("acwSettings".to_owned(), json!({"wrapupPrompt": "OPTIONAL"}));
    }
    body
}

fn user_body(org: &Org, user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "name": user.name,
        "email": user.email,
        "username": user.email,
        "state": "active",
        "acdAutoAnswer": false,
        "division": division(org),
        "version": 1,
        "selfUri": format!("/api/v2/users/{}", user.id),
    })
}
