//! What is asked before something is done: yes or no, or the name of what loses its data.

use std::io::{IsTerminal, Write};

use provision::stack::ChangeSet;
use provision::stack::loss::{self, Loss};

use crate::deployment::{self, Agreement};
use crate::stack::interrupt;

/// What a person said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Yes,
    No,
    /// Ctrl-C.
    Interrupted,
}

/// Asks a question, unless it was answered beforehand.
///
/// # Errors
/// Where there is nobody to answer.
pub(crate) async fn ask(question: String, agreement: Agreement) -> Result<Said, String> {
    if agreement == Agreement::Given {
        return Ok(Said::Yes);
    }
    let asked = tokio::task::spawn_blocking(move || deployment::ask(&question));
    let Some(answer) = interrupt::unless_interrupted(asked).await else { return Ok(Said::Interrupted) };
    let is_yes = answer.map_err(|error| format!("could not ask: {error}"))??;
    Ok(if is_yes { Said::Yes } else { Said::No })
}

/// Has each loss of data agreed to: its name typed, or given beforehand with `--allow-replace`.
///
/// # Errors
/// Where there is nobody to type it.
pub(crate) async fn to_losses(changes: &ChangeSet, allowed: &[String]) -> Result<Said, String> {
    let losses = loss::losses(changes);
    for loss in losses.iter().filter(|loss| !allowed.iter().any(|name| loss.is_named(name))) {
        let said = typed(loss).await?;
        if said != Said::Yes {
            return Ok(said);
        }
    }
    Ok(Said::Yes)
}

async fn typed(loss: &Loss) -> Result<Said, String> {
    if !std::io::stdin().is_terminal() {
        return Err(format!("{}; agree to that with --allow-replace {}", loss.sentence, loss.name));
    }
    let answer = answered(format!("{}. Type its name to agree: ", loss.sentence)).await?;
    Ok(of_answer(answer.as_deref(), |answer| loss.is_named(answer)))
}

/// Asks for a name to be typed, unless `--yes` was given.
///
/// # Errors
/// Where there is nobody to type it.
pub(crate) async fn name(question: String, name: &str, agreement: Agreement) -> Result<Said, String> {
    if agreement == Agreement::Given {
        return Ok(Said::Yes);
    }
    if !std::io::stdin().is_terminal() {
        return Err("nobody is there to agree; confirm with --yes".to_owned());
    }
    Ok(of_answer(answered(question).await?.as_deref(), |answer| answer == name))
}

fn of_answer(answer: Option<&str>, agrees: impl Fn(&str) -> bool) -> Said {
    match answer {
        None => Said::Interrupted,
        Some(answer) if agrees(answer.trim()) => Said::Yes,
        Some(_) => Said::No,
    }
}

/// What is typed; `None` after Ctrl-C.
async fn answered(question: String) -> Result<Option<String>, String> {
    let asked = tokio::task::spawn_blocking(move || line(&question));
    match interrupt::unless_interrupted(asked).await {
        None => Ok(None),
        Some(answer) => answer.map_err(|error| format!("could not ask: {error}"))?.map(Some),
    }
}

fn line(question: &str) -> Result<String, String> {
    let mut answer = String::new();
    let asked = write!(anstream::stderr().lock(), "{question}");
    let asked = asked.and_then(|()| std::io::stdin().read_line(&mut answer));
    asked.map(|_| answer).map_err(|error| format!("could not ask: {error}"))
}
