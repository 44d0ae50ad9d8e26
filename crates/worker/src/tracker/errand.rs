//! What is done with messages about one conversation, one thing after the other.

use genesys::tracker::conversation::Context;

use crate::tracker::item::{Item, Outgoing};
use crate::tracker::message::{Arrival, Timer};

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Read the conversation's item.
    Read,
    /// Send this timer.
    Send(Timer),
    /// Write the item, on condition of its version.
    Write(Box<Item>),
    /// Put these events on the bus.
    Publish(Vec<Outgoing>),
    /// Nothing: the messages can be deleted.
    Nothing,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// The item, where there is one.
    Item(Option<Box<Item>>),
    /// It was done.
    Done,
    /// Somebody else has written the item.
    Lost,
}

/// Messages about one conversation on their way.
#[derive(Clone, Debug)]
pub struct Errand {
    conversation: String,
    arrivals: Vec<Arrival>,
    next: Next,
    /// What is to be written after the timer.
    item: Option<Box<Item>>,
}

impl Errand {
    /// For messages that were received, all about this conversation.
    pub fn new(conversation: &str, arrivals: Vec<Arrival>) -> Self {
        Self { conversation: conversation.to_owned(), arrivals, next: Next::Read, item: None }
    }

    /// Which conversation it is about.
    pub fn conversation(&self) -> &str {
        &self.conversation
    }

    /// What is to be done.
    pub fn next(&self) -> &Next {
        &self.next
    }

    /// Goes on after what came of it.
    pub fn came(&mut self, came: Came, context: Context<'_>) {
        let next = std::mem::replace(&mut self.next, Next::Nothing);
        self.next = match (next, came) {
            (Next::Read, Came::Item(item)) => self.look(item, context),
            (Next::Send(_), Came::Done) => self.item.clone().map_or(Next::Nothing, Next::Write),
            // Written: what is in the outbox goes out, if anything is.
            (Next::Write(item), Came::Done) => {
                let item = Item { version: item.version + 1, ..*item };
                let outbox = item.outbox.clone();
                self.item = Some(Box::new(item));
                if outbox.is_empty() { Next::Nothing } else { Next::Publish(outbox) }
            }
            // Nobody waits for the outbox to be emptied; if somebody else has written meanwhile, it publishes the same events again.
            (Next::Publish(_), Came::Done) => match self.item.clone() {
                Some(item) => Next::Write(Box::new(Item { outbox: Vec::new(), ..*item })),
                None => Next::Nothing,
            },
            (Next::Write(item), Came::Lost) if self.published(&item) => Next::Nothing,
            (Next::Write(_), Came::Lost) => Next::Read,
            _ => Next::Nothing,
        };
    }

    /// Whether this write only takes out of the outbox what was published.
    fn published(&self, item: &Item) -> bool {
        self.item.as_ref().is_some_and(|before| !before.outbox.is_empty() && before.version == item.version)
            && item.outbox.is_empty()
    }

    fn look(&mut self, found: Option<Box<Item>>, context: Context<'_>) -> Next {
        let is_new = found.is_none();
        let before = found.unwrap_or_else(|| Box::new(Item::new(&self.conversation)));
        let mut item = before.clone();
        let timer = item.take(&self.arrivals, context);
        // Heard before, or a timer of a conversation that was forgotten: nothing to write.
        let is_same = item.conversation == before.conversation
            && item.timer_at_ms == before.timer_at_ms
            && item.outbox == before.outbox;
        if is_same {
            let rest = item.outbox.clone();
            self.item = (!is_new).then_some(item);
            return if rest.is_empty() { Next::Nothing } else { Next::Publish(rest) };
        }
        self.item = Some(item.clone());
        match timer {
            Some(timer) => Next::Send(timer),
            None => Next::Write(item),
        }
    }
}
