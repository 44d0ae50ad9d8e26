//! `trunkline function invoke`: one call, its log, its answer; where it failed, the line of the user's own code.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::commands::function::{InvokeArguments, path};
use crate::lambda_door::{Call, LambdaDoor, words};
use crate::remote::text;
use crate::{input, output};

pub(super) fn run(arguments: &InvokeArguments) -> Result<ExitCode, String> {
    let door = LambdaDoor::open(&arguments.at.endpoint)?;
    let payload = input::text_argument(&arguments.payload)?;
    let kind = if arguments.is_async { "Event" } else { "RequestResponse" };
    let headers = [("x-amz-invocation-type", kind), ("x-amz-log-type", "Tail")];
    let path = format!("{}/invocations", path(&arguments.name));
    let answer = door.call(&Call { method: "POST", path: &path, headers: &headers, body: payload })?;
    if !answer.is_success() {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        return Err(words(&answer, &body));
    }
    if arguments.is_async {
        output::line("accepted; `trunkline function logs --follow` shows how it goes on");
        return Ok(ExitCode::SUCCESS);
    }
    let log = answer.header("x-amz-log-result").and_then(decode).unwrap_or_default();
    let failed = answer.header("x-amz-function-error").is_some();
    let answer: Value = serde_json::from_slice(&answer.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&answer.body).into_owned()));
    let place = if failed { place_of(&answer) } else { None };
    let hint = if failed { runner::hint::hint(answer.to_string().as_bytes()) } else { None };
    if arguments.at.json {
        output::json(json!({"failed": failed, "answer": answer, "log": log, "place": place, "hint": hint}));
    } else {
        log.lines().for_each(output::note);
        if failed {
            let (kind, message) = (text(&answer, "errorType"), text(&answer, "errorMessage"));
            output::line(output::styled(output::BAD, format!("{kind}: {message}")));
            place.iter().for_each(|place| output::line(format_args!("  at {place}")));
            hint.iter().for_each(|hint| output::line(format_args!("hint: {hint}")));
        } else {
            output::line(&answer);
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The place in the user's own code that an error comes from: file, line and, in JavaScript, column.
fn place_of(error: &Value) -> Option<String> {
    let frames = |member: &str| error.get(member).and_then(Value::as_array).into_iter().flatten();
    // Node's first frame is the innermost, Python's the last.
    let node = frames("trace").filter_map(Value::as_str).find_map(node_place);
    node.or_else(|| frames("stackTrace").filter_map(Value::as_str).filter_map(python_place).next_back())
}

/// `index.mjs:3:9` of `    at handler (file:///.../index.mjs:3:9)`, or of the line that a syntax error begins with.
fn node_place(frame: &str) -> Option<String> {
    let place = frame.trim().trim_end_matches(')').rsplit(['(', ' ']).next()?;
    let place = place.strip_prefix("file://").unwrap_or(place);
    let is_own = place.starts_with('/')
        && place.rsplit(':').next().is_some_and(|number| number.parse::<u32>().is_ok())
        && !place.contains("/node_modules/")
        && !place.contains("/runtime/bootstrap.");
    is_own.then(|| inside(place))
}

/// `app.py:3` of `  File "/.../app.py", line 3, in handler`.
fn python_place(frame: &str) -> Option<String> {
    let rest = frame.trim().strip_prefix("File \"")?;
    let (file, rest) = rest.split_once("\", line ")?;
    let line: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let is_own = file.starts_with('/') && !file.contains("/site-packages/") && !file.contains("/lib/python");
    is_own.then(|| format!("{}:{line}", inside(file)))
}

/// The path inside the code's own folder, where it came as a zip: its name is a digest of no use to anybody.
fn inside(path: &str) -> String {
    match path.split_once("/unpacked/").and_then(|(_, rest)| rest.split_once('/')) {
        Some((_, inside)) => inside.to_owned(),
        None => path.to_owned(),
    }
}

/// Text out of base64.
fn decode(text: &str) -> Option<String> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.trim_end_matches('=').bytes().map(value).collect::<Option<_>>()?;
    let mut bytes = Vec::new();
    for group in digits.chunks(4) {
        let bits = group.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - group.len()));
        bytes.extend(bits.to_be_bytes().into_iter().skip(1).take(group.len().saturating_sub(1)));
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{decode, place_of};

    #[test]
    fn an_error_has_the_place_in_the_users_own_code() {
        let node = json!({"errorType": "TypeError", "trace": ["TypeError: x", "    at Array.map (<anonymous>)",
            "    at node:internal/x:1:2", "    at f (/d/functions/0-r/code/unpacked/ab12/node_modules/x/i.js:1:1)",
            "    at handler (file:///d/functions/0-r/code/unpacked/ab12/src/index.mjs:3:9)"]});
        assert_eq!(place_of(&node).as_deref(), Some("src/index.mjs:3:9"));
        let live = json!({"trace": ["Error: x", "    at handler (/home/me/f/index.js:7:3)"]});
        assert_eq!(place_of(&live).as_deref(), Some("/home/me/f/index.js:7:3"));
        let python = json!({"stackTrace": ["  File \"/home/me/f/app.py\", line 3, in handler\n    g()\n",
            "  File \"/home/me/f/app.py\", line 9, in g\n    raise X\n",
            "  File \"/usr/lib/python3.11/json/__init__.py\", line 1, in loads\n"]});
        assert_eq!(place_of(&python).as_deref(), Some("/home/me/f/app.py:9"));
        assert_eq!(place_of(&json!({"errorType": "Sandbox.Timedout"})), None);
    }

    #[test]
    fn base64_is_read() {
        for (text, wanted) in [("", ""), ("YQ==", "a"), ("YWI=", "ab"), ("YWJj", "abc"), ("w6nDqQ==", "éé")]
        {
            assert_eq!(decode(text).as_deref(), Some(wanted));
        }
        assert_eq!(decode("a b"), None);
    }
}
