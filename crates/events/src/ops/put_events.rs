//! PutEvents.

use aws::operation::{commit, parse, print};
use aws::trace::TraceContext;
use aws::{Arn, Call, Error, Event, Ids, Reply, Timestamp, Uuid};
use serde::{Deserialize, Serialize};
use store::{Commit, Tx};

use crate::buses::bus::BusName;
use crate::error;
use crate::events::Events;
use crate::limits::quotas;
use crate::ops::check::{Faults, OWN_BUS_NAME_OR_ARN, Shape};
use crate::trip::accept::MatchedEvent;

/// What PutEvents lacks.
pub const MISSING: &str = "EndpointId is ignored: there are no global endpoints.";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Request {
    pub(crate) entries: Option<Vec<Entry>>,
    /// The request's header `X-Amzn-Trace-Id`.
    #[serde(default)]
    trace_header: Option<String>,
    /// The request's header `traceparent`.
    #[serde(default)]
    trace_parent: Option<String>,
}

impl Request {
    /// Gives the trace context of the request to the entries that name none; one that cannot be read is left out.
    fn pass_trace_on(&mut self) {
        let of_w3c = self.trace_parent.take().and_then(|text| TraceContext::of_traceparent(&text));
        let of_x_ray = || self.trace_header.take().and_then(|text| TraceContext::of_x_ray(&text));
        let Some(context) = of_w3c.or_else(of_x_ray) else { return };
        for entry in self.entries.iter_mut().flatten() {
            entry.trace_header.get_or_insert_with(|| context.to_x_ray());
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Entry {
    time: Option<Time>,
    pub(crate) source: Option<String>,
    resources: Option<Vec<String>>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    trace_header: Option<String>,
}

/// A moment: seconds since 1970 as the JSON protocol writes it, or ISO 8601 as a person does.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Time {
    Seconds(f64),
    Iso(String),
}

impl Time {
    /// The moment; `None` where it is none that can be written down.
    pub(crate) fn moment(&self) -> Option<Timestamp> {
        match self {
            Self::Seconds(seconds) => Timestamp::from_unix_seconds_f64(*seconds),
            Self::Iso(text) => Timestamp::parse_iso(text),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    failed_entry_count: usize,
    entries: Vec<EntryAnswer>,
}

/// What became of one entry.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EntryAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'static str>,
}

/// What all entries of a request come to.
#[derive(Debug, Default)]
pub(crate) struct Work {
    answers: Vec<EntryAnswer>,
    failed: usize,
    matched: Vec<EntryMatch>,
    missing_bus: u64,
}

/// An event, and whose bus it is for.
#[derive(Debug)]
struct EntryMatch {
    owner: Events,
    event: MatchedEvent,
}

impl EntryMatch {
    /// Accepts all of them, each in its owner's account and region.
    fn accept_all(events: Vec<Self>, tx: &mut Tx<'_>, home: &Events, call: &Call) {
        let mut left = events.into_iter().peekable();
        while let Some(Self { owner, event }) = left.next() {
            let mut events = vec![event];
            while let Some(next) = left.next_if(|next| next.owner.is_same(&owner)) {
                events.push(next.event);
            }
            let accept =
                |tx: &mut Tx<'_>| owner.accept_all(&mut Commit::new(tx, call.now, &call.ids), events);
            if owner.is_same(home) {
                accept(tx);
            } else {
                tx.in_scope(owner.scope(), accept);
            }
        }
    }
}

/// A bus, or none that is served, and whose it is.
struct Destination {
    owner: Events,
    bus: Option<BusName>,
}

impl Destination {
    /// Of what an entry names.
    fn of(events: &Events, name: Option<&str>, call: &Call) -> Result<Self, Error> {
        let arn = name.and_then(|name| name.parse::<Arn>().ok());
        let Some(owner) = arn.and_then(|arn| events.neighbour(&arn)) else {
            return Ok(Self { owner: events.clone(), bus: events.bus_here(name)? });
        };
        let bus = owner.bus_of(name)?;
        // Another region of the same account is no other account.
        let is_foreign = owner.account() != call.account;
        match is_foreign.then(|| owner.bus_refusal(&bus, &call.account)).flatten() {
            Some(reason) => Err(not_authorized(call, &bus.arn(owner.region(), owner.account()), &reason)),
            None => Ok(Self { owner, bus: Some(bus) }),
        }
    }
}

/// AWS's words for want of a resource policy, and what is known beyond them.
fn not_authorized(call: &Call, bus: &Arn, reason: &str) -> Error {
    let account = &call.account;
    let words = format!(
        "User: arn:aws:iam::{account}:root is not authorized to perform: events:PutEvents on resource: {bus} because no resource-based policy allows the events:PutEvents action. {reason}"
    );
    Error::sender("AccessDeniedException", words)
}

/// PutEvents. An entry that is refused does not hold up the others. An entry for a bus that does not exist is
/// acknowledged and lost, as AWS does it (recorded by LocalStack, `test_put_events_nonexistent_event_bus`); it is counted.
pub fn put(events: &Events, call: Call, body: &[u8]) -> Reply {
    let read = parse(body).map(|mut request: Request| {
        request.pass_trace_on();
        request
    });
    let entries = match read.and_then(check) {
        Ok(entries) => entries,
        Err(error) => return Reply::Now(Err(error)),
    };
    let is_long = entries.iter().any(|entry| entry.is_long(events, &call));
    let events = events.clone();
    let put = move || match prepare(&events, &call, entries) {
        Ok(work) => work.reply(&events, call),
        Err(error) => Reply::Now(Err(error)),
    };
    if is_long { Reply::Long(Box::new(put)) } else { put() }
}

impl Entry {
    /// Whether matching it may take long.
    fn is_long(&self, events: &Events, call: &Call) -> bool {
        let bytes = self.detail.as_ref().map_or(0, String::len);
        match Destination::of(events, self.event_bus_name.as_deref(), call) {
            Ok(Destination { owner, bus: Some(bus) }) => owner.is_long(&bus, bytes),
            Ok(Destination { bus: None, .. }) | Err(_) => false,
        }
    }
}

/// Matches and answers; needs no transaction.
fn prepare(events: &Events, call: &Call, entries: Vec<Entry>) -> Result<Work, Error> {
    let mut work = Work::default();
    for entry in entries {
        let Destination { owner, bus } = Destination::of(events, entry.event_bus_name.as_deref(), call)?;
        let trace_header = entry.trace_header.clone();
        let event = match event_of(entry, events, Sender::Account, call) {
            Ok(event) => event,
            Err(answer) => {
                work.refuse(answer);
                continue;
            }
        };
        match bus.and_then(|bus| owner.match_event(&bus, &event, call.now)) {
            Some(matched) => work.put(&owner, &event, matched.with_trace_header(trace_header)),
            None => work.drop_event(&event),
        }
    }
    Ok(work)
}

impl Work {
    /// Accepts what was matched, counts what was lost, and answers after the sync.
    pub(crate) fn reply(self, events: &Events, call: Call) -> Reply {
        let answer = Answer { failed_entry_count: self.failed, entries: self.answers };
        if self.matched.is_empty() && self.missing_bus == 0 {
            return Reply::Now(print(&answer));
        }
        let (service, matched, missing_bus) = (events.clone(), self.matched, self.missing_bus);
        commit(b"", |_: serde::de::IgnoredAny| {
            Ok(events.store().write(error::of_store, move |tx| {
                EntryMatch::accept_all(matched, tx, &service, &call);
                if missing_bus > 0 {
                    service.note_missing_bus(tx, missing_bus);
                }
                Ok(answer)
            }))
        })
    }

    /// One entry is refused.
    pub(crate) fn refuse(&mut self, answer: EntryAnswer) {
        self.failed += 1;
        self.answers.push(answer);
    }

    /// One event goes to a bus.
    pub(crate) fn put(&mut self, owner: &Events, event: &Event, matched: MatchedEvent) {
        self.matched.push(EntryMatch { owner: owner.clone(), event: matched });
        self.acknowledge(event);
    }

    /// One event goes to a bus that is not there: it is acknowledged and dropped.
    pub(crate) fn drop_event(&mut self, event: &Event) {
        self.missing_bus += 1;
        self.acknowledge(event);
    }

    fn acknowledge(&mut self, event: &Event) {
        self.answers.push(EntryAnswer { event_id: Some(event.id.clone()), ..EntryAnswer::default() });
    }
}

/// What refuses the whole request.
fn check(request: Request) -> Result<Vec<Entry>, Error> {
    let mut faults = Faults::default();
    match request.entries.as_deref() {
        None => faults.missing("entries"),
        Some([]) => faults.add("entries", Some("[]"), "Member must have length greater than or equal to 1"),
        Some(entries) => {
            if entries.len() > quotas::ENTRIES_MAX {
                let shown: Vec<String> = entries.iter().map(Entry::shown).collect();
                let constraint =
                    format!("Member must have length less than or equal to {}", quotas::ENTRIES_MAX);
                faults.add("entries", Some(&format!("[{}]", shown.join(", "))), &constraint);
            }
            for (number, entry) in entries.iter().enumerate() {
                let at = |member: &str| format!("entries.{}.member.{member}", number + 1);
                let bus = entry.event_bus_name.as_deref();
                if bus.is_some_and(|bus| !OWN_BUS_NAME_OR_ARN.takes(bus)) {
                    faults.text(&at("eventBusName"), bus, &OWN_BUS_NAME_OR_ARN);
                }
                if let Some(header) = entry.trace_header.as_deref() {
                    faults.text(&at("traceHeader"), Some(header), &Shape::length(1, 500));
                }
            }
        }
    }
    faults.result()?;
    let entries = request.entries.unwrap_or_default();
    if entries.iter().map(Entry::size_bytes).sum::<usize>() > quotas::ENTRIES_SIZE_BYTES_MAX {
        return Err(Error::validation("Total size of the entries in the request is over the limit."));
    }
    Ok(entries)
}

impl Entry {
    /// What AWS counts (user guide, "Calculating PutEvents event entry size").
    fn size_bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let resources: usize = self.resources.iter().flatten().map(String::len).sum();
        let time = if self.time.is_some() { quotas::TIME_SIZE_BYTES } else { 0 };
        time + text(&self.source) + text(&self.detail_type) + text(&self.detail) + resources
    }

    /// As AWS shows it in a validation error.
    fn shown(&self) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "null".to_owned());
        let time = self.time.as_ref().and_then(Time::moment).map(Timestamp::to_iso_seconds);
        let resources = self.resources.as_ref().map(|all| format!("[{}]", all.join(", ")));
        format!(
            "PutEventsRequestEntry(time={}, source={}, resources={}, detailType={}, detail={}, eventBusName={}, traceHeader={}, kmsKeyIdentifier=null, internalMetadata=null)",
            text(&time),
            text(&self.source),
            text(&resources),
            text(&self.detail_type),
            text(&self.detail),
            text(&self.event_bus_name),
            text(&self.trace_header),
        )
    }
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The account: it cannot speak for AWS or a partner.
    Account,
    /// A partner, by PutPartnerEvents.
    Partner,
}

/// The event of an entry, or why it is refused. Words: AWS's answers recorded by LocalStack
/// (`test_put_events_without_source`, `test_put_event_without_detail`) and reported by users.
pub(crate) fn event_of(
    entry: Entry,
    events: &Events,
    sender: Sender,
    call: &Call,
) -> Result<Event, EntryAnswer> {
    let refuse = |code, message| {
        Err(EntryAnswer { error_code: Some(code), error_message: Some(message), ..EntryAnswer::default() })
    };
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let Some(source) = given(entry.source) else {
        return refuse(
            "InvalidArgument",
            "Parameter Source is not valid. Reason: Source is a required argument.",
        );
    };
    let Some(detail_type) = given(entry.detail_type) else {
        return refuse(
            "InvalidArgument",
            "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        );
    };
    let Some(detail) = given(entry.detail) else {
        return refuse(
            "InvalidArgument",
            "Parameter Detail is not valid. Reason: Detail is a required argument.",
        );
    };
    if sender == Sender::Account && source.starts_with("aws.") {
        return refuse("NotAuthorizedForSourceException", "Not authorized for the source.");
    }
    if detail_type.chars().count() > quotas::DETAIL_TYPE_LENGTH_MAX {
        return refuse(
            "InvalidArgument",
            "Parameter DetailType is not valid. Reason: DetailType must have length less than or equal to 128.",
        );
    }
    // What rules cannot read (nested deeper than 1000 levels, for one) would be accepted and match nothing, unseen.
    if !pattern::Event::can_have_detail(&detail) {
        return refuse("MalformedDetail", "Detail is malformed.");
    }
    let time = match entry.time {
        None => call.now,
        Some(time) => match time.moment() {
            Some(moment) => moment,
            None => {
                return refuse(
                    "InvalidArgument",
                    "Parameter Time is not valid. Reason: it is not a time between 1970 and 9999.",
                );
            }
        },
    };
    Ok(Event {
        id: event_id(call.now, &call.ids),
        source,
        detail_type,
        account: events.account().to_owned(),
        time,
        region: events.region().to_owned(),
        resources: entry.resources.unwrap_or_default(),
        detail,
    })
}

/// An event id: a UUID of version 7, so that ids made after one another lie beside one another in the index.
pub(crate) fn event_id(now: Timestamp, ids: &Ids) -> String {
    Uuid::v7(now.unix_ms(), ids.next_u128()).to_string()
}
