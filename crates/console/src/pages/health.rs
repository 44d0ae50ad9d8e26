//! Whether all is well: the books and whether they balance, disk and store, what AWS would refuse.

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::href;
use crate::command::trunkline;
use crate::layout::Sheet;
use crate::pages::link::book;
use crate::parts::{Figure, Section, Table, Tone, badge, bytes, figures, grouped, live, note};
use crate::payload::{line, reason};
use crate::pipeline::{bus_names, name_of};
use crate::source::{Question, Source, ask, find};
use crate::standing::{self, Standing};
use crate::value::{is, items, number, text};

/// Reads and writes the page.
pub(crate) async fn sheet(source: &Source) -> Result<Sheet, Error> {
    let books = ask(source, Question::trunkline("GetBooks", json!({}))).await?;
    let standing = standing::read(source).await;
    let mut refusals = Vec::new();
    for bus in bus_names(source).await? {
        let question = Question::trunkline("ListRefusals", json!({"EventBusName": bus}));
        let answer = find(source, question).await.unwrap_or_default();
        refusals.extend(items(&answer, "Refusals").iter().map(|refusal| refused(&bus, refusal)));
    }
    Ok(Sheet::new("Health", written(&books, &standing, refusals)))
}

fn written(books: &Value, standing: &Standing, refusals: Vec<Vec<Markup>>) -> Markup {
    html! {
        (verdicts(books, standing))
        (Section { title: "What AWS would refuse", command: "trunkline why".to_owned(), body: findings(refusals) })
        (Section { title: "The books", command: "trunkline audit".to_owned(), body: html! {
            div.books { @for page in items(books, "Pages") { (book_page(page)) } }
        } })
        (Section { title: "What runs", command: String::new(), body: components(books, standing) })
    }
}

fn verdicts(books: &Value, standing: &Standing) -> Markup {
    let balanced = is(books, "Balanced");
    let low =
        standing.disk_free_bytes.is_some_and(|free| free < standing.disk_reserve_bytes.saturating_mul(2));
    let figure = |name: &'static str, value: String, tone: Tone, command: &'static str| Figure {
        name,
        value,
        key: String::new(),
        href: String::new(),
        command,
        tone,
    };
    let (books_word, books_tone) =
        if balanced { ("balance", Tone::Good) } else { ("do not balance", Tone::Bad) };
    let (store_word, store_tone) = match &standing.stopped {
        None => ("runs", Tone::Good),
        Some(_) => ("stopped", Tone::Bad),
    };
    let damaged = standing.damaged_records;
    let free = standing.disk_free_bytes.map_or_else(|| "not known".to_owned(), bytes);
    let kept = book(books, "events", "kept bytes");
    let all = [
        figure("the books", books_word.to_owned(), books_tone, "trunkline audit"),
        figure("the store", store_word.to_owned(), store_tone, "curl ADDRESS/health"),
        figure(
            "damaged records",
            grouped(damaged),
            if damaged == 0 { Tone::Good } else { Tone::Bad },
            "trunkline fsck",
        ),
        Figure {
            key: "disk.free".to_owned(),
            ..figure("disk free", free, if low { Tone::Bad } else { Tone::Plain }, "df -h")
        },
        figure("events kept", bytes(kept), Tone::Plain, "trunkline audit"),
    ];
    figures(&all)
}

fn refused(bus: &str, refusal: &Value) -> Vec<Markup> {
    let rule = text(refusal, "Rule");
    vec![
        html! { a href=(href(&["rules", bus, rule])) { (line(rule)) } },
        html! { span title=(text(refusal, "TargetArn")) { (line(&name_of(text(refusal, "TargetArn")))) } },
        html! { span.long { (reason(text(refusal, "Reason"))) } },
    ]
}

fn findings(refusals: Vec<Vec<Markup>>) -> Markup {
    if refusals.is_empty() {
        return html! { p { (badge(Tone::Good, "nothing")) " Policies and roles let every rule reach its targets." } };
    }
    html! { (Table { caption: "Deliveries that AWS would refuse for want of a permission", columns: &["rule", "target", "why"], rows: refusals }) }
}

fn book_page(page: &Value) -> Markup {
    let name = text(page, "Name");
    let rows = items(page, "Rows");
    if rows.iter().all(|row| number(row, "Value") == 0) && !matches!(name, "events" | "deliveries") {
        return html! {};
    }
    let off: Vec<&Value> =
        items(page, "Sums").iter().filter(|sum| number(sum, "Total") != number(sum, "Parts")).collect();
    html! {
        div.book tabindex="0" role="region" aria-label={ "Books of " (name) } {
            h3 { (name) " "
                @if off.is_empty() { (badge(Tone::Good, "balances")) } @else { (badge(Tone::Bad, "does not balance")) }
            }
            table {
                caption { "Books of " (name) }
                tbody { @for row in rows { (book_row(name, row)) } }
            }
            @for sum in off {
                p { (text(sum, "Label")) " is off by " (number(sum, "Total").abs_diff(number(sum, "Parts"))) }
            }
        }
    }
}

fn book_row(page: &str, row: &Value) -> Markup {
    let (label, role) = (text(row, "Label"), text(row, "Role"));
    let is_part = role.eq_ignore_ascii_case("part");
    html! {
        tr class=(role.to_ascii_lowercase()) {
            th scope="row" { @if is_part { span.faint aria-hidden="true" { "└ " } } (label) }
            td.n { (live(&format!("books.{page}.{label}"), &grouped(number(row, "Value")))) }
            td.faint { (text(row, "Note")) }
        }
    }
}

fn components(books: &Value, standing: &Standing) -> Markup {
    html! {
        dl.facts {
            dt { "address" } dd.mono { (line(&standing.address)) }
            dt { "data folder" } dd.mono { (line(&standing.data_dir)) }
            dt { "components" } dd {
                @for (at, component) in items(books, "Components").iter().enumerate() {
                    @if at > 0 { ", " } (text(component, "Name"))
                }
            }
            @for webhook in &standing.webhooks {
                dt { "webhook" } dd.mono { "/webhooks/" (line(&webhook.name)) " to " (line(&webhook.bus)) }
            }
        }
        p { a href=(href(&["bundle.json"])) download { "Support bundle" } " " span.faint { "the books, the rules' names and targets, the queues' depths: no payload, pattern, policy or secret" } }
        (note(html! { "A check of every byte needs the data folder to itself: stop Trunkline, then " code { (trunkline(&["fsck", "--data-dir", &standing.data_dir])) } "." }))
    }
}
