//! Another event bus of this store: the event is accepted there in the commit that settles the delivery.

use std::future::ready;

use events::target::event_bus;

use crate::target::{CallOutcome, Caller, Parcel, hopeless};

/// Event buses.
pub(super) static CALLER: Caller =
    Caller { kind: &event_bus::KIND, carry: |_outside, parcel| Box::pin(ready(carry(parcel))) };

fn carry(Parcel { events, owed, now }: Parcel<'_>) -> CallOutcome {
    let arn = &owed.target.arn;
    let events = if events.is_here(arn) { Some(events.clone()) } else { events.neighbour(arn) };
    let Some(events) = events else {
        return hopeless(format!(
            "The event bus {arn} is of another account or region; buses there are not called."
        ));
    };
    match events.match_forwarded(owed, now) {
        Some(matched) => CallOutcome::Forward { events, matched },
        None => hopeless(format!("The event bus {arn} does not exist.")),
    }
}
