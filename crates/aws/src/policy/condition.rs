//! One condition of a statement: an operator, a key, the values of which one must hold.

use crate::policy::Version;
use crate::policy::operator::{Comparison, Operator, Quantifier};
use crate::policy::pattern::Pattern;
use crate::policy::request::Context;

/// A condition. Those of a statement are joined by AND, the values of one by OR; under a negated operator no value may compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The operator.
    pub operator: Operator,
    /// The condition key as it is written.
    pub key: String,
    /// The values.
    pub values: Vec<String>,
}

impl Condition {
    /// Whether it holds for a request with this context.
    pub(crate) fn holds(&self, version: Version, context: &Context) -> bool {
        let found = context.values(&self.key);
        if self.operator.comparison == Comparison::Null {
            let wanted = if found.is_empty() { "true" } else { "false" };
            return self.values.iter().any(|value| value.eq_ignore_ascii_case(wanted));
        }
        if found.is_empty() {
            return self.holds_without_key();
        }
        let Some(wanted) = self.patterns(version, context) else { return false };
        let matches = |value: &String| {
            let compares = wanted.iter().any(|wanted| self.operator.comparison.holds(wanted, value));
            compares != self.operator.is_negated
        };
        match self.operator.quantifier {
            Some(Quantifier::ForAllValues) => found.iter().all(matches),
            Some(Quantifier::ForAnyValue) => found.iter().any(matches),
            // "If the policy condition requires that the key is not matched": not by any of its values.
            None if self.operator.is_negated => found.iter().all(matches),
            None => found.iter().any(matches),
        }
    }

    /// "If the key that you specify in a policy condition is not present in the request context, the values do not match and the
    /// condition is false. If the policy condition requires that the key is not matched, and the right key is not present, the
    /// condition is true."
    fn holds_without_key(&self) -> bool {
        match self.operator.quantifier {
            _ if self.operator.if_exists => true,
            Some(Quantifier::ForAllValues) => true,
            Some(Quantifier::ForAnyValue) => false,
            None => self.operator.is_negated,
        }
    }

    fn patterns(&self, version: Version, context: &Context) -> Option<Vec<Pattern>> {
        if !self.operator.comparison.knows_variables() {
            return Some(self.values.iter().map(|value| Pattern::plain(value)).collect());
        }
        self.values.iter().map(|value| Pattern::filled(value, version, context)).collect()
    }
}
