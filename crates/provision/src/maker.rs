//! What the resources of a pipeline are worked out from: where they are to be, and what only that place knows.

use std::path::Path;

use aws::Arn;
use serde_json::Value;

use crate::api::Place;
use crate::json::JsonText;
use crate::mistake::{Mistake, Span, kind};
use crate::reference::{self, QueueIds};
use crate::role_user::RoleUser;

/// A layer of the file.
#[derive(Clone, Copy)]
pub(crate) struct LayerFolder<'a> {
    pub(crate) name: &'a str,
    /// As the file writes it.
    pub(crate) folder: &'a str,
}

/// Where, on which bus, and with which ids of Genesys queues.
#[derive(Clone, Copy)]
pub(crate) struct Maker<'a> {
    pub(crate) place: &'a Place,
    /// Whose pipeline it is.
    pub(crate) owner: &'a str,
    /// The name of the bus that the rules are on.
    pub(crate) bus: &'a str,
    /// The folder that the pipeline file stands in.
    pub(crate) folder: &'a Path,
    /// The SQS queues of the file.
    pub(crate) queues: &'a [&'a str],
    /// The layers of the file.
    pub(crate) layers: &'a [LayerFolder<'a>],
    pub(crate) ids: QueueIds<'a>,
}

impl Maker<'_> {
    pub(crate) fn arn(&self, service: &str, resource: String) -> String {
        Arn::new(service, &self.place.region, &self.place.account, resource).to_string()
    }

    pub(crate) fn queue_arn(&self, name: &str) -> String {
        self.arn("sqs", name.to_owned())
    }

    /// The role that the pipeline makes for a use.
    pub(crate) fn role_arn(&self, user: RoleUser) -> String {
        Arn::new("iam", "", &self.place.account, format!("role/{}", user.role(self.owner))).to_string()
    }

    /// A text with the ids of the Genesys queues in it.
    ///
    /// # Errors
    /// The mistake, at this place, where a queue has no id.
    pub(crate) fn settle(&self, text: &str, at: Span) -> Result<String, Box<Mistake>> {
        let ids = |kind: &str, name: &str| reference::of_org(kind, name, self.ids);
        reference::settle(text, &ids).map_err(|name| Box::new(no_id(at, &name)))
    }

    /// An event pattern as a value.
    ///
    /// # Errors
    /// The mistake, where a queue has no id.
    pub(crate) fn json(&self, json: &JsonText) -> Result<Value, Box<Mistake>> {
        let text = self.settle(&json.text, json.span)?;
        serde_json::from_str(&text).map_err(|error| {
            Box::new(Mistake::new(
                kind::EVENT_PATTERN,
                json.span,
                format!("the pattern is not JSON: {error}"),
            ))
        })
    }

    /// A text with what the file makes in it: functions and state machines by their ARNs, tables by their names, queues by their
    /// URLs; a queue that the file does not make is one of the Genesys org.
    ///
    /// # Errors
    /// The mistake, at this place, where a Genesys queue has no id.
    pub(crate) fn settle_resources(&self, text: &str, at: Span) -> Result<String, Box<Mistake>> {
        let stand_for = |kind: &str, name: &str| match kind {
            "function" => Some(self.arn("lambda", format!("function:{name}"))),
            "stateMachine" => Some(self.arn("states", format!("stateMachine:{name}"))),
            "table" => Some(name.to_owned()),
            "wrapUp" => reference::of_org(kind, name, self.ids),
            _ if self.queues.contains(&name) => {
                let Place { endpoint, account, .. } = self.place;
                Some(format!("{}/{account}/{name}", endpoint.trim_end_matches('/')))
            }
            _ => (self.ids)(name),
        };
        reference::settle(text, &stand_for).map_err(|name| Box::new(no_id(at, &name)))
    }
}

/// A Genesys queue that the org does not have.
pub(crate) fn no_id(span: Span, name: &str) -> Mistake {
    Mistake::new(kind::UNKNOWN_NAME, span, format!("the Genesys org has no queue or wrap-up code `{name}`"))
        .with_suggestion("name a queue in `genesys.queues`; a wrap-up code as the org calls it")
}
