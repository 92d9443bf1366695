//! Exact counts of bytes: each thread counts what it takes and gives, so that counting needs no locked instruction, and the counts
//! are added up when somebody asks. A block that one thread takes and another gives back counts up here and down there.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicIsize, Ordering::Relaxed},
};

/// What one thread has counted; only that thread writes it.
#[derive(Default)]
struct Counts {
    live: AtomicIsize,
    cached: AtomicIsize,
}

/// The counts of all threads that run.
static THREADS: Mutex<Vec<Arc<Counts>>> = Mutex::new(Vec::new());
/// What threads that have ended counted as live, and what is counted while a thread ends.
static LIVE_ELSEWHERE: AtomicIsize = AtomicIsize::new(0);

/// The counter of the thread that made it.
pub(super) struct Counter(Arc<Counts>);

impl Counter {
    pub(super) fn new() -> Self {
        let counts = Arc::new(Counts::default());
        THREADS.lock().unwrap_or_else(PoisonError::into_inner).push(counts.clone());
        Counter(counts)
    }

    pub(super) fn add_live(&self, bytes: isize) {
        // A load and a store, not a locked addition: no other thread writes here.
        self.0.live.store(self.0.live.load(Relaxed) + bytes, Relaxed);
    }

    pub(super) fn set_cached(&self, bytes: usize) {
        self.0.cached.store(bytes as isize, Relaxed);
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        LIVE_ELSEWHERE.fetch_add(self.0.live.load(Relaxed), Relaxed);
        threads.retain(|counts| !Arc::ptr_eq(counts, &self.0));
    }
}

/// Counts for a thread that has no counter any more.
pub(super) fn add_live_elsewhere(bytes: isize) {
    LIVE_ELSEWHERE.fetch_add(bytes, Relaxed);
}

/// Bytes of live blocks.
pub(super) fn live() -> usize {
    let threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    let sum: isize = threads.iter().map(|counts| counts.live.load(Relaxed)).sum();
    // While other threads work the sum may catch one half of a hand-over, and be off by that block.
    usize::try_from(sum + LIVE_ELSEWHERE.load(Relaxed)).unwrap_or(0)
}

/// Bytes of blocks on the free lists of threads.
pub(super) fn cached_by_threads() -> usize {
    let threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    threads.iter().map(|counts| counts.cached.load(Relaxed) as usize).sum()
}
