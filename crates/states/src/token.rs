//! Task tokens: by which somebody outside reports what became of a task.

use aws::Error;
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

use crate::{error, limits};

pub(crate) const TOKENS: Table<String, Token> = Table::new(119, "task tokens");
/// By execution and task: what is remembered of a task that is under way.
pub(crate) const OPEN_TASKS: Table<(u64, u64), OpenTask> = Table::new(120, "open tasks");

/// Whose task a token is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) execution: u64,
    pub(crate) task: u64,
}

store::record!(Token, version 1);

/// What a task that is under way leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenTask {
    pub(crate) token: Option<String>,
    /// The execution that it has started and waits for.
    pub(crate) child: Option<u64>,
}

store::record!(OpenTask, version 1);

/// Remembers a task under way.
pub(crate) fn open(tx: &mut Tx<'_>, token: Token, task: &OpenTask) {
    tx.put(&OPEN_TASKS, &(token.execution, token.task), task);
    if let Some(text) = &task.token {
        tx.put(&TOKENS, text, &token);
    }
}

/// Forgets a task; what it was.
pub(crate) fn close(tx: &mut Tx<'_>, execution: u64, task: u64) -> Option<OpenTask> {
    let open = tx.get(&OPEN_TASKS, &(execution, task))?;
    tx.remove(&OPEN_TASKS, &(execution, task));
    if let Some(text) = &open.token {
        tx.remove(&TOKENS, text);
    }
    Some(open)
}

/// Forgets all tasks of an execution; what they were.
pub(crate) fn close_all(tx: &mut Tx<'_>, execution: u64) -> Vec<OpenTask> {
    let all = tx.list(&OPEN_TASKS, &KeyRange::prefix(&execution), limits::LISTED_MAX);
    all.into_iter().filter_map(|((execution, task), _)| close(tx, execution, task)).collect()
}

/// Refuses what cannot be a token of ours: it has a length and an alphabet of its own.
///
/// # Errors
/// `InvalidToken`.
pub(crate) fn check(text: &str) -> Result<(), Error> {
    let is_ours = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_ours { Ok(()) } else { Err(error::invalid_token()) }
}

/// The task that a token is of.
///
/// # Errors
/// `InvalidToken` where it cannot be one of ours, `TaskTimedOut` where its task is over.
pub(crate) fn require(read: &mut impl Read, text: &str) -> Result<Token, Error> {
    check(text)?;
    read.get(&TOKENS, &text.to_owned()).ok_or_else(error::task_over)
}
