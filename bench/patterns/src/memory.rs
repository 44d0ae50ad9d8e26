//! Counts the bytes that are allocated, so that memory per rule is measured and not guessed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};

pub struct Counting;

static BYTES: AtomicIsize = AtomicIsize::new(0);

// SAFETY: every call is handed to the system's allocator as it came; the count beside it touches no memory of the caller.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as the caller promised for this call.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as the caller promised for this call.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Bytes asked for and not yet given back. What the system's allocator adds (8 bytes a piece and rounding up to 16) is
/// not in it.
pub fn allocated() -> isize {
    BYTES.load(Ordering::Relaxed)
}
