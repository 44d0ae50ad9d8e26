//! `bus:` the event bus of the rules, where it is not the default one.

use serde_json::json;

use crate::api::{Api, ApiError, Request, found};
use crate::change::Change;
use crate::resource::{Resource, Settings, Verbs, Wanted};
use crate::table::NameRule;

/// The bus that exists without being created.
pub const DEFAULT: &str = "default";

/// Source: the shape `EventBusName` of the EventBridge API; a slash is only for partner event buses (CreateEventBus).
pub(crate) const NAME: NameRule = NameRule { noun: "an event bus", signs: ".-_", chars_max: 256 };

named_id!("Which bus.", "event bus ");

/// What a pipeline on this bus wants of it.
pub(crate) fn wanted(name: &str) -> Option<Resource> {
    (name != DEFAULT).then(|| Resource::new(Id { name: name.to_owned() }, Settings::new()))
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 40;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let answer = api.call(Request::events("DescribeEventBus", json!({"Name": self.name}))).await;
        Ok(found(answer)?.map(|_| Settings::new()))
    }

    async fn create(&self, api: &impl Api, _wanted: Wanted<'_>) -> Result<(), ApiError> {
        api.call(Request::events("CreateEventBus", json!({"Name": self.name}))).await.map(drop)
    }

    /// A bus has no settings in a pipeline, so nothing of it differs.
    async fn update(
        &self,
        _api: &impl Api,
        _wanted: Wanted<'_>,
        _changes: &[Change],
    ) -> Result<(), ApiError> {
        Ok(())
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        api.call(Request::events("DeleteEventBus", json!({"Name": self.name}))).await.map(drop)
    }
}
