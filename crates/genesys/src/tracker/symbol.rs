//! Small storage for the ids and enumeration values of a conversation: each once, UUIDs as 16 bytes.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// Values that Genesys sends often. Their positions are stored: append only.
const KNOWN: [&str; 48] = [
    "VOICE",
    "CHAT",
    "EMAIL",
    "CALLBACK",
    "COBROWSE",
    "VIDEO",
    "SCREENSHARE",
    "MESSAGE",
    "INTERNALMESSAGE",
    "UNKNOWN",
    "INBOUND",
    "OUTBOUND",
    "ENDPOINT",
    "CLIENT",
    "SYSTEM",
    "TRANSFER",
    "ERROR",
    "PEER",
    "OTHER",
    "SPAM",
    "TIMEOUT",
    "TRANSPORT_FAILURE",
    "CONFERENCE_TRANSFER",
    "CONSULT_TRANSFER",
    "FORWARD_TRANSFER",
    "NO_ANSWER_TRANSFER",
    "NOT_AVAILABLE_TRANSFER",
    "UNCALLABLE",
    "DND_ENDPOINT",
    "DND_TRANSFER",
    "INACTIVITY",
    "SESSION_EXPIRED",
    "TAKEOVER",
    "ABANDON",
    "ANSWERED",
    "FLOW_OUT",
    "ININ-WRAP-UP-TIMEOUT",
    "INBOUNDCALL",
    "INQUEUECALL",
    "OUTBOUNDCALL",
    "INBOUNDCHAT",
    "INBOUNDEMAIL",
    "INQUEUEEMAIL",
    "INBOUNDSHORTMESSAGE",
    "INQUEUESHORTMESSAGE",
    "SURVEYINVITE",
    "BOT",
    "VOICEMAIL",
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Symbol {
    Uuid([u8; 16]),
    Known(u8),
    Text(Box<str>),
}

impl Symbol {
    pub(super) fn new(text: &str) -> Self {
        if let Some(uuid) = uuid(text) {
            return Self::Uuid(uuid);
        }
        match KNOWN.iter().position(|known| *known == text).and_then(|at| u8::try_from(at).ok()) {
            Some(at) => Self::Known(at),
            None => Self::Text(text.into()),
        }
    }

    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Uuid(bytes) => Cow::Owned(hyphenated(bytes)),
            Self::Known(at) => Cow::Borrowed(KNOWN.get(usize::from(*at)).copied().unwrap_or_default()),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}

/// An index into a conversation's [`Symbols`]; the default is "absent".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Ref(u16);

impl Ref {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn is_some(self) -> bool {
        self != Self::NONE
    }
}

/// Every symbol that the facts of one conversation use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Symbols(Vec<Symbol>);

impl Symbols {
    /// The symbol of a text, which is added where it is new. An empty text is absent (`username: {"id": ""}` occurs).
    pub(super) fn intern(&mut self, text: Option<&str>) -> Ref {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ref::NONE;
        };
        let symbol = Symbol::new(text);
        let at = self.0.iter().position(|known| *known == symbol).unwrap_or_else(|| {
            if self.0.len() == self.0.capacity() {
                // By small steps: a million of these are open at once.
                self.0.reserve_exact(2);
            }
            self.0.push(symbol);
            self.0.len() - 1
        });
        // INVARIANT: a conversation has at most FACTS_MAX facts of 8 symbols each, which a u16 can count.
        Ref(u16::try_from(at + 1).unwrap_or_default())
    }

    pub(super) fn text(&self, at: Ref) -> Option<Cow<'_, str>> {
        self.0.get(usize::from(at.0).checked_sub(1)?).map(Symbol::text)
    }

    /// The text, with "absent" as the empty text: for comparisons.
    pub(super) fn or_empty(&self, at: Ref) -> Cow<'_, str> {
        self.text(at).unwrap_or_default()
    }

    pub(super) fn is(&self, at: Ref, text: &str) -> bool {
        self.text(at).is_some_and(|known| known == text)
    }
}

/// The bytes of a UUID in its canonical form; any other spelling must come back as it was, so it stays a text.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    let mut digits = 0;
    for (at, byte) in text.bytes().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        let slot = bytes.get_mut(digits / 2)?;
        *slot = *slot << 4 | digit;
        digits += 1;
    }
    (digits == 32).then_some(bytes)
}

/// A UUID as people write it.
pub(super) fn hyphenated(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let written = write!(text, "{byte:02x}");
        debug_assert!(written.is_ok(), "writing into a String cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, Symbol, Symbols};

    #[test]
    fn every_spelling_comes_back_as_it_was() {
        let uuid = "2f7bf00a-0fc2-4d6a-9b56-92238191433e";
        assert!(matches!(Symbol::new(uuid), Symbol::Uuid(_)));
        for text in [uuid, &uuid.to_uppercase(), "test-session-id", "VOICE", "Voice", &"a".repeat(36), "é"] {
            assert_eq!(Symbol::new(text).text(), text);
        }
        for known in KNOWN {
            assert!(matches!(Symbol::new(known), Symbol::Known(_)), "{known} is listed twice or is a UUID");
        }
    }

    #[test]
    fn a_text_is_kept_once_and_an_empty_one_is_absent() {
        let mut symbols = Symbols::default();
        let voice = symbols.intern(Some("VOICE"));
        assert_eq!(symbols.intern(Some("VOICE")), voice);
        assert!(symbols.is(voice, "VOICE"));
        assert!(!symbols.intern(Some("")).is_some());
    }
}
