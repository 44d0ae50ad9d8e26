//! Why a request is allowed or refused, statement by statement, and which statement would allow it.

use std::fmt;

use serde_json::Value;

use crate::policy::judge::{Decision, Mismatch, StatementId, decide, statements};
use crate::policy::operator::{Comparison, Operator};
use crate::policy::request::{Caller, Request};
use crate::policy::{
    Condition, Effect, Kind, Policy, Principal, PrincipalType, Principals, Scope, Statement, Version,
};

/// What one statement has to say to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementVerdict {
    /// Which one.
    pub id: StatementId,
    /// What it would do.
    pub effect: Effect,
    /// What keeps it from applying; `None`: it applies.
    pub mismatch: Option<Mismatch>,
    /// The same in a sentence.
    pub sentence: String,
}

/// The reasons of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The decision, always that of [`crate::policy::evaluate`].
    pub decision: Decision,
    /// Every statement, in the documents' order.
    pub statements: Vec<StatementVerdict>,
    /// A statement that would allow the request; `None` where it is allowed, or where only taking a `Deny` away helps.
    pub suggestion: Option<Statement>,
    /// The decision in a sentence.
    pub sentence: String,
}

/// Explains what documents of a kind decide.
pub fn explain(kind: Kind, policies: &[&Policy], request: &Request) -> Explanation {
    let all: Vec<(StatementId, Version, &Statement)> = statements(policies).collect();
    let judged = all.iter().map(|(id, version, statement)| {
        let mismatch = statement.mismatch(*version, request);
        let sentence = sentence(id, statement, mismatch.as_ref(), request);
        StatementVerdict { id: id.clone(), effect: statement.effect, mismatch, sentence }
    });
    let judged: Vec<StatementVerdict> = judged.collect();
    let applying = all.iter().zip(&judged).filter(|(_, verdict)| verdict.mismatch.is_none());
    let decision = decide(applying.map(|(row, _)| row.clone()));
    let asked = format!("{} on {} for {}", request.action, request.resource, request.caller);
    let sentence = match &decision {
        Decision::Allowed(id) => format!("{id} allows {asked}"),
        Decision::ExplicitDeny(id) => format!("{id} denies {asked}"),
        Decision::ImplicitDeny => format!("no statement allows {asked}"),
    };
    let suggestion = (decision == Decision::ImplicitDeny).then(|| allowing(kind, request));
    Explanation { decision, statements: judged, suggestion, sentence }
}

fn sentence(
    id: &StatementId,
    statement: &Statement,
    mismatch: Option<&Mismatch>,
    request: &Request,
) -> String {
    let effect = if statement.effect == Effect::Allow { "allows" } else { "denies" };
    let others = |scope: &str, named: &str, asked: &str| format!("{id} {effect} {scope}{named}, not {asked}");
    match mismatch {
        None => format!("{id} {effect} it"),
        Some(Mismatch::Principal) => {
            let scope = statement.principals.as_ref();
            let named = scope.map_or_else(String::new, |scope| scope.named().to_string());
            others(but(scope), &named, &request.caller.to_string())
        }
        Some(Mismatch::Action) => {
            others(but(Some(&statement.actions)), &statement.actions.named().join(", "), &request.action)
        }
        Some(Mismatch::Resource) => {
            let scope = statement.resources.as_ref();
            let named = scope.map_or_else(String::new, |scope| scope.named().join(", "));
            others(but(scope), &named, &request.resource)
        }
        Some(Mismatch::Condition { condition, found }) => {
            let found =
                if found.is_empty() { "has none".to_owned() } else { format!("has {}", found.join(", ")) };
            format!(
                "{id} asks for {} {} {}, and the request {found}",
                condition.key,
                condition.operator,
                condition.values.join(" or ")
            )
        }
    }
}

fn but<T>(scope: Option<&Scope<T>>) -> &'static str {
    match scope {
        Some(Scope::Except(_)) => "all but ",
        Some(Scope::Only(_)) | None => "",
    }
}

/// The narrowest statement that allows the request.
fn allowing(kind: Kind, request: &Request) -> Statement {
    let principals = (kind != Kind::Identity).then(|| Scope::Only(principals_of(&request.caller)));
    let source = request.context.values("aws:SourceArn").to_vec();
    let condition = Condition {
        operator: Operator::new(Comparison::ArnEquals),
        key: "aws:SourceArn".to_owned(),
        values: source,
    };
    Statement {
        sid: None,
        effect: Effect::Allow,
        principals,
        actions: Scope::Only(vec![request.action.clone()]),
        resources: (kind != Kind::Trust).then(|| Scope::Only(vec![request.resource.clone()])),
        conditions: if condition.values.is_empty() { Vec::new() } else { vec![condition] },
    }
}

fn principals_of(caller: &Caller) -> Principals {
    let (kind, id) = match caller {
        Caller::Service(name) => (PrincipalType::Service, name.clone()),
        Caller::Identity(arn) => (PrincipalType::Aws, arn.to_string()),
        Caller::Anonymous => return Principals::Everyone,
    };
    Principals::Listed(vec![Principal { kind, id }])
}

impl Explanation {
    /// The statement that would allow the request, as it would stand in a document.
    pub fn suggested_json(&self) -> Option<Value> {
        self.suggestion.as_ref().map(Statement::to_json)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        if self.decision == Decision::ImplicitDeny {
            for verdict in self.statements.iter().filter(|verdict| verdict.effect == Effect::Allow) {
                write!(f, "; {}", verdict.sentence)?;
            }
        }
        if let Some(statement) = self.suggested_json() {
            write!(f, "; this statement would allow it: {statement}")?;
        }
        Ok(())
    }
}
