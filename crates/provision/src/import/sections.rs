//! The pipeline file as it is put together: each resource in its section, what Trunkline's templates carry beside them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::import::Options;
use crate::import::kinds::{
    Known, buses, endpoints, functions, kept, layers, machines, others, queues, rules,
};
use crate::import::naming::{self, has_name};
use crate::import::properties::Properties;
use crate::import::remark::{Grade, Remarks};
use crate::import::stack::{Item, Stack};
use crate::import::value::{Named, Noun, Own, Resolver, Use, noun};
use crate::import::yaml::{self, Entry};
use crate::pipeline::VERSION;
use crate::resource::bus;

/// The sections of the file, in its order.
const ORDER: &[&str] = &[
    "version",
    "name",
    "genesys",
    "bus",
    "queues",
    "connections",
    "apiDestinations",
    "allowPrivate",
    "layers",
    "functions",
    "strictRuntimes",
    "stateMachines",
    "tables",
    "logGroups",
    "archives",
    "subscriptions",
    "eventStreams",
    "rules",
    "workers",
    "webhooks",
    "tests",
];

/// The file.
#[derive(Debug, Default)]
pub(super) struct File {
    header: Vec<String>,
    /// What is carried as it was written.
    whole: BTreeMap<String, Value>,
    /// What was made of resources, by section.
    pub(super) entries: BTreeMap<&'static str, Vec<Entry>>,
}

impl File {
    pub(super) fn of(stacks: &[Stack], options: &Options, remarks: &mut Remarks) -> Self {
        let named = naming::named(stacks, options);
        let own: Vec<Own> = named.iter().flat_map(|named| named.own.values().cloned()).collect();
        let mut file = Self::default();
        for stack in stacks {
            let carried = stack.ours.get("Sections").and_then(Value::as_object).into_iter().flatten();
            for (name, value) in carried {
                file.whole.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        let bus = options.bus.clone().unwrap_or_else(|| file.bus(&named, options));
        if bus == bus::DEFAULT {
            // Where the file says it, it goes on saying so.
            if file.whole.get("bus").is_some_and(|carried| carried != bus::DEFAULT) {
                file.whole.remove("bus");
            }
        } else {
            file.whole.insert("bus".to_owned(), json!(bus));
        }
        let sources: Vec<&str> = stacks.iter().map(|stack| stack.file.as_str()).collect();
        file.header.push(format!("Imported from {}.", sources.join(", ")));
        for at in &named {
            let resolver = Resolver { at, all: &named, given: &options.parameters };
            let folder = if options.folder.as_os_str().is_empty() { Path::new(".") } else { &options.folder };
            let known = Known { stack: at.stack, own: &own, bus: &bus, folder };
            for item in &at.stack.items {
                file.add(item, (&known, &resolver), remarks);
            }
        }
        file
    }

    /// The bus with the most rules; a partner's is not one that the file can have.
    fn bus(&self, named: &[Named<'_>], options: &Options) -> String {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for at in named {
            let resolver = Resolver { at, all: named, given: &options.parameters };
            for item in at.stack.items.iter().filter(|item| item.kind == "AWS::Events::Rule") {
                let bus = item.properties.get("EventBusName").map(|bus| resolver.text(bus, Use::Name));
                let bus = buses::bus_name(&bus.and_then(Result::ok).unwrap_or_default());
                let bus = if buses::is_partner(&bus) { bus::DEFAULT.to_owned() } else { bus };
                *counts.entry(bus).or_default() += 1;
            }
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count).map(|(bus, _)| bus);
        let carried = || self.whole.get("bus").and_then(Value::as_str).map(str::to_owned);
        let made = || {
            let mut own = named.iter().flat_map(|at| at.own.values());
            own.find(|own| own.noun == Noun::Bus && !buses::is_partner(&own.name)).map(|own| own.name.clone())
        };
        most.or_else(carried).or_else(made).unwrap_or_else(|| bus::DEFAULT.to_owned())
    }

    fn add(&mut self, item: &Item, (known, resolver): (&Known<'_>, &Resolver<'_>), remarks: &mut Remarks) {
        if let Some(condition) = &item.condition {
            let reason = match resolver.holds(condition, 0) {
                Ok(true) => None,
                Ok(false) => Some(format!("its condition {condition} does not hold")),
                Err(reason) => Some(reason),
            };
            if let Some(reason) = reason {
                return remarks.left_out(&item.place, &item.id, reason);
            }
        }
        let own = resolver.at.own.get(&item.id);
        if own.is_some_and(|own| own.is_added) {
            return;
        }
        match (noun(item), own) {
            (Some(Noun::Role), _) => others::other(item, remarks),
            (Some(noun), Some(own)) => self.add_noun((item, noun), own, (known, resolver), remarks),
            _ if item.kind == "AWS::Lambda::Permission" => {
                if let Some(permission) =
                    functions::permission(Properties::of(item, resolver, remarks), known)
                {
                    self.permit(permission, item, remarks);
                }
            }
            _ => others::other(item, remarks),
        }
    }

    fn add_noun(
        &mut self,
        (item, noun): (&Item, Noun),
        own: &Own,
        (known, resolver): (&Known<'_>, &Resolver<'_>),
        remarks: &mut Remarks,
    ) {
        let name = own.name.as_str();
        let obstacle = match noun {
            Noun::Queue if queues::is_fifo(&item.properties) => {
                Some("it is a FIFO queue, and this version's files have standard queues only".to_owned())
            }
            Noun::Function => functions::obstacle(item),
            Noun::Layer => layers::obstacle(item),
            _ => None,
        };
        if let Some(obstacle) = obstacle {
            return remarks.left_out(&item.place, &item.id, obstacle);
        }
        let has_own_name = has_name(item, noun);
        let of = Properties::of(item, resolver, remarks);
        let plain = |members: Map<String, Value>| Some(Entry { members, ..Entry::default() });
        let (section, entry) = match noun {
            Noun::Queue => ("queues", plain(queues::queue(of, name, known))),
            Noun::Table => ("tables", plain(kept::table(of, name))),
            Noun::LogGroup => ("logGroups", plain(kept::log_group(of, name))),
            Noun::Archive => ("archives", kept::archive(of, name, known).and_then(plain)),
            Noun::Connection => ("connections", plain(endpoints::connection(of, name))),
            Noun::ApiDestination => {
                ("apiDestinations", endpoints::destination(of, name, known).and_then(plain))
            }
            Noun::Layer => ("layers", plain(layers::layer(of, name, known))),
            Noun::Function => ("functions", plain(functions::function(of, name, known))),
            Noun::StateMachine => ("stateMachines", machines::machine(of, name, known).and_then(plain)),
            Noun::Rule => ("rules", rules::rule(of, name, known)),
            Noun::Bus | Noun::Role => return bus(of, name, known),
        };
        let Some(mut entry) = entry else { return };
        if !has_own_name {
            let sentence = format!("the template leaves its name to AWS: in the file it is called {name}");
            remarks.add(Grade::Changed, (&item.place, &item.id), sentence);
        }
        if item.place.line > 0 && item.id != own.name {
            entry.comments.push(format!("{}, line {}", item.id, item.place.line));
        }
        entry.place = item.place.clone();
        entry.about.clone_from(&item.id);
        self.entries.entry(section).or_default().push(entry);
    }

    fn permit(&mut self, permission: functions::PermissionOf, item: &Item, remarks: &mut Remarks) {
        let functions = self.entries.entry("functions").or_default();
        let wanted = json!(permission.function);
        match functions.iter_mut().find(|entry| entry.members.get("name") == Some(&wanted)) {
            Some(entry) => {
                let list = entry.members.entry("permissions").or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.push(Value::Object(permission.members));
                }
            }
            None => {
                let sentence = format!("its function {} is not imported", permission.function);
                remarks.left_out(&item.place, &item.id, sentence);
            }
        }
    }

    /// The file's text.
    pub(super) fn text(&self) -> String {
        let mut out: String = self.header.iter().map(|line| format!("# {line}\n")).collect();
        out.push_str(&format!("version: {VERSION}\n"));
        for section in ORDER.iter().skip(1) {
            let entries = self.entries.get(section).filter(|entries| !entries.is_empty());
            match (entries, self.whole.get(*section)) {
                (Some(entries), _) => {
                    out.push_str(&format!("\n{section}:\n"));
                    entries.iter().for_each(|entry| yaml::entry(entry, 2, &mut out));
                }
                (None, Some(value)) => {
                    if !matches!(*section, "name" | "bus") {
                        out.push('\n');
                    }
                    yaml::mapping(&Map::from_iter([((*section).to_owned(), value.clone())]), 0, &mut out);
                }
                (None, None) => {}
            }
        }
        out
    }
}

/// The bus is made with the file's `bus`; others are told.
fn bus(mut of: Properties<'_, '_>, name: &str, known: &Known<'_>) {
    if buses::is_partner(name) {
        let sentence = "the bus is made of Genesys Cloud's event source: `trunkline genesys connect` makes the two, and a pipeline file takes \
                        events from it with `genesys: {source: sqs}`";
        of.left_out("", sentence);
    } else if name != known.bus {
        let sentence = format!(
            "a file has one bus, here {}: import with --bus {name} for a file of that bus",
            known.bus
        );
        of.left_out("", sentence);
    } else {
        of.take("EventSourceName");
        of.done(&["Name"]);
    }
}
