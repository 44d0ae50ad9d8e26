//! `rules:` which events go where.

use pattern::EventPattern;

use super::target::{self, Target};
use crate::fields::Fields;
use crate::json::JsonText;
use crate::mistake::{Marked, Mistake, Span};
use crate::names::{self, Names};
use crate::reference::{self, QueueIds};
use crate::table::{Choice, Kind, NameRule, Section, may, must};

/// A rule on the pipeline's bus.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: Marked<String>,
    /// What it is for; empty where nothing is said.
    pub description: String,
    /// Which events it matches.
    pub matching: Matching,
    /// Whether it matches at all.
    pub is_enabled: bool,
    /// Where a matched event goes.
    pub targets: Vec<Target>,
    /// Where it stands.
    pub span: Span,
}

/// Which events a rule matches.
#[derive(Clone, Debug)]
pub enum Matching {
    /// Those that match an event pattern.
    Pattern(JsonText),
    /// The `conversation.end` of the conversations that ended in this Genesys queue.
    EndedIn(Marked<String>),
}

/// Source: the shape `RuleName` of the EventBridge API.
const NAME: NameRule = NameRule { noun: "a rule", signs: ".-_", chars_max: 64 };
/// Targets of one rule. Source: EventBridge quotas, "Targets per rule".
const TARGETS_MAX: usize = 5;
/// Characters of a pattern. Source: the shape `EventPattern` of the EventBridge API.
const PATTERN_CHARS_MAX: usize = 4096;
/// Rules of one bus. Source: EventBridge quotas, "Rules".
const RULES_MAX: usize = 300;

pub(crate) const SECTION: Section = Section {
    noun: "a rule",
    keys: &[
        must("name", "The rule's name: letters, digits, `.`, `-` and `_`, at most 64.", Kind::Name(&NAME)),
        may("description", "What the rule is for.", Kind::Text { chars_max: 512 }),
        may(
            "queue",
            "Match `conversation.end` of the Genesys queue with this name, one of `genesys.queues`.",
            Kind::Text { chars_max: 256 },
        ),
        may(
            "pattern",
            "Match events by this EventBridge event pattern: a mapping, or JSON text.",
            Kind::Pattern,
        ),
        may("enabled", "Whether the rule matches at all. Default true.", Kind::Flag),
        must(
            "targets",
            "Where a matching event is sent, at most 5 targets.",
            Kind::List(&Kind::Object(&target::SECTION)),
        ),
    ],
    choices: &[Choice { among: &["queue", "pattern"], is_required: true }],
    later: &[
        ("schedule", "this version has no schedules"),
        ("state", "write `enabled: false` for a rule that is disabled"),
    ],
};

pub(crate) fn read(fields: Fields<'_>) -> Rule {
    let matching = match (fields.text("queue"), fields.json_or_text("pattern")) {
        (Some(queue), _) => Matching::EndedIn(queue),
        (None, pattern) => Matching::Pattern(pattern.unwrap_or_default()),
    };
    Rule {
        name: fields.name("name"),
        description: fields.text("description").map(|text| text.value).unwrap_or_default(),
        matching,
        is_enabled: fields.flag("enabled").unwrap_or(true),
        targets: target::read_all(fields.list("targets")),
        span: fields.span(),
    }
}

impl Rule {
    /// The event pattern as JSON text, with the ids of the Genesys queues in it.
    ///
    /// # Errors
    /// The name of a Genesys queue that has no id.
    pub fn pattern(&self, ids: QueueIds<'_>) -> Result<String, String> {
        match &self.matching {
            Matching::Pattern(json) => reference::settle(&json.text, ids),
            Matching::EndedIn(queue) => {
                let id = ids(&queue.value).ok_or_else(|| queue.value.clone())?;
                let pattern = serde_json::json!({
                    "source": ["genesys.cloud"],
                    "detail-type": ["conversation.end"],
                    "detail": {"routing": {"queueId": [id]}},
                });
                Ok(pattern.to_string())
            }
        }
    }
}

pub(crate) fn check(rules: &[Rule], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("rule", rules.iter().map(|rule| &rule.name), out);
    if let Some(rule) = rules.get(RULES_MAX) {
        out.push(Mistake::new(rule.span, format!("a bus has at most {RULES_MAX} rules")));
    }
    for rule in rules {
        match &rule.matching {
            Matching::EndedIn(queue) => names.check_routing_queue(queue, out),
            Matching::Pattern(json) => check_pattern(json, names, out),
        }
        if let Some(target) = rule.targets.get(TARGETS_MAX) {
            let sentence = format!("a rule has at most {TARGETS_MAX} targets; this is one more");
            out.push(
                Mistake::new(target.span, sentence)
                    .with_suggestion("a second rule with the same pattern can have the rest"),
            );
        }
        names::unique("target", rule.targets.iter().map(|target| &target.id), out);
        for target in &rule.targets {
            target::check(target, names, out);
        }
    }
}

fn check_pattern(json: &JsonText, names: &Names<'_>, out: &mut Vec<Mistake>) {
    if json.text.is_empty() {
        return;
    }
    let chars = json.text.chars().count();
    if chars > PATTERN_CHARS_MAX {
        let sentence =
            format!("this pattern has {chars} characters as JSON; AWS allows at most {PATTERN_CHARS_MAX}");
        out.push(Mistake::new(json.span, sentence));
    }
    names.check_references(json, out);
    if let Err(invalid) = EventPattern::parse(&json.text) {
        let span = json.locate(invalid.offset, invalid.line, invalid.column);
        let sentence =
            format!("this is not an event pattern: found {}, expected {}", invalid.found, invalid.expected);
        // The rest of AWS's message repeats the text and the place in it.
        let reason = invalid.message.lines().next().unwrap_or_default().to_owned();
        out.push(Mistake::new(span, sentence).with_suggestion(format!("AWS says: {reason}")));
    }
}
