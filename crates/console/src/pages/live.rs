//! Events as they come, with a filter that also works without JavaScript.

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::{href, href_with};
use crate::answer::Visit;
use crate::command::trunkline;
use crate::layout::Sheet;
use crate::live::{Filter, Listing, Row, bus_of, last_events, pattern_trouble};
use crate::parts::{Section, Tone, badge, moment, note, nothing};
use crate::payload::line;
use crate::pipeline::bus_names;
use crate::source::{Question, Source, find};
use crate::value::{items, text};
use crate::verb;

/// Events that the page begins with.
const LOOKED_AT_MAX: usize = 200;
/// Rows that it begins with.
const SHOWN_MAX: usize = 50;

/// Reads and writes the page.
pub(crate) async fn sheet(source: &Source, visit: &Visit) -> Result<Sheet, Error> {
    let bus = bus_of(visit).to_owned();
    let buses = bus_names(source).await?;
    let rules = rule_names(source, &bus).await;
    let filter = Filter::read(source, visit).await;
    let mut listing = if visit.param("unmatched").is_empty() {
        last_events(source, &bus, LOOKED_AT_MAX).await?
    } else {
        unmatched(source, &bus).await?
    };
    if let Ok(filter) = &filter {
        listing.events.retain(|listed| filter.takes(listed));
    }
    let triggers = find(source, Question::of("console", "ListTriggers", json!({}))).await.unwrap_or_default();
    let page = Page {
        visit,
        bus: &bus,
        buses: &buses,
        rules: &rules,
        listing: &listing,
        triggers: &triggers,
        trouble: filter.err(),
    };
    let sheet = Sheet::new("Live", page.body());
    let query = |name| (name, visit.param(name));
    let live = href_with(
        &[],
        &[
            ("bus", &bus),
            query("text"),
            query("pattern"),
            query("rule"),
            ("after", &listing.after.to_string()),
        ],
    );
    let is_live = page.trouble.is_none() && visit.param("unmatched").is_empty();
    let live = live.split_once('?').map(|(_, query)| query.to_owned()).filter(|_| is_live);
    Ok(Sheet { live: live.unwrap_or_default(), ..sheet })
}

async fn unmatched(source: &Source, bus: &str) -> Result<Listing, Error> {
    let question = Question::trunkline("ListUnmatched", json!({"EventBusName": bus, "Last": 1000}));
    Listing::read(&source(question).await?)
}

async fn rule_names(source: &Source, bus: &str) -> Vec<String> {
    let answer =
        find(source, Question::events("ListRules", json!({"EventBusName": bus, "Limit": 100}))).await;
    let answer = answer.unwrap_or_default();
    items(&answer, "Rules").iter().map(|rule| text(rule, "Name").to_owned()).collect()
}

struct Page<'p> {
    visit: &'p Visit,
    bus: &'p str,
    buses: &'p [String],
    rules: &'p [String],
    listing: &'p Listing,
    triggers: &'p Value,
    trouble: Option<Error>,
}

impl Page<'_> {
    fn body(&self) -> Markup {
        let is_unmatched = !self.visit.param("unmatched").is_empty();
        let command = if is_unmatched {
            trunkline(&["why", "--bus", self.bus])
        } else {
            let mut words = vec!["tail", "--bus", self.bus];
            for (option, param) in [("--rule", "rule"), ("--pattern", "pattern")] {
                let value = self.visit.param(param);
                if !value.is_empty() {
                    words.extend([option, value]);
                }
            }
            trunkline(&words)
        };
        html! {
            (self.form())
            (Section { title: if is_unmatched { "Events that no rule matched" } else { "Events" }, command, body: self.events() })
            (Section { title: "Send an event", command: "aws events put-events --entries file://entries.json".to_owned(), body: send(self.bus) })
            (Section { title: "Trigger a conversation's event", command: trunkline(&["trigger", "conversation.end", "--bus", self.bus]), body: trigger(self.bus, self.triggers) })
        }
    }

    fn form(&self) -> Markup {
        let param = |name| self.visit.param(name);
        html! {
            form.query method="get" action=(href(&["live"])) role="search" {
                label { span { "Event bus" }
                    select name="bus" {
                        @for bus in self.buses { option value=(bus) selected[bus == self.bus] { (bus) } }
                    }
                }
                label { span { "Text, or field=value" }
                    input type="search" name="text" value=(param("text")) data-filter-server="" placeholder="detail.queueId=q-1" spellcheck="false" autocomplete="off";
                }
                label { span { "Rule" }
                    select name="rule" {
                        option value="" { "any or none" }
                        @for rule in self.rules { option value=(rule) selected[rule == param("rule")] { (rule) } }
                    }
                }
                label.wide { span { "Pattern" }
                    input type="text" name="pattern" value=(param("pattern")) data-pattern="" placeholder=r#"{"source": ["genesys.cloud"]}"# spellcheck="false" autocomplete="off";
                }
                label.check { input type="checkbox" name="unmatched" value="1" checked[!param("unmatched").is_empty()]; span { "only those that no rule matched" } }
                button.act type="submit" { "Filter" }
                (self.trouble())
            }
        }
    }

    /// What is wrong with the filter; filled in while one types.
    fn trouble(&self) -> Markup {
        let place = pattern_trouble(self.visit.param("pattern"));
        html! {
            div #trouble .trouble role="status" {
                @if let Some(error) = &self.trouble {
                    p { (line(&error.message)) }
                    @if !text(&place, "caret").is_empty() { pre { (text(&place, "line")) "\n" (text(&place, "caret")) } }
                }
            }
        }
    }

    fn events(&self) -> Markup {
        let newest = self.listing.events.iter().rev().take(SHOWN_MAX);
        html! {
            div.bar.verb {
                button.act type="button" #pause aria-pressed="false" { "Pause" }
                button.act type="button" #show-new hidden { "0 new" }
                span #sampled .note {}
            }
            div.scroll tabindex="0" role="region" aria-label="Events, newest first" {
                table {
                    caption { "Events of the bus, newest first" }
                    thead { tr { th scope="col" { "accepted" } th scope="col" { "type" } th scope="col" { "source" } th scope="col" { "conversation" } th scope="col" { "rules" } } }
                    tbody #events { @for listed in newest { (row(&Row::of(listed))) } }
                }
            }
            template #event-row { (row(&Row::default())) }
            @if self.listing.events.is_empty() {
                (nothing("No event of this bus is kept that the filter takes."))
            }
            (note(html! { "The newest " (SHOWN_MAX) " of the last " (LOOKED_AT_MAX) " events; what comes while the page is open is added." }))
        }
    }
}

fn row(row: &Row) -> Markup {
    html! {
        tr data-row="" {
            td { (moment(&row.accepted)) }
            td { a href=(href(&["events", &row.id])) { (row.kind) } }
            td.faint { (row.source) }
            td.mono { (row.about) }
            td { @if row.rules == 0 { (badge(Tone::Bad, "none")) } @else { (badge(Tone::Good, &row.rules.to_string())) } }
        }
    }
}

fn trigger(bus: &str, triggers: &Value) -> Markup {
    let names = items(triggers, "Names");
    let fields = html! {
        label { span { "Derived event" }
            select name="Type" { @for kind in items(triggers, "Types") { @let kind = kind.as_str().unwrap_or_default(); option value=(kind) { (kind) } } }
        }
        label { span { "Queue of the org, by name or id; empty: a sample" }
            input type="text" name="Queue" list="org-names" spellcheck="false" autocomplete="off";
        }
        datalist #org-names { @for name in names { option value=(name.as_str().unwrap_or_default()) {} } }
    };
    html! {
        details.verb { summary { "An event as Trunkline derives it, of a new conversation" }
            (verb::form("event.trigger", &json!({"EventBusName": bus}), "Trigger", &fields))
        }
    }
}

fn send(bus: &str) -> Markup {
    let fields = html! {
        (verb::field("Source", "Source", "shop"))
        (verb::field("DetailType", "Detail type", "order.paid"))
        (verb::area("Detail", "Detail, a JSON object", "{\"orderId\": \"A-1\", \"total\": 250}"))
    };
    html! {
        details { summary { "Put an event on the bus " (line(bus)) }
            (verb::form("event.send", &json!({"EventBusName": bus}), "Send", &fields))
        }
    }
}
