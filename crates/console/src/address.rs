//! The addresses of pages.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The path below which all pages are.
pub const HOME: &str = "/console/";

/// All but what RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The address of a page: its segments below the console's.
pub(crate) fn href(segments: &[&str]) -> String {
    let encoded: Vec<String> =
        segments.iter().map(|segment| utf8_percent_encode(segment, SEGMENT).to_string()).collect();
    format!("{HOME}{}", encoded.join("/"))
}

/// The address of a page with a query.
pub(crate) fn href_with(segments: &[&str], query: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = query
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, SEGMENT)))
        .collect();
    let question = if pairs.is_empty() { "" } else { "?" };
    format!("{}{question}{}", href(segments), pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::{href, href_with};

    #[test]
    fn a_name_of_a_stranger_is_one_segment() {
        assert_eq!(href(&["queues", "a/b?c#d é"]), "/console/queues/a%2Fb%3Fc%23d%20%C3%A9");
        assert_eq!(href_with(&["live"], &[("bus", "a&b"), ("text", "")]), "/console/live?bus=a%26b");
    }
}
