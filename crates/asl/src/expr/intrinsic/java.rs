//! What Java prints and rounds, which shows through in AWS's answers.

use serde_json::{Number, Value};

/// `Math.round`: half up; the ends of a long beyond them.
pub(super) fn round(number: f64) -> Option<i64> {
    if number.is_nan() {
        return None;
    }
    let rounded = (number + 0.5).floor();
    // 0.49999999999999994 + 0.5 is 1 in binary; Java's answer is 0.
    let rounded = if rounded - number > 0.5 { rounded - 1.0 } else { rounded };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast from a double stops at the ends, as Java's does"
    )]
    let whole = rounded as i64;
    Some(whole)
}

/// `String.valueOf` of a parsed JSON value: maps as `{a=1, b=[2, x]}`, texts without quotes.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number_text(number),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, member)| format!("{name}={}", text(member))).collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// `Double.toString`: digits between 10^-3 and 10^7, else with an exponent.
fn number_text(number: &Number) -> String {
    let Some(double) = number.as_f64().filter(|_| number.is_f64()) else { return number.to_string() };
    let size = double.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{double:?}");
    }
    let text = format!("{double:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}
