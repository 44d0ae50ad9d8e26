//! What a function streams to its URL: a head in JSON and eight zero bytes, then the body; or the body alone.
//!
//! Source of the form: the Node runtime client's `HttpResponseStream`
//! (<https://github.com/aws/aws-lambda-nodejs-runtime-interface-client>).

use aws::Chunks;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;

/// The media type of a stream that begins with a head.
const WITH_HEAD: &str = "application/vnd.awslambda.http-integration-response";
/// What stands between head and body.
const BREAK: [u8; 8] = [0; 8];
/// A head is a status, headers and cookies.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// The answer that a stream is. None: it has no head where it says that it has one, or one that HTTP cannot say.
pub(super) async fn response(content_type: &str, mut chunks: Box<dyn Chunks>) -> Option<Response> {
    if content_type != WITH_HEAD {
        let mut response = (StatusCode::OK, body(Vec::new(), chunks)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).ok()?);
        return Some(response);
    }
    let mut read = Vec::new();
    let at = loop {
        if let Some(at) = read.windows(BREAK.len()).position(|bytes| bytes == BREAK) {
            break at;
        }
        if read.len() > HEAD_BYTES_MAX {
            return None;
        }
        read.append(&mut chunks.next().await?.ok()?);
    };
    let mut rest = read.split_off(at);
    rest.drain(..BREAK.len());
    let head: Value = serde_json::from_slice(&read).ok()?;
    let status = head.get("statusCode").map_or(Some(200), Value::as_u64)?;
    let status = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    with_head((status, body(rest, chunks)).into_response(), &head)
}

/// A response with the headers and cookies that a function's answer, or the first words of its stream, name.
pub(super) fn with_head(mut response: Response, answer: &Value) -> Option<Response> {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in answer.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let name: HeaderName = name.parse().ok()?;
        headers.insert(name, value.parse().ok()?);
    }
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        headers.append(header::SET_COOKIE, cookie.as_str()?.parse().ok()?);
    }
    Some(response)
}

/// Bytes that are there, and those that come. A failure on the way ends the connection.
fn body(first: Vec<u8>, chunks: Box<dyn Chunks>) -> Body {
    let first = Some(first).filter(|first| !first.is_empty());
    Body::from_stream(stream::unfold((first, chunks), async |(first, mut chunks)| match first {
        Some(first) => Some((Ok(first), (None, chunks))),
        None => chunks.next().await.map(|piece| (piece, (None, chunks))),
    }))
}

#[cfg(test)]
mod tests {
    use aws::porter_call::NextChunk;
    use aws::{Chunks, Error};
    use axum::body::to_bytes;

    use super::{WITH_HEAD, response};

    struct Pieces(Vec<Result<Vec<u8>, Error>>);

    impl Chunks for Pieces {
        fn next(&mut self) -> NextChunk<'_> {
            Box::pin(async move { (!self.0.is_empty()).then(|| self.0.remove(0)) })
        }
    }

    fn pieces(all: &[&[u8]]) -> Box<Pieces> {
        Box::new(Pieces(all.iter().map(|piece| Ok(piece.to_vec())).collect()))
    }

    #[tokio::test]
    async fn a_head_may_come_in_any_pieces() {
        let whole: &[u8] =
            b"{\"statusCode\":201,\"headers\":{\"x-a\":\"b\"},\"cookies\":[\"c=1\"]}\0\0\0\0\0\0\0\0body";
        for at in 0..whole.len() {
            let (one, two) = whole.split_at(at);
            let answer = response(WITH_HEAD, pieces(&[one, two, b" more"])).await.unwrap();
            assert_eq!(answer.status().as_u16(), 201);
            assert_eq!(&answer.headers()["x-a"], "b");
            assert_eq!(&answer.headers()["set-cookie"], "c=1");
            assert_eq!(to_bytes(answer.into_body(), 100).await.unwrap(), "body more");
        }
    }

    #[tokio::test]
    async fn a_stream_without_a_head_is_a_body() {
        let answer = response("text/plain", pieces(&[b"a", b"b"])).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"] == "text/plain"),
            (200, true)
        );
        assert_eq!(to_bytes(answer.into_body(), 100).await.unwrap(), "ab");
        for broken in [&b"{}"[..], b"no json\0\0\0\0\0\0\0\0", b"{\"statusCode\":9}\0\0\0\0\0\0\0\0"] {
            assert!(response(WITH_HEAD, pieces(&[broken])).await.is_none());
        }
    }

    #[tokio::test]
    async fn what_breaks_off_is_no_whole_answer() {
        let broken = Pieces(vec![Ok(b"a".to_vec()), Err(Error::sender("X", "it broke"))]);
        let answer = response("text/plain", Box::new(broken)).await.unwrap();
        assert!(to_bytes(answer.into_body(), 100).await.is_err());
    }
}
