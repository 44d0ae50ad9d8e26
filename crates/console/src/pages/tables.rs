//! The tables: what each is, and its first items.

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::href;
use crate::layout::Sheet;
use crate::parts::{Section, Table, bytes, filter, grouped, note, nothing};
use crate::payload::{line, payload};
use crate::source::{Listed, Question, Source, all, ask, find};
use crate::value::{items, number, text};

/// Tables that are listed, and items that are shown.
const TABLES_MAX: usize = 200;
const ITEMS_MAX: usize = 25;

fn dynamodb(operation: &'static str, body: Value) -> Question {
    Question::of("dynamodb", operation, body)
}

/// Reads and writes the list.
pub(crate) async fn sheet(source: &Source) -> Result<Sheet, Error> {
    let list = Listed {
        member: "TableNames",
        token: "LastEvaluatedTableName",
        next: "ExclusiveStartTableName",
        most: TABLES_MAX,
    };
    let names = all(source, dynamodb("ListTables", json!({"Limit": 100})), list).await?;
    let mut rows = Vec::new();
    for name in names.items.iter().filter_map(Value::as_str).take(TABLES_MAX) {
        let answer =
            find(source, dynamodb("DescribeTable", json!({"TableName": name}))).await.unwrap_or_default();
        rows.push(row(name, answer.get("Table").unwrap_or(&Value::Null)));
    }
    if rows.is_empty() {
        return Ok(Sheet::new(
            "Tables",
            nothing(html! { "There are no tables yet: " code { "aws dynamodb create-table" } " makes one." }),
        ));
    }
    let columns = &["table", "status", "key", "#items", "#size"];
    let body = html! { (filter("tables")) (Table { caption: "Tables", columns, rows }) };
    let section = Section { title: "All tables", command: "aws dynamodb list-tables".to_owned(), body };
    Ok(Sheet::new("Tables", html! { (section) }))
}

fn key_of(table: &Value) -> String {
    let names: Vec<&str> = items(table, "KeySchema").iter().map(|part| text(part, "AttributeName")).collect();
    names.join(", ")
}

fn row(name: &str, table: &Value) -> Vec<Markup> {
    vec![
        html! { a href=(href(&["tables", name])) { (line(name)) } },
        line(text(table, "TableStatus")),
        html! { code { (line(&key_of(table))) } },
        html! { (grouped(number(table, "ItemCount"))) },
        html! { (bytes(number(table, "TableSizeBytes"))) },
    ]
}

/// Reads and writes the page of a table.
pub(crate) async fn one(source: &Source, name: &str) -> Result<Sheet, Error> {
    let answer = ask(source, dynamodb("DescribeTable", json!({"TableName": name}))).await?;
    let table = answer.get("Table").unwrap_or(&Value::Null);
    let scanned = ask(source, dynamodb("Scan", json!({"TableName": name, "Limit": ITEMS_MAX}))).await?;
    let found = items(&scanned, "Items");
    let shown = html! {
        @if found.is_empty() { (nothing("The table holds no items.")) }
        @for item in found {
            details.message data-row="" { summary { span.peek.mono { (line(&item.to_string())) } } (payload(&item.to_string())) }
        }
        @if found.len() == ITEMS_MAX { (note(html! { "The first " (ITEMS_MAX) "." })) }
    };
    let body = html! {
        (Section { title: "What it is", command: format!("aws dynamodb describe-table --table-name {name}"), body: facts(table) })
        (Section { title: "Items", command: format!("aws dynamodb scan --table-name {name} --max-items {ITEMS_MAX}"), body: shown })
    };
    Ok(Sheet::new(name, body).below("Tables", &["tables"]))
}

fn facts(table: &Value) -> Markup {
    html! {
        dl.facts {
            dt { "status" } dd { (line(text(table, "TableStatus"))) }
            dt { "key" } dd.mono { (line(&key_of(table))) }
            dt { "items" } dd { (grouped(number(table, "ItemCount"))) }
            @for index in items(table, "GlobalSecondaryIndexes").iter().chain(items(table, "LocalSecondaryIndexes")) {
                dt { "index" } dd.mono { (line(text(index, "IndexName"))) " on " (line(&key_of(index))) }
            }
        }
    }
}
