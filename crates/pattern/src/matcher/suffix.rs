//! `suffix`: a string that ends so.

/// A string that ends with this one. The empty suffix accepts every string, and nothing but strings.
///
/// ```
/// let pattern = pattern::EventPattern::parse(r#"{"file": [{"suffix": ".png"}]}"#).unwrap();
/// assert!(pattern.matches(br#"{"file": "a.png"}"#).unwrap());
/// assert!(!pattern.matches(br#"{"file": "a.PNG"}"#).unwrap());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suffix(String);

impl Suffix {
    /// Accepts what ends with `text`.
    #[must_use]
    pub fn new(text: String) -> Suffix {
        Suffix(text)
    }

    /// The end itself.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether `found`, the bytes of a string, ends so.
    ///
    /// As for [`Prefix`](crate::matcher::prefix::Prefix::accepts), a suffix that starts with a quotation mark also
    /// accepts the string that is equal but for that mark.
    #[must_use]
    pub fn accepts(&self, found: &[u8]) -> bool {
        found.ends_with(self.0.as_bytes()) || self.0.as_bytes().strip_prefix(b"\"") == Some(found)
    }
}
