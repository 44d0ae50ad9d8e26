//! Parameters of a template, and the values that are given for them.

use std::collections::BTreeMap;

use aws::secret::Secret;
use serde_json::Value;

use crate::stack::record::Stack;

/// A parameter with its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the template.
    pub name: String,
    /// A value, or the one that the stack has.
    pub value: Option<String>,
}

impl std::fmt::Debug for Parameter {
    // Values may be secrets.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Parameter").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A value for each parameter of a template: what is given, else what is known (secrets of the environment), else what the stack has.
///
/// # Errors
/// A sentence with the parameters that nobody gives, and those that are given and are none.
pub fn fill(
    template: &Value,
    given: &BTreeMap<String, String>,
    known: &BTreeMap<String, Secret>,
    stack: Option<&Stack>,
) -> Result<Vec<Parameter>, String> {
    let declared = template.get("Parameters").and_then(Value::as_object);
    let is_declared = |name: &str| declared.is_some_and(|declared| declared.contains_key(name));
    if let Some(unknown) = given.keys().find(|name| !is_declared(name)) {
        let names: Vec<&str> = declared.into_iter().flat_map(|all| all.keys()).map(String::as_str).collect();
        let known = match names.as_slice() {
            [] => "it has none".to_owned(),
            names => format!("it has {}", names.join(", ")),
        };
        return Err(format!("--parameter {unknown}: the template has no parameter of this name; {known}"));
    }
    let has = |name: &str| stack.is_some_and(|stack| stack.parameters.iter().any(|has| has == name));
    let mut filled = Vec::new();
    let mut missing = Vec::new();
    for (name, about) in declared.into_iter().flatten() {
        let value = given.get(name).map(String::as_str);
        match value.or_else(|| known.get(name).map(Secret::reveal)) {
            Some(value) => filled.push(Parameter { name: name.clone(), value: Some(value.to_owned()) }),
            None if has(name) => filled.push(Parameter { name: name.clone(), value: None }),
            None => {
                let about = about.get("Description").and_then(Value::as_str).unwrap_or_default();
                missing.push(format!("  --parameter {name}=...  {about}"));
            }
        }
    }
    if missing.is_empty() {
        return Ok(filled);
    }
    Err(format!("the template has parameters that need a value:\n{}", missing.join("\n")))
}
