//! A place in a text that is read character by character.

/// What is left of a text.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Takes one character.
    pub(crate) fn bump(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let taken = chars.next();
        self.rest = chars.as_str();
        taken
    }

    /// Takes `prefix` if it stands here.
    pub(crate) fn eat(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes characters as long as they are of a kind.
    pub(crate) fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let length = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    pub(crate) fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Takes what stands before the first character that `ends`, outside quotes and brackets.
    ///
    /// `None` where a quote or a bracket stays open.
    pub(crate) fn take_balanced(&mut self, ends: impl Fn(char) -> bool) -> Option<&'a str> {
        let mut open = Vec::new();
        let mut quote = None;
        let mut is_escaped = false;
        for (at, c) in self.rest.char_indices() {
            if let Some(mark) = quote {
                if !is_escaped && c == mark {
                    quote = None;
                }
                is_escaped = !is_escaped && c == '\\';
                continue;
            }
            if open.is_empty() && ends(c) {
                let (taken, rest) = self.rest.split_at_checked(at)?;
                self.rest = rest;
                return Some(taken);
            }
            match c {
                '\'' | '"' => quote = Some(c),
                '(' => open.push(')'),
                '[' => open.push(']'),
                '{' => open.push('}'),
                ')' | ']' | '}' if open.pop() != Some(c) => return None,
                _ => {}
            }
        }
        if quote.is_some() || !open.is_empty() {
            return None;
        }
        Some(std::mem::take(&mut self.rest))
    }
}
