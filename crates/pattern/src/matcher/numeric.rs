//! `numeric`: a number within bounds.

/// A number within bounds, compared as doubles. Strings, booleans and null never match, and neither does a number
/// that [cannot be compared](crate::matcher::number::Number).
///
/// ```
/// let pattern = pattern::EventPattern::parse(r#"{"count": [{"numeric": [">", 0, "<=", 5]}]}"#).unwrap();
/// assert!(pattern.matches(br#"{"count": 5.0}"#).unwrap());
/// assert!(!pattern.matches(br#"{"count": 0}"#).unwrap());
/// assert!(!pattern.matches(br#"{"count": "3"}"#).unwrap());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumericRange {
    /// The lower bound, if there is one.
    pub bottom: Option<Bound>,
    /// The upper bound, if there is one. `["=", x]` has both, closed and equal.
    pub top: Option<Bound>,
}

/// One end of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// Where the range ends: finite, never minus zero.
    pub value: f64,
    /// Whether the value itself belongs to the range: `<=` and not `<`.
    pub closed: bool,
}

impl NumericRange {
    /// Whether `value` lies within.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        let above = self.bottom.is_none_or(|b| value > b.value || (b.closed && value == b.value));
        let below = self.top.is_none_or(|t| value < t.value || (t.closed && value == t.value));
        above && below
    }

    /// The one value that `["=", x]` accepts.
    #[must_use]
    pub fn equals(&self) -> Option<f64> {
        match (self.bottom, self.top) {
            (Some(bottom), Some(top)) if bottom.value == top.value => Some(top.value),
            _ => None,
        }
    }
}
