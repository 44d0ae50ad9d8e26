//! The message of a timer: which of a conversation's timers it is. The text is stored.

/// Which of a conversation's timers a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The one that rings while the conversation goes on.
    Near,
    /// The one that closes or forgets it.
    Far,
}

impl Timer {
    const ALL: [Self; 2] = [Self::Near, Self::Far];

    const fn symbol(self) -> &'static str {
        match self {
            Self::Near => "near",
            Self::Far => "far",
        }
    }
}

/// The body of a timer's message: `near <conversation>` or `far <conversation>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ring {
    pub(super) timer: Timer,
    /// The conversation's id, any text.
    pub(super) conversation: String,
}

impl Ring {
    pub(super) fn to_body(&self) -> String {
        format!("{} {}", self.timer.symbol(), self.conversation)
    }

    /// `None` where the text is no timer's.
    pub(super) fn of_body(body: &str) -> Option<Self> {
        let (symbol, conversation) = body.split_once(' ')?;
        let timer = Timer::ALL.into_iter().find(|timer| timer.symbol() == symbol)?;
        Some(Self { timer, conversation: conversation.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::{Ring, Timer};

    #[test]
    fn the_text_on_disk_stays_as_it_is() {
        for (timer, conversation, body) in [
            (Timer::Near, "c-1", "near c-1"),
            (Timer::Far, "c-1", "far c-1"),
            (Timer::Far, "with a space", "far with a space"),
            (Timer::Near, "", "near "),
        ] {
            let ring = Ring { timer, conversation: conversation.to_owned() };
            assert_eq!(ring.to_body(), body);
            assert_eq!(Ring::of_body(body), Some(ring));
        }
        for other in ["", "near", "later c-1", "nearc-1"] {
            assert_eq!(Ring::of_body(other), None, "{other}");
        }
    }
}
