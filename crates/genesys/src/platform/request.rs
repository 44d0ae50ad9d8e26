//! A request to the Platform API, parsed: the input of a handler.

use std::ops::RangeInclusive;

use aws::{Ids, Timestamp};
use serde::de::DeserializeOwned;

use crate::platform::response::ApiError;

/// A request whose token is valid.
#[derive(Debug)]
pub struct ApiRequest {
    /// The path, such as `/api/v2/users/{id}` filled.
    pub path: String,
    /// The values of the path's placeholders, left to right, percent-decoded.
    pub holes: Vec<String>,
    /// The query's parameters, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The OAuth client that calls.
    pub client_id: String,
    /// `http://host:port`, as the caller addressed us.
    pub base_url: String,
    /// When the request arrived.
    pub now: Timestamp,
    /// Where new identifiers come from.
    pub ids: Ids,
}

impl ApiRequest {
    /// The value of the placeholder at this position; empty where the template has none there.
    pub fn hole(&self, at: usize) -> &str {
        self.holes.get(at).map(String::as_str).unwrap_or_default()
    }

    /// The first value of a query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a query parameter: repeated, or separated by commas.
    pub fn params<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.query.iter().filter(move |(key, _)| key == name);
        values.flat_map(|(_, value)| value.split(',')).filter(|value| !value.is_empty())
    }

    /// A numeric query parameter.
    ///
    /// # Errors
    /// 400 where it is not a number, or outside of the range.
    pub fn number(
        &self,
        name: &str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, ApiError> {
        let Some(text) = self.param(name) else { return Ok(default) };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => {
                let (from, to) = range.into_inner();
                Err(ApiError::bad_request(format!(
                    "{name} must be a number from {from} to {to}, not '{text}'."
                )))
            }
        }
    }

    /// The JSON body.
    ///
    /// # Errors
    /// 400 with the position of the mistake.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        if self.body.is_empty() {
            return Err(ApiError::bad_request("The request body is empty; a JSON body is required."));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            ApiError::bad_request(format!("The request could not be read as JSON: {error}."))
        })
    }
}
