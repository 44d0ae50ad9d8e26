//! What the resources of a pipeline are worked out from: where they are to be, and what only that place knows.

use aws::Arn;

use crate::api::Place;
use crate::mistake::{Mistake, Span};
use crate::reference::{self, QueueIds};

/// Where, on which bus, and with which ids of Genesys queues.
#[derive(Clone, Copy)]
pub(crate) struct Maker<'a> {
    pub(crate) place: &'a Place,
    /// The name of the bus that the rules are on.
    pub(crate) bus: &'a str,
    pub(crate) ids: QueueIds<'a>,
}

impl Maker<'_> {
    pub(crate) fn arn(&self, service: &str, resource: String) -> String {
        Arn::new(service, &self.place.region, &self.place.account, resource).to_string()
    }

    pub(crate) fn queue_arn(&self, name: &str) -> String {
        self.arn("sqs", name.to_owned())
    }

    /// A text with the ids of the Genesys queues in it.
    ///
    /// # Errors
    /// The mistake, at this place, where a queue has no id.
    pub(crate) fn settle(&self, text: &str, at: Span) -> Result<String, Box<Mistake>> {
        reference::settle(text, self.ids).map_err(|name| Box::new(no_id(at, &name)))
    }
}

/// A Genesys queue that the org does not have.
pub(crate) fn no_id(span: Span, name: &str) -> Mistake {
    Mistake::new(span, format!("the Genesys org has no queue `{name}`"))
        .with_suggestion("name it in `genesys.queues`")
}
