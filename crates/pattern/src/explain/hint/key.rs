//! The event has the key elsewhere: in another case, one level up or down, beside, or spelt differently.

use crate::explain::found::show;
use crate::explain::hint::{Case, Hint, HintKind, edit_distance};

pub(super) fn hints(case: &Case<'_>) -> Vec<Hint> {
    if !case.is_absent() {
        return vec![];
    }
    let wanted = &case.field.path;
    let near = case.found.paths().filter_map(|path| {
        // A path whose value would do is likelier to be the one that was meant.
        let fits = case.found.scalars(path).iter().any(|o| case.field.accepts(o.value));
        let below = path.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('.'));
        let kind = if below && fits { HintKind::KeyLevel } else { nearness(wanted, path)? };
        Some((!fits, kind, path))
    });
    let mut near: Vec<_> = near.collect();
    near.sort_by_key(|(misfit, kind, _)| (*misfit, *kind as u8));
    let hints = near.into_iter().take(3).map(|(_, kind, path)| {
        let value = case.found.scalars(path).first().map(|o| show(o.value)).unwrap_or_default();
        let what = match kind {
            HintKind::KeyCase => "in another case",
            HintKind::KeyLevel => "at another level",
            _ => "spelt differently",
        };
        let text = format!("the event has `{path}` ({value}): the same key {what}?");
        Hint { kind, text, path: Some(path.to_owned()) }
    });
    hints.collect()
}

/// In which way, if in any, one path is near to another.
fn nearness(wanted: &str, path: &str) -> Option<HintKind> {
    if wanted.to_lowercase() == path.to_lowercase() {
        return Some(HintKind::KeyCase);
    }
    let (wanted, path): (Vec<&str>, Vec<&str>) = (wanted.split('.').collect(), path.split('.').collect());
    if wanted.len() != path.len() {
        let (short, long) = if wanted.len() < path.len() { (&wanted, &path) } else { (&path, &wanted) };
        let same_key = short.last() == long.last();
        let one_more = long.len() == short.len() + 1;
        let but_one = (0..long.len()).any(|left_out| {
            let rest = long.iter().enumerate().filter(|(i, _)| *i != left_out).map(|(_, key)| key);
            rest.eq(short.iter())
        });
        return (same_key && one_more && but_one).then_some(HintKind::KeyLevel);
    }
    let mut differing = wanted.iter().zip(&path).enumerate().filter(|(_, (a, b))| a != b);
    let (at, (a, b)) = differing.next()?;
    if differing.next().is_some() {
        return None;
    }
    let distance = edit_distance(&a.to_lowercase(), &b.to_lowercase());
    if distance <= 2 && distance < a.chars().count().min(b.chars().count()) {
        return Some(HintKind::KeySpelling);
    }
    // The same key under a neighbour of its parent.
    (at + 1 < path.len()).then_some(HintKind::KeyLevel)
}
