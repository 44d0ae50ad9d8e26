//! What a field can see besides its input: the context object and the variables in scope.

use serde_json::{Map, Value, json};

use crate::execution::Item;
use crate::expr::Scope;

/// The context object, the variables, the moment and the random numbers of one visit.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    pub(super) context: Value,
    pub(super) variables: Map<String, Value>,
    pub(super) seed: u64,
    pub(super) now_ms: u64,
}

impl Sight {
    /// What a field sees whose `$` is this value.
    pub(super) fn scope<'a>(&'a self, input: &'a Value) -> Scope<'a> {
        Scope {
            input,
            context: &self.context,
            variables: &self.variables,
            result: None,
            error_output: None,
            seed: self.seed,
            now_ms: self.now_ms,
        }
    }

    /// The same, with the token of the task that is being made.
    pub(super) fn with_token(mut self, token: Option<&str>) -> Self {
        if let Some(token) = token {
            insert(&mut self.context, "Task", json!({"Token": token}));
        }
        self
    }

    /// The same, at an item.
    pub(super) fn at_item(&mut self, item: &Item) {
        insert(&mut self.context, "Map", json!({"Item": item.to_json()}));
    }
}

/// Puts a member into an object.
pub(super) fn insert(into: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = into {
        members.insert(name.to_owned(), value);
    }
}
