//! Numbers: when two are equal, and which can be compared at all.

/// A number as it is written, with the double that it is, if it is exactly one.
///
/// AWS compares numbers as doubles and only those that survive the way there and back: the decimal in the text must
/// be the shortest that reads as that double (event-ruler, `ComparableNumber`). Others, such as 20-digit account
/// numbers, are equal to the same digits and to nothing else.
///
/// ```
/// let pattern = pattern::EventPattern::parse(r#"{"n": [300]}"#).unwrap();
/// assert!(pattern.matches(br#"{"n": 3.0e2}"#).unwrap());
/// assert!(!pattern.matches(br#"{"n": "300"}"#).unwrap());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    text: String,
    value: Option<f64>,
}

impl Number {
    /// The number that `text`, a JSON number, writes.
    #[must_use]
    pub fn new(text: String) -> Number {
        let value = comparable(&text);
        Number { text, value }
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The double that it is exactly; `None` where it cannot be compared. Never NaN, infinite or minus zero.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.value
    }

    /// Same digits, or same double.
    #[must_use]
    pub fn equals(&self, other: &Number) -> bool {
        self.text == other.text || (self.value.is_some() && self.value == other.value)
    }
}

/// The double that a JSON number is exactly, as AWS takes "exactly": the decimal equals the shortest one of its double.
#[must_use]
pub fn comparable(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    if !value.is_finite() {
        return None;
    }
    let written = Decimal::read(text)?;
    // Where two shortest decimals are equally near, Java takes the one with the even last digit (the contract of
    // `Double.toString` since JDK 19, JDK-4511638; older ones do not always find the shortest). So does serde_json; the standard library takes the greater one.
    let short = serde_json::to_string(&value).ok()?;
    // Java writes at least two digits, and picks the two nearest where one would do: 4.9e-324, not 5e-324.
    let short = if short.contains('.') { short } else { format!("{value:.1e}") };
    if Decimal::read(&short)? != written {
        return None;
    }
    // Minus zero is zero.
    Some(if value == 0.0 { 0.0 } else { value })
}

/// A decimal in lowest terms: digits without zeros at either end, and the power of ten of the last one.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn read(text: &str) -> Option<Decimal> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let mut exponent: i64 = exponent.parse().ok()?;
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).skip_while(|d| *d == b'0').collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
            exponent = exponent.checked_add(1)?;
        }
        if digits.is_empty() {
            return Some(Decimal { negative: false, digits, exponent: 0 });
        }
        Some(Decimal { negative, digits, exponent })
    }
}
