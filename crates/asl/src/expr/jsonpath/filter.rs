//! Filters (`[?(@.price < 10 && @.tags contains 'new')]`), read: what is compared with what.

use std::{fmt, sync::Arc};

use jlens_core::Expression;
use serde_json::Value;

use crate::expr::jsonpath::Path;

/// What stands in `[?(...)]`.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// As it stands in the path.
    pub(super) text: String,
    pub(super) test: Test,
}

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Any(Vec<Test>),
    All(Vec<Test>),
    Not(Box<Test>),
    /// A path alone: whether it leads anywhere.
    Exists(Operand),
    Compare {
        left: Operand,
        operator: Operator,
        right: Operand,
    },
}

/// One side of a comparison.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// `@.a`
    OfItem(Path),
    /// `$.a`
    OfDocument(Path),
    Literal(Value),
    Pattern(Pattern),
}

/// `/.../i`, which has to match the whole text.
#[derive(Clone)]
pub(super) struct Pattern(pub(super) Arc<Expression>);

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.source())
    }
}

/// Jayway's operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    SameAs,
    NotSameAs,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    In,
    NotIn,
    SubsetOf,
    AnyOf,
    NoneOf,
    Contains,
    All,
    Size,
    Empty,
}
