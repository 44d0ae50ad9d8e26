//! Payload templates (`Parameters`, `ResultSelector`, `ItemSelector`, `Assign`): JSON whose keys ending in `.$` are evaluated.

use serde_json::{Map, Value};

use crate::expr::{
    ExprError, Scope, check_nesting,
    intrinsic::Call,
    jsonpath::{Miss, Path},
    random::Source,
};

/// A template that was read.
#[derive(Clone, Debug)]
pub struct PayloadTemplate {
    node: Node,
}

#[derive(Clone, Debug)]
enum Node {
    /// Nothing in it is evaluated.
    Literal(Value),
    Object(Vec<Member>),
    Array(Vec<Node>),
}

#[derive(Clone, Debug)]
struct Member {
    /// The key as it comes out, without `.$`.
    key: String,
    value: MemberValue,
}

#[derive(Clone, Debug)]
enum MemberValue {
    Node(Node),
    Dynamic(Dynamic),
}

/// A mistake in a template, in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateMistake {
    /// Where in the template: `` (itself), `/a/b`, `/a[0]`.
    pub location: String,
    /// AWS's message.
    pub message: String,
}

impl PayloadTemplate {
    /// Reads a template. At its top it is usually an object; any other value stands for itself.
    ///
    /// # Errors
    /// The first mistake: a value under `.$` is neither a path nor an intrinsic call, or two keys come out alike.
    pub fn parse(template: &Value) -> Result<Self, ExprError> {
        let mut mistakes = Vec::new();
        let node = read(template, "", &mut mistakes);
        match mistakes.into_iter().next() {
            None => Ok(Self { node }),
            Some(mistake) => Err(ExprError::runtime(mistake.message)),
        }
    }

    /// All mistakes of a template.
    #[must_use]
    pub fn check(template: &Value) -> Vec<TemplateMistake> {
        let mut mistakes = Vec::new();
        read(template, "", &mut mistakes);
        mistakes
    }

    /// The template's value.
    ///
    /// # Errors
    /// AWS's, of the first path or function that fails, in the order of the text.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Value, ExprError> {
        self.node.render(scope, &Source::new(scope.seed)).and_then(check_nesting)
    }

    /// The variables that it reads, sorted, each once.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        let mut variables = Vec::new();
        self.node.add_variables(&mut variables);
        variables.sort();
        variables.dedup();
        variables
    }
}

fn read(template: &Value, location: &str, mistakes: &mut Vec<TemplateMistake>) -> Node {
    match template {
        Value::Array(items) => {
            let nodes: Vec<Node> = items
                .iter()
                .enumerate()
                .map(|(index, item)| read(item, &format!("{location}[{index}]"), mistakes))
                .collect();
            if nodes.iter().all(|node| matches!(node, Node::Literal(_))) {
                return Node::Literal(template.clone());
            }
            Node::Array(nodes)
        }
        Value::Object(members) => read_object(members, location, mistakes),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Node::Literal(template.clone()),
    }
}

fn read_object(members: &Map<String, Value>, location: &str, mistakes: &mut Vec<TemplateMistake>) -> Node {
    let mut read_members: Vec<Member> = Vec::with_capacity(members.len());
    for (key, value) in members {
        let Some(name) = key.strip_suffix(".$") else {
            let node = read(value, &format!("{location}/{key}"), mistakes);
            read_members.push(Member { key: key.clone(), value: MemberValue::Node(node) });
            continue;
        };
        if members.contains_key(name) {
            mistakes.push(TemplateMistake {
                location: location.to_owned(),
                message: format!(
                    "The payload template has the fields '{name}' and '{key}', which both give '{name}'"
                ),
            });
        }
        match value.as_str().map(|text| Dynamic::parse(key, text)) {
            Some(Ok(dynamic)) => {
                read_members.push(Member { key: name.to_owned(), value: MemberValue::Dynamic(dynamic) });
            }
            Some(Err(error)) => {
                mistakes.push(TemplateMistake { location: location.to_owned(), message: error.cause })
            }
            None => {
                mistakes.push(TemplateMistake { location: location.to_owned(), message: no_expression(key) })
            }
        }
    }
    let is_literal = |member: &Member| matches!(member.value, MemberValue::Node(Node::Literal(_)));
    if read_members.iter().all(is_literal) {
        return Node::Literal(Value::Object(members.clone()));
    }
    Node::Object(read_members)
}

/// AWS's words, recorded at creation.
fn no_expression(field: &str) -> String {
    format!("The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call")
}

impl Node {
    fn render(&self, scope: &Scope<'_>, random: &Source) -> Result<Value, ExprError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Array(nodes) => nodes.iter().map(|node| node.render(scope, random)).collect(),
            Self::Object(members) => {
                let mut rendered = Map::with_capacity(members.len());
                for member in members {
                    let value = match &member.value {
                        MemberValue::Node(node) => node.render(scope, random)?,
                        MemberValue::Dynamic(dynamic) => dynamic.value_in_template(scope, random)?,
                    };
                    rendered.insert(member.key.clone(), value);
                }
                Ok(Value::Object(rendered))
            }
        }
    }

    fn add_variables(&self, variables: &mut Vec<String>) {
        match self {
            Self::Literal(_) => {}
            Self::Array(nodes) => nodes.iter().for_each(|node| node.add_variables(variables)),
            Self::Object(members) => {
                for member in members {
                    match &member.value {
                        MemberValue::Node(node) => node.add_variables(variables),
                        MemberValue::Dynamic(dynamic) => variables.extend(dynamic.variables()),
                    }
                }
            }
        }
    }
}

/// One text that is a path or an intrinsic call (`ErrorPath`, `CausePath`, a member of a template).
#[derive(Clone, Debug)]
pub struct Dynamic {
    field: String,
    kind: DynamicKind,
}

#[derive(Clone, Debug)]
enum DynamicKind {
    Path(Path),
    Call(Call),
}

impl Dynamic {
    /// Reads the text of a field.
    ///
    /// # Errors
    /// It is neither a path nor a call: AWS's sentence, with the field's name.
    pub fn parse(field: &str, text: &str) -> Result<Self, ExprError> {
        let kind = if text.starts_with('$') {
            Path::parse(text).map(DynamicKind::Path)
        } else {
            Call::parse(text).map(DynamicKind::Call)
        };
        match kind {
            Ok(kind) => Ok(Self { field: field.to_owned(), kind }),
            Err(_) => Err(ExprError::runtime(no_expression(field))),
        }
    }

    /// The value of the text.
    ///
    /// # Errors
    /// "The JSONPath '$.x' specified for the field 'CausePath' could not be found in the input '...'", or that of a call.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, ExprError> {
        let random = Source::new(scope.seed);
        match &self.kind {
            DynamicKind::Call(call) => call.evaluate(scope, &random),
            DynamicKind::Path(path) => match path.find(scope) {
                Ok(value) => Ok(value.into_owned()),
                Err(miss) => Err(path.miss_in_field(&miss, &self.field, scope)),
            },
        }
    }

    /// In a template, an index past the end of an array gives null; elsewhere it is a miss (floci's
    /// `AslExecutorIntrinsicMissingArgumentTest`, measured on AWS in us-east-1, 2026).
    fn value_in_template(&self, scope: &Scope<'_>, random: &Source) -> Result<Value, ExprError> {
        match &self.kind {
            DynamicKind::Call(call) => call.evaluate(scope, random),
            DynamicKind::Path(path) => match path.find(scope) {
                Ok(value) => Ok(value.into_owned()),
                Err(Miss::PastEnd(_)) => Ok(Value::Null),
                Err(miss) => Err(path.miss_in_field(&miss, &self.field, scope)),
            },
        }
    }

    /// The variables that it reads.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        match &self.kind {
            DynamicKind::Path(path) => path.variables(),
            DynamicKind::Call(call) => call.variables(),
        }
    }
}
