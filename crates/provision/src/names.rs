//! The names that a file defines, and whether a name that it uses is one of them.

use std::collections::HashMap;

use crate::json::JsonText;
use crate::mistake::{Marked, Mistake, Span};
use crate::reference;

/// What other parts of a file may refer to.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    /// The event bus.
    pub(crate) bus: &'a str,
    /// The SQS queues.
    pub(crate) queues: Vec<&'a str>,
    /// The connections.
    pub(crate) connections: Vec<&'a str>,
    /// The API destinations, and how many `*` there are to fill in the path of each.
    pub(crate) api_destinations: Vec<(&'a str, usize)>,
    /// Whether the file lets any private address be reached, and so any endpoint without TLS.
    pub(crate) allows_private: bool,
    /// The routing queues of the Genesys org; `None` where the file has no org.
    pub(crate) routing_queues: Option<Vec<&'a str>>,
}

impl Names<'_> {
    /// Adds a mistake where a name is no queue of the file.
    pub(crate) fn check_queue(&self, wanted: &Marked<String>, out: &mut Vec<Mistake>) {
        if wanted.value.is_empty() || self.queues.contains(&wanted.value.as_str()) {
            return;
        }
        let mistake = Mistake::new(wanted.span, format!("there is no queue `{}` in `queues`", wanted.value));
        out.push(instead(mistake, &wanted.value, self.queues.iter().copied()));
    }

    /// Adds a mistake where a name is no connection of the file.
    pub(crate) fn check_connection(&self, wanted: &Marked<String>, out: &mut Vec<Mistake>) {
        if wanted.value.is_empty() || self.connections.contains(&wanted.value.as_str()) {
            return;
        }
        let sentence = format!("there is no connection `{}` in `connections`", wanted.value);
        out.push(instead(
            Mistake::new(wanted.span, sentence),
            &wanted.value,
            self.connections.iter().copied(),
        ));
    }

    /// How many `*` an API destination has to fill; adds a mistake where there is none of this name in the file.
    pub(crate) fn wildcards(&self, wanted: &Marked<String>, out: &mut Vec<Mistake>) -> Option<usize> {
        let found = self.api_destinations.iter().find(|(name, _)| *name == wanted.value);
        if found.is_none() {
            let sentence = format!("there is no API destination `{}` in `apiDestinations`", wanted.value);
            let names = self.api_destinations.iter().map(|(name, _)| *name);
            out.push(instead(Mistake::new(wanted.span, sentence), &wanted.value, names));
        }
        found.map(|(_, wildcards)| *wildcards)
    }

    /// Adds a mistake where an address cannot be called: what is no HTTP, or is without TLS and nothing lets it be.
    pub(crate) fn check_endpoint(&self, endpoint: &Marked<String>, out: &mut Vec<Mistake>) {
        let text = &endpoint.value;
        if text.is_empty() || text.starts_with("https://") {
            return;
        }
        let Some(rest) = text.strip_prefix("http://") else {
            let mistake = Mistake::new(endpoint.span, "an endpoint begins with https://");
            out.push(mistake.with_suggestion("for example https://api.example.com/calls"));
            return;
        };
        if !self.allows_private {
            let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
            let sentence = "an endpoint without TLS is called only where `allowPrivate` names its host";
            out.push(
                Mistake::new(endpoint.span, sentence).with_suggestion(format!("allowPrivate: [{host}]")),
            );
        }
    }

    /// Adds a mistake where a name is no queue of the Genesys org.
    pub(crate) fn check_routing_queue(&self, wanted: &Marked<String>, out: &mut Vec<Mistake>) {
        let name = &wanted.value;
        let Some(queues) = &self.routing_queues else {
            let sentence = format!("the Genesys queue `{name}` is unknown: the file has no `genesys`");
            let advice = format!("add genesys: {{source: simulate, queues: [{name}]}}");
            out.push(Mistake::new(wanted.span, sentence).with_suggestion(advice));
            return;
        };
        if !queues.contains(&name.as_str()) {
            let mistake =
                Mistake::new(wanted.span, format!("there is no queue `{name}` in `genesys.queues`"));
            out.push(instead(mistake, name, queues.iter().copied()));
        }
    }

    /// Adds a mistake for every `${queue:NAME}` whose queue is not known.
    pub(crate) fn check_references(&self, json: &JsonText, out: &mut Vec<Mistake>) {
        for (offset, name) in reference::queues(&json.text) {
            let before = json.text.get(..offset).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let wanted = Marked::new(name.to_owned(), json.locate(offset, line, column));
            self.check_routing_queue(&wanted, out);
        }
    }
}

/// Adds a mistake for every name that stands there a second time.
pub(crate) fn unique<'a>(
    noun: &str,
    names: impl IntoIterator<Item = &'a Marked<String>>,
    out: &mut Vec<Mistake>,
) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for name in names.into_iter().filter(|name| !name.value.is_empty()) {
        if let Some(first) = seen.get(name.value.as_str()) {
            let sentence = format!("a second {noun} `{}`; the first is on line {}", name.value, first.line);
            out.push(Mistake::new(name.span, sentence));
        } else {
            seen.insert(&name.value, name.span);
        }
    }
}

/// The mistake with the name that was probably meant, or with all there are.
pub(crate) fn instead<'a>(
    mistake: Mistake,
    name: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Mistake {
    if crate::near(name, names.clone()).is_some() {
        return mistake.with_near(name, names);
    }
    match crate::shape::there_is(names) {
        Some(there_is) => mistake.with_suggestion(there_is),
        None => mistake,
    }
}
