//! Lists in pages: `entities` with `pageSize` and `pageNumber`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::platform::request::ApiRequest;
use crate::platform::response::ApiError;

/// Default and maximum page size: `pageSize` in the API's description.
const PAGE_SIZE: usize = 25;
const PAGE_SIZE_MAX: usize = 500;

/// The page of `all` that the request asks for.
///
/// # Errors
/// 400 where `pageSize` or `pageNumber` is out of range.
pub fn page(request: &ApiRequest, all: Vec<Value>) -> Result<Value, ApiError> {
    let size = request.number("pageSize", PAGE_SIZE, 1..=PAGE_SIZE_MAX)?;
    let number = request.number("pageNumber", 1, 1..=usize::MAX)?;
    let total = all.len();
    let pages = total.div_ceil(size);
    let entities: Vec<Value> = all.into_iter().skip((number - 1).saturating_mul(size)).take(size).collect();
    let uri = |number: usize| uri(request, size, number);
    let mut page = json!({
        "entities": entities,
        "pageSize": size,
        "pageNumber": number,
        "total": total,
        "pageCount": pages,
        "firstUri": uri(1),
        "lastUri": uri(pages.max(1)),
        "selfUri": uri(number),
    });
    if let Value::Object(members) = &mut page {
        if number < pages {
            members.insert("nextUri".to_owned(), json!(uri(number + 1)));
        }
        if number > 1 {
            members.insert("previousUri".to_owned(), json!(uri(number - 1)));
        }
    }
    Ok(page)
}

/// The path of another page, with the request's other parameters.
fn uri(request: &ApiRequest, size: usize, number: usize) -> String {
    let mut uri = format!("{}?pageSize={size}&pageNumber={number}", request.path);
    for (name, value) in request.query.iter().filter(|(name, _)| name != "pageSize" && name != "pageNumber") {
        uri.push('&');
        push_encoded(&mut uri, name);
        uri.push('=');
        push_encoded(&mut uri, value);
    }
    uri
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub(crate) fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}
