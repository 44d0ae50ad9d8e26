//! An event that is kept, to call a function with.

use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::href;
use crate::answer::Visit;
use crate::live::{Row, last_events};
use crate::pipeline::bus_names;
use crate::source::{Question, Source, find};
use crate::value::items;

/// Events of each bus, and buses, that are offered.
const OFFERED_MAX: usize = 15;
const BUSES_MAX: usize = 5;
/// What a function is called with where nothing is chosen.
const PLAIN: &str = "{\"hello\": \"world\"}";

/// The newest events, and the one that was chosen.
#[derive(Debug, Default)]
pub(super) struct Saved {
    rows: Vec<Row>,
    /// The whole of it; empty: none was chosen.
    chosen: String,
    /// Its id.
    id: String,
}

impl Saved {
    pub(super) async fn read(source: &Source, visit: &Visit) -> Self {
        let mut saved = Self { id: visit.param("event").to_owned(), ..Self::default() };
        for bus in bus_names(source).await.unwrap_or_default().iter().take(BUSES_MAX) {
            let Ok(newest) = last_events(source, bus, OFFERED_MAX).await else { continue };
            saved.rows.extend(newest.events.iter().rev().map(Row::of));
        }
        if !saved.id.is_empty() {
            let question = Question::trunkline("DescribeEvent", json!({"EventId": saved.id}));
            let found = find(source, question).await.unwrap_or_default();
            let event = items(&found, "Places").first().and_then(|place| place.get("Event"));
            saved.chosen = event.map(Value::to_string).unwrap_or_default();
        }
        saved
    }

    pub(super) fn is_chosen(&self) -> bool {
        !self.chosen.is_empty()
    }

    pub(super) fn payload(&self) -> &str {
        if self.chosen.is_empty() { PLAIN } else { &self.chosen }
    }

    /// The form that chooses one.
    pub(super) fn choice(&self, function: &str) -> Markup {
        if self.rows.is_empty() && self.chosen.is_empty() {
            return html! {};
        }
        let is_listed = self.rows.iter().any(|row| row.id == self.id);
        html! {
            form.query method="get" action=(href(&["functions", function])) {
                label { span { "A kept event" }
                    select name="event" {
                        @if self.is_chosen() && !is_listed { option value=(self.id) selected { (self.id) } }
                        @for row in &self.rows {
                            option value=(row.id) selected[row.id == self.id] { (row.accepted.get(11..19).unwrap_or_default()) " " (row.kind) " " (row.about) }
                        }
                    }
                }
                button.act type="submit" { "Use it" }
            }
        }
    }
}
