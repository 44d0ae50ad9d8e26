//! Routes of the simulated org.

use genesys::platform::org;

use crate::door::genesys::{Route, Run};

/// What the simulated org answers by itself.
pub(crate) const ROUTES: &[Route] = &[
    get("/api/v2/organizations/me", org::get_organization),
    get("/api/v2/routing/queues", org::list_queues),
    get("/api/v2/routing/queues/{}", org::get_queue),
    get("/api/v2/routing/wrapupcodes", org::list_wrapup_codes),
    get("/api/v2/users", org::list_users),
    get("/api/v2/users/me", org::get_me),
    get("/api/v2/users/{}", org::get_user),
];

type Handler = fn(
    &genesys::platform::Platform,
    &genesys::platform::asked::Asked,
) -> Result<genesys::platform::answer::Answer, genesys::platform::answer::Fault>;

const fn get(path: &'static str, run: Handler) -> Route {
    Route { method: "GET", path, run: Run::Org(run) }
}
