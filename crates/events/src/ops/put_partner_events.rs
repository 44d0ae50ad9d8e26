//! PutPartnerEvents: how a partner sends events to the accounts that have associated its source with a bus.

use aws::operation::parse;
use aws::{Call, Error, Reply};

use crate::buses::bus::BusName;
use crate::buses::partner::SourceState;
use crate::error;
use crate::events::Events;
use crate::limits::quotas;
use crate::ops::check::{EVENT_SOURCE_NAME, Faults};
use crate::ops::put_events::{Request, Sender, Work, event_of};

/// PutPartnerEvents. Events of a source that has no bus, or that was deactivated, are acknowledged and dropped (user guide,
/// "Receiving events from a SaaS partner"); they are counted.
pub fn put(events: &Events, call: Call, body: &[u8]) -> Reply {
    match parse(body).and_then(|request| prepare(events, &call, request)) {
        Ok(work) => work.reply(events, call),
        Err(error) => Reply::Now(Err(error)),
    }
}

fn prepare(events: &Events, call: &Call, request: Request) -> Result<Work, Error> {
    let mut faults = Faults::default();
    let entries = match request.entries {
        None => {
            faults.missing("entries");
            Vec::new()
        }
        Some(entries) => {
            faults.count("entries", entries.len(), 1..=quotas::PARTNER_ENTRIES_MAX);
            entries
        }
    };
    for (number, entry) in entries.iter().enumerate() {
        let at = format!("entries.{}.member.source", number + 1);
        faults.text(&at, entry.source.as_deref(), &EVENT_SOURCE_NAME);
    }
    faults.result()?;
    let mut work = Work::default();
    for entry in entries {
        match event_of(entry, events, Sender::Partner, call) {
            Err(answer) => work.refuse(answer),
            Ok(event) => {
                let key = (event.source.clone(), events.account().to_owned());
                let source = events.store().read(|read| Events::source(read, &key, call.now));
                let source = source.map_err(error::of_store)?;
                let active = source.filter(|source| source.state == SourceState::Active);
                let bus: Option<BusName> = active.map(|source| source.name);
                match bus.and_then(|bus| events.match_event(&bus, &event, call.now)) {
                    Some(matched) => work.put(events, &event, matched),
                    None => work.drop_event(&event),
                }
            }
        }
    }
    Ok(work)
}
