//! From a call's text to its function and arguments.

use serde_json::Value;

use crate::expr::{
    cursor::Cursor,
    intrinsic::{Argument, ArgumentNode, CallNode, FUNCTIONS},
    jsonpath::Path,
};

/// How deep calls may stand in calls (AWS's guide, "Intrinsic functions": up to ten).
const NESTING_MAX: usize = 10;

pub(super) fn parse(text: &str) -> Result<CallNode, String> {
    let mut cursor = Cursor::new(text.trim());
    let call = call(&mut cursor, 0)?;
    if cursor.is_at_end() { Ok(call) } else { Err(format!("the call does not end at '{}'", cursor.rest())) }
}

fn call(cursor: &mut Cursor<'_>, level: usize) -> Result<CallNode, String> {
    if level > NESTING_MAX {
        return Err(format!("more than {NESTING_MAX} calls stand in one another"));
    }
    let name = cursor.take_while(|c| c.is_alphanumeric() || c == '.' || c == '_');
    let Some(function) = FUNCTIONS.into_iter().find(|function| function.name == name) else {
        return Err(format!("there is no intrinsic function '{name}'"));
    };
    cursor.skip_blanks();
    if !cursor.eat("(") {
        return Err(format!("'{name}' is not called"));
    }
    let arguments = arguments(cursor, level)?;
    let count = arguments.len();
    if count < function.arguments_min || count > function.arguments_max {
        return Err(format!("{name} does not take {count} arguments"));
    }
    Ok(CallNode { function, arguments })
}

fn arguments(cursor: &mut Cursor<'_>, level: usize) -> Result<Vec<ArgumentNode>, String> {
    let mut arguments = Vec::new();
    cursor.skip_blanks();
    if cursor.eat(")") {
        return Ok(arguments);
    }
    loop {
        cursor.skip_blanks();
        arguments.push(argument(cursor, level)?);
        cursor.skip_blanks();
        if cursor.eat(")") {
            return Ok(arguments);
        }
        if !cursor.eat(",") {
            return Err(format!("a comma or a parenthesis is missing at '{}'", cursor.rest()));
        }
    }
}

fn argument(cursor: &mut Cursor<'_>, level: usize) -> Result<ArgumentNode, String> {
    match cursor.peek() {
        Some('\'') => quoted(cursor).map(ArgumentNode::Literal),
        Some('$') => {
            let text = cursor.take_balanced(|c| c == ',' || c == ')').ok_or("a bracket is not closed")?;
            Path::parse(text.trim()).map(ArgumentNode::Path).map_err(|error| error.cause)
        }
        Some('S') => call(cursor, level + 1).map(ArgumentNode::Call),
        _ => {
            let rest = cursor.rest();
            let word = cursor.take_while(|c| c.is_alphanumeric() || "+-.".contains(c));
            match serde_json::from_str(word) {
                Ok(value) if !word.is_empty() => Ok(ArgumentNode::Literal(Argument { value, quoted: None })),
                _ => Err(format!("an argument is missing at '{rest}'")),
            }
        }
    }
}

/// A text in single quotes. A backslash stands before `'`, `{`, `}` and itself, and before nothing else.
fn quoted(cursor: &mut Cursor<'_>) -> Result<Argument, String> {
    cursor.bump();
    let mut text = String::new();
    let mut source = String::new();
    loop {
        match cursor.bump().ok_or("a quote is not closed")? {
            '\'' => return Ok(Argument { value: Value::String(text), quoted: Some(source) }),
            '\\' => {
                let escaped = cursor
                    .bump()
                    .filter(|c| "'{}\\".contains(*c))
                    .ok_or("a backslash stands before ', {, } and \\")?;
                source.extend(['\\', escaped]);
                text.push(escaped);
            }
            c => {
                source.push(c);
                text.push(c);
            }
        }
    }
}
