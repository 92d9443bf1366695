//! Where blocks come from and go to: size classes, a free list per thread and a shared one, and exact counts.

use super::count::{self, Counter};
use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    cell::RefCell,
    ptr::NonNull,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A block's size class: powers of two in four steps each (64, 80, 96, 112, 128, 160, ..), so that at most a fifth is wasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(u16);

const SMALLEST: usize = 64;
const STEPS: usize = 4;
/// Blocks up to this size are kept per thread, without a lock; above it a lock costs nothing beside touching the data.
const THREAD_LIMIT: usize = 64 * 1024;
/// How many bytes of blocks a thread keeps before it gives further ones to the shared list.
pub(super) const THREAD_CACHE: usize = 4 * 1024 * 1024;
/// What the shared list may always hold, so that small programs need not reach a peak first.
const SHARED_FLOOR: usize = 64 * 1024 * 1024;
/// Blocks from this size ask for huge pages: 2 MiB is their size on the processors that have them.
const HUGE_PAGE: usize = 2 * 1024 * 1024;
const CLASSES: usize = (usize::BITS as usize) * STEPS;
/// Blocks are aligned to a cache line, which is also the width of the widest vector register.
const ALIGN: usize = 64;

impl Class {
    /// The smallest class that holds `bytes`.
    fn holding(bytes: usize) -> Class {
        let bytes = bytes.max(SMALLEST);
        // 2^power <= bytes, and the step counts quarters of 2^power above it.
        let power = bytes.ilog2() as usize;
        let quarter = (1usize << power) / STEPS;
        let step = (bytes - (1 << power)).div_ceil(quarter);
        Class(((power - SMALLEST.ilog2() as usize) * STEPS + step) as u16)
    }

    /// Bytes of data that a block of this class holds.
    fn capacity(self) -> usize {
        let (power, step) = (usize::from(self.0) / STEPS, usize::from(self.0) % STEPS);
        let base = SMALLEST << power;
        base + step * (base / STEPS)
    }

    /// Bytes of the whole block.
    fn block_size(self) -> usize {
        super::DATA_OFFSET + self.capacity()
    }
}

/// The most bytes that were live when a large block was taken.
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// Bytes in blocks that tensors hold now: an exact count, of this process, while no other thread makes or drops tensors.
///
/// ```
/// use cotangent_tensor::{DType, Tensor, memory::live_bytes};
/// let before = live_bytes();
/// let x = Tensor::from(vec![1.0f32; 1024]);
/// assert!(live_bytes() >= before + 4096);
/// # drop(x);
/// ```
#[must_use]
pub fn live_bytes() -> usize {
    count::live()
}

/// Bytes in blocks that wait on free lists to be used again; without the memory for handles, of which a thread keeps at most 4 MiB.
#[must_use]
pub fn cached_bytes() -> usize {
    count::cached_by_threads() + shared().bytes
}

/// Returns the blocks of the shared free list and of this thread's to the system, and this thread's memory for handles.
pub fn trim() {
    let _ = LOCAL.try_with(|local| {
        local.lists.borrow_mut().clear();
        local.counter.set_cached(0);
    });
    super::counted::trim();
    shared().clear();
}

/// Free blocks by class.
struct FreeLists {
    lists: Vec<Vec<NonNull<u8>>>,
    bytes: usize,
}

// SAFETY: the blocks on a free list are owned by it alone; a pointer to memory may be used from any thread.
unsafe impl Send for FreeLists {}

impl FreeLists {
    const fn new() -> Self {
        FreeLists { lists: Vec::new(), bytes: 0 }
    }

    fn pop(&mut self, class: Class) -> Option<NonNull<u8>> {
        let block = self.lists.get_mut(usize::from(class.0))?.pop()?;
        self.bytes -= class.capacity();
        Some(block)
    }

    fn push(&mut self, block: NonNull<u8>, class: Class) {
        if self.lists.is_empty() {
            self.lists.resize_with(CLASSES, Vec::new);
        }
        self.lists[usize::from(class.0)].push(block);
        self.bytes += class.capacity();
    }

    /// Returns blocks of other classes to the system, the largest first, until this one more fits under `limit`: sizes that are in
    /// use now displace those of a phase that is over. Says whether it fits.
    fn make_room(&mut self, class: Class, limit: usize) -> bool {
        for other in (0..self.lists.len()).rev().map(|other| Class(other as u16)).filter(|&other| other != class) {
            while self.bytes + class.capacity() > limit {
                let Some(block) = self.pop(other) else { break };
                // SAFETY: the block was pushed under this class by `give`, whose caller gave up every reference.
                unsafe { to_system(block, other) };
            }
        }
        self.bytes + class.capacity() <= limit
    }

    fn clear(&mut self) {
        for class in 0..self.lists.len() {
            let class = Class(class as u16);
            while let Some(block) = self.pop(class) {
                // SAFETY: the block was pushed under this class by `give`, whose caller gave up every reference.
                unsafe { to_system(block, class) };
            }
        }
    }
}

impl Drop for FreeLists {
    fn drop(&mut self) {
        self.clear();
    }
}

static SHARED: Mutex<FreeLists> = Mutex::new(FreeLists::new());

fn shared() -> MutexGuard<'static, FreeLists> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a thread keeps to itself.
struct Local {
    lists: RefCell<FreeLists>,
    counter: Counter,
}

thread_local! {
    static LOCAL: Local = Local { lists: RefCell::new(FreeLists::new()), counter: Counter::new() };
}

/// A block with room for `bytes` bytes of data, aligned to 64, its class beside it.
///
/// # Panics
/// When the system has no memory for it.
pub(super) fn take(bytes: usize) -> (NonNull<u8>, Class) {
    let class = Class::holding(bytes);
    let capacity = class.capacity();
    let recycled = LOCAL.try_with(|local| {
        local.counter.add_live(capacity as isize);
        if capacity > THREAD_LIMIT {
            return None;
        }
        let mut lists = local.lists.borrow_mut();
        let block = lists.pop(class);
        local.counter.set_cached(lists.bytes);
        block
    });
    // A thread that is ending has no lists any more; it goes to the shared ones.
    let recycled = recycled.unwrap_or_else(|_| {
        count::add_live_elsewhere(capacity as isize);
        None
    });
    let block = recycled.or_else(|| shared().pop(class)).or_else(|| from_system(class)).or_else(|| {
        // What is kept for reuse may be what the system lacks.
        trim();
        from_system(class)
    });
    let block = block.unwrap_or_else(|| refuse(bytes, class));
    if capacity > THREAD_LIMIT {
        // The peak decides only how much large memory may be kept, so that small blocks need not keep it exact.
        PEAK.fetch_max(count::live(), Ordering::Relaxed);
    }
    (block, class)
}

/// Ends a `take` for which there is no memory. Sizes come from the user's shapes, so that one which is too large is an error like
/// another, and does not end the process.
#[cold]
fn refuse(bytes: usize, class: Class) -> ! {
    let counted = -(class.capacity() as isize);
    if LOCAL.try_with(|local| local.counter.add_live(counted)).is_err() {
        count::add_live_elsewhere(counted);
    }
    panic!("the system has no memory for a tensor of {bytes} bytes")
}

/// Takes a block back.
///
/// # Safety
/// `block` came from `take` with this class, and nothing refers to it any more.
pub(super) unsafe fn give(block: NonNull<u8>, class: Class) {
    let capacity = class.capacity();
    let kept = LOCAL.try_with(|local| {
        local.counter.add_live(-(capacity as isize));
        let mut lists = local.lists.borrow_mut();
        let room = capacity <= THREAD_LIMIT && lists.bytes + capacity <= THREAD_CACHE;
        if room {
            lists.push(block, class);
            local.counter.set_cached(lists.bytes);
        }
        room
    });
    let kept = kept.unwrap_or_else(|_| {
        count::add_live_elsewhere(-(capacity as isize));
        false
    });
    if kept {
        return;
    }
    // A quarter more than the peak: blocks of several sizes are not live all at once, and one that is returned for want of room
    // is asked for again in the next step.
    let peak = PEAK.load(Ordering::Relaxed);
    let limit = peak.saturating_add(peak / 4).max(SHARED_FLOOR);
    let mut shared = shared();
    if shared.make_room(class, limit) {
        shared.push(block, class);
    } else {
        drop(shared);
        // SAFETY: as this function's own contract says.
        unsafe { to_system(block, class) };
    }
}

fn system_layout(class: Class) -> Layout {
    // Asking the system for an alignment beyond 16 would make it clear the memory by hand; so a little more is
    // asked for, and the block is placed at the first multiple of 64 that leaves room to note where it began.
    Layout::from_size_align(class.block_size() + ALIGN, align_of::<usize>())
        .expect("checked when the buffer was asked for")
}

/// A fresh block of zeroed bytes, or `None` where the system refuses.
fn from_system(class: Class) -> Option<NonNull<u8>> {
    let layout = system_layout(class);
    // SAFETY: the layout is not empty.
    let start = unsafe { alloc_zeroed(layout) };
    if start.is_null() {
        return None;
    }
    // At least size_of::<usize>() bytes lie in front of the block: the allocator aligns to usize, so that the distance to
    // the next multiple of 64 above `start` is between 8 and 64.
    let shift = ALIGN - (start as usize % ALIGN);
    // SAFETY: shift <= 64, and the layout has 64 bytes more than the block needs.
    let block = unsafe { start.add(shift) };
    advise_huge_pages(block, class.block_size());
    // SAFETY: the word in front of the block lies within the allocation, since shift >= size_of::<usize>(), is aligned
    // because the block is aligned to 64, and is not part of the block.
    unsafe { block.cast::<*mut u8>().sub(1).write(start) };
    NonNull::new(block)
}

/// Returns a block to the system.
///
/// # Safety
/// `block` came from `from_system` with this class, and nothing refers to it any more.
unsafe fn to_system(block: NonNull<u8>, class: Class) {
    // SAFETY: `from_system` wrote the allocation's start in front of the block, and blocks never overlap.
    let start = unsafe { block.as_ptr().cast::<*mut u8>().sub(1).read() };
    // SAFETY: `start` was allocated with this layout and is freed once, by the contract above.
    unsafe { dealloc(start, system_layout(class)) };
}

/// Asks for huge pages over the aligned part of a large block, before it is touched for the first time.
#[cfg(all(target_os = "linux", not(miri)))]
fn advise_huge_pages(block: *mut u8, bytes: usize) {
    let skip = block.align_offset(HUGE_PAGE);
    if let Some(inside) = bytes.checked_sub(skip).map(|rest| rest / HUGE_PAGE * HUGE_PAGE).filter(|&inside| inside > 0)
    {
        // SAFETY: the range lies within the block; the advice changes how it is paged, not what it holds, and a kernel
        // that does not know it returns an error that can be ignored.
        unsafe { libc::madvise(block.add(skip).cast(), inside, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn advise_huge_pages(_block: *mut u8, _bytes: usize) {
    let _ = HUGE_PAGE;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_what_they_are_asked_and_waste_at_most_a_quarter() {
        for bytes in (0..5000).chain([1 << 20, (1 << 20) + 1, 3 << 30, 1 << 40]) {
            let capacity = Class::holding(bytes).capacity();
            assert!(capacity >= bytes && (bytes < SMALLEST || capacity <= bytes + bytes / 4), "{bytes} {capacity}");
            assert_eq!(Class::holding(capacity).capacity(), capacity);
        }
    }

    #[test]
    fn a_block_is_aligned_zeroed_when_fresh_and_used_again() {
        for bytes in [1, 64, 100, 5000, 1 << 20, 5 << 20] {
            let (block, class) = take(bytes);
            assert_eq!(block.as_ptr() as usize % ALIGN, 0);
            // SAFETY: taken above and given back once.
            unsafe { give(block, class) };
            if class.capacity() <= THREAD_LIMIT {
                let (again, class) = take(bytes);
                assert_eq!(again, block);
                // SAFETY: taken above and given back once.
                unsafe { give(again, class) };
            }
        }
    }

    #[test]
    fn sizes_in_use_displace_those_of_a_phase_that_is_over() {
        let (large, small) = (Class::holding(1 << 20), Class::holding(1 << 16));
        let mut lists = FreeLists::new();
        for class in [large, large, small] {
            lists.push(from_system(class).expect("a megabyte"), class);
        }
        let limit = 2 * large.capacity() + small.capacity();
        assert_eq!(lists.bytes, limit);
        assert!(lists.make_room(small, limit), "one large block goes");
        assert_eq!(lists.bytes, large.capacity() + small.capacity());
        assert!(!lists.make_room(small, small.capacity()), "its own class stays, so that there is no room");
        assert_eq!(lists.bytes, small.capacity());
    }
}
