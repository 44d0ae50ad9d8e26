//! The stream of one tab: events that it filters, figures that have changed, and nothing while neither is there.

use std::convert::Infallible;
use std::sync::PoisonError;
use std::time::Duration;

use aws::Error;
use axum::body::{Body, Bytes};
use axum::response::Response;
use console::answer::Visit;
use console::live::{Figures, Listing, Wish, changed, figures};
use console::source::{Question, Source, ask};
use events::{BusName, EventPlace, EventRecord, Step};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::clock;
use crate::door::Door;
use crate::door::console::{Rates, event_stream};

/// How often the stream looks whether there is something to send.
const BEAT: Duration = Duration::from_millis(300);
/// Figures are read every so many beats.
const FIGURES_EVERY: u32 = 4;
/// A stream that has nothing to say says so every so many beats, so that nobody between takes it for dead.
const ALIVE_EVERY: u32 = 50;
/// Events of a bus that are counted in one look; of more, the rest is passed over.
const COUNTED_MAX: usize = 2_000;
/// The most events that one answer of WaitForEvents holds.
const LISTED_MAX: usize = 1_000;

/// An open tab.
pub(super) struct Tab {
    door: Door,
    source: Box<Source>,
    wish: Wish,
    after: u64,
    newest: watch::Receiver<u64>,
    known: Figures,
    beat: Interval,
    beats: u32,
}

impl Tab {
    /// Opens the stream that a page asks for.
    ///
    /// # Errors
    /// What is wrong with its filter.
    pub(super) async fn open(door: Door, source: Box<Source>, visit: &Visit) -> Result<Self, Error> {
        let wish = Wish::read(&*source, visit).await?;
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut newest = door.rooms.events.subscribe();
        newest.mark_changed();
        let after = visit.param("after").parse().unwrap_or(u64::MAX);
        Ok(Self { door, source, wish, after, newest, known: Figures::new(), beat, beats: 0 })
    }

    pub(super) fn response(self) -> Response {
        let messages = futures_util::stream::unfold(self, async |mut tab| {
            let message = tab.next().await?;
            Some((Ok::<Bytes, Infallible>(message), tab))
        });
        event_stream(Body::from_stream(messages))
    }

    /// The next message; `None`: the server is going down.
    async fn next(&mut self) -> Option<Bytes> {
        let mut closing = self.door.closing.clone();
        loop {
            tokio::select! {
                _ = closing.wait_for(|closing| *closing) => return None,
                _ = self.beat.tick() => {}
            }
            let mut text = String::new();
            if let Some(rows) = self.rows().await {
                text.push_str(&message("rows", &rows));
            }
            if self.wish.figures && self.beats.is_multiple_of(FIGURES_EVERY) {
                let now = self.figures().await;
                let changed = changed(&self.known, &now);
                if !changed.is_empty() {
                    text.push_str(&message("figures", &json!(changed)));
                }
                self.known = now;
            }
            if text.is_empty() && self.beats.is_multiple_of(ALIVE_EVERY) {
                text.push_str(": alive\n\n");
            }
            self.beats = self.beats.wrapping_add(1);
            if !text.is_empty() {
                return Some(Bytes::from(text));
            }
        }
    }

    /// Events that have come since the last look.
    async fn rows(&mut self) -> Option<Value> {
        if self.wish.bus.is_empty() || !self.newest.has_changed().unwrap_or(false) {
            return None;
        }
        self.newest.borrow_and_update();
        let after = (self.after != u64::MAX).then_some(self.after);
        let body = json!({"EventBusName": self.wish.bus, "After": after, "WaitTimeSeconds": 0});
        let answer = (self.source)(Question::trunkline("WaitForEvents", body)).await.ok()?;
        let listing = Listing::read(&answer).ok()?;
        self.after = listing.after;
        let is_behind = after.is_some() && listing.len() >= LISTED_MAX;
        if is_behind {
            // More came than one look takes: what is older than the newest is not shown at all.
            let newest = json!({"EventBusName": self.wish.bus, "Last": 1});
            let newest = ask(&*self.source, Question::trunkline("ListEvents", newest)).await.ok()?;
            self.after = newest.get("After").and_then(Value::as_u64).unwrap_or(self.after);
        }
        self.wish.rows(&listing)
    }

    async fn buses(&self) -> Vec<BusName> {
        let listed =
            ask(&*self.source, Question::events("ListEventBuses", json!({}))).await.unwrap_or_default();
        let names = listed.get("EventBuses").and_then(Value::as_array).into_iter().flatten();
        names.filter_map(|bus| BusName::parse(bus.get("Name")?.as_str()?)).collect()
    }

    async fn figures(&self) -> Figures {
        let mut now = figures(&*self.source).await;
        let buses = self.buses().await;
        let second = clock::now().unix_ms() / 1_000;
        let mut rates = self.door.console.rates.lock().unwrap_or_else(PoisonError::into_inner);
        if rates.second != second {
            count(&self.door, &buses, (&mut rates, second));
        }
        now.extend(rates.meter.rates(second));
        let edges = rates.edges.figures(&now);
        now.extend(edges);
        now
    }
}

/// `event: NAME` with its data, which JSON keeps in one line.
fn message(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// Counts what came since the last look, once for all tabs.
fn count(door: &Door, buses: &[BusName], (rates, second): (&mut Rates, u64)) {
    // After a while without a tab nothing of before is a rate.
    if second > rates.second + 15 {
        *rates = Rates::default();
    }
    rates.second = second;
    rates.meter.pass(second);
    let events = &door.rooms.events;
    let counted = events.store().read(|snapshot| {
        for bus in buses {
            let newest = events.last_events(snapshot, bus, 1).first().map_or(0, |(position, _)| *position);
            let reached = rates.reached.insert(bus.as_str().to_owned(), newest);
            let Some(position) = reached.filter(|reached| *reached < newest) else { continue };
            for (_, event) in events.events_after(snapshot, EventPlace { bus, position }, COUNTED_MAX) {
                note(rates, bus, &event, second);
            }
        }
        let Rates { edges, meter, .. } = rates;
        edges.look(&door.rooms, snapshot, meter, clock::now());
    });
    if let Err(error) = counted {
        tracing::debug!(%error, "rates were not counted");
    }
}

fn note(rates: &mut Rates, bus: &BusName, event: &EventRecord, second: u64) {
    let bus = bus.as_str();
    rates.meter.count(&format!("bus.{bus}"), second);
    for matched in &event.matched {
        let rule = matched.rule.as_str();
        rates.meter.count(&format!("rule.{bus}/{rule}"), second);
        for delivery in &matched.deliveries {
            let key = format!("target.{bus}/{rule}/{}", delivery.target);
            rates.meter.count(&key, second);
            rates.edges.follow(&key, event, delivery);
            if matches!(delivery.step, Step::GivenUp { .. }) {
                rates.meter.count(&format!("{key}.failed"), second);
            }
        }
    }
}
