//! The properties of one resource while they are taken over: what nobody takes is told.

use serde_json::{Map, Value, json};

use crate::duration;
use crate::import::remark::{Grade, Remarks};
use crate::import::stack::Item;
use crate::import::value::{Resolver, Use};

/// The properties of a resource that are still to be taken.
#[derive(Debug)]
pub(super) struct Properties<'a, 'r> {
    pub(super) item: &'a Item,
    pub(super) resolver: &'a Resolver<'a>,
    pub(super) remarks: &'r mut Remarks,
    left: Map<String, Value>,
    /// What stands before a property's name in remarks.
    prefix: String,
}

impl<'a, 'r> Properties<'a, 'r> {
    pub(super) fn of(item: &'a Item, resolver: &'a Resolver<'a>, remarks: &'r mut Remarks) -> Self {
        Self { item, resolver, remarks, left: item.properties.clone(), prefix: String::new() }
    }

    /// The members of a part of a resource, such as one target of a rule.
    pub(super) fn part<'s>(&'s mut self, (name, members): (&str, Map<String, Value>)) -> Properties<'a, 's> {
        Properties {
            item: self.item,
            resolver: self.resolver,
            remarks: self.remarks,
            left: members,
            prefix: format!("{}{name}.", self.prefix),
        }
    }

    /// A property as it is written.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.left.shift_remove(name)
    }

    /// An object as it is written, for [`Self::part`].
    pub(super) fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.take(name)? {
            Value::Object(members) => Some(members),
            _ => {
                self.left_out(name, "it is no object");
                None
            }
        }
    }

    /// A property without functions; where it cannot be worked out, that is told.
    pub(super) fn value(&mut self, name: &str, wanted: Use) -> Option<Value> {
        let value = self.take(name)?;
        match self.resolver.value(&value, wanted) {
            Ok(value) => value,
            Err(reason) => {
                self.left_out(name, reason);
                None
            }
        }
    }

    /// A text.
    pub(super) fn text(&mut self, name: &str, wanted: Use) -> Option<String> {
        match self.value(name, wanted)? {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => {
                self.left_out(name, "it is no text");
                None
            }
        }
    }

    /// A number, or a reference of the file that stands for one.
    pub(super) fn number(&mut self, name: &str) -> Option<Value> {
        let text = self.text(name, Use::Name)?;
        match text.parse::<u64>() {
            Ok(number) => Some(json!(number)),
            Err(_) if text.contains("${env:") => Some(json!(text)),
            Err(_) => {
                self.left_out(name, format!("`{text}` is no whole number"));
                None
            }
        }
    }

    /// A time of seconds, as people write it; `None` where it is the `default`.
    pub(super) fn seconds(&mut self, name: &str, default: u64) -> Option<Value> {
        let number = self.number(name)?;
        match number.as_u64() {
            Some(seconds) if seconds == default => None,
            Some(seconds) => Some(json!(duration::written(std::time::Duration::from_secs(seconds)))),
            None => Some(number),
        }
    }

    pub(super) fn left_out(&mut self, name: &str, reason: impl Into<String>) {
        self.remark(Grade::LeftOut, name, reason);
    }

    pub(super) fn remark(&mut self, grade: Grade, name: &str, reason: impl Into<String>) {
        let top = self.prefix.split('.').next().filter(|top| !top.is_empty()).unwrap_or(name);
        let place = self.item.at(top.split('[').next().unwrap_or(top));
        let about = [&self.item.id, self.prefix.trim_end_matches('.'), name];
        let about: Vec<&str> = about.into_iter().filter(|part| !part.is_empty()).collect();
        self.remarks.add(grade, (&place, &about.join(".")), reason);
    }

    /// Tells what is left, but for what makes no difference here.
    pub(super) fn done(mut self, silent: &[&str]) {
        let left: Vec<String> = self.left.keys().cloned().collect();
        for name in left.iter().filter(|name| !silent.contains(&name.as_str())) {
            self.left_out(name, "the pipeline file has no place for it");
        }
    }
}
