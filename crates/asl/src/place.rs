//! Where in a definition's text a diagnostic points: line and column for a caret.

use std::collections::BTreeMap;

use serde_json::Value;

/// A place in a text, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Where the thing stands that a location names: `/States/Pay/Next` gives the key `"Next"`, `/States/Pay` the key `"Pay"`.
/// What is not in the text gives its nearest surroundings; None if the text is no JSON.
pub fn find(text: &str, location: &str) -> Option<Place> {
    let definition: Value = serde_json::from_str(text).ok()?;
    let steps = steps(&definition, location);
    let mut walk = Walk { chars: text.chars().collect(), at: 0 };
    let mut found = walk.skip_space();
    for step in &steps {
        match step {
            Step::Member(name) => match walk.member(name) {
                Some(key) => found = key,
                None => break,
            },
            Step::Item(number) => match walk.item(*number) {
                Some(item) => found = item,
                None => break,
            },
        }
    }
    Some(walk.place(found))
}

/// Where a state stands in a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatePlace {
    /// As diagnostics have it: `/States/a/b`.
    pub location: String,
    /// As a JSON pointer: `/States/a~1b`.
    pub pointer: String,
}

/// Every state of a definition by its name, those of branches and item processors too.
pub fn states(definition: &Value) -> BTreeMap<String, StatePlace> {
    let mut found = BTreeMap::new();
    let whole = StatePlace { location: String::new(), pointer: String::new() };
    states_of(definition, &whole, &mut found);
    found
}

fn states_of(block: &Value, at: &StatePlace, found: &mut BTreeMap<String, StatePlace>) {
    for (name, state) in block.get("States").and_then(Value::as_object).into_iter().flatten() {
        let here = StatePlace {
            location: format!("{}/States/{name}", at.location),
            pointer: format!("{}/States/{}", at.pointer, name.replace('~', "~0").replace('/', "~1")),
        };
        for (number, branch) in
            state.get("Branches").and_then(Value::as_array).into_iter().flatten().enumerate()
        {
            let inner = StatePlace {
                location: format!("{}/Branches[{number}]", here.location),
                pointer: format!("{}/Branches/{number}", here.pointer),
            };
            states_of(branch, &inner, found);
        }
        for processor in ["ItemProcessor", "Iterator"] {
            if let Some(inner) = state.get(processor) {
                let inner_at = StatePlace {
                    location: format!("{}/{processor}", here.location),
                    pointer: format!("{}/{processor}", here.pointer),
                };
                states_of(inner, &inner_at, found);
            }
        }
        found.insert(name.clone(), here);
    }
}

enum Step {
    Member(String),
    Item(usize),
}

/// A location as steps. Names of states may have slashes in them: of the names that fit the longest is taken.
fn steps(definition: &Value, location: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = location.trim_start_matches('/');
    let mut at = Some(definition);
    while !rest.is_empty() {
        let members = at.and_then(Value::as_object).into_iter().flatten();
        let fits = |name: &str| {
            rest.strip_prefix(name).is_some_and(|after| after.is_empty() || after.starts_with(['/', '[']))
        };
        let known =
            members.map(|(name, _)| name.as_str()).filter(|name| fits(name)).max_by_key(|name| name.len());
        let name = known.unwrap_or_else(|| rest.split(['/', '[']).next().unwrap_or_default());
        let mut after = rest.get(name.len()..).unwrap_or_default();
        at = at.and_then(|value| value.get(name));
        steps.push(Step::Member(name.to_owned()));
        while let Some((number, tail)) = after.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            let Ok(number) = number.parse::<usize>() else { break };
            at = at.and_then(|value| value.get(number));
            steps.push(Step::Item(number));
            after = tail;
        }
        rest = after.trim_start_matches('/');
        if after == rest && !rest.is_empty() && name.is_empty() {
            break;
        }
    }
    steps
}

/// Walks a text that is JSON; every method stands before a value.
struct Walk {
    chars: Vec<char>,
    at: usize,
}

impl Walk {
    fn place(&self, at: usize) -> Place {
        let before = self.chars.get(..at).unwrap_or_default();
        Place {
            line: before.iter().filter(|c| **c == '\n').count() + 1,
            column: before.iter().rev().take_while(|c| **c != '\n').count() + 1,
        }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_space(&mut self) -> usize {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.at
    }

    /// Goes before the value of a member; gives where its key stands.
    fn member(&mut self, wanted: &str) -> Option<usize> {
        self.skip_space();
        if self.peek()? != '{' {
            return None;
        }
        self.at += 1;
        loop {
            let key = self.skip_space();
            if self.peek()? != '"' {
                return None;
            }
            let name = self.string()?;
            self.skip_space();
            self.at += 1;
            self.skip_space();
            if name == wanted {
                return Some(key);
            }
            self.value()?;
            self.skip_space();
            if self.peek()? != ',' {
                return None;
            }
            self.at += 1;
        }
    }

    /// Goes before an item; gives where it stands.
    fn item(&mut self, wanted: usize) -> Option<usize> {
        self.skip_space();
        if self.peek()? != '[' {
            return None;
        }
        self.at += 1;
        for number in 0.. {
            let at = self.skip_space();
            if self.peek()? == ']' {
                return None;
            }
            if number == wanted {
                return Some(at);
            }
            self.value()?;
            self.skip_space();
            if self.peek()? != ',' {
                return None;
            }
            self.at += 1;
        }
        None
    }

    /// Goes behind a string; gives what it says.
    fn string(&mut self) -> Option<String> {
        let from = self.at;
        self.at += 1;
        loop {
            match self.peek()? {
                '"' => break,
                '\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        let quoted: String = self.chars.get(from..self.at)?.iter().collect();
        serde_json::from_str(&quoted).ok()
    }

    /// Goes behind a value.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                '"' => {
                    self.string()?;
                }
                '{' | '[' => {
                    depth += 1;
                    self.at += 1;
                }
                '}' | ']' if depth == 0 => return Some(()),
                '}' | ']' => {
                    depth -= 1;
                    self.at += 1;
                }
                ',' if depth == 0 => return Some(()),
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, find};

    #[test]
    fn a_location_is_found_in_the_text() {
        let text = "{\n  \"StartAt\": \"a/b\",\n  \"States\": {\n    \"a/b\": {\"Type\": \"Choice\", \"Choices\": [{\"Next\": \"x\"},\n      {\"Next\": \"y\"}]}\n  }\n}";
        let at = |location: &str| find(text, location).map(|Place { line, column }| (line, column));
        assert_eq!(at("/"), Some((1, 1)));
        assert_eq!(at("/StartAt"), Some((2, 3)));
        assert_eq!(at("/States/a/b"), Some((4, 5)));
        assert_eq!(at("/States/a/b/Choices[1]/Next"), Some((5, 8)));
        // What is missing gives what is around it.
        assert_eq!(at("/States/a/b/Default"), Some((4, 5)));
        assert_eq!(find("no JSON", "/"), None);
    }
}
