//! The verdict: statement by statement, an explicit deny first.

use std::fmt;

use crate::policy::pattern::Pattern;
use crate::policy::request::Request;
use crate::policy::{Condition, Effect, Policy, Statement, Version};

/// A statement of the documents that were asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementId {
    /// Which document, counted from 0.
    pub policy: usize,
    /// Which of its statements, counted from 0.
    pub statement: usize,
    /// Its `Sid`, where it has one.
    pub sid: Option<String>,
}

impl fmt::Display for StatementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sid {
            Some(sid) => write!(f, "statement '{sid}'"),
            None => write!(f, "statement {}", self.statement + 1),
        }
    }
}

/// What the documents say to a request, in the words of SimulatePrincipalPolicy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it, and none denies it.
    Allowed(StatementId),
    /// A statement denies it.
    ExplicitDeny(StatementId),
    /// No statement allows it.
    ImplicitDeny,
}

impl Decision {
    /// Whether the request may go on.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

/// Why a statement does not apply to a request: the first of its elements that does not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Its principals are others.
    Principal,
    /// Its actions are others.
    Action,
    /// Its resources are others.
    Resource,
    /// A condition does not hold.
    Condition {
        /// The condition.
        condition: Condition,
        /// The key's values in the request.
        found: Vec<String>,
    },
}

/// Decides a request by documents that count together: those of one role, or the one of a queue.
pub fn evaluate(policies: &[&Policy], request: &Request) -> Decision {
    decide(
        statements(policies)
            .filter(|(_, version, statement)| statement.mismatch(*version, request).is_none()),
    )
}

/// Every statement with its name and the version of its language.
pub(crate) fn statements<'p>(
    policies: &'p [&'p Policy],
) -> impl Iterator<Item = (StatementId, Version, &'p Statement)> {
    policies.iter().enumerate().flat_map(|(policy, document)| {
        document.statements.iter().enumerate().map(move |(number, statement)| {
            let id = StatementId { policy, statement: number, sid: statement.sid.clone() };
            (id, document.version, statement)
        })
    })
}

/// The decision of the statements that apply.
pub(crate) fn decide<'p>(applying: impl Iterator<Item = (StatementId, Version, &'p Statement)>) -> Decision {
    let mut decision = Decision::ImplicitDeny;
    for (id, _, statement) in applying {
        match (statement.effect, &decision) {
            (Effect::Deny, _) => return Decision::ExplicitDeny(id),
            (Effect::Allow, Decision::ImplicitDeny) => decision = Decision::Allowed(id),
            (Effect::Allow, _) => {}
        }
    }
    decision
}

impl Statement {
    /// The first element that keeps the statement from applying to a request; `None` where it applies.
    pub(crate) fn mismatch(&self, version: Version, request: &Request) -> Option<Mismatch> {
        let is_for = |principals: &crate::policy::Principals| principals.include(&request.caller);
        if self.principals.as_ref().is_some_and(|scope| !scope.covers(is_for)) {
            return Some(Mismatch::Principal);
        }
        let is_action = |actions: &Vec<String>| {
            actions.iter().any(|action| Pattern::plain(action).matches_ignoring_case(&request.action))
        };
        if !self.actions.covers(is_action) {
            return Some(Mismatch::Action);
        }
        if !self.is_about(version, request) {
            return Some(Mismatch::Resource);
        }
        let broken = self.conditions.iter().find(|condition| !condition.holds(version, &request.context))?;
        let found = request.context.values(&broken.key).to_vec();
        Some(Mismatch::Condition { condition: broken.clone(), found })
    }

    /// Whether its resources are those of the request. A variable without a value makes the statement void, with `NotResource`
    /// too: "any attempt to match it fails and causes the statement to be invalid".
    fn is_about(&self, version: Version, request: &Request) -> bool {
        let Some(scope) = &self.resources else { return true };
        let filled: Option<Vec<Pattern>> =
            scope.named().iter().map(|text| Pattern::filled(text, version, &request.context)).collect();
        let Some(filled) = filled else { return false };
        scope.covers(|_| filled.iter().any(|pattern| pattern.matches_resource(&request.resource)))
    }
}
