//! Whether all is well: the books and whether they balance, disk and store, what AWS would refuse.

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::{href, href_with};
use crate::answer::Visit;
use crate::command::trunkline;
use crate::layout::Sheet;
use crate::pages::link::book;
use crate::parts::{Figure, Section, Table, Tone, badge, bytes, figures, grouped, live, note, nothing};
use crate::payload::{line, reason};
use crate::pipeline::{bus_names, name_of};
use crate::series::{Stretch, kept};
use crate::source::{Question, Source, ask, find};
use crate::standing::{self, Standing};
use crate::value::{is, items, number, text};

mod limits;

/// Events of the last hour up to which the checks run without being asked for: one of them looks at each.
const CHECKED_MAX: u64 = 20_000;

/// Reads and writes the page.
pub(crate) async fn sheet(source: &Source, visit: &Visit) -> Result<Sheet, Error> {
    let books = ask(source, Question::trunkline("GetBooks", json!({}))).await?;
    let standing = standing::read(source).await;
    let mut refusals = Vec::new();
    for bus in bus_names(source).await? {
        let question = Question::trunkline("ListRefusals", json!({"EventBusName": bus}));
        let answer = find(source, question).await.unwrap_or_default();
        refusals.extend(items(&answer, "Refusals").iter().map(|refusal| refused(&bus, refusal)));
    }
    let checks = checks(source, visit).await;
    let limits = limits::used(source).await?;
    let fsck = fsck(source, visit).await;
    let body = html! {
        (verdicts(&books, &standing))
        (Section { title: "What the doctor says", command: "trunkline doctor".to_owned(), body: checks })
        (written(&books, &standing, refusals))
        (Section { title: "Limits, and where they are used most", command: String::new(), body: limits })
        (Section { title: "The records", command: trunkline(&["fsck", "--data-dir", &standing.data_dir]), body: fsck })
    };
    Ok(Sheet::new("Health", body))
}

/// The findings of the checks, where it is cheap to look or somebody has asked.
async fn checks(source: &Source, visit: &Visit) -> Markup {
    if visit.param("checks").is_empty() {
        let hour = kept(source, Stretch::Hour, &["books.events.accepted"]).await;
        if hour.sum("books.events.accepted") > CHECKED_MAX {
            return html! {
                p { "So many events came in the last hour that the checks take a while. "
                    a.act href=(href_with(&["health"], &[("checks", "1")])) { "Run them" } }
            };
        }
    }
    match ask(source, Question::of("console", "ListFindings", json!({}))).await {
        Ok(answer) => findings(items(&answer, "Checks")),
        Err(error) => nothing(line(&error.message)),
    }
}

fn findings(checks: &[Value]) -> Markup {
    let is_well = |check: &&Value| items(check, "Findings").is_empty();
    let well = checks.iter().filter(is_well).count();
    html! {
        @for check in checks.iter().filter(|check| !is_well(check)) {
            article.rule {
                h3 { (badge(Tone::Bad, "look")) " " (line(text(check, "Asks"))) " " span.faint.mono { (line(text(check, "Check"))) } }
                ul.plain { @for finding in items(check, "Findings") { li data-row="" { (line(finding.as_str().unwrap_or_default())) } } }
                (note(html! { (line(text(check, "Why"))) " " (line(text(check, "Fix"))) }))
            }
        }
        p { (badge(Tone::Good, &format!("{well} of {} checks found nothing", checks.len()))) }
        details {
            summary { "What was checked" }
            ul.plain { @for check in checks { li { span.mono { (line(text(check, "Check"))) } " " (line(text(check, "Asks"))) } } }
        }
    }
}

/// What a look at the checksums found, where somebody has asked.
async fn fsck(source: &Source, visit: &Visit) -> Markup {
    let whole = note(
        "A check of every byte needs the data folder to itself: stop Trunkline, then run the command beside this heading.",
    );
    if visit.param("fsck").is_empty() {
        return html! {
            p { a.act href=(href_with(&["health"], &[("fsck", "1")])) { "Compare the checksums now" } " " span.faint { "while Trunkline goes on" } }
            (whole)
        };
    }
    match ask(source, Question::of("console", "QuickCheck", json!({}))).await {
        Ok(found) => html! {
            p {
                @let damaged = number(&found, "Damaged");
                @if damaged == 0 { (badge(Tone::Good, "intact")) } @else { (badge(Tone::Bad, &format!("{damaged} damaged"))) }
                " " (grouped(number(&found, "LookedAt"))) " of " (grouped(number(&found, "Records"))) " records were compared with their checksums."
            }
            (whole)
        },
        Err(error) => html! { (nothing(line(&error.message))) (whole) },
    }
}

fn written(books: &Value, standing: &Standing, refusals: Vec<Vec<Markup>>) -> Markup {
    html! {
        (Section { title: "What AWS would refuse", command: "trunkline why".to_owned(), body: refusal_table(refusals) })
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

fn refusal_table(refusals: Vec<Vec<Markup>>) -> Markup {
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
    }
}
