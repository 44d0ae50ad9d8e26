//! `States.Format(template, a, b, ...)`: the template with an argument in place of each `{}`.

use serde_json::Value;

use crate::expr::{
    cursor::Cursor,
    intrinsic::{Argument, Function, java},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.Format", arguments_min: 1, arguments_max: usize::MAX, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [template, values @ ..] = arguments else { return Err("a template is needed".to_owned()) };
    let text = template.text("The template")?;
    let mut cursor = Cursor::new(template.quoted.as_deref().unwrap_or(text));
    let mut values = values.iter();
    let mut formatted = String::new();
    let mismatch = || "The number of arguments does not match the number of {} in the template".to_owned();
    while let Some(c) = cursor.bump() {
        match c {
            '{' if cursor.eat("}") => {
                formatted.push_str(&java::text(&values.next().ok_or_else(mismatch)?.value))
            }
            '{' => return Err("matching '}' not found for '{' in the template".to_owned()),
            '}' => return Err("matching '{' not found for '}' in the template".to_owned()),
            '\\' => match cursor.bump() {
                Some(escaped) if "'{}\\".contains(escaped) => formatted.push(escaped),
                _ => return Err("a backslash stands before ', {, } and \\ in a template".to_owned()),
            },
            c => formatted.push(c),
        }
    }
    match values.next() {
        None => Ok(Value::String(formatted)),
        Some(_) => Err(mismatch()),
    }
}
