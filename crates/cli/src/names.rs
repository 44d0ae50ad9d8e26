//! What the org's queues, users and wrap-up codes are called, beside their ids wherever people read them.

use std::collections::HashMap;

use aws::Uuid;
use provision::Request;
use serde_json::{Value, json};

use crate::remote::Remote;

/// Length of a UUID.
const ID_LENGTH: usize = 36;

/// Names by id.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<String, String>);

impl Names {
    /// Those that a running Trunkline knows; none where no feed runs, or it is an older one: ids are as good then.
    pub(crate) fn known_to(remote: &Remote) -> Self {
        let answer = remote.ask(Request::trunkline("ListNames", json!({}))).unwrap_or_default();
        let names = answer.get("Names").and_then(Value::as_object);
        let text = |(id, name): (&String, &Value)| Some((id.clone(), name.as_str()?.to_owned()));
        Self(names.into_iter().flatten().filter_map(text).collect())
    }

    /// The text with the name in brackets behind each id that has one.
    pub(crate) fn beside(&self, text: &str) -> String {
        let mut named = String::with_capacity(text.len());
        let mut rest = text;
        while !self.0.is_empty() {
            let Some(at) = rest.char_indices().map(|(at, _)| at).find(|at| self.name_at(rest, *at).is_some())
            else {
                break;
            };
            let Some((id_end, name)) = self.name_at(rest, at) else { break };
            // Behind the quotes, where it stands in quotes.
            let quote =
                rest.get(id_end..).and_then(|after| after.chars().next()).filter(|c| "\"'`".contains(*c));
            let end = id_end + quote.map_or(0, char::len_utf8);
            named.push_str(rest.get(..end).unwrap_or_default());
            named.push_str(&format!(" ({name})"));
            rest = rest.get(end..).unwrap_or_default();
        }
        named.push_str(rest);
        named
    }

    /// The name of the id that begins at this byte, and where the id ends.
    fn name_at(&self, text: &str, at: usize) -> Option<(usize, &str)> {
        let end = at + ID_LENGTH;
        let id = text.get(at..end)?;
        // Most places are none of a UUID: its first hyphen says so.
        if id.as_bytes().get(8) != Some(&b'-') || Uuid::parse(id).is_none() {
            return None;
        }
        Some((end, self.0.get(id)?))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::Names;

    #[test]
    fn a_name_stands_beside_its_id() {
        let (support, other) =
            ("e40f28ea-fa86-493f-a5b8-d559c8533c96", "00000000-fa86-493f-a5b8-d559c8533c96");
        let names = Names(HashMap::from([(support.to_owned(), "Support".to_owned())]));
        for (text, named) in [
            (format!("queue {support}."), format!("queue {support} (Support).")),
            (format!("\"queueId\": \"{support}\","), format!("\"queueId\": \"{support}\" (Support),")),
            (
                format!("ü {support} {other} {support}"),
                format!("ü {support} (Support) {other} {support} (Support)"),
            ),
            (format!("x{other}"), format!("x{other}")),
            (String::new(), String::new()),
        ] {
            assert_eq!(names.beside(&text), named);
        }
        assert_eq!(Names::default().beside(support), support);
    }
}
