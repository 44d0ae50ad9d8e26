//! Rust source as the rules read it: its paths and its `mod` lines, without comments, strings and guesses at types.

/// One path that the source names: an import, one per leaf of its tree, or a path written in code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathUse {
    /// `std::fs::read` as `["std", "fs", "read"]`.
    pub(crate) segments: Vec<String>,
    /// Counted from 1.
    pub(crate) line: usize,
    /// Whether it stands under `#[cfg(test)]`.
    pub(crate) in_test: bool,
    /// Whether it stands inside a `mod name { ... }` of the same file, where `super` means this file.
    pub(crate) in_inline_mod: bool,
    /// Whether it is a re-export (`pub use`), which is the crate's paved path and no dependency of thought.
    pub(crate) reexport: bool,
}

impl PathUse {
    /// Whether the path has `wanted` (`SystemTime::now`) as a run of whole segments.
    pub(crate) fn names(&self, wanted: &str) -> bool {
        let wanted: Vec<&str> = wanted.split("::").collect();
        self.segments.windows(wanted.len()).any(|run| run.iter().eq(wanted.iter()))
    }
}

/// One `mod name;` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModLine {
    pub(crate) name: String,
    /// The file that `#[path = "..."]` names, where there is one.
    pub(crate) path: Option<String>,
    pub(crate) in_test: bool,
}

/// What the rules need to know of one file.
#[derive(Debug, Default)]
pub(crate) struct Code {
    pub(crate) paths: Vec<PathUse>,
    pub(crate) mods: Vec<ModLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    text: String,
    line: usize,
    in_test: bool,
    in_inline_mod: bool,
}

/// Reads one file.
pub(crate) fn read(source: &str) -> Code {
    let mut tokens = tokens(&blank(source));
    mark_tests(&mut tokens);
    mark_inline_mods(&mut tokens);
    let mut code = Code { paths: Vec::new(), mods: mod_lines(&tokens, source) };
    let mut at = 0;
    while at < tokens.len() {
        at = match text(&tokens, at) {
            "use" => read_use(&tokens, at, &mut code.paths),
            _ => read_path(&tokens, at, &mut code.paths),
        };
    }
    code
}

/// The source with comments and the contents of strings and characters turned into spaces, line for line.
pub(crate) fn blank(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let blank_len = blank_len(&chars, at);
        for &c in chars.iter().skip(at).take(blank_len.max(1)) {
            out.push(if blank_len > 0 && c != '\n' { ' ' } else { c });
        }
        at += blank_len.max(1);
    }
    out
}

/// How many characters from `at` on are comment, string or character literal; 0 where code goes on.
fn blank_len(chars: &[char], at: usize) -> usize {
    let peek = |n: usize| chars.get(at + n).copied().unwrap_or('\0');
    match (peek(0), peek(1)) {
        ('/', '/') => chars.iter().skip(at).take_while(|&&c| c != '\n').count(),
        ('/', '*') => block_comment_len(chars, at),
        ('"', _) => quoted_len(chars, at, '"'),
        ('r', '"' | '#') if !follows_word(chars, at) => raw_string_len(chars, at),
        ('b' | 'c', 'r') if !follows_word(chars, at) && matches!(peek(2), '"' | '#') => {
            1 + raw_string_len(chars, at + 1)
        }
        ('\'', '\\') => quoted_len(chars, at, '\''),
        ('\'', _) if peek(2) == '\'' => 3,
        _ => 0,
    }
}

fn follows_word(chars: &[char], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| chars.get(before)).is_some_and(|&c| is_word(c))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn block_comment_len(chars: &[char], start: usize) -> usize {
    let mut depth = 0usize;
    let mut at = start;
    while at < chars.len() {
        match (chars.get(at), chars.get(at + 1)) {
            (Some('/'), Some('*')) => (depth, at) = (depth + 1, at + 2),
            (Some('*'), Some('/')) => (depth, at) = (depth.saturating_sub(1), at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at - start
}

fn quoted_len(chars: &[char], start: usize, quote: char) -> usize {
    let mut at = start + 1;
    while let Some(&c) = chars.get(at) {
        at += if c == '\\' { 2 } else { 1 };
        if c == quote {
            break;
        }
    }
    at.min(chars.len()) - start
}

/// The length of `r#"..."#` from its `r`; 0 where it is a raw identifier such as `r#type`.
fn raw_string_len(chars: &[char], start: usize) -> usize {
    let hashes = chars.iter().skip(start + 1).take_while(|&&c| c == '#').count();
    if chars.get(start + 1 + hashes) != Some(&'"') {
        return 0;
    }
    let mut at = start + 2 + hashes;
    while at < chars.len() {
        let closes = chars.get(at) == Some(&'"')
            && chars.iter().skip(at + 1).take(hashes).filter(|&&c| c == '#').count() == hashes;
        if closes {
            return at + 1 + hashes - start;
        }
        at += 1;
    }
    chars.len() - start
}

/// Words, `::` and single characters.
fn tokens(blanked: &str) -> Vec<Token> {
    blanked.lines().enumerate().flat_map(|(number, line)| line_tokens(line, number + 1)).collect()
}

fn line_tokens(source: &str, line: usize) -> Vec<Token> {
    let mut out = Vec::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        let mut text = String::from(c);
        if is_word(c) {
            text.extend(std::iter::from_fn(|| chars.next_if(|&c| is_word(c))));
        } else if c == ':' && chars.next_if_eq(&':').is_some() {
            text.push(':');
        } else if c.is_whitespace() {
            continue;
        }
        out.push(Token { text, line, in_test: false, in_inline_mod: false });
    }
    out
}

fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

fn is_name(word: &str) -> bool {
    word.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
}

/// Marks every item that follows a `#[cfg(...)]` which names `test`.
fn mark_tests(tokens: &mut [Token]) {
    for at in 0..tokens.len() {
        let opens = [text(tokens, at), text(tokens, at + 1), text(tokens, at + 2)] == ["#", "[", "cfg"];
        if !opens {
            continue;
        }
        let close = closing(tokens, at + 1);
        let condition: Vec<&str> = tokens.iter().take(close).skip(at).map(|t| t.text.as_str()).collect();
        if !condition.contains(&"test") || condition.contains(&"not") {
            continue;
        }
        let end = item_end(tokens, close + 1);
        for token in tokens.iter_mut().take(end + 1).skip(at) {
            token.in_test = true;
        }
    }
}

fn mark_inline_mods(tokens: &mut [Token]) {
    for at in 0..tokens.len() {
        if text(tokens, at) == "mod" && is_name(text(tokens, at + 1)) && text(tokens, at + 2) == "{" {
            let end = closing(tokens, at + 2);
            for token in tokens.iter_mut().take(end + 1).skip(at) {
                token.in_inline_mod = true;
            }
        }
    }
}

/// Where the bracket that opens at `open` closes; the last token if it never does.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len().saturating_sub(1)
}

/// Where the item that starts at `start` ends: at its `;` or at the brace that closes its body.
fn item_end(tokens: &[Token], start: usize) -> usize {
    let mut at = start;
    while at < tokens.len() {
        match text(tokens, at) {
            ";" => return at,
            "{" => return closing(tokens, at),
            "(" | "[" => at = closing(tokens, at) + 1,
            _ => at += 1,
        }
    }
    tokens.len().saturating_sub(1)
}

fn mod_lines(tokens: &[Token], source: &str) -> Vec<ModLine> {
    let lines: Vec<&str> = source.lines().collect();
    let mut out = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let name = text(tokens, at + 1);
        if token.text == "mod" && is_name(name) && text(tokens, at + 2) == ";" {
            let before = lines.get(token.line.saturating_sub(2)).copied().unwrap_or_default().trim();
            let path = before.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]"));
            out.push(ModLine {
                name: name.to_owned(),
                path: path.map(str::to_owned),
                in_test: token.in_test,
            });
        }
    }
    out
}

/// Reads the path that starts at `at`, if one does; returns where to go on.
fn read_path(tokens: &[Token], at: usize, paths: &mut Vec<PathUse>) -> usize {
    let starts = is_name(text(tokens, at)) && text(tokens, at + 1) == "::";
    if !starts {
        return at + 1;
    }
    let mut segments = vec![text(tokens, at).to_owned()];
    let mut next = at + 1;
    while text(tokens, next) == "::" && is_name(text(tokens, next + 1)) {
        segments.push(text(tokens, next + 1).to_owned());
        next += 2;
    }
    push_path(tokens, at, segments, paths);
    next.max(at + 1)
}

fn push_path(tokens: &[Token], at: usize, segments: Vec<String>, paths: &mut Vec<PathUse>) {
    if let Some(token) = tokens.get(at) {
        paths.push(PathUse {
            segments,
            line: token.line,
            in_test: token.in_test,
            in_inline_mod: token.in_inline_mod,
            reexport: false,
        });
    }
}

/// Reads one `use` tree into a path per leaf; returns where to go on.
fn read_use(tokens: &[Token], at: usize, paths: &mut Vec<PathUse>) -> usize {
    let end = item_end_of_use(tokens, at);
    // `pub use` and `pub(crate) use` alike: the word before, or the bracket before.
    let reexport = at.checked_sub(1).is_some_and(|before| matches!(text(tokens, before), "pub" | ")"));
    let first = paths.len();
    let mut prefix: Vec<String> = Vec::new();
    let mut heights: Vec<usize> = Vec::new();
    let mut next = at + 1;
    let mut renaming = false;
    while next < end {
        match text(tokens, next) {
            "::" => {}
            "{" => heights.push(prefix.len()),
            "}" | "," => {
                if text(tokens, next) == "}" {
                    heights.pop();
                }
                prefix.truncate(heights.last().copied().unwrap_or_default());
                renaming = false;
            }
            "as" => renaming = true,
            word if !renaming => {
                prefix.push(word.to_owned());
                if text(tokens, next + 1) != "::" {
                    push_path(tokens, next, prefix.clone(), paths);
                }
            }
            _ => {}
        }
        next += 1;
    }
    for path in paths.iter_mut().skip(first) {
        path.reexport = reexport;
    }
    end + 1
}

fn item_end_of_use(tokens: &[Token], at: usize) -> usize {
    let rest = tokens.iter().enumerate().skip(at);
    rest.filter(|(_, token)| token.text == ";").map(|(end, _)| end).next().unwrap_or(tokens.len())
}

#[cfg(test)]
mod tests {
    use super::{blank, read};

    fn paths(source: &str) -> Vec<String> {
        read(source).paths.iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn comments_strings_and_characters_are_no_code() {
        let source =
            "let a = \"fs::read\"; // fs::read\n/* x /* fs::y */ */ let c = '\"'; r#\"a\"fs::b\"#; x::y";
        assert_eq!(paths(source), ["x::y"]);
        assert_eq!(blank(source).lines().count(), 2);
    }

    #[test]
    fn a_lifetime_opens_no_string() {
        assert_eq!(paths("fn f<'a>(x: &'a str) { a::b }"), ["a::b"]);
    }

    #[test]
    fn a_use_tree_gives_one_path_per_leaf() {
        let source = "use std::{fs, net::{TcpStream as T, self}, io};\nuse a::B;";
        let wanted =
            ["std::fs", "std::net::TcpStream", "std::net::self", "std::io", "a::B"].map(str::to_owned);
        assert_eq!(paths(source), wanted);
    }

    #[test]
    fn a_path_is_matched_by_whole_segments() {
        let code = read("fn f() { std::time::SystemTime::now(); MySystemTime::now(); }");
        let named: Vec<bool> = code.paths.iter().map(|path| path.names("SystemTime::now")).collect();
        assert_eq!(named, [true, false]);
    }

    #[test]
    fn test_code_and_inline_modules_are_marked() {
        let code =
            read("use a::b;\n#[cfg(test)]\nmod tests { use super::x; }\nuse c::d;\n#[cfg(test)]\nmod more;");
        let marks: Vec<(bool, bool)> = code.paths.iter().map(|p| (p.in_test, p.in_inline_mod)).collect();
        assert_eq!(marks, [(false, false), (true, true), (false, false)]);
        assert!(code.mods.iter().all(|m| m.in_test && m.name == "more"));
    }

    #[test]
    fn a_reexport_is_told_from_an_import() {
        let code = read("pub use a::B;\nuse c::D;");
        assert_eq!(code.paths.iter().map(|p| p.reexport).collect::<Vec<_>>(), [true, false]);
    }
}
