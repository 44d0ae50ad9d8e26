//! The names that a file defines, and whether a name that it uses is one of them.

use std::collections::HashMap;

use pattern::EventPattern;

use crate::json::JsonText;
use crate::mistake::{Marked, Mistake, Span, kind};
use crate::reference::{self, Reference};

/// Characters of a pattern. Source: the shape `EventPattern` of the EventBridge API.
const PATTERN_CHARS_MAX: usize = 4096;

/// What other parts of a file may refer to.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    /// The event bus.
    pub(crate) bus: &'a str,
    /// The SQS queues.
    pub(crate) queues: Vec<&'a str>,
    /// The layers.
    pub(crate) layers: Vec<&'a str>,
    /// The functions.
    pub(crate) functions: Vec<&'a str>,
    /// The state machines.
    pub(crate) state_machines: Vec<&'a str>,
    /// The tables.
    pub(crate) tables: Vec<&'a str>,
    /// The log groups.
    pub(crate) log_groups: Vec<&'a str>,
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
        one_of(wanted, &self.queues, ("queue", "queues"), out);
    }

    /// Adds a mistake where a name is no function of the file.
    pub(crate) fn check_function(&self, wanted: &Marked<String>, out: &mut Vec<Mistake>) {
        one_of(wanted, &self.functions, ("function", "functions"), out);
    }

    /// Adds a mistake where a name is no state machine of the file.
    pub(crate) fn check_state_machine(&self, wanted: &Marked<String>, out: &mut Vec<Mistake>) {
        one_of(wanted, &self.state_machines, ("state machine", "stateMachines"), out);
    }

    /// Adds a mistake where a name is no table of the file.
    pub(crate) fn check_table(&self, wanted: &Marked<String>, out: &mut Vec<Mistake>) {
        one_of(wanted, &self.tables, ("table", "tables"), out);
    }

    /// Adds a mistake where a name is no log group of the file.
    pub(crate) fn check_log_group(&self, wanted: &Marked<String>, out: &mut Vec<Mistake>) {
        one_of(wanted, &self.log_groups, ("log group", "logGroups"), out);
    }

    /// Adds a mistake where a name is no connection of the file.
    pub(crate) fn check_connection(&self, wanted: &Marked<String>, out: &mut Vec<Mistake>) {
        one_of(wanted, &self.connections, ("connection", "connections"), out);
    }

    /// How many `*` an API destination has to fill; adds a mistake where there is none of this name in the file.
    pub(crate) fn wildcards(&self, wanted: &Marked<String>, out: &mut Vec<Mistake>) -> Option<usize> {
        let found = self.api_destinations.iter().find(|(name, _)| *name == wanted.value);
        if found.is_none() {
            let sentence = format!("there is no API destination `{}` in `apiDestinations`", wanted.value);
            let names = self.api_destinations.iter().map(|(name, _)| *name);
            out.push(instead(Mistake::new(kind::UNKNOWN_NAME, wanted.span, sentence), &wanted.value, names));
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
            let mistake = Mistake::new(kind::ENDPOINT, endpoint.span, "an endpoint begins with https://");
            out.push(mistake.with_suggestion("for example https://api.example.com/calls"));
            return;
        };
        if !self.allows_private {
            let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
            let sentence = "an endpoint without TLS is called only where `allowPrivate` names its host";
            out.push(
                Mistake::new(kind::ENDPOINT, endpoint.span, sentence)
                    .with_suggestion(format!("allowPrivate: [{host}]")),
            );
        }
    }

    /// Adds a mistake where a name is no queue of the Genesys org.
    pub(crate) fn check_routing_queue(&self, wanted: &Marked<String>, out: &mut Vec<Mistake>) {
        let name = &wanted.value;
        let Some(queues) = &self.routing_queues else {
            let sentence = format!("the Genesys queue `{name}` is unknown: the file has no `genesys`");
            let advice = format!("add genesys: {{source: simulate, queues: [{name}]}}");
            out.push(Mistake::new(kind::UNKNOWN_NAME, wanted.span, sentence).with_suggestion(advice));
            return;
        };
        if !queues.contains(&name.as_str()) {
            let mistake = Mistake::new(
                kind::UNKNOWN_NAME,
                wanted.span,
                format!("there is no queue `{name}` in `genesys.queues`"),
            );
            out.push(instead(mistake, name, queues.iter().copied()));
        }
    }

    /// Adds a mistake for every `${queue:NAME}` whose queue is not known.
    pub(crate) fn check_references(&self, json: &JsonText, out: &mut Vec<Mistake>) {
        for found in reference::all(&json.text) {
            let wanted = Marked::new(found.name.to_owned(), locate(json, found.offset));
            if found.kind == "queue" {
                self.check_routing_queue(&wanted, out);
            } else if found.kind != "wrapUp" {
                let sentence = format!("`${{{}:{}}}` has no place here", found.kind, found.name);
                let advice = "an event has ids of the Genesys org: `${queue:NAME}`, `${wrapUp:NAME}`";
                out.push(Mistake::new(kind::REFERENCE, wanted.span, sentence).with_suggestion(advice));
            }
        }
    }

    /// Adds a mistake for every reference of JSON that leads to nothing of the file.
    pub(crate) fn check_resources_in(&self, json: &JsonText, out: &mut Vec<Mistake>) {
        for found in reference::all(&json.text) {
            self.check_resource(found, locate(json, found.offset), out);
        }
    }

    /// Adds a mistake for every reference of a text that leads to nothing of the file.
    pub(crate) fn check_resources(&self, text: &str, span: Span, out: &mut Vec<Mistake>) {
        for found in reference::all(text) {
            self.check_resource(found, span, out);
        }
    }

    fn check_resource(&self, found: Reference<'_>, span: Span, out: &mut Vec<Mistake>) {
        let wanted = Marked::new(found.name.to_owned(), span);
        match found.kind {
            "function" => self.check_function(&wanted, out),
            "table" => self.check_table(&wanted, out),
            // Which codes there are is the org's to say: it is asked when the pipeline is planned.
            "wrapUp" => {}
            "stateMachine" => self.check_state_machine(&wanted, out),
            _ if self.routing_queues.as_ref().is_some_and(|queues| queues.contains(&found.name)) => {}
            _ => self.check_queue(&wanted, out),
        }
    }

    /// Adds what is wrong with an event pattern.
    pub(crate) fn check_pattern(&self, json: &JsonText, out: &mut Vec<Mistake>) {
        if json.text.is_empty() {
            return;
        }
        let chars = json.text.chars().count();
        if chars > PATTERN_CHARS_MAX {
            let sentence = format!(
                "this pattern has {chars} characters as JSON; AWS allows at most {PATTERN_CHARS_MAX}"
            );
            out.push(Mistake::new(kind::EVENT_PATTERN, json.span, sentence));
        }
        self.check_references(json, out);
        if let Err(invalid) = EventPattern::parse(&json.text) {
            let span = json.locate(invalid.offset, invalid.line, invalid.column);
            let sentence = format!(
                "this is not an event pattern: found {}, expected {}",
                invalid.found, invalid.expected
            );
            // The rest of AWS's message repeats the text and the place in it.
            let reason = invalid.message.lines().next().unwrap_or_default().to_owned();
            out.push(
                Mistake::new(kind::EVENT_PATTERN, span, sentence)
                    .with_suggestion(format!("AWS says: {reason}")),
            );
        }
    }
}

/// Where a byte of JSON comes from.
fn locate(json: &JsonText, offset: usize) -> Span {
    let before = json.text.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    json.locate(offset, line, column)
}

/// Adds a mistake where a name is none of those of a section: its noun, and its key.
fn one_of(wanted: &Marked<String>, known: &[&str], (noun, key): (&str, &str), out: &mut Vec<Mistake>) {
    if wanted.value.is_empty() || known.contains(&wanted.value.as_str()) {
        return;
    }
    let mistake = Mistake::new(
        kind::UNKNOWN_NAME,
        wanted.span,
        format!("there is no {noun} `{}` in `{key}`", wanted.value),
    );
    out.push(instead(mistake, &wanted.value, known.iter().copied()));
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
            let mistake =
                Mistake::new(kind::DUPLICATE_NAME, name.span, format!("a second {noun} `{}`", name.value));
            out.push(mistake.with_first(*first));
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
