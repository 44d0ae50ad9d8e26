//! `HttpParameters` of a target: what a request to an API destination gets in addition.

use std::collections::BTreeMap;

use aws::Error;
use serde::{Deserialize, Serialize};

use crate::api_destinations::api_call::is_dynamic;
use crate::ops::check::{Faults, HEADER_KEY, HEADER_VALUE, PATH_PARAMETER, QUERY_KEY, QUERY_VALUE, Shape};
use crate::target::HttpParameters;
use crate::target::input::path::Path;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct HttpParametersWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    path_parameter_values: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header_parameters: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_string_parameters: Option<BTreeMap<String, String>>,
}

impl HttpParametersWire {
    /// What of it breaks the service's model.
    pub(crate) fn check(&self, faults: &mut Faults, at: &str) {
        for (number, value) in self.path_parameter_values.iter().flatten().enumerate() {
            let at = format!("{at}.pathParameterValues.{}.member", number + 1);
            faults.text(&at, Some(value), &PATH_PARAMETER);
        }
        let mut map = |name: &str, map: &Option<BTreeMap<String, String>>, key: &Shape, value: &Shape| {
            let at = format!("{at}.{name}");
            for (name, text) in map.iter().flatten() {
                faults.text(&at, Some(name), key);
                faults.text(&format!("{at}.{name}.member"), Some(text), value);
            }
        };
        map("headerParameters", &self.header_parameters, &HEADER_KEY, &HEADER_VALUE);
        map("queryStringParameters", &self.query_string_parameters, &QUERY_KEY, &QUERY_VALUE);
    }

    /// What is to be kept of it.
    ///
    /// # Errors
    /// `ValidationException` where a value that begins with `$.` is no path.
    pub(crate) fn kept(self, id: &str) -> Result<HttpParameters, Error> {
        let parameters = HttpParameters {
            path: self.path_parameter_values.unwrap_or_default(),
            headers: self.header_parameters.unwrap_or_default(),
            query: self.query_string_parameters.unwrap_or_default(),
        };
        let values =
            parameters.path.iter().chain(parameters.headers.values()).chain(parameters.query.values());
        for value in values.filter(|value| is_dynamic(value)) {
            Path::parse(value).map_err(|reason| {
                Error::validation(format!("The JSON path '{value}' for target {id} is not valid: {reason}"))
            })?;
        }
        Ok(parameters)
    }
}

impl From<HttpParameters> for HttpParametersWire {
    fn from(parameters: HttpParameters) -> Self {
        let HttpParameters { path, headers, query } = parameters;
        Self {
            path_parameter_values: Some(path).filter(|path| !path.is_empty()),
            header_parameters: Some(headers).filter(|headers| !headers.is_empty()),
            query_string_parameters: Some(query).filter(|query| !query.is_empty()),
        }
    }
}
