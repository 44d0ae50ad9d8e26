//! `--otlp-endpoint`: where the traces of events' trips go.

use aws::encoding::percent_decoded;
use aws::secret::Secret;
use clap::Args;
use http_client::Request;
use server::config::Traces;

/// What OpenTelemetry's own variables name.
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
/// Where a collector takes traces, below its address (OTLP specification, "OTLP/HTTP Request").
const PATH: &str = "/v1/traces";

/// Where traces go.
#[derive(Clone, Debug, Args)]
pub(crate) struct TraceArguments {
    /// Send a trace of every event's trip to this OpenTelemetry collector, as OTLP over HTTP in JSON: http://localhost:4318
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    otlp_endpoint: Option<String>,
}

impl TraceArguments {
    /// As the server takes it; `None`: no traces are wanted.
    pub(crate) fn traces(&self) -> Result<Option<Traces>, String> {
        let Some(endpoint) = self.otlp_endpoint.as_deref().filter(|endpoint| !endpoint.is_empty()) else {
            return Ok(None);
        };
        let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        let headers = variable(HEADERS).map(|text| headers(&text)).transpose()?.unwrap_or_default();
        let url = url_of(endpoint)?;
        let service_name = variable(SERVICE_NAME).unwrap_or_else(|| "trunkline".to_owned());
        Ok(Some(Traces { url, headers, service_name }))
    }
}

/// The address for traces of a collector's address.
fn url_of(endpoint: &str) -> Result<String, String> {
    let base = endpoint.trim_end_matches('/');
    let url = if base.ends_with(PATH) { base.to_owned() } else { format!("{base}{PATH}") };
    Request::new("POST", &url).map(|_| url).map_err(|failure| {
        format!(
            "--otlp-endpoint {endpoint}: {}; a collector's is for example http://localhost:4318",
            failure.text
        )
    })
}

/// Reads `name=value,name=value`, the values percent-encoded (OpenTelemetry specification, "OTLP Exporter Configuration").
fn headers(text: &str) -> Result<Vec<(String, Secret)>, String> {
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| format!("{HEADERS} is not of the form name=value,name=value"))?;
            Ok((name.trim().to_owned(), Secret::new(percent_decoded(value.trim()))))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{headers, url_of};

    #[test]
    fn a_collectors_address_gets_the_path_for_traces_once() {
        for base in ["http://localhost:4318", "http://localhost:4318/", "http://localhost:4318/v1/traces"] {
            assert_eq!(url_of(base).unwrap(), "http://localhost:4318/v1/traces");
        }
        assert_eq!(url_of("https://c.example/otlp").unwrap(), "https://c.example/otlp/v1/traces");
        assert!(url_of("localhost:4318").unwrap_err().contains("http://localhost:4318"));
    }

    #[test]
    fn headers_are_read_as_opentelemetry_writes_them() {
        let read = headers("api-key=a%20b, x=1").unwrap();
        let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.reveal())).collect();
        assert_eq!(read, [("api-key", "a b"), ("x", "1")]);
        assert!(headers("nothing").is_err());
    }
}
