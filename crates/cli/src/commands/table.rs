//! `trunkline table`: DynamoDB's tables and what they hold, through DynamoDB's own operations.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use provision::Request;
use serde_json::{Map, Value, json};

use crate::remote::{At, Remote, items, text};
use crate::{output, table};

/// Items that one question brings: a page that is shown while the next one is fetched.
const ITEMS_PER_PAGE: u64 = 100;

/// Arguments of `trunkline table`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Look {
    /// List all tables, their keys and item counts
    List {
        #[command(flatten)]
        at: At,
    },
    /// Show one table: keys, indexes, time to live
    Show {
        /// The table's name
        name: String,
        #[command(flatten)]
        at: At,
    },
    /// Print one item as JSON
    Get {
        /// The table's name
        name: String,
        /// Its key, an attribute each, such as `id=4711`
        #[arg(value_name = "ATTRIBUTE=VALUE", required = true)]
        key: Vec<String>,
        #[command(flatten)]
        at: At,
    },
    /// Print the items, a line of JSON each
    ///
    /// Items are printed as plain JSON; --json prints them with DynamoDB's types, as its API has them.
    Scan {
        /// The table's name
        name: String,
        /// At most so many items
        #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u64).range(1..))]
        limit: u64,
        #[command(flatten)]
        at: At,
    },
}

/// Exit status 0; 1 where there is no such item, 2 where there is no such table.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    match &arguments.look {
        Look::List { at } => list(at),
        Look::Show { name, at } => show(name, at),
        Look::Get { name, key, at } => get(name, key, at),
        Look::Scan { name, limit, at } => scan(name, *limit, at),
    }
}

fn list(at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let mut tables = Vec::new();
    for name in names(&remote)? {
        // A table may go while the others are looked at.
        let found = remote.find(Request::tables("DescribeTable", json!({"TableName": name})))?;
        tables.extend(found.and_then(|mut answer| answer.get_mut("Table").map(Value::take)));
    }
    if at.json {
        tables.into_iter().map(output::camel_case).for_each(output::json);
        return Ok(ExitCode::SUCCESS);
    }
    let number = |table: &Value, name: &str| table.get(name).map(Value::to_string).unwrap_or_default();
    let row = |table: &Value| {
        let keys: Vec<String> = key_schema(table).iter().map(KeyAttribute::described).collect();
        vec![
            text(table, "TableName").to_owned(),
            keys.join(", "),
            number(table, "ItemCount"),
            number(table, "TableSizeBytes"),
        ]
    };
    let rows: Vec<Vec<String>> = tables.iter().map(row).collect();
    table::print(&["table", "key", "items", "bytes"], &rows, "no tables");
    Ok(ExitCode::SUCCESS)
}

fn names(remote: &Remote) -> Result<Vec<String>, String> {
    let (mut found, mut request) = (Vec::new(), json!({}));
    loop {
        let answer = remote.ask(Request::tables("ListTables", request))?;
        found.extend(items(&answer, "TableNames").iter().filter_map(Value::as_str).map(str::to_owned));
        match answer.get("LastEvaluatedTableName") {
            Some(last) => request = json!({"ExclusiveStartTableName": last}),
            None => return Ok(found),
        }
    }
}

fn describe(remote: &Remote, name: &str) -> Result<Value, String> {
    let mut answer = remote.ask(Request::tables("DescribeTable", json!({"TableName": name})))?;
    Ok(answer.get_mut("Table").map(Value::take).unwrap_or_default())
}

fn show(name: &str, at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let table = describe(&remote, name)?;
    let mut ttl = remote.ask(Request::tables("DescribeTimeToLive", json!({"TableName": name})))?;
    let ttl = ttl.get_mut("TimeToLiveDescription").map(Value::take).unwrap_or_default();
    if at.json {
        output::json(output::camel_case(json!({"Table": table, "TimeToLive": ttl})));
        return Ok(ExitCode::SUCCESS);
    }
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let number = |name: &str| table.get(name).map(Value::to_string).unwrap_or_default();
    let mut rows = vec![row("arn", text(&table, "TableArn").to_owned())];
    rows.push(row("status", text(&table, "TableStatus").to_owned()));
    rows.extend(key_schema(&table).iter().map(|key| row("key", key.described())));
    rows.push(row("items", number("ItemCount")));
    rows.push(row("bytes", number("TableSizeBytes")));
    for (member, label) in
        [("GlobalSecondaryIndexes", "global index"), ("LocalSecondaryIndexes", "local index")]
    {
        for index in items(&table, member) {
            let keys: Vec<&str> =
                items(index, "KeySchema").iter().map(|key| text(key, "AttributeName")).collect();
            rows.push(row(label, format!("{} by {}", text(index, "IndexName"), keys.join(", "))));
        }
    }
    let expires = match text(&ttl, "AttributeName") {
        "" => "never".to_owned(),
        attribute => format!("by {attribute}"),
    };
    rows.push(row("items expire", expires));
    table::print(&["about", "value"], &rows, "");
    Ok(ExitCode::SUCCESS)
}

/// An attribute of a table's key.
#[derive(Debug)]
struct KeyAttribute {
    name: String,
    /// `S`, `N` or `B`.
    kind: String,
}

impl KeyAttribute {
    fn described(&self) -> String {
        let kind = match self.kind.as_str() {
            "S" => "string",
            "N" => "number",
            _ => "binary",
        };
        format!("{} ({kind})", self.name)
    }
}

/// The attributes of a table's key, the partition key first.
fn key_schema(table: &Value) -> Vec<KeyAttribute> {
    let kind_of = |name: &str| {
        let definitions = items(table, "AttributeDefinitions");
        definitions
            .iter()
            .find(|one| text(one, "AttributeName") == name)
            .map(|one| text(one, "AttributeType"))
    };
    let key = |part: &Value| {
        let name = text(part, "AttributeName").to_owned();
        KeyAttribute { kind: kind_of(&name).unwrap_or_default().to_owned(), name }
    };
    items(table, "KeySchema").iter().map(key).collect()
}

fn get(name: &str, key: &[String], at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let key = typed_key(&key_schema(&describe(&remote, name)?), key)?;
    let request = json!({"TableName": name, "Key": key, "ConsistentRead": true});
    let answer = remote.ask(Request::tables("GetItem", request))?;
    match answer.get("Item") {
        Some(item) => {
            print_item(item, at);
            Ok(ExitCode::SUCCESS)
        }
        None => {
            output::note(&format!("no such item in the table {name}"));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// A key with DynamoDB's types, from `attribute=value` and the table's schema.
fn typed_key(schema: &[KeyAttribute], given: &[String]) -> Result<Value, String> {
    let wanted = || schema.iter().map(|key| format!("{}=...", key.name)).collect::<Vec<_>>().join(" ");
    let mut key = Map::new();
    for part in given {
        let Some((name, value)) = part.split_once('=') else {
            return Err(format!("'{part}' is not ATTRIBUTE=VALUE; the key of this table is {}", wanted()));
        };
        let Some(attribute) = schema.iter().find(|attribute| attribute.name == name) else {
            return Err(format!("'{name}' is not in the key of this table, which is {}", wanted()));
        };
        key.insert(name.to_owned(), json!({ &attribute.kind: value }));
    }
    if key.len() < schema.len() {
        return Err(format!("a part of the key is missing; the key of this table is {}", wanted()));
    }
    Ok(Value::Object(key))
}

fn scan(name: &str, limit: u64, at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let (mut left, mut start) = (limit, None);
    loop {
        let mut request = json!({"TableName": name, "Limit": left.min(ITEMS_PER_PAGE)});
        if let (Some(members), Some(start)) = (request.as_object_mut(), start) {
            members.insert("ExclusiveStartKey".to_owned(), start);
        }
        let mut answer = remote.ask(Request::tables("Scan", request))?;
        let found = items(&answer, "Items");
        found.iter().for_each(|item| print_item(item, at));
        left = left.saturating_sub(u64::try_from(found.len()).unwrap_or(u64::MAX));
        start = answer.get_mut("LastEvaluatedKey").map(Value::take);
        if start.is_none() {
            return Ok(ExitCode::SUCCESS);
        }
        if left == 0 {
            output::note(&format!("there are more than {limit} items; --limit prints more"));
            return Ok(ExitCode::SUCCESS);
        }
    }
}

fn print_item(item: &Value, at: &At) {
    if at.json {
        output::line(item);
        return;
    }
    let members = item.as_object().into_iter().flatten();
    let members: Map<String, Value> = members.map(|(name, value)| (name.clone(), plain(value))).collect();
    output::line(Value::Object(members));
}

/// A value without DynamoDB's types: sets become lists, binaries stay base64, and a number that JSON cannot hold is a text.
fn plain(typed: &Value) -> Value {
    let Some((kind, value)) = typed.as_object().and_then(|typed| typed.iter().next()) else {
        return typed.clone();
    };
    let number = |value: &Value| {
        let read = value.as_str().and_then(|digits| serde_json::from_str::<serde_json::Number>(digits).ok());
        let same = read.filter(|read| Some(read.to_string().as_str()) == value.as_str());
        same.map_or_else(|| value.clone(), Value::Number)
    };
    let list = |each: &dyn Fn(&Value) -> Value| {
        Value::Array(value.as_array().into_iter().flatten().map(each).collect())
    };
    match kind.as_str() {
        "N" => number(value),
        "NS" => list(&number),
        "L" => list(&plain),
        "NULL" => Value::Null,
        "M" => {
            let members = value.as_object().into_iter().flatten();
            Value::Object(members.map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{KeyAttribute, plain, typed_key};

    #[test]
    fn an_item_is_told_without_types() {
        let cases = [
            (json!({"S": "a"}), json!("a")),
            (json!({"N": "42"}), json!(42)),
            (json!({"N": "2.5"}), json!(2.5)),
            (
                json!({"N": "12345678901234567890123456789012345678"}),
                json!("12345678901234567890123456789012345678"),
            ),
            (json!({"NULL": true}), json!(null)),
            (json!({"BOOL": false}), json!(false)),
            (json!({"NS": ["1", "2"]}), json!([1, 2])),
            (json!({"SS": ["N", "S"]}), json!(["N", "S"])),
            (json!({"L": [{"M": {"x": {"N": "1"}}}, {"S": "b"}]}), json!([{"x": 1}, "b"])),
        ];
        for (typed, wanted) in cases {
            assert_eq!(plain(&typed), wanted, "{typed}");
        }
    }

    #[test]
    fn a_key_is_typed_by_the_schema() {
        let attribute =
            |name: &str, kind: &str| KeyAttribute { name: name.to_owned(), kind: kind.to_owned() };
        let schema = [attribute("id", "S"), attribute("n", "N")];
        let given = |parts: &[&str]| parts.iter().map(|&part| part.to_owned()).collect::<Vec<_>>();
        let key = typed_key(&schema, &given(&["id=a=b", "n=7"])).unwrap();
        assert_eq!(key, json!({"id": {"S": "a=b"}, "n": {"N": "7"}}));
        let error = |parts: &[&str]| typed_key(&schema, &given(parts)).unwrap_err();
        assert_eq!(error(&["id=a"]), "a part of the key is missing; the key of this table is id=... n=...");
        assert_eq!(error(&["of=a"]), "'of' is not in the key of this table, which is id=... n=...");
        assert_eq!(error(&["id"]), "'id' is not ATTRIBUTE=VALUE; the key of this table is id=... n=...");
    }
}
