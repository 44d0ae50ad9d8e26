//! `cidr`, and addresses as plain strings: IP addresses, version 4 and 6.

/// A range of IP addresses, as AWS's engine keeps it: two bounds of hexadecimal digits.
///
/// An address of the event is written in 8 or 32 digits and walked along the bounds; it is inside as soon as a digit
/// lies between them. That is the usual order within one version, and has an effect across versions that AWS's engine
/// shows too: `::/0` accepts `1.2.3.4` (event-ruler, `CIDR` and `ByteMachine.addRangePattern`).
///
/// ```
/// let pattern = pattern::EventPattern::parse(r#"{"ip": [{"cidr": "10.0.0.0/24"}]}"#).unwrap();
/// assert!(pattern.matches(br#"{"ip": "10.0.0.255"}"#).unwrap());
/// assert!(!pattern.matches(br#"{"ip": "10.0.1.0"}"#).unwrap());
///
/// // A plain string that reads as an address accepts every spelling of it.
/// let plain = pattern::EventPattern::parse(r#"{"ip": ["::1"]}"#).unwrap();
/// assert!(plain.matches(br#"{"ip": "0:0:0:0:0:0:0:1"}"#).unwrap());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRange {
    /// Digits 0 to 15, as many as `top`.
    bottom: Vec<u8>,
    top: Vec<u8>,
    bottom_closed: bool,
    top_closed: bool,
}

/// Why a text is no block of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidCidr {
    /// Not `address/bits`.
    Slash,
    /// The bits are no integer.
    BitsNoInteger,
    /// The bits are below zero.
    BitsNegative,
    /// More than 31 bits, version 4.
    BitsBeyond32,
    /// More than 127 bits, version 6.
    BitsBeyond128,
    /// It looks like an address and is none.
    InvalidAddress(String),
    /// It does not even look like one.
    NonstandardAddress(String),
}

impl InvalidCidr {
    /// AWS's words for it.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            InvalidCidr::Slash => "Malformed CIDR, one '/' required".to_owned(),
            InvalidCidr::BitsNoInteger => "Malformed CIDR, mask bits must be an integer".to_owned(),
            InvalidCidr::BitsNegative => "Malformed CIDR, mask bits must not be negative".to_owned(),
            InvalidCidr::BitsBeyond32 => "IPv4 mask bits must be < 32".to_owned(),
            InvalidCidr::BitsBeyond128 => "IPv6 mask bits must be < 128".to_owned(),
            InvalidCidr::InvalidAddress(text) => format!("Invalid IP address: {text}"),
            InvalidCidr::NonstandardAddress(text) => format!("Nonstandard IP address: {text}"),
        }
    }
}

impl AddressRange {
    /// The addresses of a block; the address named may be any of it.
    ///
    /// # Errors
    /// [`InvalidCidr`]. As in AWS `/32` and `/128` are invalid, and a trailing `/` is not.
    pub fn cidr(text: &str) -> Result<AddressRange, InvalidCidr> {
        let mut parts: Vec<&str> = text.split('/').collect();
        while parts.len() > 1 && parts.last() == Some(&"") {
            parts.pop();
        }
        let [address, bits] = parts.as_slice() else { return Err(InvalidCidr::Slash) };
        let bits: i32 = bits.parse().map_err(|_| InvalidCidr::BitsNoInteger)?;
        let bits = usize::try_from(bits).map_err(|_| InvalidCidr::BitsNegative)?;
        if !looks_like_v4(address) && !looks_like_v6(address) {
            return Err(InvalidCidr::NonstandardAddress((*address).to_owned()));
        }
        let bottom = digits(address).ok_or_else(|| InvalidCidr::InvalidAddress((*address).to_owned()))?;
        if bits >= bottom.len() * 4 {
            return Err(if bottom.len() == 8 {
                InvalidCidr::BitsBeyond32
            } else {
                InvalidCidr::BitsBeyond128
            });
        }
        // Of each digit's four bits the mask frees some.
        let free = |i: usize| 0xf_u8 >> bits.saturating_sub(i * 4).min(4);
        let top = bottom.iter().enumerate().map(|(i, digit)| digit | free(i)).collect();
        let bottom = bottom.iter().enumerate().map(|(i, digit)| digit & !free(i)).collect();
        Ok(AddressRange { bottom, top, bottom_closed: true, top_closed: true })
    }

    /// The one address that `text` spells; `None` if it spells none.
    #[must_use]
    pub fn exactly(text: &str) -> Option<AddressRange> {
        let digits = digits(text)?;
        let (mut bottom, mut top) = (digits.clone(), digits);
        let last = top.last().copied()?;
        // A range must have two ends, so one of them is the next address and does not belong to it.
        let open_top = last < 0xf;
        match (open_top, bottom.last_mut(), top.last_mut()) {
            (true, _, Some(digit)) => *digit = last + 1,
            (false, Some(digit), _) => *digit = last - 1,
            _ => return None,
        }
        Some(AddressRange { bottom, top, bottom_closed: open_top, top_closed: !open_top })
    }

    /// The first digits that every address of this range has.
    pub(crate) fn common_digits(&self) -> &[u8] {
        let common = self.bottom.iter().zip(&self.top).take_while(|(bottom, top)| bottom == top).count();
        self.bottom.get(..common).unwrap_or_default()
    }

    /// Whether a string, of which these are the bytes, spells an address of this range.
    #[must_use]
    pub fn contains_text(&self, text: &[u8]) -> bool {
        let digits = std::str::from_utf8(text).ok().and_then(digits);
        digits.is_some_and(|digits| self.contains(&digits))
    }

    /// Whether an address, in [`digits`], is one of this range.
    #[must_use]
    pub fn contains(&self, address: &[u8]) -> bool {
        let (mut on_bottom, mut on_top) = (true, true);
        let length = self.bottom.len();
        for (i, ((digit, bottom), top)) in address.iter().zip(&self.bottom).zip(&self.top).enumerate() {
            if (on_bottom && digit < bottom) || (on_top && digit > top) {
                return false;
            }
            on_bottom &= digit == bottom;
            on_top &= digit == top;
            if !on_bottom && !on_top {
                return true;
            }
            if i + 1 == length {
                return (!on_bottom || self.bottom_closed) && (!on_top || self.top_closed);
            }
        }
        false
    }
}

/// The digits, 0 to 15, of the address that `text` spells: 8 or 32 of them; `None` if it spells none.
///
/// The spellings are those of Java's `InetAddress`: octets are decimal with any zeros before them up to 15 characters
/// in all, version 6 without dots, and a version 4 address mapped into version 6 counts as version 4.
#[must_use]
pub fn digits(text: &str) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = if looks_like_v4(text) {
        v4(text)?.to_vec()
    } else if looks_like_v6(text) {
        let bytes = v6(text)?;
        match bytes.as_slice() {
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, mapped @ ..] => mapped.to_vec(),
            _ => bytes,
        }
    } else {
        return None;
    };
    Some(bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).collect())
}

fn looks_like_v4(text: &str) -> bool {
    text.split('.').count() == 4
        && text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn looks_like_v6(text: &str) -> bool {
    text.contains(':') && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b':')
}

fn v4(text: &str) -> Option<[u8; 4]> {
    if text.len() > 15 {
        return None;
    }
    let mut octets = text.split('.').map(|part| part.parse::<u8>().ok());
    Some([octets.next()??, octets.next()??, octets.next()??, octets.next()??])
}

/// Eight groups, or fewer around one `::`.
fn v6(text: &str) -> Option<Vec<u8>> {
    let (head, tail) = match text.split_once("::") {
        Some((_, tail)) if tail.contains("::") || tail.starts_with(':') => return None,
        Some((head, tail)) => (groups(head)?, Some(groups(tail)?)),
        None => (groups(text)?, None),
    };
    let Some(tail) = tail else {
        return (head.len() == 16).then_some(head);
    };
    let missing = 16_usize.checked_sub(head.len() + tail.len()).filter(|missing| *missing > 0)?;
    let zeros = std::iter::repeat_n(0, missing);
    Some(head.into_iter().chain(zeros).chain(tail).collect())
}

/// The bytes of groups that colons separate; none for the empty text.
fn groups(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() {
        return Some(vec![]);
    }
    let mut bytes = vec![];
    for group in text.split(':') {
        let significant = group.trim_start_matches('0');
        if group.is_empty() || significant.len() > 4 {
            return None;
        }
        let value = u16::from_str_radix(group.get(group.len() - significant.len().max(1)..)?, 16).ok()?;
        bytes.extend(value.to_be_bytes());
    }
    Some(bytes)
}
