//! Choice rules of JSONPath states: comparisons, and why each said no.

mod explain;
mod operator;

use serde_json::{Map, Value};

pub use crate::expr::choice::explain::{Explanation, TestAnswer};
use crate::expr::{
    ExprError, Scope,
    choice::operator::{Operand, Operator},
    jsonpath::{Miss, Path},
};

/// How deep And, Or and Not may stand in one another.
const NESTING_MAX: usize = 64;
/// What belongs to the machine in a rule.
const MACHINE_FIELDS: [&str; 4] = ["Next", "Assign", "Output", "Comment"];

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    node: Node,
}

#[derive(Clone, Debug)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Test(Test),
}

/// One comparison.
#[derive(Clone, Debug)]
struct Test {
    variable: Path,
    operator: Operator,
    operand: Operand,
}

impl Rule {
    /// Reads a rule; `Next`, `Assign`, `Output` and `Comment` are the machine's and skipped.
    ///
    /// # Errors
    /// It has no comparison, more than one, or one that cannot be: what is wrong.
    pub fn parse(rule: &Map<String, Value>) -> Result<Self, ExprError> {
        parse(rule, 0).map(|node| Self { node }).map_err(ExprError::runtime)
    }

    /// Whether the rule matches. A value of another type than the comparison's is no match and no error.
    ///
    /// # Errors
    /// `States.Runtime`: a path leads nowhere, other than that of IsPresent.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<bool, ExprError> {
        evaluate(&self.node, scope)
    }

    /// Why the rule matched or did not: each comparison with what it wanted and what it saw.
    #[must_use]
    pub fn explain(&self, scope: &Scope<'_>) -> Explanation {
        explain::explain(&self.node, scope)
    }

    /// The variables that the rule reads, sorted, each once.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        let mut variables = Vec::new();
        add_variables(&self.node, &mut variables);
        variables.sort();
        variables.dedup();
        variables
    }
}

fn parse(rule: &Map<String, Value>, level: usize) -> Result<Node, String> {
    if level > NESTING_MAX {
        return Err(format!("more than {NESTING_MAX} rules stand in one another"));
    }
    let mut fields =
        rule.iter().filter(|(name, _)| *name != "Variable" && !MACHINE_FIELDS.contains(&name.as_str()));
    let (name, operand) = fields.next().ok_or("a Choice rule needs a comparison")?;
    if let Some((second, _)) = fields.next() {
        return Err(format!("a Choice rule has one comparison, not both '{name}' and '{second}'"));
    }
    let rules =
        || operand.as_array().filter(|rules| !rules.is_empty()).ok_or_else(|| format!("{name} needs rules"));
    let inner = |rule: &Value| {
        rule.as_object()
            .ok_or("a rule is an object")
            .map_err(str::to_owned)
            .and_then(|rule| parse(rule, level + 1))
    };
    match name.as_str() {
        "And" => rules()?.iter().map(inner).collect::<Result<_, _>>().map(Node::And),
        "Or" => rules()?.iter().map(inner).collect::<Result<_, _>>().map(Node::Or),
        "Not" => inner(operand).map(|node| Node::Not(Box::new(node))),
        name => {
            let (operator, operand) = operator::parse(name, operand)?;
            let variable =
                rule.get("Variable").and_then(Value::as_str).ok_or("a comparison needs a Variable")?;
            let variable = Path::parse(variable).map_err(|error| error.cause)?;
            Ok(Node::Test(Test { variable, operator, operand }))
        }
    }
}

fn evaluate(node: &Node, scope: &Scope<'_>) -> Result<bool, ExprError> {
    match node {
        Node::And(nodes) => {
            for node in nodes {
                if !evaluate(node, scope)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Node::Or(nodes) => {
            for node in nodes {
                if evaluate(node, scope)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Node::Not(node) => Ok(!evaluate(node, scope)?),
        Node::Test(test) => test.evaluate(scope),
    }
}

impl Test {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<bool, ExprError> {
        let seen = match self.variable.find(scope) {
            Ok(seen) => seen,
            Err(Miss::Nowhere(_) | Miss::PastEnd(_)) if self.operator == Operator::IsPresent => {
                return Ok(self.operand.literal() == Some(&Value::Bool(false)));
            }
            Err(_) => return Err(nowhere(&self.variable)),
        };
        match &self.operand {
            Operand::Literal(expected) => Ok(self.operator.holds(&seen, expected)),
            Operand::Path(path) => match path.find(scope) {
                Ok(expected) => Ok(self.operator.holds(&seen, &expected)),
                Err(_) => Err(nowhere(path)),
            },
        }
    }
}

fn nowhere(path: &Path) -> ExprError {
    ExprError::runtime(format!(
        "Invalid path '{path}': The choice state's condition path references an invalid value."
    ))
}

fn add_variables(node: &Node, variables: &mut Vec<String>) {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| add_variables(node, variables)),
        Node::Not(node) => add_variables(node, variables),
        Node::Test(test) => {
            variables.extend(test.variable.variables());
            if let Operand::Path(path) = &test.operand {
                variables.extend(path.variables());
            }
        }
    }
}
