//! `$or` multiplied out, within bounds.

use std::collections::HashMap;
use std::sync::Arc;

use crate::cost::COMBINED_FIELDS_MAX;
use crate::pattern::{ALTERNATIVES_MAX, Alternative, Field};

/// The alternatives while a pattern is read.
#[derive(Debug, Default)]
pub(crate) struct Alternatives {
    list: Vec<Open>,
}

/// An alternative that may still grow.
#[derive(Debug, Default, Clone)]
struct Open {
    fields: Vec<Arc<Field>>,
    /// Where each path is in `fields`.
    places: HashMap<String, usize>,
}

impl Alternatives {
    /// Adds a field to every alternative. The last field written for a path wins over those before, as in AWS.
    pub(crate) fn put(&mut self, field: &Arc<Field>) -> Result<(), String> {
        if self.list.is_empty() {
            self.list.push(Open::default());
        }
        for open in &mut self.list {
            match open.places.get(&field.path).and_then(|place| open.fields.get_mut(*place)) {
                Some(earlier) => *earlier = Arc::clone(field),
                None => {
                    open.places.insert(field.path.clone(), open.fields.len());
                    open.fields.push(Arc::clone(field));
                }
            }
        }
        self.check()
    }

    /// Where a branch of `$or` goes on from: these, or one empty alternative.
    pub(crate) fn branch(&self) -> Alternatives {
        if self.list.is_empty() {
            return Alternatives { list: vec![Open::default()] };
        }
        Alternatives { list: self.list.clone() }
    }

    /// Adds the alternatives of a branch.
    pub(crate) fn extend(&mut self, branch: Alternatives) -> Result<(), String> {
        self.list.extend(branch.list);
        self.check()
    }

    pub(crate) fn into_list(self) -> Vec<Alternative> {
        self.list.into_iter().map(|open| Alternative { fields: open.fields }).collect()
    }

    /// AWS publishes the limit on combinations and not its words for it; these are ours.
    fn check(&self) -> Result<(), String> {
        if self.list.len() > ALTERNATIVES_MAX {
            return Err(format!("$or relationships make more than {ALTERNATIVES_MAX} rule combinations"));
        }
        let fields: usize = self.list.iter().map(|open| open.fields.len()).sum();
        if fields > COMBINED_FIELDS_MAX {
            return Err(format!(
                "$or relationships make more than {COMBINED_FIELDS_MAX} fields in all combinations"
            ));
        }
        Ok(())
    }
}
