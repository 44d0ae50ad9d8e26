//! Whether each target's input can be made of the events that its rule matches.

use std::collections::BTreeMap;

use events::target::input::InputMaker;
use events::target::input::template::QuotedVariable;
use genesys::catalogue::{self, Kind, Topic};
use pattern::EventPattern;
use pattern::matcher::Matcher;
use provision::resource::rule::{Matching, Rule};
use provision::resource::target::Input;
use provision::{Mistake, Pipeline};

use crate::check::Check;

pub(super) const CHECK: Check = Check {
    name: "makeable-input",
    asks: "Can the template of each target's input transformer be filled?",
    why: "an object or array in quotes of a JSON template makes each delivery fail on AWS, and here",
    fix: "write the variable without quotes, as a value of its own",
    run,
};

fn run(pipeline: &Pipeline) -> Vec<Mistake> {
    pipeline.rules.iter().flat_map(findings).collect()
}

fn findings(rule: &Rule) -> Vec<Mistake> {
    let topics = topics(rule);
    let mut mistakes = Vec::new();
    for target in &rule.targets {
        let Input::Transformer { paths, template } = &target.input else { continue };
        let by_name: BTreeMap<String, String> =
            paths.iter().map(|(name, path)| (name.value.clone(), path.value.clone())).collect();
        let input = events::Input::Transformer { paths: by_name, template: template.value.clone() };
        // What cannot be put at all has been told already, or is told by PutTargets.
        let Ok(InputMaker::Template(made)) = InputMaker::compile(&input, &target.id.value) else { continue };
        for variable in made.quoted_variables() {
            if !variable.is_composite && !is_composite_in(&topics, &variable) {
                continue;
            }
            let name = variable.name;
            let path = variable.path.map(|path| format!(" (`{path}`)")).unwrap_or_default();
            let sentence = format!(
                "`<{name}>`{path} is an object or array, and in quotes of a JSON template: the result is no JSON, and \
                 nothing is delivered"
            );
            let without = format!("write `<{name}>` without quotes, as a value of its own");
            mistakes.push(Mistake::new(CHECK.name, template.span, sentence).with_suggestion(without));
        }
    }
    mistakes
}

/// The known topics that a rule's pattern names; none where it names another one as well.
fn topics(rule: &Rule) -> Vec<&'static Topic> {
    let Matching::Pattern(json) = &rule.matching else { return Vec::new() };
    let Ok(pattern) = EventPattern::parse(&json.text) else { return Vec::new() };
    let fields = pattern.alternatives().iter().flat_map(|alternative| &alternative.fields);
    let types = fields.filter(|field| field.path == "detail-type").flat_map(|field| &field.leaves);
    let topic = |matcher: &Matcher| match matcher {
        Matcher::String(name) => catalogue::topic(name),
        _ => None,
    };
    types.map(|leaf| topic(&leaf.matcher)).collect::<Option<_>>().unwrap_or_default()
}

/// Whether every topic has an object or array at the variable's path.
fn is_composite_in(topics: &[&'static Topic], variable: &QuotedVariable<'_>) -> bool {
    let Some(path) = variable.path.and_then(|path| path.strip_prefix("$.")) else { return false };
    let is_element = path.ends_with(']');
    // The catalogue steps through arrays without naming them.
    let keys: Vec<&str> = path.split('.').map(|key| key.split('[').next().unwrap_or(key)).collect();
    let is_composite = |topic: &&'static Topic| {
        let field = topic.field_at(&keys);
        field.is_some_and(|field| field.kind == Kind::Object || (field.is_array && !is_element))
    };
    !topics.is_empty() && topics.iter().all(is_composite)
}
