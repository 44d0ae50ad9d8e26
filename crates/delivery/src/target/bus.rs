//! Another event bus of this store: the event is accepted there in the commit that settles the delivery.

use aws::Timestamp;
use events::{Events, Owed};

use crate::target::{Carried, hopeless};

pub(crate) fn carry(events: &Events, owed: &Owed, now: Timestamp) -> Carried {
    if !events.is_here(&owed.target.arn) {
        let arn = &owed.target.arn;
        return hopeless(format!(
            "The event bus {arn} is of another account or region; buses there are not called."
        ));
    }
    match events.match_forwarded(owed, now) {
        Some(matched) => Carried::Forward(matched),
        None => hopeless(format!("The event bus {} does not exist.", owed.target.arn)),
    }
}
