//! What each resource will be called in the file: its own name, or one made from its logical id.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::import::Options;
use crate::import::kinds::{functions, layers, queues};
use crate::import::stack::{Item, Stack};
use crate::import::value::{Named, Noun, Own, Resolver, Use, name_property, noun};

/// The names of all stacks' resources.
pub(super) fn named<'a>(stacks: &'a [Stack], options: &Options) -> Vec<Named<'a>> {
    let mut all: Vec<Named<'a>> = stacks.iter().map(|stack| Named { stack, own: BTreeMap::new() }).collect();
    // A name may be made of another resource's, so that a second look finds more.
    for _ in 0..2 {
        let mut taken = BTreeSet::new();
        let next: Vec<BTreeMap<String, Own>> = all
            .iter()
            .map(|at| {
                let resolver = Resolver { at, all: &all, given: &options.parameters };
                let items = at.stack.items.iter();
                items.filter_map(|item| Some((item.id.clone(), own(item, &resolver, &mut taken)?))).collect()
            })
            .collect();
        all = stacks.iter().zip(next).map(|(stack, own)| Named { stack, own }).collect();
    }
    all
}

fn own(item: &Item, resolver: &Resolver<'_>, taken: &mut BTreeSet<(Noun, String)>) -> Option<Own> {
    let noun = noun(item)?;
    let given = item.properties.get(name_property(noun));
    let given = given.and_then(|name| resolver.text(name, Use::Name).ok()).filter(|name| !name.is_empty());
    let base = given.unwrap_or_else(|| made_up(item, noun));
    let mut name = base.clone();
    let mut number = 2;
    while noun != Noun::Rule && !taken.insert((noun, name.clone())) {
        name = format!("{base}-{number}");
        number += 1;
    }
    let is_added = item.ours.contains_key("Added");
    let holds = item.condition.as_ref().is_none_or(|condition| resolver.holds(condition, 0) == Ok(true));
    Some(Own { noun, name, is_made: holds && !is_added && can_be_made(item, noun), is_added })
}

fn can_be_made(item: &Item, noun: Noun) -> bool {
    match noun {
        Noun::Queue => !queues::is_fifo(&item.properties),
        Noun::Function => functions::obstacle(item).is_none(),
        Noun::Layer => layers::obstacle(item).is_none(),
        Noun::StateMachine => {
            let has = |name: &str| item.properties.contains_key(name);
            has("DefinitionString")
                || has("Definition")
                || item.local.as_ref().is_some_and(|file| file.is_file())
        }
        Noun::Bus | Noun::Rule | Noun::Role => false,
        Noun::Table | Noun::LogGroup | Noun::Archive | Noun::Connection | Noun::ApiDestination => true,
    }
}

/// A name for what the template leaves to CloudFormation.
fn made_up(item: &Item, noun: Noun) -> String {
    let path = item.path.as_deref().and_then(|path| path.split_once('/')).map(|(_, path)| path);
    let path = path.map(|path| path.trim_end_matches("/Resource").trim_end_matches("/Default"));
    let sign = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    let name: String = path.unwrap_or(&item.id).chars().map(sign).take(60).collect();
    match noun {
        Noun::LogGroup => format!("/aws/events/{name}"),
        _ => name,
    }
}

/// Whether a resource has a name of its own.
pub(super) fn has_name(item: &Item, noun: Noun) -> bool {
    item.properties.get(name_property(noun)).is_some_and(|name| !matches!(name, Value::Null))
}
