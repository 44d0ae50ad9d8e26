//! Circles in a small graph of names.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Who points at whom.
pub(crate) type Arrows = BTreeMap<String, BTreeSet<String>>;

/// The shortest circle through each knot of names, each once: `[a, b, a]`.
pub(crate) fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut out = Vec::new();
    for start in arrows.keys() {
        if told.contains(start) {
            continue;
        }
        if let Some(circle) = shortest_circle(arrows, start) {
            told.extend(circle.iter().cloned());
            out.push(circle);
        }
    }
    out
}

/// Breadth first from `start` back to it.
fn shortest_circle(arrows: &Arrows, start: &str) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(here) = waiting.pop_front() {
        for next in arrows.get(here).into_iter().flatten() {
            if next == start {
                return Some(trace(&came_from, start, here));
            }
            if !came_from.contains_key(next.as_str()) {
                came_from.insert(next, here);
                waiting.push_back(next);
            }
        }
    }
    None
}

fn trace(came_from: &BTreeMap<&str, &str>, start: &str, last: &str) -> Vec<String> {
    let mut circle = vec![start.to_owned()];
    let mut here = last;
    while here != start {
        circle.push(here.to_owned());
        here = came_from.get(here).copied().unwrap_or(start);
    }
    circle.push(start.to_owned());
    circle.reverse();
    circle
}

#[cfg(test)]
mod tests {
    use super::{Arrows, circles};

    fn arrows(pairs: &[(&str, &str)]) -> Arrows {
        let mut out = Arrows::new();
        for (from, to) in pairs {
            out.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        out
    }

    #[test]
    fn a_circle_is_told_once_and_a_diamond_is_none() {
        assert_eq!(
            circles(&arrows(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])),
            Vec::<Vec<String>>::new()
        );
        assert_eq!(
            circles(&arrows(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")])),
            [["a", "b", "c", "a"]]
        );
    }
}
