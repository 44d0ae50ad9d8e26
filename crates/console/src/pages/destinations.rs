//! API destinations and the connections that they sign in with.

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::layout::Sheet;
use crate::parts::{Section, Table, Tone, badge, filter, nothing};
use crate::payload::line;
use crate::pipeline::name_of;
use crate::source::{Listed, Question, Source, all};
use crate::value::{number, text};

/// Destinations and connections that are listed.
const LISTED_MAX: usize = 1_000;

/// Reads and writes the page.
pub(crate) async fn sheet(source: &Source) -> Result<Sheet, Error> {
    let question = Question::events("ListApiDestinations", json!({}));
    let destinations = all(source, question, Listed::of("ApiDestinations", LISTED_MAX)).await?;
    let question = Question::events("ListConnections", json!({}));
    let connections = all(source, question, Listed::of("Connections", LISTED_MAX)).await?;
    let body = html! {
        (Section { title: "API destinations", command: "aws events list-api-destinations".to_owned(), body: destinations_of(&destinations.items) })
        (Section { title: "Connections", command: "aws events list-connections".to_owned(), body: connections_of(&connections.items) })
    };
    Ok(Sheet::new("API destinations", body))
}

fn state(word: &str) -> Markup {
    let tone = match word {
        "ACTIVE" | "AUTHORIZED" => Tone::Good,
        "CREATING" | "UPDATING" | "AUTHORIZING" => Tone::Wait,
        _ => Tone::Bad,
    };
    badge(tone, word)
}

fn destinations_of(destinations: &[Value]) -> Markup {
    if destinations.is_empty() {
        return nothing("There are none: a rule that calls an HTTP endpoint needs one.");
    }
    let row = |destination: &Value| {
        let rate = number(destination, "InvocationRateLimitPerSecond");
        vec![
            line(text(destination, "Name")),
            state(text(destination, "ApiDestinationState")),
            line(text(destination, "HttpMethod")),
            html! { span.long { (line(text(destination, "InvocationEndpoint"))) } },
            html! { @if rate > 0 { (rate) "/s" } },
            line(&name_of(text(destination, "ConnectionArn"))),
        ]
    };
    let columns = &["name", "state", "method", "endpoint", "#at most", "connection"];
    html! { (filter("destinations")) (Table { caption: "API destinations", columns, rows: destinations.iter().map(row).collect() }) }
}

fn connections_of(connections: &[Value]) -> Markup {
    if connections.is_empty() {
        return nothing("There are none.");
    }
    let row = |connection: &Value| {
        vec![
            line(text(connection, "Name")),
            state(text(connection, "ConnectionState")),
            line(text(connection, "AuthorizationType")),
            line(text(connection, "StateReason")),
        ]
    };
    html! { (Table { caption: "Connections; what is secret in them is shown to nobody", columns: &["name", "state", "signs in by", "why"], rows: connections.iter().map(row).collect() }) }
}
