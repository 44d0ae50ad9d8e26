//! The last keys of the paths that rules name, where they are few: whether a value that a rule wants can come again in
//! the rest of an event is a search for them.
//!
//! `EventBridge` counts every value of a repeated key, so a walk that has seen all that is wanted may only stop where no key
//! that leads to a wanted value comes again. Whatever way leads to one, nested keys or keys with dots, its last key ends
//! with the last key of the path. Looking for those goes at the speed of memory; walking on does not.

use memchr::memmem::Finder;

/// More paths than this are not looked for: each is a search of its own.
const PATHS_MAX: usize = 8;

/// What to look for, for each path that some rule names.
#[derive(Debug)]
pub(crate) struct LastKeys {
    /// How many paths there are.
    paths: usize,
    /// Each different last key, with the quotation mark that ends it.
    finders: Vec<Finder<'static>>,
}

impl LastKeys {
    /// For `paths`, their keys joined with dots; `None` where they are too many, or none.
    pub(crate) fn of<'p>(paths: impl ExactSizeIterator<Item = &'p str>) -> Option<LastKeys> {
        let count = paths.len();
        if count == 0 || count > PATHS_MAX {
            return None;
        }
        let mut ends: Vec<String> =
            paths.map(|path| format!("{}\"", path.rsplit('.').next().unwrap_or(path))).collect();
        ends.sort_unstable();
        ends.dedup();
        let finders = ends.iter().map(|end| Finder::new(end).into_owned()).collect();
        Some(LastKeys { paths: count, finders })
    }

    /// How many paths there are.
    pub(crate) fn paths(&self) -> usize {
        self.paths
    }

    /// Whether a key in `rest`, which ends an event from the outside of a string on, may lead to a wanted value. A key
    /// with an escape may be any.
    pub(crate) fn may_come(&self, rest: &[u8]) -> bool {
        memchr::memchr(b'\\', rest).is_some() || self.finders.iter().any(|finder| comes_as_key(finder, rest))
    }
}

/// Whether what `finder` looks for ends a key in `rest`: a string that a colon follows.
fn comes_as_key(finder: &Finder<'_>, rest: &[u8]) -> bool {
    let length = finder.needle().len();
    finder.find_iter(rest).any(|at| {
        let after = rest.get(at + length..).unwrap_or_default().trim_ascii_start();
        after.first() == Some(&b':')
    })
}

#[cfg(test)]
mod tests {
    use super::LastKeys;

    #[test]
    fn only_keys_that_end_alike_may_come() {
        let keys = LastKeys::of(["detail.queue.id", "source", "detail.other.id"].into_iter()).unwrap();
        assert_eq!(keys.paths(), 3);
        for rest in [
            r#","id":1}"#,
            r#","queue.id" : 1}"#,
            ",\"source\"\n:1}",
            r#","a":["source"],"id":2}"#,
            r#","\u0069d":1}"#,
            r#","a":"\n"}"#,
            r#","paid":1}"#,
        ] {
            assert!(keys.may_come(rest.as_bytes()), "{rest}");
        }
        for rest in ["}", r#","ids":1}"#, r#","a":"source","b":["id","paid"]}"#, r#","id "#, r#","Id":1}"#] {
            assert!(!keys.may_come(rest.as_bytes()), "{rest}");
        }
    }

    #[test]
    fn many_paths_are_not_looked_for() {
        let paths: Vec<String> = (0..9).map(|n| format!("a.k{n}")).collect();
        assert!(LastKeys::of(paths.iter().map(String::as_str)).is_none());
        assert!(LastKeys::of(paths.iter().take(8).map(String::as_str)).is_some());
        assert!(LastKeys::of([].into_iter()).is_none());
    }
}
