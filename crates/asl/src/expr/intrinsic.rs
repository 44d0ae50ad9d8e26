//! Intrinsic functions (`States.Format('Hello {}', $.name)`): AWS's eighteen, a file each.

mod array;
mod array_contains;
mod array_get_item;
mod array_length;
mod array_partition;
mod array_range;
mod array_unique;
mod base64_decode;
mod base64_encode;
mod format;
mod hash;
mod java;
mod json_merge;
mod json_to_string;
mod math_add;
mod math_random;
mod parse;
mod string_split;
mod string_to_json;
mod uuid;

use std::fmt;

use serde_json::Value;

use crate::expr::{
    ExprError, Scope, check_nesting, json_text,
    jsonpath::{Miss, Path},
    random::Source,
};

/// The functions, in the order of AWS's guide.
const FUNCTIONS: [&Function; 18] = [
    &array::FUNCTION,
    &array_partition::FUNCTION,
    &array_contains::FUNCTION,
    &array_range::FUNCTION,
    &array_get_item::FUNCTION,
    &array_length::FUNCTION,
    &array_unique::FUNCTION,
    &base64_encode::FUNCTION,
    &base64_decode::FUNCTION,
    &hash::FUNCTION,
    &json_merge::FUNCTION,
    &string_to_json::FUNCTION,
    &json_to_string::FUNCTION,
    &math_random::FUNCTION,
    &math_add::FUNCTION,
    &string_split::FUNCTION,
    &uuid::FUNCTION,
    &format::FUNCTION,
];

/// The longest text or array, in characters or items, that the functions with such a limit take (AWS's guide).
const LENGTH_MAX: usize = 10_000;
/// What all values that one call makes may hold, nested calls included: AWS bounds the payload, this bounds the way to it.
const WORK_MAX: usize = 16 << 20;

/// One of the functions.
#[derive(Debug)]
struct Function {
    name: &'static str,
    /// How many arguments it takes at least.
    arguments_min: usize,
    /// How many it takes at most.
    arguments_max: usize,
    call: fn(&[Argument], &Source) -> Result<Value, String>,
}

/// An argument, evaluated.
#[derive(Clone, Debug)]
struct Argument {
    value: Value,
    /// How the text stood in quotes, where it did: `States.Format` has to tell `{` from `\{`.
    quoted: Option<String>,
}

/// A call that was read.
#[derive(Clone, Debug)]
pub struct Call {
    text: String,
    node: CallNode,
}

#[derive(Clone)]
struct CallNode {
    function: &'static Function,
    arguments: Vec<ArgumentNode>,
}

impl fmt::Debug for CallNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.function.name).field("arguments", &self.arguments).finish()
    }
}

#[derive(Clone, Debug)]
enum ArgumentNode {
    Literal(Argument),
    Path(Path),
    Call(CallNode),
}

/// What evaluates a call.
struct Evaluation<'a> {
    call: &'a Call,
    scope: &'a Scope<'a>,
    random: &'a Source,
    /// Bytes of the arguments so far.
    work: usize,
}

impl Call {
    /// Reads a call.
    ///
    /// # Errors
    /// `text` is no call of a known function with as many arguments as it takes.
    pub fn parse(text: &str) -> Result<Self, ExprError> {
        let node = parse::parse(text).map_err(|what| ExprError::new("States.IntrinsicFailure", what))?;
        Ok(Self { text: text.to_owned(), node })
    }

    /// The variables that its paths read.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        let mut variables = Vec::new();
        self.node.add_variables(&mut variables);
        variables
    }

    /// The value of the call.
    ///
    /// # Errors
    /// `States.Runtime` where a path finds nothing, `States.IntrinsicFailure` where a function refuses its arguments; both
    /// name the whole expression, as AWS does.
    pub(crate) fn evaluate(&self, scope: &Scope<'_>, random: &Source) -> Result<Value, ExprError> {
        Evaluation { call: self, scope, random, work: 0 }.call(&self.node).and_then(check_nesting)
    }
}

impl CallNode {
    fn add_variables(&self, variables: &mut Vec<String>) {
        for argument in &self.arguments {
            match argument {
                ArgumentNode::Literal(_) => {}
                ArgumentNode::Path(path) => variables.extend(path.variables()),
                ArgumentNode::Call(call) => call.add_variables(variables),
            }
        }
    }
}

impl Evaluation<'_> {
    fn call(&mut self, node: &CallNode) -> Result<Value, ExprError> {
        let mut arguments = Vec::with_capacity(node.arguments.len());
        for argument in &node.arguments {
            arguments.push(self.argument(argument)?);
        }
        (node.function.call)(&arguments, self.random)
            .map_err(|what| self.fail("States.IntrinsicFailure", &what))
    }

    fn argument(&mut self, node: &ArgumentNode) -> Result<Argument, ExprError> {
        let value = match node {
            ArgumentNode::Literal(literal) => return Ok(literal.clone()),
            ArgumentNode::Path(path) => match path.find(self.scope) {
                Ok(value) => value.into_owned(),
                Err(miss) => return Err(self.miss(path, &miss)),
            },
            ArgumentNode::Call(call) => self.call(call)?,
        };
        self.work += weight(&value);
        if self.work > WORK_MAX {
            return Err(self.fail("States.IntrinsicFailure", "its arguments are too large"));
        }
        Ok(Argument { value, quoted: None })
    }

    fn miss(&self, path: &Path, miss: &Miss) -> ExprError {
        match miss {
            Miss::Unusable(text) => self.fail("States.Runtime", text),
            Miss::Nowhere(_) | Miss::PastEnd(_) => {
                let input = json_text(self.scope.input);
                let path = path.text_in_document();
                let what = format!(
                    "The JsonPath argument for the field '{path}' could not be found in the input '{input}'"
                );
                self.fail("States.Runtime", &what)
            }
        }
    }

    fn fail(&self, error: &str, what: &str) -> ExprError {
        ExprError::new(error, format!("The function '{}' had the following error: {what}", self.call.text))
    }
}

/// About how many bytes a value takes, without writing it.
fn weight(value: &Value) -> usize {
    8 + match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members.iter().map(|(name, member)| name.len() + weight(member)).sum(),
    }
}

impl Argument {
    fn text(&self, which: &str) -> Result<&str, String> {
        self.value.as_str().ok_or_else(|| format!("{which} must be a string but was: {}", self.value))
    }

    fn array(&self, which: &str) -> Result<&[Value], String> {
        match self.value.as_array() {
            Some(items) => Ok(items),
            None => Err(format!("{which} must be an array but was: {}", self.value)),
        }
    }

    /// A number as Java's `Math.round` gives it: half up.
    fn rounded(&self, which: &str) -> Result<i64, String> {
        let refuse = || format!("{which} must be a number but was: {}", self.value);
        if let Some(whole) = self.value.as_i64() {
            return Ok(whole);
        }
        let number = self.value.as_f64().ok_or_else(refuse)?;
        java::round(number).ok_or_else(refuse)
    }

    /// The same within 32 bits.
    fn rounded_int(&self, which: &str) -> Result<i32, String> {
        let number = self.rounded(which)?;
        i32::try_from(number).map_err(|_| format!("{which} must be between {} and {}", i32::MIN, i32::MAX))
    }
}
