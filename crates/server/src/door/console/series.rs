//! ListSeries: what is kept of each minute and hour, for the console.

use aws::{Body, Error, operation};
use serde_json::{Value, json};

use crate::clock;
use crate::door::Door;
use crate::series::kept::{Kind, Span, Stretch};

/// Series that one answer names.
const PREFIXES_MAX: usize = 20;

/// Answers for `Rows` rows of the `Span` `minute` or `hour`, up to the last that is over, of the series whose names begin with one of
/// `Prefixes`.
pub(super) fn list(door: &Door, asked: &Value) -> Result<Body, Error> {
    let span = match asked.get("Span").and_then(Value::as_str) {
        Some("hour") => Span::Hour,
        _ => Span::Minute,
    };
    let rows = asked.get("Rows").and_then(Value::as_u64).unwrap_or(60);
    let prefixes = asked.get("Prefixes").and_then(Value::as_array).into_iter().flatten();
    let prefixes: Vec<String> =
        prefixes.filter_map(Value::as_str).take(PREFIXES_MAX).map(str::to_owned).collect();
    let until = (clock::now().unix_ms() / span.ms()).saturating_sub(1);
    let stretch = Stretch { span, until, rows };
    let found = door.rooms.series.read(&door.rooms.store, stretch, &prefixes);
    let series: Vec<Value> = found
        .map_err(queue::error::of_store)?
        .into_iter()
        .map(|series| json!({"Name": series.name, "AddsUp": series.kind == Kind::Count, "Values": series.values}))
        .collect();
    operation::print(&json!({"Series": series}))
}
