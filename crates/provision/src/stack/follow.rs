//! An operation on a stack, followed until the stack comes to rest.

use std::collections::HashSet;

use crate::stack::client::CloudFormation;
use crate::stack::condition::Rest;
use crate::stack::error::StackError;
use crate::stack::event::StackEvent;

/// Looks at which a stack stands still without an event of its own that says so, before that is believed: what is read just after
/// an operation began may still be of before.
const STILL_LOOKS: u32 = 8;

/// What was seen of a stack so far.
#[derive(Debug)]
pub struct Follow<'c> {
    client: &'c CloudFormation,
    stack: String,
    seen: HashSet<String>,
    /// What the newest event of the stack itself says.
    told: Option<String>,
    still: u32,
    /// Whether the cleaning up is waited for, too: until then nothing else can be done.
    to_the_end: bool,
}

/// What one look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// What is new, oldest first.
    pub events: Vec<StackEvent>,
    /// The stack's status.
    pub status: String,
    /// Why it has this status; often empty.
    pub status_reason: String,
    /// Where it has come to rest.
    pub rest: Option<Rest>,
}

impl<'c> Follow<'c> {
    /// Begins before an operation: what has happened so far is not told again. `stack` is its ARN, so that it is found after
    /// its deletion.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn begin(client: &'c CloudFormation, stack: &str) -> Result<Self, StackError> {
        let before = client.events(stack, None).await?.events;
        let seen = before.into_iter().map(|event| event.id).collect();
        Ok(Self { client, stack: stack.to_owned(), seen, told: None, still: 0, to_the_end: false })
    }

    /// Begins within an operation of somebody else: its end is believed at once.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn join(client: &'c CloudFormation, stack: &str) -> Result<Self, StackError> {
        Ok(Self { still: STILL_LOOKS, to_the_end: true, ..Self::begin(client, stack).await? })
    }

    /// Looks once.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub async fn look(&mut self) -> Result<Look, StackError> {
        let status = self.client.stack(&self.stack).await?;
        // After the status, so that the event of the end is among them where the status is the end.
        let events = self.new_events().await?;
        let (status, status_reason) = match status {
            Some(stack) => (stack.status, stack.status_reason),
            None => ("DELETE_COMPLETE".to_owned(), String::new()),
        };
        if let Some(event) = events.iter().rev().find(|event| event.is_of_stack()) {
            self.told = Some(event.status.clone());
        }
        let cleans_up = self.to_the_end && status.ends_with("_CLEANUP_IN_PROGRESS");
        let rest = Rest::of(&status).filter(|_| !cleans_up);
        self.still = self.still.saturating_add(u32::from(rest.is_some()));
        let is_told = self.told.as_ref() == Some(&status);
        let rest = rest.filter(|rest| *rest == Rest::Deleted || is_told || self.still > STILL_LOOKS);
        Ok(Look { events, status, status_reason, rest })
    }

    async fn new_events(&mut self) -> Result<Vec<StackEvent>, StackError> {
        let mut new = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let page = match self.client.events(&self.stack, next.as_deref()).await {
                Ok(page) => page,
                Err(error) if error.is_absent_stack() => break,
                Err(error) => return Err(error),
            };
            let known = page.events.iter().any(|event| self.seen.contains(&event.id));
            new.extend(page.events.into_iter().filter(|event| !self.seen.contains(&event.id)));
            next = page.next;
            if known || next.is_none() {
                break;
            }
        }
        self.seen.extend(new.iter().map(|event| event.id.clone()));
        new.reverse();
        Ok(new)
    }
}
