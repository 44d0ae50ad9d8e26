//! A change set from a wish to the moment when it can be read, and gone again.

use crate::stack::change_set::{ChangeSet, Request};
use crate::stack::client::CloudFormation;
use crate::stack::condition::Condition;
use crate::stack::error::StackError;
use crate::stack::parameter::Parameter;
use crate::stack::record::Deletion;

/// Looks at which a change set that was just made may not be found yet.
const UNSEEN_LOOKS: u32 = 10;
/// Looks at a change set or a stack that is on its way, at most: with the longest pause, an hour.
const LOOKS_MAX: u32 = 900;

/// Whether the stack is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is made. `was_there` tells a stack that waits for its first change set from none at all.
    Create {
        /// Whether a stack without resources was there already.
        was_there: Presence,
    },
    /// It is changed.
    Update,
}

/// Whether something was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It was.
    Present,
    /// It was not.
    Absent,
}

/// What a stack is to become.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'w> {
    /// The stack's name.
    pub stack: &'w str,
    /// The change set's name.
    pub name: &'w str,
    /// Whether the stack is there.
    pub kind: Kind,
    /// The template, minified.
    pub template: &'w str,
    /// Where it is to be read instead.
    pub template_url: Option<&'w str>,
    /// A value for each of its parameters.
    pub parameters: &'w [Parameter],
    /// The role that CloudFormation takes.
    pub role: Option<&'w str>,
}

/// A change set that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposal {
    /// It would change something.
    Changes(ChangeSet),
    /// It would change nothing.
    Nothing(ChangeSet),
}

/// Makes a change set and waits until it can be read. The caller withdraws it, or executes it; one that fails is left to be
/// withdrawn too.
///
/// # Errors
/// CloudFormation's words, with what early validation found.
pub async fn propose(client: &CloudFormation, wish: Wish<'_>) -> Result<Proposal, StackError> {
    let kind = if wish.kind == Kind::Update { "UPDATE" } else { "CREATE" };
    let request = Request {
        stack: wish.stack,
        name: wish.name,
        kind,
        template: wish.template,
        template_url: wish.template_url,
        parameters: wish.parameters,
        role: wish.role,
    };
    match client.create_change_set(request).await {
        // A second try of a request whose answer was lost.
        Err(error) if error.code == "AlreadyExistsException" => {}
        outcome => outcome?,
    }
    let made = settled(client, wish).await?;
    if made.is_without_changes() {
        return Ok(Proposal::Nothing(made));
    }
    if made.is_available() {
        return Ok(Proposal::Changes(made));
    }
    let mut sentences = vec![format!("CloudFormation refuses the template: {}", made.reason)];
    sentences.extend(client.validation_errors(&made.id).await.into_iter().map(|one| format!("  {one}")));
    Err(StackError::refused(sentences.join("\n")))
}

async fn settled(client: &CloudFormation, wish: Wish<'_>) -> Result<ChangeSet, StackError> {
    for look in 0..LOOKS_MAX {
        match client.change_set(wish.name, Some(wish.stack)).await {
            Ok(made) if !made.is_pending() => return Ok(made),
            Ok(_) => {}
            // It was made, and is not seen everywhere yet.
            Err(error)
                if look < UNSEEN_LOOKS && (error.is_absent_change_set() || error.is_absent_stack()) => {}
            Err(error) => return Err(error),
        }
        client.pause(look).await;
    }
    Err(StackError::refused(format!(
        "the change set {} is still being made after an hour; look at it in CloudFormation's console",
        wish.name
    )))
}

/// Leaves nothing of a change set, nor of a stack that is there only because of it.
///
/// # Errors
/// CloudFormation's words; what is left then is in the sentence.
pub async fn withdraw(
    client: &CloudFormation,
    (stack, name): (&str, &str),
    kind: Kind,
) -> Result<(), StackError> {
    for look in 0..LOOKS_MAX {
        match client.delete_change_set(name, Some(stack)).await {
            Ok(()) => break,
            // It is still being made.
            Err(error) if error.code.starts_with("InvalidChangeSetStatus") && look + 1 < LOOKS_MAX => {}
            Err(error) => return Err(error),
        }
        client.pause(look).await;
    }
    if kind == (Kind::Create { was_there: Presence::Absent }) {
        remove_shell(client, stack, name).await?;
    }
    Ok(())
}

/// Deletes a stack that never had a resource, and waits until it is gone.
async fn remove_shell(client: &CloudFormation, name: &str, token: &str) -> Result<(), StackError> {
    let Some(shell) = client.stack(name).await? else { return Ok(()) };
    if shell.condition()? != Condition::Shell {
        return Ok(());
    }
    client.delete_stack(&shell.id, Deletion { token, ..Deletion::default() }).await?;
    for look in 0..LOOKS_MAX {
        match client.stack(&shell.id).await? {
            None => return Ok(()),
            Some(stack) if stack.condition()? == Condition::Gone => return Ok(()),
            Some(stack) if stack.condition()? == Condition::HalfDeleted => break,
            Some(_) => client.pause(look).await,
        }
    }
    Err(StackError::refused(format!(
        "the empty stack {name} of this plan could not be deleted; `trunkline destroy --to aws --stack {name}` tries again"
    )))
}
