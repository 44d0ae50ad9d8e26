//! Who may come in at all: a request from this machine's programs, and not one that a web page in somebody's browser makes.
//!
//! A page of any site can send forms and texts to a loopback address without being asked (Fetch standard, "CORS-safelisted
//! request"), and by a name that it lets point here (DNS rebinding) it can read the answers as well. So, on every path:
//!
//! - on a loopback address the `Host` must be one: `localhost`, a name below it, a loopback literal, the address that is listened
//!   on, or one of those behind `sync-` (the prefix that Step Functions' SDKs put before an endpoint); else `--allow-host` names it;
//! - a foreign `Origin` or `Sec-Fetch-Site` is refused; `--allow-origin` lets one in, and then its preflights are answered; a
//!   function URL's own CORS setting lets origins call that function, and nothing else;
//! - whoever follows a link reaches pages, and nothing that acts.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::config::OpenWebhook;
use crate::door::{Door, console, function_url, is_visit};

/// Whom the user lets in beside this machine's own programs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitors {
    /// Where the door listens.
    pub(crate) listen: Option<SocketAddr>,
    /// Names that a request may give as its host, without port, in lower case.
    pub(crate) hosts: Vec<String>,
    /// Origins whose pages may call, as browsers write them: `https://console.example`, with a port unless it is the scheme's.
    pub(crate) origins: Vec<String>,
}

/// How long a browser may remember what a preflight said, in seconds.
const PREFLIGHT_MAX_AGE_S: &str = "600";
/// Headers of answers that a page's SDK reads.
const EXPOSED: &str = "x-amzn-requestid, x-amzn-errortype, x-amz-crc32, x-amzn-query-error";

/// Judges a request before anything else looks at it.
pub(super) async fn judged(State(door): State<Door>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let hosts = hosts_of(&door, parts.uri.path());
    let judged = if function_url::lets_origin(&door, &parts) {
        door.visitors.judge_host(&parts, hosts).map(|_| None)
    } else {
        door.visitors.judge(&parts, hosts)
    };
    let allowed = match judged {
        Ok(allowed) => allowed,
        Err(sentence) => {
            door.bodies.pass_over(body).await;
            return refusal(&sentence);
        }
    };
    if let (Some(origin), true) = (&allowed, is_preflight(&parts)) {
        return with_origin(preflight(&parts.headers), origin);
    }
    let response = hardened(next.run(Request::from_parts(parts, body)).await);
    match allowed {
        Some(origin) => with_origin(response, &origin),
        None => response,
    }
}

/// Which hosts a request may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hosts {
    /// This machine's and the listed ones.
    Ours,
    /// Any: a webhook whose senders are verified is called by whatever name its sender knows it by.
    Any,
}

fn hosts_of(door: &Door, path: &str) -> Hosts {
    let name = path.strip_prefix("/webhooks/").map(|name| name.trim_end_matches('/'));
    let is_verified =
        |open: &OpenWebhook| Some(open.webhook.name.as_str()) == name && open.webhook.verification.is_some();
    if door.webhooks.iter().any(is_verified) { Hosts::Any } else { Hosts::Ours }
}

impl Visitors {
    /// Whether a request may come in: the origin that it was let in for, if it came from a page.
    ///
    /// # Errors
    /// A sentence that says what stood in the way, and what would help.
    fn judge(&self, parts: &Parts, hosts: Hosts) -> Result<Option<HeaderValue>, String> {
        let host = self.judge_host(parts, hosts)?;
        if let Some(origin) = parts.headers.get(header::ORIGIN) {
            return self.judge_origin(origin, host.as_deref());
        }
        let site = parts.headers.get("sec-fetch-site").and_then(|site| site.to_str().ok()).unwrap_or("none");
        if matches!(site, "none" | "same-origin") || is_followed_link(parts) {
            return Ok(None);
        }
        Err("A page of another site sent this request; Trunkline takes none of those. \
             --allow-origin names the origin of a page that may."
            .to_owned())
    }

    /// Whether a request names a host of ours: the host, if it names one.
    fn judge_host(&self, parts: &Parts, hosts: Hosts) -> Result<Option<String>, String> {
        let named: Vec<&HeaderValue> = parts.headers.get_all(header::HOST).iter().collect();
        let host = match named.as_slice() {
            [] => parts.uri.authority().map(|authority| authority.as_str().to_owned()),
            [host] => Some(host.to_str().map_err(|_| "The header Host is no text.".to_owned())?.to_owned()),
            _ => return Err("The request has more than one header Host.".to_owned()),
        };
        if let Some(host) = &host
            && hosts == Hosts::Ours
            && !self.is_host(host)
        {
            return Err(format!(
                "The host '{host}' is not this Trunkline's; --allow-host {} would let it in.",
                name_of(host)
            ));
        }
        Ok(host)
    }

    fn judge_origin(&self, origin: &HeaderValue, host: Option<&str>) -> Result<Option<HeaderValue>, String> {
        let text = origin.to_str().unwrap_or_default();
        if self.origins.iter().any(|allowed| allowed == text) {
            return Ok(Some(origin.clone()));
        }
        let authority = text.split_once("://").map(|(_, authority)| authority);
        if authority.is_some() && authority == host {
            return Ok(None);
        }
        Err(format!(
            "A page of the origin '{text}' sent this request; --allow-origin {text} would let its pages call."
        ))
    }

    /// Whether a host is one of ours. Beyond loopback the names of this machine are its owner's to know, unless some are listed.
    fn is_host(&self, host: &str) -> bool {
        let Some(listen) = self.listen else { return true };
        let name = name_of(host);
        let name = name.strip_prefix("sync-").unwrap_or(&name);
        if self.hosts.iter().any(|allowed| allowed == name) {
            return true;
        }
        let is_local_name = name == "localhost" || name.ends_with(".localhost");
        let literal = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let is_ours = is_local_name
            || literal.is_ok_and(|address| address.to_canonical().is_loopback() || address == listen.ip());
        is_ours || (!listen.ip().is_loopback() && self.hosts.is_empty())
    }
}

/// A host without its port, in lower case, without the dot at the end that a name may have.
fn name_of(host: &str) -> String {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        // The colons of an IPv6 address are its own.
        Some((name, port)) if is_port(port) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => host,
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Somebody followed a link to a page: it is shown, and acts on nothing.
fn is_followed_link(parts: &Parts) -> bool {
    let mode = parts.headers.get("sec-fetch-mode").and_then(|mode| mode.to_str().ok());
    let is_page = matches!(parts.method, Method::GET | Method::HEAD) && console::is_page(parts.uri.path());
    mode == Some("navigate") && (is_visit(parts) || is_page)
}

fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// What a page of an allowed origin may send: whatever it asks for.
fn preflight(headers: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let out = response.headers_mut();
    let asked = [
        (header::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_ALLOW_METHODS),
        (header::ACCESS_CONTROL_REQUEST_HEADERS, header::ACCESS_CONTROL_ALLOW_HEADERS),
    ];
    for (question, answer) in asked {
        if let Some(value) = headers.get(question) {
            out.insert(answer, value.clone());
        }
    }
    out.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_MAX_AGE_S));
    response
}

fn with_origin(mut response: Response, origin: &HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    response
}

/// No answer of ours is a page in somebody's frame, nor anything but what its media type says.
fn hardened(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

fn refusal(sentence: &str) -> Response {
    let body = serde_json::json!({"__type": "AccessDeniedException", "message": sentence}).to_string();
    let head = [("content-type", "application/json"), ("x-amzn-errortype", "AccessDeniedException")];
    hardened((StatusCode::FORBIDDEN, head, body).into_response())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use axum::http::request::Parts;

    use super::{Hosts, Visitors};

    fn visitors(listen: &str) -> Visitors {
        Visitors {
            listen: Some(listen.parse().unwrap()),
            hosts: vec!["trunkline.test".to_owned()],
            origins: vec!["https://console.example".to_owned()],
        }
    }

    fn parts(line: &str, headers: &[(&str, &str)]) -> Parts {
        let (method, uri) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn may(line: &str, headers: &[(&str, &str)]) -> bool {
        visitors("127.0.0.1:4566").judge(&parts(line, headers), Hosts::Ours).is_ok()
    }

    #[test]
    fn a_host_must_be_one_of_ours() {
        for host in [
            "localhost:4566",
            "LOCALHOST",
            "localhost.:4566",
            "sqs.us-east-1.localhost:4566",
            "sync-localhost:4566",
            "127.0.0.1:4566",
            "127.8.9.1",
            "sync-127.0.0.1:4566",
            "[::1]:4566",
            "[::ffff:127.0.0.1]:4566",
            "trunkline.test:4566",
        ] {
            assert!(may("POST /", &[("host", host)]), "{host}");
        }
        for host in [
            "evil.example:4566",
            "127.0.0.1.evil.example",
            "localhost.evil.example:4566",
            "evillocalhost",
            "169.254.169.254",
            "10.0.0.1:4566",
            "[2001:db8::1]:4566",
            "sync-evil.example",
            "",
        ] {
            assert!(!may("POST /", &[("host", host)]), "{host}");
        }
        assert!(!may("POST /", &[("host", "localhost"), ("host", "evil.example")]));
        assert!(may("POST /", &[]), "a program of HTTP/1.0");
        assert!(!may("POST http://evil.example/", &[]));
        let webhook = parts("POST /webhooks/crm", &[("host", "hooks.example")]);
        assert!(visitors("127.0.0.1:4566").judge(&webhook, Hosts::Any).is_ok());
    }

    #[test]
    fn beyond_loopback_the_listed_hosts_are_the_only_ones() {
        let at = |hosts: &[&str], host: &str| {
            let hosts = hosts.iter().map(|&host| host.to_owned()).collect();
            let visitors = Visitors { hosts, ..visitors("10.1.2.3:4566") };
            visitors.judge(&parts("POST /", &[("host", host)]), Hosts::Ours).is_ok()
        };
        assert!(at(&[], "anything.internal"));
        assert!(at(&["trunkline.internal"], "trunkline.internal:4566"));
        assert!(at(&["trunkline.internal"], "10.1.2.3:4566"));
        assert!(!at(&["trunkline.internal"], "anything.internal"));
    }

    #[test]
    fn a_page_of_another_origin_is_refused() {
        let host = ("host", "127.0.0.1:4566");
        for origin in
            ["https://evil.example", "null", "http://127.0.0.1:8000", "http://127.0.0.1", "", "file://"]
        {
            assert!(!may("POST /", &[host, ("origin", origin)]), "{origin}");
        }
        assert!(may("POST /", &[host, ("origin", "http://127.0.0.1:4566")]));
        assert!(may(
            "POST /",
            &[host, ("origin", "https://console.example"), ("sec-fetch-site", "cross-site")]
        ));
        for site in ["cross-site", "same-site"] {
            assert!(!may("GET /?Action=PurgeQueue", &[host, ("sec-fetch-site", site)]), "{site}");
            let link = [host, ("sec-fetch-site", site), ("sec-fetch-mode", "navigate")];
            assert!(may("GET /", &link), "a link to the first page");
            assert!(may("GET /console/queues/orders?sign-in=x", &link), "a link to a page of the console");
            assert!(!may("POST /console/do/rule.pause", &link) && !may("GET /console/live-stream", &link));
            assert!(!may("GET /?Action=PurgeQueue", &link));
            assert!(!may("POST /", &link));
        }
        for site in ["none", "same-origin"] {
            assert!(may("POST /", &[host, ("sec-fetch-site", site)]), "{site}");
        }
    }
}
