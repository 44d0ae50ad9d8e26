//! Whether each pattern's sources are spelt like those that there are.

use pattern::EventPattern;
use pattern::matcher::Matcher;
use provision::resource::rule::Matching;
use provision::{Mistake, Pipeline, near};

use crate::check::Check;

pub(super) const CHECK: Check = Check {
    name: "known-source",
    asks: "Is each source that a pattern names spelt like one that there is?",
    why: "a source with a slip in it is another source: its rule matches nothing",
    fix: "write the source that is offered",
    run,
};

/// What Trunkline derives comes with this source. Source: `genesys::catalogue`.
const DERIVED: &str = "genesys.cloud";
/// What the sources of a Genesys org begin with. Source: Genesys Cloud, "Amazon EventBridge integration".
const PARTNER: &str = "aws.partner/genesys.com/cloud/";

fn run(pipeline: &Pipeline) -> Vec<Mistake> {
    let webhooks = pipeline.webhooks.iter();
    let mut sources: Vec<String> = webhooks
        .map(|webhook| match &webhook.source {
            Some(source) => source.value.clone(),
            None => format!("webhook.{}", webhook.name.value),
        })
        .collect();
    sources.push(DERIVED.to_owned());
    let mut mistakes = Vec::new();
    for rule in &pipeline.rules {
        let Matching::Pattern(json) = &rule.matching else { continue };
        // What is no pattern has been told already.
        let Ok(pattern) = EventPattern::parse(&json.text) else { continue };
        let fields = pattern.alternatives().iter().flat_map(|alternative| &alternative.fields);
        for leaf in fields.filter(|field| field.path == "source").flat_map(|field| &field.leaves) {
            let Matcher::String(source) = &leaf.matcher else { continue };
            let Some(meant) = meant(source, &sources) else { continue };
            let at = json.locate(leaf.span.start, leaf.span.line, leaf.span.column);
            let sentence = format!("no event has the source `{source}`");
            let mistake =
                Mistake::new(CHECK.name, at, sentence).with_suggestion(format!("did you mean `{meant}`?"));
            if !mistakes.contains(&mistake) {
                mistakes.push(mistake);
            }
        }
    }
    mistakes
}

/// The source that was probably meant; `None` where it is one, or like none.
fn meant(source: &str, sources: &[String]) -> Option<String> {
    if sources.iter().any(|one| one == source) || source.starts_with(PARTNER) {
        return None;
    }
    let partner: String = source.chars().take(PARTNER.len()).collect();
    if source.len() > PARTNER.len() && near(&partner, [PARTNER]).is_some() {
        return Some(format!("{PARTNER}..."));
    }
    near(source, sources.iter().map(String::as_str)).map(str::to_owned)
}
