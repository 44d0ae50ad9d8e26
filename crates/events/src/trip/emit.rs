//! Events of services of our own: what they tell of a change of status, on the default bus.

use aws::Event;
use store::Commit;

use crate::buses::bus::BusName;
use crate::events::Events;
use crate::trip::accept::Acceptance;

impl Events {
    /// Puts an event on the default bus, as a part of the commit that changes what it tells of. Where no enabled rule
    /// matches it and no archive takes it, nothing is written, since nobody sent it: `None`.
    pub fn emit(&self, commit: &mut Commit<'_>, event: &Event) -> Option<Acceptance> {
        let bus = BusName::default_bus();
        if !self.is_watched(&bus) {
            return None;
        }
        let matched = self.match_event(&bus, event, commit.now)?;
        matched.is_seen().then(|| self.accept(commit, matched))
    }

    /// Whether what [`Events::emit`] puts on the default bus could be matched or archived at all: worth asking before an
    /// event is made.
    pub fn hears_emitted(&self) -> bool {
        self.is_watched(&BusName::default_bus())
    }

    /// Whether a bus has a rule that could match an event, or an archive.
    fn is_watched(&self, bus: &BusName) -> bool {
        self.routes().of_bus(bus).is_some_and(|rules| !rules.is_empty())
            || self.archivers().0.load().get(bus).is_some_and(|archivers| !archivers.is_empty())
    }
}
