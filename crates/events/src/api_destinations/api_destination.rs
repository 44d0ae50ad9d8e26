//! An API destination: an HTTP endpoint as a target, with its connection and its rate.

use aws::{Arn, Error, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Read, Table};

use crate::api_destinations::connection::ConnectionState;
use crate::error;
use crate::events::Events;

/// All API destinations, by name.
pub(crate) const API_DESTINATIONS: Table<String, ApiDestination> = Table::new(34, "API destinations");

/// The methods that an endpoint may be called with, in the order in which AWS's errors tell them (recorded by LocalStack,
/// `test_create_api_destination_invalid_parameters`).
pub(crate) const METHODS: [&str; 7] = ["HEAD", "POST", "PATCH", "DELETE", "PUT", "GET", "OPTIONS"];

/// An API destination as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiDestination {
    pub(crate) name: String,
    /// The UUID at the end of its ARN.
    pub(crate) id: String,
    pub(crate) description: Option<String>,
    pub(crate) connection_arn: String,
    /// A URL; each `*` in its path is filled by the target that calls it.
    pub(crate) endpoint: String,
    pub(crate) method: String,
    /// Requests a second, at most.
    pub(crate) rate_per_second: u32,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
}

store::record!(ApiDestination, version 1);

impl ApiDestination {
    /// Its full name.
    pub(crate) fn arn(&self, scope: &Scope) -> Arn {
        scope.arn("events", format!("api-destination/{}/{}", self.name, self.id))
    }

    /// `INACTIVE` while its connection is not authorized, as LocalStack recorded of AWS (`test_api_destinations`).
    pub(crate) fn state(&self, read: &mut impl Read) -> &'static str {
        let connection = Events::connection_at(read, &self.connection_arn);
        match connection.map(|connection| connection.state) {
            Some(ConnectionState::Authorized) => "ACTIVE",
            Some(ConnectionState::Authorizing | ConnectionState::Deauthorized) | None => "INACTIVE",
        }
    }
}

impl Events {
    /// The API destination that an ARN names; `None` where there is none, or another one of that name.
    pub(crate) fn api_destination_at(read: &mut impl Read, arn: &Arn) -> Option<ApiDestination> {
        let (name, id) = arn.resource.strip_prefix("api-destination/")?.split_once('/')?;
        read.get(&API_DESTINATIONS, &name.to_owned()).filter(|destination| destination.id == id)
    }

    /// The API destination's record; `what` an operation wants with it is said where there is none.
    pub(crate) fn api_destination(
        read: &mut impl Read,
        name: &str,
        what: &str,
    ) -> Result<ApiDestination, Error> {
        let found = read.get(&API_DESTINATIONS, &name.to_owned());
        found.ok_or_else(|| error::api_destination_not_found(what, name))
    }
}
