//! The comparisons of Choice rules, each with its `...Path` form.

use std::cmp::Ordering;

use serde_json::Value;

use crate::expr::{
    cursor::Cursor,
    jsonpath::{Path, compare_numbers},
    timestamp,
};

/// What a value is compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Boolean,
    Numeric(Relation),
    Text(Relation),
    TextMatches,
    Timestamp(Relation),
    IsBoolean,
    IsNull,
    IsNumeric,
    IsPresent,
    IsString,
    IsTimestamp,
}

/// How two values that have an order compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equals,
    GreaterThan,
    GreaterThanEquals,
    LessThan,
    LessThanEquals,
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Literal(Value),
    Path(Path),
}

impl Operand {
    pub(super) fn literal(&self) -> Option<&Value> {
        match self {
            Self::Literal(value) => Some(value),
            Self::Path(_) => None,
        }
    }
}

/// The kinds of values that comparisons want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OperandKind {
    Boolean,
    Number,
    Text,
    Timestamp,
    Any,
}

/// Reads the name of a comparison, with what it compares with.
pub(super) fn parse(name: &str, operand: &Value) -> Result<(Operator, Operand), String> {
    if let Some(operator) = named(name) {
        let wanted = operator.wanted_of_operand();
        if !is_of(operand, wanted) {
            return Err(format!("{name} compares with a {}", wanted.name()));
        }
        if operator == Operator::TextMatches {
            pattern(operand.as_str().unwrap_or_default())?;
        }
        return Ok((operator, Operand::Literal(operand.clone())));
    }
    let operator = name.strip_suffix("Path").and_then(named).filter(|operator| operator.has_path_form());
    let operator = operator.ok_or_else(|| format!("there is no comparison '{name}'"))?;
    let path = operand.as_str().ok_or_else(|| format!("{name} needs a path"))?;
    let path = Path::parse(path).map_err(|error| error.cause)?;
    Ok((operator, Operand::Path(path)))
}

fn named(name: &str) -> Option<Operator> {
    Some(match name {
        "BooleanEquals" => Operator::Boolean,
        "StringMatches" => Operator::TextMatches,
        "IsBoolean" => Operator::IsBoolean,
        "IsNull" => Operator::IsNull,
        "IsNumeric" => Operator::IsNumeric,
        "IsPresent" => Operator::IsPresent,
        "IsString" => Operator::IsString,
        "IsTimestamp" => Operator::IsTimestamp,
        name => {
            if let Some(relation) = name.strip_prefix("Numeric") {
                Operator::Numeric(relation_named(relation)?)
            } else if let Some(relation) = name.strip_prefix("String") {
                Operator::Text(relation_named(relation)?)
            } else {
                Operator::Timestamp(relation_named(name.strip_prefix("Timestamp")?)?)
            }
        }
    })
}

fn relation_named(name: &str) -> Option<Relation> {
    Some(match name {
        "Equals" => Relation::Equals,
        "GreaterThan" => Relation::GreaterThan,
        "GreaterThanEquals" => Relation::GreaterThanEquals,
        "LessThan" => Relation::LessThan,
        "LessThanEquals" => Relation::LessThanEquals,
        _ => return None,
    })
}

impl Relation {
    fn holds(self, order: Option<Ordering>) -> bool {
        let Some(order) = order else { return false };
        match self {
            Self::Equals => order.is_eq(),
            Self::GreaterThan => order.is_gt(),
            Self::GreaterThanEquals => order.is_ge(),
            Self::LessThan => order.is_lt(),
            Self::LessThanEquals => order.is_le(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Equals => "Equals",
            Self::GreaterThan => "GreaterThan",
            Self::GreaterThanEquals => "GreaterThanEquals",
            Self::LessThan => "LessThan",
            Self::LessThanEquals => "LessThanEquals",
        }
    }
}

impl Operator {
    /// Whether `seen` compares so with `expected`; false where either is of another type.
    pub(super) fn holds(self, seen: &Value, expected: &Value) -> bool {
        let is = |fact: bool| expected.as_bool() == Some(fact);
        match self {
            Self::Boolean => seen.is_boolean() && seen == expected,
            Self::Numeric(relation) => match (seen, expected) {
                (Value::Number(seen), Value::Number(expected)) => {
                    relation.holds(compare_numbers(seen, expected))
                }
                _ => false,
            },
            Self::Text(relation) => match (seen, expected) {
                (Value::String(seen), Value::String(expected)) => {
                    relation.holds(Some(seen.encode_utf16().cmp(expected.encode_utf16())))
                }
                _ => false,
            },
            Self::TextMatches => match (seen, expected) {
                (Value::String(seen), Value::String(expected)) => {
                    pattern(expected).is_ok_and(|pieces| matches(&pieces, seen))
                }
                _ => false,
            },
            Self::Timestamp(relation) => match (moment(seen), moment(expected)) {
                (Some(seen), Some(expected)) => relation.holds(Some(seen.cmp(&expected))),
                _ => false,
            },
            Self::IsBoolean => is(seen.is_boolean()),
            Self::IsNull => is(seen.is_null()),
            Self::IsNumeric => is(seen.is_number()),
            Self::IsPresent => is(true),
            Self::IsString => is(seen.is_string()),
            Self::IsTimestamp => is(moment(seen).is_some()),
        }
    }

    /// The field's name.
    pub(super) fn name(self) -> String {
        match self {
            Self::Boolean => "BooleanEquals".to_owned(),
            Self::Numeric(relation) => format!("Numeric{}", relation.name()),
            Self::Text(relation) => format!("String{}", relation.name()),
            Self::TextMatches => "StringMatches".to_owned(),
            Self::Timestamp(relation) => format!("Timestamp{}", relation.name()),
            Self::IsBoolean => "IsBoolean".to_owned(),
            Self::IsNull => "IsNull".to_owned(),
            Self::IsNumeric => "IsNumeric".to_owned(),
            Self::IsPresent => "IsPresent".to_owned(),
            Self::IsString => "IsString".to_owned(),
            Self::IsTimestamp => "IsTimestamp".to_owned(),
        }
    }

    /// What the value has to be for the comparison to be able to hold.
    pub(super) fn wanted(self) -> OperandKind {
        match self {
            Self::Boolean => OperandKind::Boolean,
            Self::Numeric(_) => OperandKind::Number,
            Self::Text(_) | Self::TextMatches => OperandKind::Text,
            Self::Timestamp(_) => OperandKind::Timestamp,
            Self::IsBoolean
            | Self::IsNull
            | Self::IsNumeric
            | Self::IsPresent
            | Self::IsString
            | Self::IsTimestamp => OperandKind::Any,
        }
    }

    fn wanted_of_operand(self) -> OperandKind {
        match self.wanted() {
            OperandKind::Any => OperandKind::Boolean,
            wanted => wanted,
        }
    }

    fn has_path_form(self) -> bool {
        matches!(self, Self::Boolean | Self::Numeric(_) | Self::Text(_) | Self::Timestamp(_))
    }
}

impl OperandKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::Text => "string",
            Self::Timestamp => "timestamp (2016-08-18T17:33:00Z)",
            Self::Any => "value",
        }
    }
}

/// Whether a value is of a kind.
pub(super) fn is_of(value: &Value, wanted: OperandKind) -> bool {
    match wanted {
        OperandKind::Boolean => value.is_boolean(),
        OperandKind::Number => value.is_number(),
        OperandKind::Text => value.is_string(),
        OperandKind::Timestamp => moment(value).is_some(),
        OperandKind::Any => true,
    }
}

fn moment(value: &Value) -> Option<jiff::Timestamp> {
    value.as_str().and_then(timestamp::parse)
}

/// The literal pieces of a StringMatches pattern; between two of them stands a star.
fn pattern(text: &str) -> Result<Vec<String>, String> {
    let mut pieces = vec![String::new()];
    let mut cursor = Cursor::new(text);
    while let Some(c) = cursor.bump() {
        let literal = match c {
            '*' => {
                pieces.push(String::new());
                continue;
            }
            '\\' => cursor
                .bump()
                .filter(|escaped| ['*', '\\'].contains(escaped))
                .ok_or_else(|| format!("a backslash in '{text}' stands before * or \\"))?,
            c => c,
        };
        if let Some(piece) = pieces.last_mut() {
            piece.push(literal);
        }
    }
    Ok(pieces)
}

/// Whether the pieces stand in the text in their order, the first at its start and the last at its end.
fn matches(pieces: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = pieces else { return pieces.first().is_some_and(|only| only == text) };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for piece in middle {
        match rest.split_once(piece.as_str()) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}
