//! Policy documents: who may do what to which resource, and the one evaluator of them.
//!
//! [`Policy::parse`] reads a document with AWS's errors, [`evaluate`] decides a [`Request`] by it, [`explain()`] says which
//! statement decided, what kept the others from applying, and which statement would allow the request. Pure: the moment, where
//! a condition needs it, is a value of the request's context. Source: IAM User Guide, "Policy evaluation logic"
//! (reference_policies_evaluation-logic): "By default, all requests are implicitly denied", "An explicit allow in an
//! identity-based or resource-based policy overrides this default", "An explicit deny in any policy overrides any allows".

mod condition;
mod draft;
mod explain;
mod identity;
mod judge;
mod operator;
mod parse;
mod pattern;
mod principal;
mod print;
mod request;
mod trust;

pub use crate::policy::condition::Condition;
pub use crate::policy::draft::PolicyFault;
pub use crate::policy::explain::{Explanation, StatementVerdict, explain};
pub use crate::policy::judge::{Decision, Mismatch, StatementId, evaluate};
pub use crate::policy::operator::{Comparison, Operator, Order, Quantifier, UnknownOperator};
pub use crate::policy::principal::{Principal, PrincipalType, Principals};
pub use crate::policy::request::{Caller, Context, Request};

/// What a document is attached to: AWS asks different things of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A role's permissions: no principal, a resource.
    Identity,
    /// A queue's, a bus's or a function's: a principal.
    Resource,
    /// A role's trust policy: a principal, no resource, and actions of STS only.
    Trust,
}

/// The version of the language that a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, which knows no policy variables; what a document without a version is.
    V2008,
    /// `2012-10-17`.
    V2012,
}

/// A parsed document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The version of the language.
    pub version: Version,
    /// `Id`, where there is one.
    pub id: Option<String>,
    /// The statements, in the document's order, which has no effect.
    pub statements: Vec<Statement>,
}

/// Whether a statement allows or forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `Allow`.
    Allow,
    /// `Deny`, which is stronger than any `Allow`.
    Deny,
}

/// What an element names, or everything but that (`NotPrincipal`, `NotAction`, `NotResource`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope<T> {
    /// What is named.
    Only(T),
    /// Everything else.
    Except(T),
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// `Sid`, where there is one.
    pub sid: Option<String>,
    /// `Effect`.
    pub effect: Effect,
    /// `Principal` or `NotPrincipal`; `None` in a document of a role, which speaks of that role.
    pub principals: Option<Scope<Principals>>,
    /// `Action` or `NotAction`; names of actions may hold wildcards, and case has no effect.
    pub actions: Scope<Vec<String>>,
    /// `Resource` or `NotResource`, ARNs with wildcards; `None` where the document has none: a trust policy.
    pub resources: Option<Scope<Vec<String>>>,
    /// `Condition`; all must hold.
    pub conditions: Vec<Condition>,
}

impl<T> Scope<T> {
    /// What is named, whichever way.
    pub fn named(&self) -> &T {
        match self {
            Self::Only(named) | Self::Except(named) => named,
        }
    }

    /// Whether the scope covers something, given whether it is named.
    fn covers(&self, is_named: impl FnOnce(&T) -> bool) -> bool {
        match self {
            Self::Only(named) => is_named(named),
            Self::Except(named) => !is_named(named),
        }
    }
}
