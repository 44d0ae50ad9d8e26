//! One tree of several: what is included is added to the file's own, and a profile is laid over both.

use crate::mistake::{Mistake, Span, kind};
use crate::shape;
use crate::table::{Kind, Section};
use crate::texts::INCLUDE;
use crate::tree::{Entry, Node, Shape};

/// The key of the profiles.
pub(crate) const PROFILES: &str = "profiles";
/// What a profile cannot decide.
pub(crate) const OF_THE_FILE: &[&str] = &["version", INCLUDE, PROFILES];
/// The section whose keys depend on its `source`: another source replaces all of it.
const GENESYS: &str = "genesys";

/// Adds what another file says: its lists behind the lists that are there.
pub(crate) fn include(root: &mut Node, more: Node, section: &'static Section, out: &mut Vec<Mistake>) {
    let Shape::Map(entries) = more.shape else {
        out.push(Mistake::new(kind::INCLUDE, more.span, "expected a part of a pipeline: a mapping"));
        return;
    };
    let Shape::Map(own) = &mut root.shape else { return };
    for entry in entries {
        let kind = section.key(&entry.key).map(|key| &key.kind);
        match entry.key.as_str() {
            PROFILES => {
                let sentence = "profiles stand in the file that is run, not in one that it includes";
                out.push(Mistake::new(kind::PROFILE, entry.key_span, sentence));
                continue;
            }
            "version" | INCLUDE => {
                if let Some(kind) = kind {
                    shape::check(&entry.value, kind, out);
                }
                continue;
            }
            _ => {}
        }
        match own.iter_mut().find(|one| one.key == entry.key) {
            None => own.push(entry),
            Some(one) => add(one, entry, kind, out),
        }
    }
}

/// Adds a section that is there already.
fn add(one: &mut Entry, entry: Entry, kind: Option<&'static Kind>, out: &mut Vec<Mistake>) {
    match (kind, &mut one.value.shape, entry.value.shape) {
        (Some(Kind::List(_)), Shape::List(items), Shape::List(more)) => items.extend(more),
        (Some(Kind::List(_)), Shape::List(_), shape) => {
            let found = Node::leaf(shape, entry.value.span);
            let sentence = format!("expected a list, found {}", found.noun());
            out.push(
                Mistake::new(kind::WRONG_KIND, found.span, sentence)
                    .with_suggestion("begin each entry with `- `"),
            );
        }
        _ => {
            let mistake =
                Mistake::new(kind::DUPLICATE_KEY, entry.key_span, format!("a second `{}`", entry.key));
            out.push(mistake.with_first(one.key_span));
        }
    }
}

/// The names of the profiles, in the order of the file.
pub(crate) fn profiles(root: &Node) -> Vec<&str> {
    match root.get(PROFILES).map(|node| &node.shape) {
        Some(Shape::Map(entries)) => entries.iter().map(|entry| entry.key.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// Lays a profile over the file. What stands in the profiles that were not asked for, and what the profile replaces, does
/// not count: those places are handed over, so that nothing is said of them.
pub(crate) fn choose(
    root: &mut Node,
    profile: Option<&str>,
    section: &'static Section,
    out: &mut Vec<Mistake>,
) -> Vec<Span> {
    let mut dropped = Vec::new();
    let of_root = root.span;
    let names: Vec<String> = profiles(root).into_iter().map(str::to_owned).collect();
    let Some(node) = root.get(PROFILES).cloned() else {
        if let Some(profile) = profile {
            out.push(unknown(of_root, profile, &names));
        }
        return dropped;
    };
    let Shape::Map(entries) = node.shape else {
        out.push(Mistake::new(
            kind::PROFILE,
            node.span,
            "expected profiles: a mapping of names to what they change",
        ));
        return dropped;
    };
    if let Some(profile) = profile.filter(|profile| names.iter().all(|name| name != profile)) {
        out.push(unknown(node.span, profile, &names));
    }
    for entry in entries {
        if profile != Some(entry.key.as_str()) {
            dropped.push(entry.value.span);
            continue;
        }
        let Shape::Map(changes) = entry.value.shape else {
            out.push(Mistake::new(
                kind::PROFILE,
                entry.value.span,
                "expected a profile: a mapping of what it changes",
            ));
            continue;
        };
        let (changes, kept): (Vec<Entry>, Vec<Entry>) =
            changes.into_iter().partition(|change| !OF_THE_FILE.contains(&change.key.as_str()));
        for change in kept {
            out.push(Mistake::new(
                kind::PROFILE,
                change.key_span,
                format!("a profile cannot change `{}`", change.key),
            ));
        }
        if let Shape::Map(entries) = &mut root.shape {
            overlay_map(entries, changes, section, &mut dropped);
        }
    }
    dropped
}

fn unknown(span: Span, profile: &str, names: &[String]) -> Mistake {
    let at = Span { end: span.start, ..span };
    let mistake = Mistake::new(kind::PROFILE, at, format!("the file has no profile `{profile}`"));
    crate::names::instead(mistake, profile, names.iter().map(String::as_str))
}

/// Lays a value over another. Recursion is bounded by the tables.
fn overlay(base: &mut Node, over: Node, kind: &'static Kind, dropped: &mut Vec<Span>) {
    let span = over.span;
    match (kind, &mut base.shape, over.shape) {
        (Kind::Object(section), Shape::Map(entries), Shape::Map(changes)) => {
            overlay_map(entries, changes, section, dropped);
        }
        (Kind::Texts { .. }, Shape::Map(entries), Shape::Map(changes)) => {
            for change in changes {
                put(entries, change, None, dropped);
            }
        }
        (Kind::List(of), Shape::List(own), Shape::List(items))
            if own.iter().all(has_name) && items.iter().all(has_name) =>
        {
            for item in items {
                match own.iter_mut().find(|one| name(one) == name(&item)) {
                    Some(one) => overlay(one, item, of, dropped),
                    None => own.push(item),
                }
            }
        }
        (_, _, shape) => {
            dropped.push(base.span);
            base.shape = shape;
            base.span = span;
        }
    }
}

fn overlay_map(
    entries: &mut Vec<Entry>,
    changes: Vec<Entry>,
    section: &'static Section,
    dropped: &mut Vec<Span>,
) {
    for change in changes {
        // A key takes the place of those that exclude it.
        for choice in section.choices.iter().filter(|choice| choice.among.contains(&change.key.as_str())) {
            entries.retain(|entry| entry.key == change.key || !choice.among.contains(&entry.key.as_str()));
        }
        let kind = section.key(&change.key).map(|key| &key.kind);
        put(entries, change, kind, dropped);
    }
}

/// Lays a value over the one of the same key; nothing takes the key away. Without a kind the whole value is replaced.
fn put(entries: &mut Vec<Entry>, change: Entry, kind: Option<&'static Kind>, dropped: &mut Vec<Span>) {
    let is_nothing = matches!(change.value.shape, Shape::Null);
    let Some(old) = entries.iter_mut().find(|entry| entry.key == change.key) else {
        entries.push(change);
        return;
    };
    if is_nothing {
        dropped.push(old.value.span);
        entries.retain(|entry| entry.key != change.key);
        return;
    }
    match kind {
        Some(kind) if change.key != GENESYS || !changes_source(&old.value, &change.value) => {
            overlay(&mut old.value, change.value, kind, dropped);
        }
        _ => {
            dropped.push(old.value.span);
            *old = change;
        }
    }
}

fn changes_source(old: &Node, new: &Node) -> bool {
    let source = |node: &Node| text(node.get("source")?).map(str::to_owned);
    source(new).is_some_and(|new| source(old) != Some(new))
}

fn has_name(node: &Node) -> bool {
    name(node).is_some()
}

fn name(node: &Node) -> Option<&str> {
    text(node.get("name")?)
}

fn text(node: &Node) -> Option<&str> {
    match &node.shape {
        Shape::Text(text) => Some(text),
        _ => None,
    }
}
