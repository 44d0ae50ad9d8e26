//! The subset of JSON path that EventBridge evaluates: `$`, `.name`, `[index]`, `[*]`, `.*`.
//!
//! Source: EventBridge user guide, "Amazon EventBridge input transformation": dot notation, dashes, underscores,
//! alphanumeric characters, array indices, wildcards, forward slashes. `InputTransformer` in the API reference: "You
//! must use JSON dot notation, not bracket notation".

use std::borrow::Cow;

use crate::target::input::json;

/// A parsed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    text: String,
    steps: Vec<Step>,
    /// Whether it has a wildcard and so selects a list.
    many: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
    All,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// A sentence that says what is expected where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rest =
            text.strip_prefix('$').ok_or_else(|| "a path begins with '$', as in $.detail.id.".to_owned())?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let step = if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let (name, tail) = after.split_at(end);
                rest = tail;
                name_step(name)?
            } else if let Some(after) = rest.strip_prefix('[') {
                let (index, tail) =
                    after.split_once(']').ok_or_else(|| "'[' is not closed by ']'.".to_owned())?;
                rest = tail;
                index_step(index)?
            } else {
                return Err(format!("'.' or '[' is expected before '{rest}'."));
            };
            steps.push(step);
        }
        let many = steps.contains(&Step::All);
        Ok(Self { text: text.to_owned(), steps, many })
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many steps it takes.
    pub(crate) fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Whether it has a wildcard and so selects a list.
    pub(crate) fn is_many(&self) -> bool {
        self.many
    }

    /// The JSON text that the path selects in `event`, as it is written there; with a wildcard, the list of what is
    /// selected. `None` where it selects nothing.
    pub fn select<'e>(&self, event: &'e str) -> Option<Cow<'e, str>> {
        let mut found = vec![event];
        for step in &self.steps {
            found = found
                .into_iter()
                .flat_map(|value| match step {
                    Step::Member(name) => json::member(value, name).into_iter().collect(),
                    Step::Element(index) => json::element(value, *index).into_iter().collect(),
                    Step::All => json::children(value),
                })
                .collect();
        }
        if self.many {
            return (!found.is_empty()).then(|| Cow::Owned(format!("[{}]", found.join(","))));
        }
        found.first().map(|value| Cow::Borrowed(*value))
    }
}

fn name_step(name: &str) -> Result<Step, String> {
    if name == "*" {
        return Ok(Step::All);
    }
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/');
    if name.is_empty() {
        return Err("a name is missing after '.'.".to_owned());
    }
    match name.chars().find(|c| !allowed(*c)) {
        None => Ok(Step::Member(name.to_owned())),
        Some(c) => Err(format!(
            "'{c}' is not allowed in a name: letters, digits, '-', '_' and '/' are, and '*' alone for all members."
        )),
    }
}

fn index_step(index: &str) -> Result<Step, String> {
    if index == "*" {
        return Ok(Step::All);
    }
    index.parse().map(Step::Element).map_err(|_| {
        format!("'[{index}]' is no array index: expected a number or '*' (members are written .name).")
    })
}
