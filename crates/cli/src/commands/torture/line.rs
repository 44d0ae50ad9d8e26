//! What the journal says, a line each: what was asked before it was asked, what was answered after it was answered.

use std::fmt;

/// A message's number: never given twice.
pub(crate) type Number = u64;

/// How a message is sent, and so where it must come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// SendMessage(Batch) to the standard queue.
    Standard,
    /// The same with a DelaySeconds of so many.
    Delayed(u8),
    /// PutEvents, through a rule, to a standard queue.
    Event,
    /// A post to a webhook, through the same rule. Its id makes it one event, however often it is posted.
    Webhook,
    /// PutEvents that no rule matches: it comes out nowhere.
    Unmatched,
    /// SendMessage to the FIFO queue, in this message group.
    Fifo(u16),
}

/// The queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    /// Sent to directly.
    Standard,
    /// The rule's target.
    Events,
    /// With message groups.
    Fifo,
}

impl Queue {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Standard, Self::Events, Self::Fifo];

    /// The name in the server.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Events => "events",
            Self::Fifo => "groups.fifo",
        }
    }
}

impl Kind {
    /// Where the message must come out.
    pub(crate) const fn queue(self) -> Option<Queue> {
        match self {
            Self::Standard | Self::Delayed(_) => Some(Queue::Standard),
            Self::Event | Self::Webhook => Some(Queue::Events),
            Self::Fifo(_) => Some(Queue::Fifo),
            Self::Unmatched => None,
        }
    }
}

/// A message as a ReceiveMessage gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// What its body says; `None` where the body says nothing of ours.
    pub(crate) number: Option<Number>,
    /// The MessageId; 0 where it is no UUID.
    pub(crate) id: u128,
    /// ApproximateReceiveCount, which Trunkline keeps exactly.
    pub(crate) count: u32,
    /// Whether the body is what was sent, byte by byte.
    pub(crate) intact: bool,
}

/// A line of the journal. Those of a call carry the call's number beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// About to be sent; also when sent again with the same deduplication id.
    Sending { kind: Kind, numbers: Vec<Number> },
    /// Acknowledged, with the MessageIds (0 for events, which have none).
    Sent { messages: Vec<(Number, u128)> },
    /// About to ask for up to `max` messages, invisible to others for so long.
    Receiving { queue: Queue, max: u32, visibility_ms: u64 },
    /// What was given.
    Received { receipts: Vec<Receipt> },
    /// About to delete what was received the so many-th time.
    Deleting { receipts: Vec<(Number, u32)> },
    /// Acknowledged.
    Deleted { receipts: Vec<(Number, u32)> },
    /// About to change the visibility timeout.
    Hiding { receipts: Vec<(Number, u32)>, visibility_ms: u64 },
    /// Acknowledged.
    Hidden { receipts: Vec<(Number, u32)> },
    /// Refused, because the lease had ended: nothing has changed.
    Refused { receipts: Vec<(Number, u32)> },
    /// About to put a lease on the condition that nobody has it.
    Claiming { lease: u8, owner: Number },
    /// Acknowledged.
    Claimed { lease: u8, owner: Number },
    /// The condition did not hold.
    Unclaimed { lease: u8, owner: Number },
    /// About to read a lease, as the one who has it or may have it.
    Looking { lease: u8, owner: Number },
    /// Whose it is.
    Found { lease: u8, owner: Number, found: Option<Number> },
    /// About to give it up.
    Freeing { lease: u8, owner: Number },
    /// Acknowledged.
    Freed { lease: u8, owner: Number },
    /// About to write a number into both halves of a pair; beside a condition that does not hold, where it is doomed.
    Pairing { pair: u8, number: Number, doomed: bool },
    /// Acknowledged.
    Paired { pair: u8, number: Number },
    /// Cancelled, with all of its parts.
    Unpaired { pair: u8, number: Number },
    /// About to read both halves.
    Reading { pair: u8 },
    /// What they hold.
    Halves { pair: u8, left: Option<Number>, right: Option<Number> },
    /// About to start an execution; also when started again by the same name.
    Starting { number: Number, wait_s: u64 },
    /// Acknowledged.
    Begun { number: Number },
    /// About to look at an execution.
    Walking { number: Number },
    /// It has ended.
    Walked { number: Number, walk: Walk },
    /// The connection broke at a kill: nobody knows what became of the call.
    Cut,
    /// The server is up.
    Started { process: u32 },
    /// The server is about to be killed.
    Killing { in_recovery: bool },
    /// The books, as the server tells them.
    Books { books: Books },
    /// All queues are empty, and the server told these books.
    Drained { books: Books },
}

/// How an execution has ended, and what its history is like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walk {
    pub(crate) succeeded: bool,
    /// From its start to its end, by the server's clock.
    pub(crate) took_ms: u64,
    pub(crate) events: u64,
    /// Whether the ids of its events are anything but 1, 2, 3 and so on.
    pub(crate) has_gap: bool,
    pub(crate) starts: u64,
    pub(crate) ends: u64,
    pub(crate) is_last_an_end: bool,
}

/// The counts of the event buses: `GetCounts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Books {
    pub(crate) accepted: u64,
    pub(crate) matched: u64,
    pub(crate) unmatched: u64,
    pub(crate) made: u64,
    pub(crate) delivered: u64,
    pub(crate) dead_lettered: u64,
    pub(crate) owed: u64,
    pub(crate) expired: u64,
    pub(crate) dropped: u64,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("standard"),
            Self::Delayed(seconds) => write!(f, "delayed {seconds} s"),
            Self::Event => f.write_str("event"),
            Self::Webhook => f.write_str("webhook"),
            Self::Unmatched => f.write_str("unmatched"),
            Self::Fifo(group) => write!(f, "fifo group {group}"),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sending { kind, numbers } => {
                write!(f, "sending {kind}")?;
                numbers.iter().try_for_each(|number| write!(f, " #{number}"))
            }
            Self::Sent { messages } => {
                f.write_str("sent")?;
                messages.iter().try_for_each(|(number, id)| write!(f, " #{number}={id:032x}"))
            }
            Self::Receiving { queue, max, visibility_ms } => {
                write!(f, "receiving {} max {max} for {visibility_ms} ms", queue.name())
            }
            Self::Received { receipts } => {
                f.write_str("received")?;
                receipts.iter().try_for_each(|receipt| write_receipt(f, receipt))
            }
            Self::Deleting { receipts } => write_handles(f, "deleting", receipts),
            Self::Deleted { receipts } => write_handles(f, "deleted", receipts),
            Self::Hiding { receipts, visibility_ms } => {
                write_handles(f, "hiding", receipts)?;
                write!(f, " for {visibility_ms} ms")
            }
            Self::Hidden { receipts } => write_handles(f, "hidden", receipts),
            Self::Refused { receipts } => write_handles(f, "refused", receipts),
            Self::Claiming { .. }
            | Self::Claimed { .. }
            | Self::Unclaimed { .. }
            | Self::Looking { .. }
            | Self::Found { .. }
            | Self::Freeing { .. }
            | Self::Freed { .. }
            | Self::Pairing { .. }
            | Self::Paired { .. }
            | Self::Unpaired { .. }
            | Self::Reading { .. }
            | Self::Halves { .. }
            | Self::Starting { .. }
            | Self::Begun { .. }
            | Self::Walking { .. }
            | Self::Walked { .. } => write!(f, "{self:?}"),
            Self::Cut => f.write_str("cut"),
            Self::Started { process } => write!(f, "started process {process}"),
            Self::Killing { in_recovery } => {
                f.write_str(if *in_recovery { "killing in recovery" } else { "killing under load" })
            }
            Self::Books { books } => write!(f, "books {books:?}"),
            Self::Drained { books } => write!(f, "drained {books:?}"),
        }
    }
}

fn write_receipt(f: &mut fmt::Formatter<'_>, receipt: &Receipt) -> fmt::Result {
    match receipt.number {
        Some(number) => write!(f, " #{number}/{}={:032x}", receipt.count, receipt.id)?,
        None => write!(f, " unknown={:032x}", receipt.id)?,
    }
    if receipt.intact { Ok(()) } else { f.write_str(" (changed)") }
}

/// `#12/2`: message 12, received the second time.
fn write_handles(f: &mut fmt::Formatter<'_>, word: &str, receipts: &[(Number, u32)]) -> fmt::Result {
    f.write_str(word)?;
    receipts.iter().try_for_each(|(number, count)| write!(f, " #{number}/{count}"))
}
