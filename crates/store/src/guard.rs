//! The boundary to the storage engine: where a damaged page makes it panic, its callers get words instead.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `act`; a panic in it becomes its message.
///
/// What `act` has changed before it panicked must not be used again: callers give the reader up, or stop the store.
pub(crate) fn guarded<T>(act: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|payload| {
        let words = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&'static str>().copied());
        format!("a panic: {}", words.unwrap_or("without a message"))
    })
}

/// As [`guarded`], for an engine's call that can also fail in words.
pub(crate) fn engine<T, E: std::fmt::Display>(act: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    guarded(act)?.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{engine, guarded};

    #[test]
    fn a_panic_becomes_its_words() {
        assert_eq!(guarded(|| 7), Ok(7));
        assert_eq!(guarded(|| -> u8 { panic!("page {}", 3) }), Err("a panic: page 3".to_owned()));
        assert_eq!(engine(|| Err::<u8, _>("torn")), Err("torn".to_owned()));
        assert_eq!(engine(|| -> Result<u8, String> { panic!("odd") }), Err("a panic: odd".to_owned()));
    }
}
