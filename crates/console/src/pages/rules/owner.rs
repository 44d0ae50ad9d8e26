//! Which pipeline file owns a rule, and the patch that changes it there.

use serde_json::{Value, json};

use crate::pipeline::Rule;
use crate::source::{Question, Source, find};
use crate::value::{items, text};

/// The pipeline whose file owns a rule; empty: none.
pub(super) async fn of_rule(source: &Source, rule: &Rule) -> String {
    // Asked as one who owns nothing: all is then of others.
    let answer = find(source, Question::trunkline("ListOwnership", json!({"Owner": "console"}))).await;
    let answer = answer.unwrap_or_default();
    let mut others = items(&answer, "Others").iter();
    let own = others.find(|owned| {
        let resource: Value = serde_json::from_str(text(owned, "Resource")).unwrap_or_default();
        text(&resource, "kind") == "rule"
            && text(&resource, "name") == rule.name
            && text(&resource, "bus") == rule.bus
    });
    own.map(|owned| text(owned, "Owner").to_owned()).unwrap_or_default()
}

/// What changes in the file, in the form of `diff -u`: the lines of the pattern, which JSON writes as YAML reads it.
pub(super) fn patch(rule: &Rule, tried: &str) -> String {
    let lines = |pattern: &str| -> Vec<String> {
        let value: Value = serde_json::from_str(pattern).unwrap_or_default();
        format!("{value:#}").lines().map(str::to_owned).collect()
    };
    let (old, new) = (lines(&rule.pattern), lines(tried));
    let head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let place = format!("rule {} of the bus {}", rule.name, rule.bus);
    let mut patch = format!(
        "--- trunkline.yaml\n+++ trunkline.yaml\n@@ {place}: pattern @@\n   - name: {}\n     pattern:\n",
        rule.name
    );
    let mut add = |sign: char, lines: &[String]| {
        lines.iter().for_each(|line| patch.push_str(&format!("{sign}      {line}\n")));
    };
    let part = |lines: &[String], from: usize, to: usize| lines.get(from..to).unwrap_or_default().to_vec();
    add(' ', &part(&old, 0, head));
    add('-', &part(&old, head, old.len() - tail));
    add('+', &part(&new, head, new.len() - tail));
    add(' ', &part(&old, old.len() - tail, old.len()));
    patch
}

#[cfg(test)]
mod tests {
    use super::patch;
    use crate::pipeline::Rule;

    #[test]
    fn only_what_changes_has_a_sign() {
        let pattern = r#"{"source": ["shop"], "detail": {"total": [1]}}"#.to_owned();
        let rule = Rule { name: "large".to_owned(), bus: "default".to_owned(), pattern, ..Rule::default() };
        let patch = patch(&rule, r#"{"source": ["shop"], "detail": {"total": [2]}}"#);
        let signed: Vec<&str> = patch.lines().skip(2).filter(|line| line.starts_with(['-', '+'])).collect();
        assert_eq!(signed, ["-            1", "+            2"]);
        assert!(
            patch.contains("@@ rule large of the bus default: pattern @@\n   - name: large\n"),
            "{patch}"
        );
    }

    #[test]
    fn what_is_twice_the_same_is_not_counted_twice() {
        let rule = Rule { pattern: r#"{"a": [1, 1]}"#.to_owned(), ..Rule::default() };
        let patch = patch(&rule, r#"{"a": [1, 1, 1]}"#);
        let signed = patch.lines().skip(2).filter(|line| line.starts_with(['-', '+'])).count();
        assert!(signed >= 1 && !patch.is_empty(), "{patch}");
    }
}
