//! A number of the event, read once however many rules ask.

use std::cell::Cell;

use crate::scan::literal;

/// What is known of a number so far: reading it is work, and finding out whether it can be compared is more.
#[derive(Debug, Clone, Default)]
pub(crate) struct NumberMemo {
    value: Cell<Option<f64>>,
    comparable: Cell<Option<bool>>,
}

/// A number of the event, read as far as somebody asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number<'a> {
    text: &'a [u8],
    memo: &'a NumberMemo,
}

impl<'a> Number<'a> {
    /// The number that `text`, the bytes of a JSON number, writes, with what was learnt of it before.
    #[inline]
    pub(crate) fn new(text: &'a [u8], memo: &'a NumberMemo) -> Number<'a> {
        Number { text, memo }
    }

    /// As it is written.
    #[inline]
    pub(crate) fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The nearest double, whether or not the number can be compared.
    #[inline]
    pub(crate) fn nearest(&self) -> f64 {
        if let Some(known) = self.memo.value.get() {
            return known;
        }
        let value =
            self.digits().parse().map_or(f64::NAN, |value: f64| if value == 0.0 { 0.0 } else { value });
        self.memo.value.set(Some(value));
        value
    }

    /// Whether its double is one of those that `accepts` answers true for, and the number can be compared.
    #[inline]
    pub(crate) fn is(&self, accepts: impl FnOnce(f64) -> bool) -> bool {
        accepts(self.nearest()) && self.is_comparable()
    }

    /// Digits, signs and points are ASCII.
    fn digits(&self) -> &'a str {
        std::str::from_utf8(self.text).unwrap_or_default()
    }

    fn is_comparable(&self) -> bool {
        if let Some(known) = self.memo.comparable.get() {
            return known;
        }
        let comparable = literal::is_comparable(self.digits(), self.nearest());
        self.memo.comparable.set(Some(comparable));
        comparable
    }
}
