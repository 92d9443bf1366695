//! The system's allocator, with a count of the large blocks that it is asked for.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// From here on an allocator gives memory back to the system, sooner or later, and takes it anew, page by page.
const LARGE: usize = 64 * 1024;

struct Counting;

static LARGE_BLOCKS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many blocks of 64 KiB or more the process has asked for.
pub(crate) fn large_blocks() -> usize {
    LARGE_BLOCKS.load(Relaxed)
}

fn count(layout: Layout) {
    if layout.size() >= LARGE {
        LARGE_BLOCKS.fetch_add(1, Relaxed);
    }
}

// SAFETY: each call is the system allocator's, with the same arguments; counting neither allocates nor panics. A block that grows is,
// by the trait's own `realloc`, a new one.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout);
        // SAFETY: the caller keeps the same contract with this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout);
        // SAFETY: the caller keeps the same contract with this function.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block came from `alloc` above, which is the system's.
        unsafe { System.dealloc(block, layout) }
    }
}
