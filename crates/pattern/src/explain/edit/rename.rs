//! Another path for a field: the edit of the pattern's keys.

use std::sync::Arc;

use crate::explain::edit::{Change, change, span};
use crate::matcher::describe::quote;
use crate::pattern::{Entry, EventPattern, Field, Node, Object};

/// An object on the way to a field, and which of its entries leads there.
struct Level<'a> {
    object: &'a Object,
    at: usize,
    entry: &'a Entry,
    /// The path of the object, with a dot at its end unless it is the root.
    prefix: String,
    /// Whether the object is a branch of `$or`: what is in it must stay in it.
    is_branch: bool,
}

/// The changes that give the field another path and, if there is one, another list.
///
/// A key with dots means the same as nested keys, to AWS too, so a field may move below a key that is there already.
pub(super) fn rename(
    pattern: &EventPattern,
    field: &Arc<Field>,
    path: &str,
    list: Option<&str>,
) -> Option<Vec<Change>> {
    let text = pattern.text();
    let mut levels = vec![];
    if !find(pattern.root(), field, "", &mut levels) {
        return None;
    }
    let list = list.or_else(|| text.get(field.span.start..field.span.end))?;
    // An object with one entry goes with it.
    let mut removed = levels.len().checked_sub(1)?;
    while removed > 0 {
        let level = levels.get(removed)?;
        if level.object.entries.len() > 1 || level.is_branch || path.starts_with(&level.prefix) {
            break;
        }
        removed -= 1;
    }
    let branch = levels.iter().rposition(|level| level.is_branch).unwrap_or(0);
    let kept =
        (branch..=removed).rev().find(|i| levels.get(*i).is_some_and(|l| path.starts_with(&l.prefix)))?;
    let home = levels.get(kept)?;
    let rest = path.get(home.prefix.len()..)?;
    let key = quote(rest);
    let entry_span = |entry: &Entry| span(text, entry.key_span.start, entry.end);
    if kept == removed {
        // In place; where only the key changes, only the key is touched.
        if matches!(home.entry.node, Node::Field(_))
            && text.get(field.span.start..field.span.end) == Some(list)
        {
            return Some(vec![change(text, home.entry.key_span, key)]);
        }
        return Some(vec![change(text, entry_span(home.entry), entry_text(text, home, rest, list))]);
    }
    let start = home.entry.key_span.start;
    let inserted =
        change(text, span(text, start, start), format!("{}, ", entry_text(text, home, rest, list)));
    let level = levels.get(removed)?;
    let entries = &level.object.entries;
    let hole = match (entries.get(level.at + 1), level.at.checked_sub(1).and_then(|i| entries.get(i))) {
        (Some(next), _) => span(text, level.entry.key_span.start, next.key_span.start),
        (None, Some(previous)) => span(text, previous.end, level.entry.end),
        (None, None) => return None,
    };
    Some(vec![inserted, change(text, hole, String::new())])
}

/// The entry that puts `list` at the path `rest` within the level's object: nested, as people write patterns, unless a
/// key of that object would come twice.
fn entry_text(text: &str, home: &Level<'_>, rest: &str, list: &str) -> String {
    let colon = if text.contains("\": ") { ": " } else { ":" };
    let first = rest.split('.').next().unwrap_or(rest);
    let entries = home.object.entries.iter().enumerate();
    let taken = entries.filter(|(at, _)| *at != home.at).any(|(_, entry)| entry.key == first);
    if taken {
        return format!("{}{colon}{list}", quote(rest));
    }
    let keys: Vec<String> = rest.split('.').map(quote).collect();
    format!("{}{colon}{list}{}", keys.join(&format!("{colon}{{")), "}".repeat(keys.len() - 1))
}

/// The change of one key on the way to the field, where that is all that the other path differs in. What else is below
/// that key goes along.
pub(super) fn rename_above(pattern: &EventPattern, field: &Arc<Field>, path: &str) -> Option<Vec<Change>> {
    let mut levels = vec![];
    if !find(pattern.root(), field, "", &mut levels) {
        return None;
    }
    levels.iter().filter(|level| !matches!(level.entry.node, Node::Or(_))).find_map(|level| {
        let below = field.path.strip_prefix(&level.prefix)?.strip_prefix(&level.entry.key)?;
        let key = path.strip_prefix(&level.prefix)?.strip_suffix(below)?;
        let alone = !key.is_empty() && !key.contains('.');
        alone.then(|| vec![change(pattern.text(), level.entry.key_span, quote(key))])
    })
}

/// Finds the way from an object to the field.
fn find<'a>(object: &'a Object, field: &Arc<Field>, prefix: &str, levels: &mut Vec<Level<'a>>) -> bool {
    let is_branch = levels.last().is_some_and(|level| matches!(level.entry.node, Node::Or(_)));
    for (at, entry) in object.entries.iter().enumerate() {
        levels.push(Level { object, at, entry, prefix: prefix.to_owned(), is_branch });
        let found = match &entry.node {
            Node::Field(other) => Arc::ptr_eq(other, field),
            Node::Object(inner) => find(inner, field, &format!("{prefix}{}.", entry.key), levels),
            Node::Or(branches) => branches.iter().any(|branch| find(branch, field, prefix, levels)),
        };
        if found {
            return true;
        }
        levels.pop();
    }
    false
}
