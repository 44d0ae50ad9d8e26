//! Logical ids: letters and digits, made from names, no two alike.

use std::collections::BTreeMap;

/// Source: "Resources" in the CloudFormation template reference.
const CHARS_MAX: usize = 255;

/// A name in capitals at the beginnings of its words: `support-dlq` is `SupportDlq`.
pub(super) fn camel(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capital = words.map(|word| {
        let mut chars = word.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(chars).collect::<String>()
    });
    capital.collect()
}

/// The parameter for the id of a Genesys queue.
pub(super) fn queue_parameter(name: &str) -> String {
    // Two names that differ in other signs alone differ in this.
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let sum = name.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let tail = if plain { String::new() } else { format!("{sum:08x}") };
    format!("GenesysQueue{}{tail}", camel(name))
}

/// The logical ids of a template.
#[derive(Debug, Default)]
pub(super) struct LogicalIds {
    /// By kind and what the resource is known by.
    given: BTreeMap<(&'static str, String), String>,
    taken: Vec<String>,
}

impl LogicalIds {
    /// The id of the resource of this kind (which is the id's end) and name; the same each time it is asked for.
    pub(super) fn of(&mut self, kind: &'static str, name: &str) -> String {
        self.of_known(kind, (name, name))
    }

    /// The same for something that is called `name`, and is known by `key`.
    pub(super) fn of_known(&mut self, kind: &'static str, (name, key): (&str, &str)) -> String {
        if let Some(id) = self.given.get(&(kind, key.to_owned())) {
            return id.clone();
        }
        let base: String = camel(name).chars().take(CHARS_MAX - kind.len() - 4).collect();
        let mut id = format!("{base}{kind}");
        let mut number = 2;
        while self.taken.contains(&id) {
            id = format!("{base}{kind}{number}");
            number += 1;
        }
        self.taken.push(id.clone());
        self.given.insert((kind, key.to_owned()), id.clone());
        id
    }
}

#[cfg(test)]
mod tests {
    use super::{LogicalIds, queue_parameter};

    #[test]
    fn names_that_look_alike_have_different_ids() {
        let mut ids = LogicalIds::default();
        let made = [("Queue", "a-b"), ("Queue", "a_b"), ("Rule", "a-b"), ("Queue", "a-b")]
            .map(|(kind, name)| ids.of(kind, name));
        assert_eq!(made, ["ABQueue", "ABQueue2", "ABRule", "ABQueue"]);
        assert_eq!(queue_parameter("Support"), "GenesysQueueSupport");
        assert_ne!(queue_parameter("a b"), queue_parameter("a-b"));
    }
}
