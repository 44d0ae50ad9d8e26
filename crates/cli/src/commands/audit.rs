//! `trunkline audit`: the books, as a table that balances (contract C2).

use std::process::ExitCode;

use aws::books::Role;
use clap::Args;
use provision::Request;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::output;
use crate::remote::{At, ask};

/// Arguments of `trunkline audit`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    at: At,
}

/// The books as the server shows them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Books {
    balanced: bool,
    pages: Vec<Page>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    name: String,
    rows: Vec<Row>,
    sums: Vec<Sum>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    label: String,
    role: Role,
    value: u64,
    note: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sum {
    label: String,
    total: u64,
    parts: u64,
}

/// Exit status 0 where the books balance, 1 where they do not.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let answer = ask(&arguments.at.endpoint, Request::trunkline("GetBooks", json!({})))?;
    let books: Books = serde_json::from_value(answer)
        .map_err(|e| format!("this version of trunkline cannot read the server's books: {e}"))?;
    if arguments.at.json {
        output::json(json_of(&books));
    } else {
        books.pages.iter().for_each(print);
    }
    Ok(if books.balanced { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn json_of(books: &Books) -> Value {
    let row = |row: &Row| json!({"label": row.label, "role": row.role, "value": row.value, "note": row.note});
    let sum = |sum: &Sum| json!({"label": sum.label, "total": sum.total, "parts": sum.parts});
    let page = |page: &Page| {
        let (rows, sums): (Vec<_>, Vec<_>) =
            (page.rows.iter().map(row).collect(), page.sums.iter().map(sum).collect());
        json!({"name": page.name, "rows": rows, "sums": sums})
    };
    let pages: Vec<_> = books.pages.iter().map(page).collect();
    json!({"balanced": books.balanced, "pages": pages})
}

/// A page; nothing where nothing of it has ever happened.
fn print(page: &Page) {
    if page.rows.iter().all(|row| row.value == 0) && page.name != "events" && page.name != "deliveries" {
        return;
    }
    output::line(output::styled(output::STRONG, &page.name));
    let mut sums = page.sums.iter();
    let mut open: Option<&Sum> = None;
    let mut is_first = true;
    for line in &page.rows {
        match line.role {
            Role::Total => {
                open.take().into_iter().for_each(verdict);
                open = sums.next();
                is_first = true;
                row(&line.label, line.value, &line.note);
            }
            Role::Part => {
                let sign = if is_first { '=' } else { '+' };
                is_first = false;
                row(&format!("{sign} {}", line.label), line.value, &line.note);
            }
            Role::Aside => {
                open.take().into_iter().for_each(verdict);
                if line.value > 0 {
                    row(&line.label, line.value, &line.note);
                }
            }
        }
    }
    open.take().into_iter().for_each(verdict);
}

fn row(name: &str, number: u64, note: &str) {
    let note = match note {
        "" => String::new(),
        note => format!("  {}", output::styled(output::FAINT, note)),
    };
    output::line(format_args!("  {name:<16} {number:>12}{note}"));
}

fn verdict(sum: &Sum) {
    let verdict = if sum.total == sum.parts {
        output::styled(output::GOOD, "balances")
    } else {
        let off = format!("does not balance: off by {}", sum.total.abs_diff(sum.parts));
        output::styled(output::BAD, off)
    };
    output::line(format_args!("  {verdict}"));
}
