//! What several pages say of the same thing: a rule's state, a target with the page of its resource, a row of the books.

use maud::{Markup, html};
use serde_json::Value;

use crate::address::{href, href_with};
use crate::command::trunkline;
use crate::parts::{Tone, badge};
use crate::payload::line;
use crate::pipeline::{Kind, Rule, Target, name_of};
use crate::value::{items, number, text};

/// A row of the books.
pub(crate) fn book(books: &Value, page: &str, label: &str) -> u64 {
    let page = items(books, "Pages").iter().find(|found| text(found, "Name") == page);
    let rows = page.map(|page| items(page, "Rows")).unwrap_or_default();
    rows.iter().find(|row| text(row, "Label") == label).map(|row| number(row, "Value")).unwrap_or_default()
}

/// Whether a rule is paused, in a word; nothing where it is not.
pub(crate) fn state(rule: &Rule) -> Markup {
    html! { @if !rule.is_enabled { (badge(Tone::Wait, "paused")) } }
}

/// A target with the page of its resource, where there is one.
pub(crate) fn target_link(target: &Target) -> Markup {
    let name = name_of(&target.arn);
    match page_of(&target.arn) {
        Some(href) => html! { a href=(href) title=(target.arn) { (line(&name)) } },
        None => html! { span title=(target.arn) { (line(&name)) } },
    }
}

/// The page of a resource.
pub(crate) fn page_of(arn: &str) -> Option<String> {
    let name = name_of(arn);
    match Kind::of(arn) {
        Kind::Queue => Some(href(&["queues", &name])),
        Kind::Function => Some(href(&["functions", name.split(':').next().unwrap_or_default()])),
        Kind::StateMachine => Some(href(&["state-machines", &name])),
        Kind::LogGroup => Some(href(&["logs", &name])),
        Kind::ApiDestination => Some(href(&["destinations"])),
        Kind::Bus => Some(href_with(&["live"], &[("bus", &name)])),
        Kind::Other => None,
    }
}

/// The command that shows a rule.
pub(crate) fn rule_command(rule: &Rule) -> String {
    trunkline(&["rule", "show", &rule.name, "--bus", &rule.bus])
}
