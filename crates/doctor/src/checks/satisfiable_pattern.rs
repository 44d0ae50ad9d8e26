//! Whether an event that is known can match each rule's pattern.

use pattern::EventPattern;
use provision::resource::rule::Matching;
use provision::{Mistake, Pipeline};

use crate::check::Check;
use crate::unsatisfiable::{Events, Finding, findings};

pub(super) const CHECK: Check = Check {
    name: "satisfiable-pattern",
    asks: "Can an event of Genesys Cloud, or one that Trunkline derives, match each rule's pattern?",
    why: "a pattern that nothing can match is valid, and its rule stays silent",
    fix: "correct the topic, the path or the value that is marked",
    run,
};

fn run(pipeline: &Pipeline) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for rule in &pipeline.rules {
        let Matching::Pattern(json) = &rule.matching else { continue };
        // What is no pattern has been told already.
        let Ok(pattern) = EventPattern::parse(&json.text) else { continue };
        for Finding { span, sentence, suggestion } in findings(&pattern, Events::Any) {
            let at = json.locate(span.start, span.line, span.column);
            let mistake =
                Mistake::new(CHECK.name, at, format!("no event that is known can match this: {sentence}"));
            mistakes.push(Mistake { suggestion, ..mistake });
        }
    }
    mistakes
}
