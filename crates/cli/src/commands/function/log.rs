//! `trunkline function logs`: the lines of a function's log group, in order, and new ones as they come.

use std::collections::{HashSet, VecDeque};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use crate::commands::function::{LogsArguments, path};
use crate::lambda_door::LambdaDoor;
use crate::output;
use crate::remote::{items, text};

/// How often new lines are asked for.
const LOOKS_EVERY: Duration = Duration::from_millis(500);

pub(super) fn run(arguments: &LogsArguments) -> Result<ExitCode, String> {
    let door = LambdaDoor::open(&arguments.at.endpoint)?;
    let configuration = door.get(&format!("{}/configuration", path(&arguments.name)))?;
    let group = configuration.pointer("/LoggingConfig/LogGroup").and_then(Value::as_str).unwrap_or_default();
    let mut reader = Reader { door: &door, group, since_ms: 0, seen: HashSet::new() };
    let mut last = VecDeque::new();
    reader.read(&mut |line| {
        last.push_back(line.clone());
        if last.len() > arguments.lines {
            last.pop_front();
        }
    })?;
    let show = |line: &Value| {
        if arguments.at.json {
            let (at_ms, stream) = (line.get("timestamp"), text(line, "logStreamName"));
            output::json(json!({"atMs": at_ms, "stream": stream, "text": text(line, "message")}));
        } else {
            output::line(text(line, "message").trim_end());
        }
    };
    last.iter().for_each(show);
    if !arguments.follow {
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        door.pause(LOOKS_EVERY);
        reader.read(&mut |line| show(line))?;
    }
}

/// Reads each line once.
struct Reader<'r> {
    door: &'r LambdaDoor,
    group: &'r str,
    /// The moment of the last line.
    since_ms: u64,
    /// Those of that moment, which the next look meets again.
    seen: HashSet<String>,
}

impl Reader<'_> {
    fn read(&mut self, each: &mut dyn FnMut(&Value)) -> Result<(), String> {
        let mut request = json!({"logGroupName": self.group, "startTime": self.since_ms});
        loop {
            let page = match self.door.logs("FilterLogEvents", &request) {
                // The group comes with the first invocation.
                Err(words) if words.contains("ResourceNotFoundException") => return Ok(()),
                page => page?,
            };
            for line in items(&page, "events") {
                self.meet(line, each);
            }
            match page.get("nextToken") {
                Some(token) if token.is_string() => {
                    if let Some(members) = request.as_object_mut() {
                        members.insert("nextToken".to_owned(), token.clone());
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn meet(&mut self, line: &Value, each: &mut dyn FnMut(&Value)) {
        let at_ms = line.get("timestamp").and_then(Value::as_u64).unwrap_or_default();
        if at_ms > self.since_ms {
            self.since_ms = at_ms;
            self.seen.clear();
        }
        if self.seen.insert(text(line, "eventId").to_owned()) {
            each(line);
        }
    }
}
