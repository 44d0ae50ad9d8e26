//! Why a Choice went where it went: which rules were tried, why each said no, and the smallest change that helps.

use std::fmt;

use serde_json::{Map, Value};

use crate::definition::{Choice, ChoiceRule, Condition, Kind, Machine};
use crate::expr::Scope;
use crate::expr::choice::{Explanation, TestAnswer};
use crate::payload::{LIMITS, select};

/// What the state saw.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its input, as its StateEntered event has it.
    pub input: &'a Value,
    /// The context object; null where it is not known.
    pub context: &'a Value,
    /// The variables in scope.
    pub variables: &'a Map<String, Value>,
}

/// Why a Choice went where it went.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoiceReason {
    /// The state.
    pub state: String,
    /// The rules that were tried, in order: up to the first that matched, or all.
    pub rules: Vec<RuleReason>,
    /// Where it went: the rule's `Next`, or `Default`; None: the execution failed here.
    pub next: Option<String>,
}

/// Why a rule matched or did not.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleReason {
    /// From 0, as in `Choices[0]`.
    pub number: usize,
    /// Where it leads.
    pub next: String,
    /// None: it could not be evaluated, which fails the execution.
    pub matched: Option<bool>,
    /// What was compared with what, a line each.
    pub lines: Vec<String>,
    /// What would have made it match, as far as one change does.
    pub changes: Vec<String>,
}

/// Why this Choice goes where it goes; None if there is no such Choice.
pub fn choice(machine: &Machine, state: &str, seen: &Seen<'_>) -> Option<ChoiceReason> {
    let found = machine.find(state)?;
    let Kind::Choice(choice) = &found.kind else { return None };
    let scope = Scope {
        input: seen.input,
        context: seen.context,
        variables: seen.variables,
        result: None,
        error_output: None,
        seed: 0,
        now_ms: 0,
    };
    let input = select(&found.flow.input_path, &scope).ok()?;
    Some(reason(state, choice, &Scope { input: &input, ..scope }))
}

fn reason(state: &str, choice: &Choice, scope: &Scope<'_>) -> ChoiceReason {
    let mut rules = Vec::new();
    for (number, rule) in choice.rules.iter().enumerate() {
        let tried = tried(number, rule, scope);
        let matched = tried.matched;
        rules.push(tried);
        if matched != Some(false) {
            let next = matched.map(|_| rule.next.clone());
            return ChoiceReason { state: state.to_owned(), rules, next };
        }
    }
    ChoiceReason { state: state.to_owned(), rules, next: choice.default.clone() }
}

fn tried(number: usize, rule: &ChoiceRule, scope: &Scope<'_>) -> RuleReason {
    let next = rule.next.clone();
    match &rule.condition {
        Condition::Rule(compared) => {
            let Explanation { matched, tests } = compared.explain(scope);
            let changes = tests.iter().filter_map(|test| test.change.clone()).collect();
            RuleReason { number, next, matched, lines: tests.iter().map(line).collect(), changes }
        }
        Condition::Jsonata(template) => {
            let outcome = template.evaluate(scope, LIMITS);
            let mut lines = template.explain(scope, LIMITS);
            if let Err(error) = &outcome {
                lines.push(error.cause.clone());
            }
            let matched = outcome.ok().and_then(|value| value.as_bool());
            RuleReason { number, next, matched, lines, changes: Vec::new() }
        }
    }
}

fn line(test: &TestAnswer) -> String {
    let verdict = match test.held {
        Some(true) => "yes",
        Some(false) => "no",
        None => "failed",
    };
    let wanted = test.expected.as_ref().map(|value| format!(" {value}")).unwrap_or_default();
    let seen =
        test.seen.as_ref().map_or_else(|| "nothing is there".to_owned(), |value| format!("it is {value}"));
    let hint = test.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("{}{verdict}: {} {}{wanted}: {seen}{hint}", "  ".repeat(test.depth), test.variable, test.operator)
}

impl fmt::Display for ChoiceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.next {
            Some(next) => writeln!(f, "{}: on to {next}", self.state)?,
            None => writeln!(f, "{}: no rule matched and there is no Default, or a rule failed", self.state)?,
        }
        for rule in &self.rules {
            let verdict = match rule.matched {
                Some(true) => "matched",
                Some(false) => "did not match",
                None => "failed",
            };
            writeln!(f, "  Choices[{}], to {}: {verdict}", rule.number, rule.next)?;
            for line in &rule.lines {
                writeln!(f, "    {line}")?;
            }
            for change in rule.changes.iter().filter(|_| rule.matched != Some(true)) {
                writeln!(f, "    it would match with: {change}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{Seen, choice};
    use crate::MachineType;

    fn reason(choices: &Value, input: &Value) -> String {
        let text = json!({"StartAt": "C", "States": {
            "C": {"Type": "Choice", "Choices": choices, "Default": "D"},
            "A": {"Type": "Succeed"}, "D": {"Type": "Succeed"}}});
        let reading = crate::parse(&text.to_string(), MachineType::Standard);
        let machine = reading.machine.unwrap_or_else(|| panic!("{:?}", reading.diagnostics));
        let variables = Map::new();
        let seen = Seen { input, context: &Value::Null, variables: &variables };
        choice(&machine, "C", &seen).expect("a Choice").to_string()
    }

    #[test]
    fn a_rule_that_said_no_says_why_and_what_would_help() {
        let rules = json!([{"Variable": "$.status", "StringEquals": "OK", "Next": "A"}]);
        let told = reason(&rules, &json!({"status": "ok"}));
        assert!(told.starts_with("C: on to D\n  Choices[0], to A: did not match\n"), "{told}");
        assert!(told.contains("$.status StringEquals \"OK\": it is \"ok\""), "{told}");
        let told = reason(&rules, &json!({"status": "OK"}));
        assert!(told.starts_with("C: on to A\n  Choices[0], to A: matched\n"), "{told}");
    }

    #[test]
    fn a_path_that_leads_nowhere_fails_the_execution() {
        let rules = json!([{"Variable": "$.status", "StringEquals": "OK", "Next": "A"}]);
        let told = reason(&rules, &json!({"Status": "OK"}));
        assert!(told.contains("Choices[0], to A: failed"), "{told}");
    }
}
