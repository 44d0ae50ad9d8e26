//! Function URLs: a request to `<id>.lambda-url.<region>.localhost` calls the function with it. Source of the forms: AWS, "Invoking
//! Lambda function URLs" (payload format 2.0).

use aws::{Error, ResponseBody};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda::Functions;
use lambda::cors::CorsHeader;
use lambda::url::{AuthType, UrlTarget};
use serde_json::{Map, Value, json};

use crate::clock;
use crate::door::{Door, url_stream};

/// A request's body: an invocation's payload, less what stands around it.
const BODY_BYTES_MAX: usize = lambda::limits::PAYLOAD_BYTES_MAX;

/// Serves what is for a function URL; all else goes on.
pub(super) async fn served(State(door): State<Door>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Some(id) = url_id(&parts) else { return next.run(Request::from_parts(parts, body)).await };
    let found = door.scopes.all().map(|served| &served.rooms.workshop.functions);
    let mut found = found.filter_map(|functions| Some((functions, functions.of_url(&id).ok()??)));
    let Some((functions, target)) = found.next() else {
        door.bodies.pass_over(body).await;
        return message(StatusCode::NOT_FOUND, "There is no function with this URL.");
    };
    let Some(cors) = target.cors.clone() else {
        return called(&door, functions, &target, (parts, body)).await.unwrap_or_else(|refused| refused);
    };
    let origin = parts.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let origin = origin.unwrap_or_default().to_owned();
    // With CORS set, preflights are answered for the function, and its own CORS headers are replaced (AWS).
    if parts.method == Method::OPTIONS && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        door.bodies.pass_over(body).await;
        return with_cors(StatusCode::OK.into_response(), cors.preflight_headers(&origin));
    }
    let response = called(&door, functions, &target, (parts, body)).await.unwrap_or_else(|refused| refused);
    with_cors(response, cors.answer_headers(&origin))
}

/// Whether a request is for a function URL whose CORS setting lets pages of its origin call.
pub(super) fn lets_origin(door: &Door, parts: &Parts) -> bool {
    let origin = parts.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let (Some(origin), Some(id)) = (origin, url_id(parts)) else { return false };
    let mut all = door.scopes.all().map(|served| &served.rooms.workshop.functions);
    let target = all.find_map(|functions| functions.of_url(&id).ok()?);
    target.and_then(|target| target.cors).is_some_and(|cors| cors.lets(origin))
}

const CORS_HEADERS: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

fn with_cors(mut response: Response, told: Vec<CorsHeader>) -> Response {
    let headers = response.headers_mut();
    for name in CORS_HEADERS {
        headers.remove(name);
    }
    for CorsHeader { name, value } in told {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.append(name, value);
        }
    }
    response
}

/// The id in a host of the form `<id>.lambda-url.<region>.localhost`.
fn url_id(parts: &Parts) -> Option<String> {
    let host = parts.headers.get(header::HOST)?.to_str().ok()?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    let mut labels = name.split('.');
    let id = labels.next()?;
    (labels.next() == Some("lambda-url") && !id.is_empty()).then(|| id.to_owned())
}

fn message(status: StatusCode, words: &str) -> Response {
    let body = json!({"Message": words}).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn called(
    door: &Door,
    functions: &Functions,
    target: &UrlTarget,
    (parts, body): (Parts, Body),
) -> Result<Response, Response> {
    let broken = |error: Error| {
        message(StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_GATEWAY), &error.message)
    };
    let body = door.bodies.read(body, BODY_BYTES_MAX).await.map_err(broken)?;
    let may = match target.auth_type {
        // With `--auth` the signature or token is judged as the door judges it elsewhere; without, that there is one.
        AuthType::AwsIam => {
            parts.headers.contains_key(header::AUTHORIZATION) && is_known(door, &parts, &body)
        }
        AuthType::None => functions.lets_anybody(target).map_err(broken)?,
    };
    if !may {
        return Err(message(StatusCode::FORBIDDEN, "Forbidden"));
    }
    let request_id = clock::ids().next_uuid();
    let event = event(&parts, &body, &request_id).to_string();
    let call = functions.invocation_of_url(target, request_id, event.into_bytes()).map_err(broken)?;
    let answer = door.answers.answer(call).await.map_err(broken)?;
    let failed = answer.headers.iter().any(|(name, _)| *name == "x-amz-function-error");
    let payload = match answer.body {
        ResponseBody::Whole(payload) => payload,
        ResponseBody::Chunks(chunks) => {
            let streamed = url_stream::response(content_type(&answer.headers), chunks).await;
            return streamed.ok_or_else(|| message(StatusCode::BAD_GATEWAY, "Internal Server Error"));
        }
    };
    if answer.status == StatusCode::TOO_MANY_REQUESTS.as_u16() {
        return Err(message(StatusCode::TOO_MANY_REQUESTS, "Rate Exceeded."));
    }
    if failed {
        return Err(message(StatusCode::BAD_GATEWAY, "Internal Server Error"));
    }
    response(payload).ok_or_else(|| message(StatusCode::BAD_GATEWAY, "Internal Server Error"))
}

fn content_type<'h>(headers: &'h [(&'static str, String)]) -> &'h str {
    let found = headers.iter().find(|(name, _)| *name == "content-type");
    found.map_or("application/octet-stream", |(_, value)| value.as_str())
}

/// Whether who calls may call at all.
fn is_known(door: &Door, parts: &Parts, body: &[u8]) -> bool {
    door.auth.admit(parts).and_then(|admitted| admitted.check(parts, body)).is_ok()
}

/// The function's event, format 2.0.
fn event(parts: &Parts, body: &[u8], request_id: &str) -> Value {
    let mut headers = Map::new();
    let mut cookies: Vec<Value> = Vec::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if name == header::COOKIE {
            cookies.extend(value.split("; ").map(Value::from));
            continue;
        }
        match headers.get_mut(name.as_str()) {
            Some(Value::String(known)) => *known = format!("{known},{value}"),
            _ => drop(headers.insert(name.as_str().to_owned(), value.into())),
        }
    }
    let text = |name: &str| headers.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (host, agent) = (text("host"), text("user-agent"));
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let now = clock::now();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": host.split('.').next().unwrap_or_default(),
            "domainName": host,
            "domainPrefix": host.split('.').next().unwrap_or_default(),
            "http": {"method": parts.method.as_str(), "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": agent},
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": now.to_iso_seconds(),
            "timeEpoch": now.unix_ms(),
        },
        "isBase64Encoded": false,
    });
    let Some(members) = event.as_object_mut() else { return event };
    if !cookies.is_empty() {
        members.insert("cookies".to_owned(), cookies.into());
    }
    let parameters = parameters(query);
    if !parameters.is_empty() {
        members.insert("queryStringParameters".to_owned(), Value::Object(parameters));
    }
    if !body.is_empty() {
        let is_text = std::str::from_utf8(body);
        members.insert("isBase64Encoded".to_owned(), is_text.is_err().into());
        let shown = is_text.map_or_else(|_| STANDARD.encode(body), str::to_owned);
        members.insert("body".to_owned(), shown.into());
    }
    event
}

/// Each parameter once, its values with commas between them.
fn parameters(query: &str) -> Map<String, Value> {
    let mut all: Map<String, Value> = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match all.get_mut(name.as_ref()) {
            Some(Value::String(known)) => *known = format!("{known},{value}"),
            _ => drop(all.insert(name.into_owned(), value.into_owned().into())),
        }
    }
    all
}

/// What a function's answer is on the wire: one with a `statusCode` says all of it, any other is JSON with 200. `None`: it says
/// what HTTP cannot.
fn response(payload: Vec<u8>) -> Option<Response> {
    let answer: Value = serde_json::from_slice(&payload).ok()?;
    let Some(status) = answer.get("statusCode") else {
        let json = [(header::CONTENT_TYPE, "application/json")];
        return Some((StatusCode::OK, json, payload).into_response());
    };
    let status = status.as_u64().or_else(|| status.as_str()?.parse().ok())?;
    let status = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    let body = match answer.get("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => {
            let is_base64 = answer.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or_default();
            if is_base64 { STANDARD.decode(text).ok()? } else { text.clone().into_bytes() }
        }
        Some(other) => other.to_string().into_bytes(),
    };
    url_stream::with_head((status, body).into_response(), &answer)
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::{parameters, response};

    #[test]
    fn a_functions_answer_becomes_http_as_on_aws() {
        let plain = response(br#"{"a":1}"#.to_vec()).unwrap();
        assert_eq!(plain.status().as_u16(), 200);
        assert_eq!(&plain.headers()[header::CONTENT_TYPE], "application/json");
        let whole = br#"{"statusCode":404,"headers":{"Content-Type":"text/plain","x-n":1},"cookies":["a=1","b=2"],"body":"no"}"#;
        let whole = response(whole.to_vec()).unwrap();
        assert_eq!(whole.status().as_u16(), 404);
        assert_eq!(&whole.headers()[header::CONTENT_TYPE], "text/plain");
        assert_eq!(&whole.headers()["x-n"], "1");
        assert_eq!(whole.headers().get_all(header::SET_COOKIE).iter().count(), 2);
        assert!(response(br#"{"statusCode":"x"}"#.to_vec()).is_none());
        assert!(response(br#"{"statusCode":200,"body":"%","isBase64Encoded":true}"#.to_vec()).is_none());
    }

    #[test]
    fn parameters_with_several_values_have_commas() {
        let all = parameters("a=1&b=x%20y&a=2");
        assert_eq!(serde_json::Value::Object(all), serde_json::json!({"a": "1,2", "b": "x y"}));
    }
}
