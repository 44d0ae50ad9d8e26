//! The name that was probably meant: the nearest by edit distance.

/// The candidate nearest to `name`, if it is near enough to be a slip: at most a third of the characters changed, a
/// swap of two neighbours counting once, upper and lower case not counting. The first of equally near ones.
pub fn near<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = letters(name);
    let limit = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        let letters = letters(candidate);
        let far = wanted.len().abs_diff(letters.len()) > limit;
        // One letter says nothing: `a` is near every other letter.
        if far || letters.len() < 2 || wanted.len() < 2 {
            continue;
        }
        let distance = distance(&wanted, &letters);
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// What counts: lower case, without the signs that separate words. Long names are cut: no key has 200 letters.
fn letters(name: &str) -> Vec<char> {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).take(200).collect()
}

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous_a = None;
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        let mut previous_b = None;
        for (j, &y) in b.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX - 1);
            let mut cost =
                (at(&last, j + 1) + 1).min(at(&row, j) + 1).min(at(&last, j) + usize::from(x != y));
            if previous_a == Some(y) && previous_b == Some(x) && j > 0 {
                cost = cost.min(at(&before, j - 1) + 1);
            }
            row.push(cost);
            previous_b = Some(y);
        }
        before = std::mem::replace(&mut last, row);
        previous_a = Some(x);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, near};

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let keys = ["visibilityTimeout", "retention", "delay", "deadLetter", "name"];
        for (slip, meant) in [
            ("visibilityTimeot", Some("visibilityTimeout")),
            ("VisibilityTimeout", Some("visibilityTimeout")),
            ("visibility-timeout", Some("visibilityTimeout")),
            ("dead_letter", Some("deadLetter")),
            ("dealy", Some("delay")),
            ("nmae", Some("name")),
            ("queue", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(near(slip, keys), meant, "{slip}");
        }
    }

    #[test]
    fn the_nearest_of_two_wins() {
        assert_eq!(near("support-dlg", ["support", "support-dlq"]), Some("support-dlq"));
    }

    proptest::proptest! {
        #[test]
        fn a_distance_is_symmetric_and_bounded(a in "[abc]{0,8}", b in "[abc]{0,8}") {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            let there = distance(&a, &b);
            proptest::prop_assert_eq!(there, distance(&b, &a));
            proptest::prop_assert!(there <= a.len().max(b.len()));
            proptest::prop_assert_eq!(there == 0, a == b);
        }
    }
}
