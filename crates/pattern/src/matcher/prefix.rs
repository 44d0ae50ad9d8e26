//! `prefix`: a string that starts so.

/// A string that starts with this one. The empty prefix accepts every string, and nothing but strings.
///
/// ```
/// let pattern = pattern::EventPattern::parse(r#"{"region": [{"prefix": "eu-"}]}"#).unwrap();
/// assert!(pattern.matches(br#"{"region": "eu-central-1"}"#).unwrap());
/// assert!(!pattern.matches(br#"{"region": "us-east-1"}"#).unwrap());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// Accepts what starts with `text`.
    #[must_use]
    pub fn new(text: String) -> Prefix {
        Prefix(text)
    }

    /// The start itself.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether `found`, the bytes of a string, starts so.
    ///
    /// AWS's engine compares the value in its quotes, and a prefix without its closing one; so a prefix that ends with
    /// a quotation mark also accepts the string that is equal but for that mark (event-ruler, `JsonRuleCompiler`).
    #[must_use]
    pub fn accepts(&self, found: &[u8]) -> bool {
        found.starts_with(self.0.as_bytes()) || self.0.as_bytes().strip_suffix(b"\"") == Some(found)
    }
}
