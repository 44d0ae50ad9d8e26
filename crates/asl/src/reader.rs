//! The items of a map run's reader, out of the bytes of a file: JSON, JSON Lines, CSV.

use serde_json::{Map, Value};

use crate::execution::TaskError;

/// Reads the items of a file as `ReaderConfig` says; `items_max` is `MaxItems`.
///
/// # Errors
/// `States.ItemReaderFailed` in AWS's words where they are known.
pub fn items(text: &str, config: &Value, items_max: Option<u64>) -> Result<Vec<Value>, TaskError> {
    if items_max == Some(0) {
        return Err(failed("field MaxItems must be positive".to_owned()));
    }
    let setting = |name: &str| config.get(name).and_then(Value::as_str);
    let mut items = match setting("InputType").unwrap_or("JSON") {
        "JSON" => json(text, setting("ItemsPointer").unwrap_or_default())?,
        "JSONL" => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            lines
                .map(|line| serde_json::from_str(line).map_err(|_| unreadable()))
                .collect::<Result<_, _>>()?
        }
        "CSV" => csv(text, config)?,
        other => return Err(failed(format!("Input type {other} is not served."))),
    };
    if let Some(max) = items_max.and_then(|max| usize::try_from(max).ok()) {
        items.truncate(max);
    }
    Ok(items)
}

fn json(text: &str, pointer: &str) -> Result<Vec<Value>, TaskError> {
    let document: Value = serde_json::from_str(text).map_err(|_| unreadable())?;
    match document.pointer(pointer) {
        Some(Value::Array(items)) => Ok(items.clone()),
        _ => Err(failed("Attempting to map over non-iterable node.".to_owned())),
    }
}

fn csv(text: &str, config: &Value) -> Result<Vec<Value>, TaskError> {
    let setting = |name: &str| config.get(name).and_then(Value::as_str);
    let delimiter = match setting("CSVDelimiter").unwrap_or("COMMA") {
        "PIPE" => '|',
        "SEMICOLON" => ';',
        "SPACE" => ' ',
        "TAB" => '\t',
        _ => ',',
    };
    let mut rows = rows(text, delimiter).into_iter();
    let headers: Vec<String> = match config.get("CSVHeaders").and_then(Value::as_array) {
        Some(given) if setting("CSVHeaderLocation") == Some("GIVEN") => {
            given.iter().filter_map(|header| header.as_str().map(str::to_owned)).collect()
        }
        _ => rows.next().unwrap_or_default(),
    };
    let mut known = headers.clone();
    known.sort_unstable();
    known.dedup();
    if known.len() < headers.len() {
        return Err(failed("CSV headers cannot contain duplicates.".to_owned()));
    }
    Ok(rows.map(|row| record(&headers, row)).collect())
}

/// A row under its headers: what is missing is an empty text, what has no header is dropped.
fn record(headers: &[String], row: Vec<String>) -> Value {
    let mut cells = row.into_iter();
    let members: Map<String, Value> = headers
        .iter()
        .map(|header| (header.clone(), Value::from(cells.next().unwrap_or_default())))
        .collect();
    Value::Object(members)
}

/// The rows of a CSV text, after RFC 4180.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            c if c == delimiter && !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

fn unreadable() -> TaskError {
    failed("The file cannot be read as the ReaderConfig says.".to_owned())
}

fn failed(cause: String) -> TaskError {
    TaskError { error: Some("States.ItemReaderFailed".to_owned()), cause: Some(cause) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::items;

    #[test]
    fn a_file_gives_its_items() {
        let config = json!({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"});
        let found = items("a,b\r\n1,\"x, \"\"y\"\"\"\n2\n", &config, None).expect("a table");
        assert_eq!(found, [json!({"a": "1", "b": "x, \"y\""}), json!({"a": "2", "b": ""})]);
        let config = json!({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["k"], "CSVDelimiter": "TAB"});
        assert_eq!(items("1\t2\n", &config, None).expect("a table"), [json!({"k": "1"})]);
        let config = json!({"InputType": "JSON", "ItemsPointer": "/in/it"});
        assert_eq!(items(r#"{"in": {"it": [1, 2]}}"#, &config, Some(1)).expect("an array"), [json!(1)]);
        let config = json!({"InputType": "JSONL"});
        assert_eq!(items("1\n\n{}\n", &config, None).expect("lines"), [json!(1), json!({})]);
    }

    #[test]
    fn a_file_without_items_fails_in_aws_words() {
        let cause =
            |text: &str, config| items(text, &config, None).expect_err(text).cause.unwrap_or_default();
        assert_eq!(cause("{}", json!({"InputType": "JSON"})), "Attempting to map over non-iterable node.");
        let twice = json!({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"});
        assert_eq!(cause("a,a\n", twice), "CSV headers cannot contain duplicates.");
        let none = items("[]", &json!({"InputType": "JSON"}), Some(0)).expect_err("no items wanted");
        assert_eq!(none.cause.as_deref(), Some("field MaxItems must be positive"));
    }
}
