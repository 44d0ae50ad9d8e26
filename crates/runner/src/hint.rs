//! Hints: what a person may want to know about a function's error, beside AWS's own words.

use serde_json::Value;

use crate::sdk;

/// A sentence about the commonest mistakes, from an error as the caller gets it.
pub fn hint(payload: &[u8]) -> Option<String> {
    let error: Value = serde_json::from_slice(payload).ok()?;
    let message = error.get("errorMessage")?.as_str()?;
    let error_type = error.get("errorType").and_then(Value::as_str).unwrap_or_default();
    if let Some(module) = missing_module(message) {
        return sdk::hint_for_missing(module).or_else(|| {
            let found = "not found: install it in the function's folder, so that it is part of the code";
            (!module.starts_with(['.', '/'])).then(|| format!("module {module} is {found}"))
        });
    }
    if message.contains("is not defined in ES module scope") {
        return Some(
            "the file is read as an ES module, because it ends in .mjs or its package.json says \"type\": \"module\": \
             export with `export const handler = ...`, or name it .cjs"
                .to_owned(),
        );
    }
    if message.contains("Cannot use import statement outside a module")
        || message.contains("Unexpected token 'export'")
    {
        return Some(
            "the file is read as CommonJS: name it .mjs, or say \"type\": \"module\" in its package.json"
                .to_owned(),
        );
    }
    match error_type {
        "Runtime.HandlerNotFound" => {
            Some("the handler is FILE.FUNCTION; the log lists what the file exports".to_owned())
        }
        "Runtime.UnhandledPromiseRejection" => {
            Some("a promise failed that nobody waited for: is an `await` missing?".to_owned())
        }
        "Runtime.NodeJsExit" => Some(
            "the handler waits for something that can no longer happen: is a callback never called?"
                .to_owned(),
        ),
        "Runtime.MarshalError" => Some("the handler must return what JSON can say".to_owned()),
        _ => None,
    }
}

/// `x` of `Cannot find module 'x'` and of its sisters.
fn missing_module(message: &str) -> Option<&str> {
    let starts = ["Cannot find module '", "Cannot find package '", "No module named '"];
    let rest = starts.iter().find_map(|start| message.split_once(start).map(|(_, rest)| rest))?;
    rest.split('\'').next()
}

#[cfg(test)]
mod tests {
    use super::hint;

    fn of(error_type: &str, message: &str) -> String {
        let payload = serde_json::json!({"errorType": error_type, "errorMessage": message}).to_string();
        hint(payload.as_bytes()).unwrap_or_default()
    }

    #[test]
    fn the_commonest_mistakes_have_a_hint() {
        let import = "Runtime.ImportModuleError";
        assert!(
            of(import, "Error: Cannot find module 'aws-sdk'\nRequire stack:\n- /x").contains("nodejs18.x")
        );
        assert!(
            of("Error", "Cannot find package '@aws-sdk/client-sqs' imported from /x")
                .contains("runtimes install")
        );
        assert!(
            of(import, "Unable to import module 'a': No module named 'boto3'").contains("runtimes install")
        );
        assert!(of(import, "Unable to import module 'a': No module named 'requests'").contains("requests"));
        assert!(of("ReferenceError", "module is not defined in ES module scope").contains(".cjs"));
        assert!(of("Runtime.HandlerNotFound", "index.x is undefined or not exported").contains("exports"));
        assert_eq!(of("TypeError", "x is not a function"), "");
        assert_eq!(hint(b"garbage"), None);
    }
}
