//! The frame around every page: head, navigation, main part, help.

use aws::Error;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::address::href;
use crate::asset;
use crate::parts::note;
use crate::payload::line;
use crate::standing::Standing;

/// What all pages are framed with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'f> {
    pub(crate) standing: &'f Standing,
    pub(crate) token: &'f str,
    pub(crate) path: &'f [String],
}

/// A page without its frame.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// Its heading, and its name in the browser.
    pub(crate) title: String,
    /// What stands above the heading: the pages above it.
    pub(crate) trail: Vec<Step>,
    pub(crate) body: Markup,
    /// What the tab's stream carries for it: the query of `/console/live`.
    pub(crate) live: String,
}

impl Sheet {
    /// A page with live figures.
    pub(crate) fn new(title: &str, body: Markup) -> Self {
        Self { title: title.to_owned(), trail: Vec::new(), body, live: "figures=1".to_owned() }
    }

    /// Below another page.
    pub(crate) fn below(self, name: &str, path: &[&str]) -> Self {
        let step = Step { name: name.to_owned(), href: href(path) };
        Self { trail: [self.trail, vec![step]].concat(), ..self }
    }
}

/// A page above.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) href: String,
}

/// One line of the navigation.
struct Entry {
    /// The first segment of its path; empty: the first page.
    segment: &'static str,
    name: &'static str,
}

const fn entry(segment: &'static str, name: &'static str) -> Entry {
    Entry { segment, name }
}

const NAVIGATION: &[Entry] = &[
    entry("", "Pipeline"),
    entry("live", "Live"),
    entry("rules", "Rules"),
    entry("queues", "Queues"),
    entry("dead-letters", "Dead letters"),
    entry("functions", "Functions"),
    entry("state-machines", "State machines"),
    entry("tables", "Tables"),
    entry("logs", "Logs"),
    entry("destinations", "API destinations"),
    entry("subscriptions", "Subscriptions"),
    entry("streams", "Event streams"),
    entry("webhooks", "Webhooks"),
    entry("health", "Health"),
];

/// The page of a sheet.
pub(crate) fn page(frame: &Frame<'_>, sheet: &Sheet) -> Markup {
    let body = html! {
        @if let Some(cause) = &frame.standing.stopped {
            p.alarm role="alert" { strong { "Nothing is acknowledged any more. " } "A sync has failed: " (line(cause)) }
        }
        header.top {
            @if !sheet.trail.is_empty() {
                p.trail {
                    @for step in &sheet.trail { a href=(step.href) { (line(&step.name)) } span aria-hidden="true" { " / " } }
                }
            }
            h1 { (line(&sheet.title)) }
        }
        (sheet.body)
    };
    document(frame, &sheet.title, &sheet.live, &body)
}

/// The page that says what stood in the way.
pub(crate) fn trouble(frame: &Frame<'_>, error: &Error) -> Markup {
    let title = if error.status == 404 { "Not here" } else { "This cannot be shown" };
    let body = html! {
        header.top { h1 { (title) } }
        p { (line(&error.message)) }
        (note(html! { "The server's word for it is " code { (error.code) } "." }))
        p { a href=(href(&[])) { "To the pipeline" } }
    };
    document(frame, title, "", &body)
}

fn document(frame: &Frame<'_>, title: &str, live: &str, body: &Markup) -> Markup {
    let first = frame.path.first().map(String::as_str).unwrap_or_default();
    let here = if matches!(first, "events" | "conversations") { "live" } else { first };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="trunkline-token" content=(frame.token);
                title { (crate::payload::visible(title, crate::payload::LineEnd::Escaped)) " · Trunkline" }
                link rel="icon" href=(asset::path("icon.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(asset::path("console.css"));
                script type="module" src=(asset::path("console.js")) {}
            }
            body data-live-query=(live) {
                a.skip href="#main" { "To the content" }
                div.side {
                    a.brand href=(href(&[])) { (mark()) span { "Trunkline" } }
                    nav aria-label="Pages" {
                        ul { @for entry in NAVIGATION { (link(entry, here)) } }
                    }
                    p.place {
                        span #stream-state .state role="status" { "Not live: this needs JavaScript" }
                        span { (frame.standing.region) " · " (frame.standing.account) }
                        span { "Version " (frame.standing.version) }
                    }
                }
                main #main tabindex="-1" { (body) }
                div #said .said role="status" aria-live="polite" {}
                noscript { p.noscript { "Without JavaScript these pages show and do not act; the command beside each figure does the same." } }
            }
        }
    }
}

fn link(entry: &Entry, here: &str) -> Markup {
    let is_here = entry.segment == here;
    let path: &[&str] = if entry.segment.is_empty() { &[] } else { &[entry.segment] };
    html! {
        li { a href=(href(path)) aria-current=[is_here.then_some("page")] { (entry.name) } }
    }
}

/// Three lines that meet: events of many sources on one trunk.
fn mark() -> Markup {
    PreEscaped(
        r#"<svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" class="mark"><path d="M2 5h5c4 0 4 7 8 7h7M2 12h20M2 19h5c4 0 4-7 8-7"/></svg>"#.to_owned(),
    )
}
